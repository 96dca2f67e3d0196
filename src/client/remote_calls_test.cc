// Calls of a remote DynamoDB. Goal: what is sent, what comes back as outputs and errors, what is
// tried again and what is not. Method: a fake upstream on a loopback server that answers by a
// script; pauses are recorded instead of waited.
#include "client/remote_calls.h"

#include <gtest/gtest.h>

#include <mutex>

#include "model/generated/dynamodb.h"
#include "net/server.h"

namespace millrace::client {
namespace {

namespace api = model::dynamodb;

class Upstream final : public net::Handler {
public:
    struct Step {
        int status;
        std::string body;
    };
    net::Task<HttpResponse> handle(net::Exchange* exchange) override {
        const net::BodyStatus status = co_await exchange->read_body(1'000'000);
        HttpResponse response;
        const std::lock_guard lock(mutex_);
        if (status == net::BodyStatus::kOk) bodies_.push_back(exchange->body());
        targets_.emplace_back(exchange->request().header("x-amz-target"));
        signatures_.emplace_back(exchange->request().header("authorization"));
        if (!steps_.empty()) {
            response.status = steps_.front().status;
            response.body.bytes = steps_.front().body;
            steps_.erase(steps_.begin());
        }
        co_return response;
    }
    Result<std::unique_ptr<net::BodyReader>> open_body(const Body&) override { return Error{}; }
    void script(std::vector<Step> steps) {
        const std::lock_guard lock(mutex_);
        steps_ = std::move(steps);
        bodies_.clear();
        targets_.clear();
    }
    std::vector<std::string> bodies() {
        const std::lock_guard lock(mutex_);
        return bodies_;
    }
    std::vector<std::string> targets() {
        const std::lock_guard lock(mutex_);
        return targets_;
    }
    std::string last_signature() {
        const std::lock_guard lock(mutex_);
        return signatures_.back();
    }

private:
    std::mutex mutex_;
    std::vector<Step> steps_;
    std::vector<std::string> bodies_, targets_, signatures_;
};

class RemoteCallsTest : public ::testing::Test {
protected:
    RemoteCallsTest() {
        net::ServerOptions options;
        options.threads = 1;
        server_ = std::make_unique<net::Server>(options, upstream_, pool_);
        EXPECT_TRUE(server_->start());
        RemoteOptions remote;
        remote.http.url = "http://127.0.0.1:" + std::to_string(server_->port());
        remote.region = "eu-west-1";
        remote.credential = {"AKIDEXAMPLE", "secret", ""};
        remote.pause = [this](std::chrono::milliseconds time) { pauses_.push_back(time); };
        auto opened = RemoteCalls::open(std::move(remote), clock_, rng_);
        EXPECT_TRUE(opened);
        calls_ = std::move(*opened);
    }
    Result<api::GetItemOutput> get() {
        api::GetItemInput input;
        input.table_name = "things";
        return calls_->call<api::GetItemOutput>("GetItem", contracts::RequestInfo{}, input);
    }
    FakeClock clock_;
    SeededRng rng_{1};
    net::ThreadPool pool_{1};
    Upstream upstream_;
    std::unique_ptr<net::Server> server_;
    std::vector<std::chrono::milliseconds> pauses_;
    std::unique_ptr<RemoteCalls> calls_;
};

TEST_F(RemoteCallsTest, SendsSignedInputsAndReadsOutputs) {
    upstream_.script({{200, R"({"Item":{"pk":{"S":"a"}}})"}, {200, "{}"}});
    const auto output = get();
    ASSERT_TRUE(output) << output.error().message;
    ASSERT_TRUE(output->item);
    EXPECT_EQ(upstream_.bodies(), std::vector<std::string>{R"({"TableName":"things"})"});
    EXPECT_EQ(upstream_.targets(), std::vector<std::string>{"DynamoDB_20120810.GetItem"});
    EXPECT_NE(upstream_.last_signature().find("AKIDEXAMPLE/20260101/eu-west-1/dynamodb/"),
              std::string::npos);
    EXPECT_TRUE(get());
    EXPECT_EQ(calls_->connections(), 1u);
    EXPECT_EQ(server_->counters().accepted, 1u);
}

TEST_F(RemoteCallsTest, RetriesWhatMayPass) {
    upstream_.script({{500, "no json"},
                      {400, R"({"__type":"com.amazonaws#ThrottlingException","message":"slow"})"},
                      {200, "{}"}});
    EXPECT_TRUE(get());
    ASSERT_EQ(pauses_.size(), 2u);
    EXPECT_LE(pauses_[0].count(), 50);
    EXPECT_LE(pauses_[1].count(), 100);
    upstream_.script({{503, ""}, {503, ""}, {503, ""}, {200, "{}"}});
    const auto failed = get();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, "ServiceUnavailable");
    EXPECT_EQ(upstream_.targets().size(), 3u);
}

TEST_F(RemoteCallsTest, ErrorsComeBackWhole) {
    upstream_.script(
        {{400, R"({"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",)"
               R"("message":"cancelled","CancellationReasons":[{"Code":"None"}]})"}});
    const auto cancelled = get();
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(cancelled.error().code, "TransactionCanceledException");
    EXPECT_EQ(cancelled.error().message, "cancelled");
    ASSERT_EQ(cancelled.error().json_fields.size(), 1u);
    EXPECT_EQ(cancelled.error().json_fields[0].second, R"([{"Code":"None"}])");
    EXPECT_TRUE(pauses_.empty());
    // A refusal of our own credentials is not the client's fault.
    upstream_.script({{400, R"({"__type":"x#UnrecognizedClientException","message":"no"})"}});
    const auto refused = get();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "InternalServerError");
}

TEST_F(RemoteCallsTest, ATransactionIsSentAgainWithTheSameToken) {
    upstream_.script({{500, ""}, {200, "{}"}});
    EXPECT_TRUE(calls_->call<api::TransactWriteItemsOutput>(
        "TransactWriteItems", contracts::RequestInfo{}, api::TransactWriteItemsInput{}));
    const auto bodies = upstream_.bodies();
    ASSERT_EQ(bodies.size(), 2u);
    EXPECT_NE(bodies[0].find("ClientRequestToken"), std::string::npos);
    EXPECT_EQ(bodies[0], bodies[1]);
}

TEST_F(RemoteCallsTest, SchemaErrorsMoveTheTablesOnceASecond) {
    const uint64_t before = calls_->tables_version();
    const std::string missing = R"({"__type":"x#ResourceNotFoundException","message":"gone"})";
    upstream_.script({{400, missing}, {400, missing}});
    EXPECT_FALSE(get());
    EXPECT_FALSE(get());
    EXPECT_EQ(calls_->tables_version(), before + 1);
}

TEST_F(RemoteCallsTest, TheQuotaEndsRetriesAgainstADeadUpstream) {
    server_->stop(std::chrono::milliseconds(0));
    for (int64_t i = 0; i < RemoteCalls::kRetryQuota / RemoteCalls::kRetryCost; ++i) {
        const auto failed = get();
        ASSERT_FALSE(failed);
        EXPECT_EQ(failed.error().code, "InternalServerError");
    }
    EXPECT_EQ(pauses_.size(),
              static_cast<size_t>(RemoteCalls::kRetryQuota / RemoteCalls::kRetryCost));
}

TEST(RemoteUrls, OnlyOriginsAreTaken) {
    FakeClock clock;
    SeededRng rng{1};
    for (const char* url : {"ftp://host", "https://", "http://host/path", "host:1", "http://a@b"}) {
        RemoteOptions options;
        options.http.url = url;
        EXPECT_FALSE(RemoteCalls::open(std::move(options), clock, rng)) << url;
    }
}

}  // namespace
}  // namespace millrace::client
