// RemoteCalls: contracts::DynamoDbCalls at an endpoint over HTTP(S), with credentials of its own.
// Requests are retried as by the SDKs' standard mode: up to three attempts after no answer, 5xx and
// throttling, with random growing waits and a quota that ends retries when nothing succeeds.
// Thread-safety: safe from any thread; run() blocks. Ownership: owns a thread that asks once a
// minute whether known tables have changed.
// Source: "Retry behavior" (AWS SDKs and Tools Reference Guide).
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "client/http_client.h"
#include "contracts/dynamodb_calls.h"
#include "core/random.h"

namespace millrace::client {

struct RemoteCredential {
    std::string access_key_id;
    std::string secret_access_key;
    std::string session_token;  // may be empty
};

struct RemoteOptions {
    HttpClientOptions http;
    std::string region;
    RemoteCredential credential;
    std::chrono::milliseconds recheck{60'000};             // of known tables
    std::function<void(std::chrono::milliseconds)> pause;  // between attempts; nothing: waits
};

class RemoteCalls final : public contracts::DynamoDbCalls {
public:
    static constexpr int kAttemptsMax = 3;
    static constexpr int64_t kRetryQuota = 500;
    static constexpr int64_t kRetryCost = 5;
    static constexpr size_t kTablesMax = 10'000;

    // An error: the URL is neither http:// nor https:// with a host.
    static Result<std::unique_ptr<RemoteCalls>> open(RemoteOptions options, const Clock& clock,
                                                     Rng& rng);
    ~RemoteCalls() override;

    std::unique_ptr<contracts::OperationCall> make_call(std::string_view operation) override;
    // info is not sent: the upstream knows us by our own credentials.
    Result<void> run(std::string_view operation, const contracts::RequestInfo& info,
                     std::unique_ptr<contracts::OperationCall>& call) override;
    uint64_t tables_version() const override {
        return tables_version_.load(std::memory_order_relaxed);
    }
    size_t connections() const { return http_.connections(); }

private:
    RemoteCalls(RemoteOptions options, std::string host, const Clock& clock, Rng& rng);
    Result<HttpAnswer> send(std::string_view operation, const std::string& body);
    // Waits before attempt `attempt` + 1; false: there shall be none.
    bool may_retry(int attempt);
    void look_at_error(const Error& error);
    void recheck_loop();
    bool recheck(const std::string& table);

    const RemoteOptions options_;
    const std::string host_;
    const Clock& clock_;
    Rng& rng_;
    HttpClient http_;
    std::atomic<int64_t> retry_quota_{kRetryQuota};
    std::atomic<uint64_t> tables_version_{1};
    std::atomic<int64_t> moved_second_{0};
    Mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ MR_GUARDED_BY(mutex_) = false;
    // What made each table the one it is, by name.
    std::map<std::string, std::string> tables_ MR_GUARDED_BY(mutex_);
    std::thread rechecker_;
};

}  // namespace millrace::client
