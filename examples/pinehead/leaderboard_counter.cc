// leaderboard_counter: the orders table's stream -> counts in the leaderboard table, each order
// exactly once (counting.h). Changes and removals of orders are not sales. An error fails the
// batch, which the stream's mapping delivers again; what was counted stays counted.
#include <cstdlib>
#include <ctime>
#include <thread>

#include "aws/client.h"
#include "aws/runtime.h"
#include "counting.h"

namespace {

using namespace pinehead;

// A stream keeps records for 24 hours; markers live for a week.
constexpr int64_t kMarkerSeconds = 7 * 24 * 3600;
constexpr int kAttemptsMax = 10;

void count(AwsClient& aws, const Tables& tables, std::vector<Sale> sales) {
    for (int attempt = 1; !sales.empty(); ++attempt) {
        try {
            aws.dynamodb("TransactWriteItems",
                         count_transaction(sales, tables, std::time(nullptr) + kMarkerSeconds));
            return;
        } catch (const AwsError& error) {
            if (error.code != "TransactionCanceledException") throw;
            const json::value& reasons = error.body.at("CancellationReasons");
            const bool conflict =
                json::serialize(reasons).find("TransactionConflict") != std::string::npos;
            if (!conflict) {
                sales = not_yet_counted(sales, reasons);
                continue;
            }
            // Another batch counts the same album right now.
            if (attempt >= kAttemptsMax) throw;
            std::this_thread::sleep_for(std::chrono::milliseconds(jitter(5u << attempt)));
        }
    }
}

}  // namespace

int main() {
    const auto table = [](const char* variable, std::string otherwise) {
        const char* value =
            std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nothing sets it
        return value == nullptr ? otherwise : std::string(value);
    };
    const Tables defaults;
    const Tables tables{table("LEADERBOARD_TABLE", defaults.leaderboard),
                        table("COUNTED_TABLE", defaults.counted)};
    AwsClient aws;
    return run_lambda([&](const json::value& event) -> json::value {
        std::vector<Sale> sales;
        for (const json::value& record : event.at("Records").as_array()) {
            if (auto sale = sale_of_record(record)) sales.push_back(std::move(*sale));
        }
        for (std::vector<Sale>& part : split_for_transactions(sales))
            count(aws, tables, std::move(part));
        return {};
    });
}
