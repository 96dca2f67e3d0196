#include "aws/client.h"

#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <thread>

namespace pinehead {
namespace {

constexpr int kAttemptsMax = 5;
constexpr std::chrono::milliseconds kTimeout{10'000};

std::string environment(const char* name, const char* otherwise = "") {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets it
    return value == nullptr ? otherwise : value;
}

std::string amz_date() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[32];
    const size_t length = std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    return {text, length};
}

bool worth_retrying(const HttpAnswer& answer) {
    if (answer.status >= 500 || answer.status == 429) return true;
    for (const char* code : {"ThrottlingException", "ProvisionedThroughputExceededException",
                             "TransactionInProgressException"}) {
        if (answer.status == 400 && answer.body.find(code) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

// Not std::random_device: in libstdc++ it needs a newer glibc than provided.al2023 has.
unsigned jitter(unsigned most) {
    unsigned value = 0;
    if (getrandom(&value, sizeof value, 0) != sizeof value)
        throw std::runtime_error("getrandom failed");
    return value % most;
}

namespace {

void pause_before(int attempt) {
    std::this_thread::sleep_for(
        std::chrono::milliseconds(jitter(static_cast<unsigned>(25 << attempt))));
}

std::string encode_segment(const std::string& text) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
            (byte >= '0' && byte <= '9') || c == '-' || c == '_' || c == '.' || c == '~' ||
            c == '/') {
            out += c;
        } else {
            out += '%';
            out += kDigits[byte >> 4];
            out += kDigits[byte & 15];
        }
    }
    return out;
}

}  // namespace

AwsClient::AwsClient()
    : region_(environment("AWS_REGION", "us-east-1")),
      credentials_{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                   environment("AWS_SESSION_TOKEN")},
      endpoint_(environment("AWS_ENDPOINT_URL")),
      dynamodb_(endpoint_.empty() ? "https://dynamodb." + region_ + ".amazonaws.com" : endpoint_) {}

HttpAnswer AwsClient::call(HttpClient& client, const std::string& service, SignedRequest request) {
    request.headers["host"] = client.host();
    for (int attempt = 1;; ++attempt) {
        SignedRequest signed_request = request;
        sign(signed_request, credentials_, region_, service, amz_date());
        try {
            HttpAnswer answer = client.send(request.method, request.path, signed_request.headers,
                                            request.body, kTimeout);
            if (!worth_retrying(answer) || attempt == kAttemptsMax) return answer;
        } catch (const std::runtime_error&) {
            if (attempt == kAttemptsMax) throw;
        }
        pause_before(attempt);
    }
}

json::value AwsClient::dynamodb(const std::string& operation, const json::value& input) {
    SignedRequest request{.method = "POST", .path = "/", .body = json::serialize(input)};
    request.headers["content-type"] = "application/x-amz-json-1.0";
    request.headers["x-amz-target"] = "DynamoDB_20120810." + operation;
    const HttpAnswer answer = call(dynamodb_, "dynamodb", std::move(request));
    boost::system::error_code error;
    json::value body = json::parse(answer.body, error);
    if (error) throw std::runtime_error(operation + ": the answer is not JSON");
    if (answer.status == 200) return body;
    std::string code = string_at(body, {"__type"}).value_or("InternalFailure");
    code = code.substr(code.find('#') + 1);
    std::string message =
        string_at(body, {"message"}).value_or(string_at(body, {"Message"}).value_or(""));
    throw AwsError(std::move(code), operation + ": " + message, std::move(body));
}

HttpAnswer AwsClient::s3(const std::string& method, const std::string& bucket,
                         const std::string& key, std::map<std::string, std::string> headers,
                         std::string body) {
    // Path style where an endpoint is given: its name need not resolve with a bucket before it.
    if (!s3_)
        s3_.emplace(endpoint_.empty() ? "https://" + bucket + ".s3." + region_ + ".amazonaws.com"
                                      : endpoint_);
    std::string path = "/" + encode_segment(key);
    if (!endpoint_.empty()) path = "/" + bucket + path;
    return call(*s3_, "s3",
                {.method = method,
                 .path = std::move(path),
                 .headers = std::move(headers),
                 .body = std::move(body)});
}

std::optional<std::string> AwsClient::object_etag(const std::string& bucket,
                                                  const std::string& key) {
    HttpAnswer answer = s3("HEAD", bucket, key, {}, {});
    if (answer.status == 404) return std::nullopt;
    if (answer.status != 200)
        throw std::runtime_error("HeadObject: status " + std::to_string(answer.status));
    return answer.headers["etag"];
}

bool AwsClient::put_object_if(const std::string& bucket, const std::string& key,
                              const std::string& body,
                              const std::map<std::string, std::string>& headers,
                              const std::optional<std::string>& expected) {
    std::map<std::string, std::string> all = headers;
    if (expected) {
        all["if-match"] = *expected;
    } else {
        all["if-none-match"] = "*";
    }
    const HttpAnswer answer = s3("PUT", bucket, key, std::move(all), body);
    if (answer.status == 200) return true;
    // 412: another version is there; 409: another write was going on; 404: it was deleted.
    if (answer.status == 412 || answer.status == 409 || (answer.status == 404 && expected))
        return false;
    throw std::runtime_error("PutObject: status " + std::to_string(answer.status) + " " +
                             answer.body.substr(0, 500));
}

}  // namespace pinehead
