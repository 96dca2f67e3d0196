// leaderboard_publisher: the leaderboard table's stream -> index.html of the website.
//
// An invocation publishes once for its whole batch. An older page never replaces a newer one: the
// page's ETag is taken before the table is read, and the page is put only if that ETag still
// stands; otherwise somebody published meanwhile and the table is read again. Nothing is put when
// nothing changed.
#include <cstdlib>
#include <stdexcept>

#include "aws/client.h"
#include "aws/runtime.h"
#include "page.h"

namespace {

using namespace pinehead;

constexpr int kAttemptsMax = 20;

// Every page of the table, as of now.
std::vector<Row> read_leaderboard(AwsClient& aws, const std::string& table) {
    std::vector<Row> rows;
    json::object scan{{"TableName", table}, {"ConsistentRead", true}};
    for (;;) {
        const json::value answer = aws.dynamodb("Scan", scan);
        for (const json::value& item : answer.at("Items").as_array()) {
            rows.push_back({string_at(item, {"album", "S"}).value_or(""),
                            string_at(item, {"artist", "S"}).value_or(""),
                            std::stoll(string_at(item, {"order_count", "N"}).value_or("0"))});
        }
        const json::value* more = answer.as_object().if_contains("LastEvaluatedKey");
        if (more == nullptr) return rows;
        scan["ExclusiveStartKey"] = *more;
    }
}

void publish(AwsClient& aws, const std::string& table, const std::string& bucket) {
    const std::map<std::string, std::string> headers{{"content-type", "text/html; charset=utf-8"},
                                                     {"cache-control", "no-cache"}};
    for (int attempt = 1; attempt <= kAttemptsMax; ++attempt) {
        const std::optional<std::string> etag = aws.object_etag(bucket, "index.html");
        std::vector<Row> rows = read_leaderboard(aws, table);
        rank(rows);
        const std::string page = render_page(rows);
        if (etag == "\"" + md5_hex(page) + "\"") return;
        if (aws.put_object_if(bucket, "index.html", page, headers, etag)) return;
    }
    throw std::runtime_error("others kept publishing; giving up until the next change");
}

}  // namespace

int main() {
    const auto setting = [](const char* name, const char* otherwise) {
        const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets it
        return std::string(value == nullptr ? otherwise : value);
    };
    const std::string table = setting("LEADERBOARD_TABLE", "orders_leaderboard");
    const std::string bucket = setting("BUCKET", "");
    AwsClient aws;
    return run_lambda([&](const json::value&) -> json::value {
        publish(aws, table, bucket);
        return {};
    });
}
