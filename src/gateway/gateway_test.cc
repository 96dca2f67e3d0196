// Gateway: the pipeline from socket to store and back. Goal: order of checks, rights, waiting for
// durability, parking, conflicts, the pool, error forms. Method: a service of a few made-up
// operations under SQS's model, the store in memory (with syncs that the test allows), a real
// loopback server.
#include "gateway/gateway.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "codec/digest.h"
#include "gateway/gzip.h"
#include "gateway/test_services.h"
#include "net/loopback_client.h"
#include "net/server.h"
#include "store/blobs/file_blob_store.h"
#include "store/mem/mem_store.h"

namespace millrace::gateway {
namespace {

using contracts::Access;
using contracts::AuthzRequests;
using contracts::Cost;
using contracts::OpContext;
using contracts::OpTraits;
using contracts::Outcome;

const store::Key kRow{store::Space::kQueues, "q", "row"};

// What the made-up operations share.
struct Fake {
    store::Store* store = nullptr;
    contracts::WakeHub* hub = nullptr;
    std::mutex mutex;
    std::condition_variable changed;
    int waits = 0;
    std::atomic<int> runs{0};
    std::atomic<int> resumed{0};
    void wait_for_parked(int count) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return waits >= count; });
    }
};

Result<void> ask(std::string_view action, AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = action;
    request.resource = "arn:aws:sqs:us-east-1:123456789012:q";
    requests.push_back(request);
    return {};
}

// Writes the row. Bodies: "refuse" writes and fails, "conflict" loses its first attempt.
struct SendMessage {
    using Service = Fake;
    using Input = model::sqs::SendMessageInput;
    using Output = model::sqs::SendMessageOutput;
    static constexpr OpTraits kTraits{.name = "SendMessage"};
    static Result<void> check(const Input& input) {
        if (!input.message_body) return make_error("MissingParameter", 400, "no body");
        return {};
    }
    static Result<void> authorize(Fake&, OpContext&, const Input&, AuthzRequests& requests) {
        return ask("sqs:SendMessage", requests);
    }
    static Outcome<Output> run(Fake& fake, OpContext& context, const Input& input) {
        fake.runs += 1;
        const auto old = context.txn().get(kRow);
        if (*input.message_body == "conflict" && fake.runs == 1) {
            fake.store->run([](store::Txn& txn) {
                txn.put(kRow, "another's");
                return store::TxnDecision::kCommit;
            });
        }
        context.txn().put(kRow, *input.message_body);
        if (*input.message_body == "refuse") return make_error("Refused", 400, "as told");
        context.wake("row");
        Output output;
        output.message_id = old.value_or("none");
        return output;
    }
};

// Waits until the row is there.
struct ReceiveMessage {
    using Service = Fake;
    using Input = model::sqs::ReceiveMessageInput;
    using Output = model::sqs::ReceiveMessageOutput;
    static constexpr OpTraits kTraits{.name = "ReceiveMessage", .access = Access::kRead};
    static Result<void> check(const Input&) { return {}; }
    static Result<void> authorize(Fake&, OpContext&, const Input&, AuthzRequests&) { return {}; }
    static Outcome<Output> run(Fake& fake, OpContext& context, const Input& input) {
        const uint64_t epoch = fake.hub->epoch("row");
        Output output;
        if (const auto row = context.txn().get(kRow)) {
            model::sqs::Message message;
            message.body = *row;
            output.messages.emplace().push_back(message);
            return output;
        }
        if (!context.resume_token.empty()) {
            fake.resumed += 1;
            if (input.wait_time_seconds.value_or(0) == 0) return output;
        }
        {
            const std::lock_guard lock(fake.mutex);
            fake.waits += 1;
        }
        fake.changed.notify_all();
        const Duration time =
            input.wait_time_seconds.value_or(0) == 0 ? Duration(1000) : std::chrono::hours(1);
        return contracts::Wait{"row", epoch, context.now() + time, "second run"};
    }
};

// Runs on the pool and answers with much text.
struct ListQueues {
    using Service = Fake;
    using Input = model::sqs::ListQueuesInput;
    using Output = model::sqs::ListQueuesOutput;
    static constexpr OpTraits kTraits{.name = "ListQueues", .cost = Cost::kRange};
    static Result<void> check(const Input&) { return {}; }
    static Result<void> authorize(Fake&, OpContext&, const Input&, AuthzRequests& requests) {
        return ask("sqs:ListQueues", requests);
    }
    static Outcome<Output> run(Fake&, OpContext& context, const Input&) {
        Output output;
        output.queue_urls = std::vector<std::string>(
            100, context.request().endpoint_url + "/" + std::string(context.account()) + "/q");
        return output;
    }
};

struct Authorizer final : contracts::Authorizer {
    std::atomic<bool> allow{true};
    contracts::Decision decide(const contracts::Caller&, const contracts::AuthzRequest&,
                               const contracts::RequestFacts&) const override {
        return {allow ? contracts::DecisionKind::kAllow : contracts::DecisionKind::kImplicitDeny};
    }
};

struct Credentials final : contracts::CredentialSource {
    std::shared_ptr<const contracts::Credential> find(std::string_view id) override {
        if (id != "AKIDEXAMPLE") return nullptr;
        auto caller = std::make_shared<contracts::Caller>();
        caller->kind = contracts::PrincipalKind::kRoot;
        caller->account_id = "123456789012";
        auto credential = std::make_shared<contracts::Credential>();
        credential->access_key_id = "AKIDEXAMPLE";
        credential->secret_access_key = "secret";
        credential->caller = caller;
        return credential;
    }
};

struct Website final : contracts::WebsiteServer {
    HttpResponse serve(OpContext& context, std::string_view bucket,
                       const HttpRequest& request) override {
        EXPECT_EQ(context.caller().kind, contracts::PrincipalKind::kAnonymous);
        HttpResponse response;
        response.body.bytes = std::string(bucket) + std::string(request.path);
        return response;
    }
    HttpResponse preflight(OpContext&, std::string_view, const HttpRequest&) override {
        HttpResponse response;
        response.status = 403;
        return response;
    }
    void add_cors_headers(OpContext&, std::string_view, const HttpRequest&,
                          HttpResponse&) override {}
};

contracts::ServiceEntry fake_entry(Fake& fake, const model::ServiceDescriptor& descriptor) {
    contracts::ServiceEntry entry = empty_entry(descriptor);
    entry.operations = {contracts::make_operation<SendMessage>(fake, descriptor),
                        contracts::make_operation<ReceiveMessage>(fake, descriptor),
                        contracts::make_operation<ListQueues>(fake, descriptor)};
    return entry;
}

struct Answer {
    int status = 0;
    std::string head;
    std::string body;
    bool has(const std::string& text) const {
        return body.find(text) != std::string::npos || head.find(text) != std::string::npos;
    }
};

class GatewayTest : public ::testing::Test {
protected:
    GatewayTest() : store_(memory_.open(clock_)) {
        memory_.allow_sync(true);
        fake_.store = store_.get();
        fake_.hub = &hub_;
        std::vector<contracts::ServiceEntry> services = all_models();
        std::erase_if(services, [](const auto& entry) { return entry.model->name == "sqs"; });
        services.push_back(fake_entry(fake_, model::sqs::kService));
        gateway_ = std::make_unique<Gateway>(
            GatewayParts{*store_, *blobs_, credentials_, authorizer_, website_, hub_, pool_, clock_,
                         rng_, "123456789012", "us-east-1"},
            std::move(services));
        net::ServerOptions options;
        options.threads = 2;
        server_ = std::make_unique<net::Server>(options, *gateway_, pool_);
        EXPECT_TRUE(server_->start());
    }
    ~GatewayTest() override {
        server_->stop(std::chrono::seconds(20));
        pool_.stop();
        store_->close();
        server_.reset();
    }
    // Making the folder takes longer than all tests: once for all.
    static void SetUpTestSuite() {
        blob_folder_ = ::testing::TempDir() + "gateway_test_blobs_" + std::to_string(::getpid());
        blobs_ = std::move(*store::open_file_blob_store(blob_folder_, false));
    }
    static void TearDownTestSuite() {
        blobs_.reset();
        std::filesystem::remove_all(blob_folder_);
    }

    using Headers = std::vector<std::pair<std::string, std::string>>;
    // The bytes of a signed request.
    std::string make_request(const std::string& body, Headers headers,
                             const std::string& path = "/", const std::string& service = "sqs",
                             const std::string& secret = "secret") {
        headers.insert(headers.begin(), {"Host", "localhost:4566"});
        HttpRequest request;
        request.method = "POST";
        request.target = request.path = path;
        for (const auto& [name, value] : headers) request.headers.push_back({name, value});
        if (!service.empty()) {
            const auto added =
                auth::sign(request, codec::sha256_hex(body), {"AKIDEXAMPLE", secret, ""},
                           {service, "us-east-1", clock_.now()});
            headers.insert(headers.end(), added.begin(), added.end());
        }
        std::string text = "POST " + path + " HTTP/1.1\r\n";
        for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
        return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    std::string json(const std::string& operation, const std::string& body,
                     const std::string& secret = "secret") {
        return make_request(body,
                            {{"Content-Type", "application/x-amz-json-1.0"},
                             {"X-Amz-Target", "AmazonSQS." + operation}},
                            "/", "sqs", secret);
    }
    Answer read(net::LoopbackClient& client) {
        Answer answer;
        answer.head = client.response(&answer.body);
        if (answer.head.size() > 12) answer.status = std::stoi(answer.head.substr(9, 3));
        return answer;
    }
    Answer exchange(const std::string& request) {
        net::LoopbackClient client(server_->port());
        client.send(request);
        return read(client);
    }
    std::string row() {
        std::optional<std::string> value;
        store::Ticket ticket = 0;
        store_->read(kRow, value, ticket);
        return value.value_or("none");
    }

    FakeClock clock_;
    SeededRng rng_{1};
    store::CrashableMemory memory_;
    std::unique_ptr<store::Store> store_;
    static inline std::string blob_folder_;
    static inline std::unique_ptr<store::BlobStore> blobs_;
    contracts::WakeHub hub_;
    Credentials credentials_;
    Authorizer authorizer_;
    Website website_;
    Fake fake_;
    net::ThreadPool pool_{2};
    std::unique_ptr<Gateway> gateway_;
    std::unique_ptr<net::Server> server_;
};

TEST_F(GatewayTest, JsonAndQuery) {
    const Answer first = exchange(json("SendMessage", R"({"QueueUrl":"u","MessageBody":"m1"})"));
    EXPECT_EQ(first.status, 200) << first.body;
    EXPECT_TRUE(first.has("\"MessageId\":\"none\""));
    EXPECT_TRUE(first.has("x-amzn-RequestId: "));
    const Answer second = exchange(
        make_request("Action=SendMessage&Version=2012-11-05&MessageBody=m2",
                     {{"Content-Type", "application/x-www-form-urlencoded"}}, "/123456789012/q"));
    EXPECT_EQ(second.status, 200) << second.body;
    EXPECT_TRUE(second.has("<MessageId>m1</MessageId>"));
    EXPECT_EQ(row(), "m2");
}

TEST_F(GatewayTest, RefusalsComeInOrder) {
    // Signature before everything else, then the body, then checks, then rights.
    EXPECT_TRUE(
        exchange(json("SendMessage", "not json", "wrong")).has("InvalidSignatureException"));
    EXPECT_TRUE(exchange(make_request("{}", {{"X-Amz-Target", "AmazonSQS.SendMessage"}}, "/", ""))
                    .has("MissingAuthenticationToken"));
    EXPECT_TRUE(exchange(json("Nothing", "{}")).has("UnknownOperationException"));
    EXPECT_TRUE(exchange(json("SendMessage", "not json")).has("SerializationException"));
    authorizer_.allow = false;
    EXPECT_TRUE(exchange(json("SendMessage", "{}")).has("MissingParameter"));
    const Answer denied = exchange(json("SendMessage", R"({"QueueUrl":"u","MessageBody":"m"})"));
    EXPECT_TRUE(denied.has("denied: sqs:SendMessage"));
    EXPECT_EQ(fake_.runs, 0);
    EXPECT_EQ(row(), "none");
    EXPECT_TRUE(
        exchange(make_request("Action=Nothing",
                              {{"Content-Type", "application/x-www-form-urlencoded"}}, "/", ""))
            .has("InvalidAction"));
}

TEST_F(GatewayTest, AnErrorRollsBack) {
    const Answer answer =
        exchange(json("SendMessage", R"({"QueueUrl":"u","MessageBody":"refuse"})"));
    EXPECT_EQ(answer.status, 400);
    EXPECT_TRUE(answer.has("Refused"));
    EXPECT_EQ(row(), "none");
}

TEST_F(GatewayTest, AConflictRunsAgain) {
    const Answer answer =
        exchange(json("SendMessage", R"({"QueueUrl":"u","MessageBody":"conflict"})"));
    EXPECT_TRUE(answer.has("\"MessageId\":\"another's\"")) << answer.body;
    EXPECT_EQ(fake_.runs, 2);
    EXPECT_EQ(row(), "conflict");
}

TEST_F(GatewayTest, NothingIsAnsweredBeforeItIsDurable) {
    memory_.allow_sync(false);
    net::LoopbackClient writer(server_->port());
    writer.send(json("SendMessage", R"({"QueueUrl":"u","MessageBody":"m"})"));
    // The other thread reads what is committed but not on disk: its answer is held back too. Both
    // are there only after the sync; an answer before it would have come on the same connection
    // first.
    while (row() == "none") std::this_thread::yield();
    net::LoopbackClient reader(server_->port());
    reader.send(json("ReceiveMessage", R"({"QueueUrl":"u"})"));
    std::string unused;
    net::LoopbackClient prober(server_->port());
    prober.send(json("SendMessage", "{}"));
    EXPECT_EQ(read(prober).status, 400);  // needs nothing of the store
    EXPECT_FALSE(store_->is_durable(1'000'000'000));
    memory_.allow_sync(true);
    EXPECT_TRUE(read(writer).has("\"MessageId\":\"none\""));
    EXPECT_TRUE(read(reader).has("\"Body\":\"m\""));
}

TEST_F(GatewayTest, ManyDurableAnswers) {
    std::vector<std::unique_ptr<net::LoopbackClient>> clients;
    memory_.allow_sync(false);
    for (int i = 0; i < 64; ++i) {
        clients.push_back(std::make_unique<net::LoopbackClient>(server_->port()));
        clients.back()->send(json("SendMessage", R"({"QueueUrl":"u","MessageBody":"m"})"));
    }
    memory_.allow_sync(true);
    for (auto& client : clients) EXPECT_EQ(read(*client).status, 200);
}

TEST_F(GatewayTest, AFullDiskIsAServerError) {
    memory_.fill_disk();
    const Answer answer = exchange(json("SendMessage", R"({"QueueUrl":"u","MessageBody":"m"})"));
    EXPECT_EQ(answer.status, 500);
    EXPECT_TRUE(answer.has("InternalFailure"));
}

TEST_F(GatewayTest, ParkedRequestsAreWoken) {
    net::LoopbackClient reader(server_->port());
    reader.send(json("ReceiveMessage", R"({"QueueUrl":"u","WaitTimeSeconds":20})"));
    fake_.wait_for_parked(1);
    EXPECT_EQ(exchange(json("SendMessage", R"({"QueueUrl":"u","MessageBody":"hello"})")).status,
              200);
    EXPECT_TRUE(read(reader).has("\"Body\":\"hello\""));
    EXPECT_EQ(fake_.resumed, 0);
}

TEST_F(GatewayTest, ASignalWithoutReasonParksAgain) {
    net::LoopbackClient reader(server_->port());
    reader.send(json("ReceiveMessage", R"({"QueueUrl":"u","WaitTimeSeconds":20})"));
    fake_.wait_for_parked(1);
    hub_.signal("row");
    fake_.wait_for_parked(2);
    EXPECT_EQ(fake_.resumed, 1);
    EXPECT_EQ(exchange(json("SendMessage", R"({"QueueUrl":"u","MessageBody":"x"})")).status, 200);
    EXPECT_EQ(read(reader).status, 200);
}

TEST_F(GatewayTest, TheDeadlineEndsAWait) {
    const Answer answer = exchange(json("ReceiveMessage", R"({"QueueUrl":"u"})"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "{}");
    EXPECT_EQ(fake_.resumed, 1);
}

TEST_F(GatewayTest, AClientThatLeavesIsForgotten) {
    {
        net::LoopbackClient reader(server_->port());
        reader.send(json("ReceiveMessage", R"({"QueueUrl":"u","WaitTimeSeconds":20})"));
        fake_.wait_for_parked(1);
    }
    while (server_->counters().open > 0) std::this_thread::yield();
    EXPECT_EQ(fake_.resumed, 0);
}

TEST_F(GatewayTest, StopEndsWaits) {
    net::LoopbackClient reader(server_->port());
    reader.send(json("ReceiveMessage", R"({"QueueUrl":"u","WaitTimeSeconds":20})"));
    fake_.wait_for_parked(1);
    server_->stop(std::chrono::seconds(20));
    EXPECT_EQ(server_->counters().open, 0u);
}

TEST_F(GatewayTest, RangeOperationsRunOnThePoolAndMayBeCompressed) {
    const Answer plain = exchange(json("ListQueues", "{}"));
    EXPECT_EQ(plain.status, 200);
    EXPECT_TRUE(plain.has("http://localhost:4566/123456789012/q"));
    const Answer packed = exchange(make_request(
        "{}", {{"X-Amz-Target", "AmazonSQS.ListQueues"}, {"Accept-Encoding", "gzip"}}));
    EXPECT_TRUE(packed.has("Content-Encoding: gzip"));
    bool too_large = false;
    EXPECT_EQ(gunzip(packed.body, 1'000'000, too_large), plain.body);
}

TEST_F(GatewayTest, CompressedRequests) {
    const auto send = [&](const std::string& body) {
        return exchange(make_request(
            body, {{"X-Amz-Target", "AmazonSQS.SendMessage"}, {"Content-Encoding", "gzip"}}));
    };
    EXPECT_EQ(send(gzip(R"({"QueueUrl":"u","MessageBody":"packed"})")).status, 200);
    EXPECT_EQ(row(), "packed");
    EXPECT_EQ(send("no gzip").status, 400);
    EXPECT_EQ(send(gzip(std::string(20'000'000, ' '))).status, 413);
}

TEST_F(GatewayTest, DynamoDbAnswersCarryTheirChecksum) {
    const Answer answer = exchange(
        make_request("{}", {{"X-Amz-Target", "DynamoDB_20120810.Nothing"}}, "/", "dynamodb"));
    const size_t at = answer.head.find("x-amz-crc32: ");
    ASSERT_NE(at, std::string::npos);
    const auto* bytes = reinterpret_cast<const unsigned char*>(answer.body.data());
    EXPECT_EQ(std::stoul(answer.head.substr(at + 13)), ::crc32_z(0, bytes, answer.body.size()));
    const size_t id = answer.head.find("x-amzn-RequestId: ");
    EXPECT_EQ(answer.head.find("\r\n", id) - id, 18u + 52u);
}

TEST_F(GatewayTest, TooLargeBodies) {
    const Answer answer = exchange(
        "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.SendMessage\r\n"
        "Content-Length: 16777217\r\n\r\n");
    EXPECT_EQ(answer.status, 413);
}

TEST_F(GatewayTest, PagesOfItsOwn) {
    const auto get = [&](const std::string& path, const std::string& host) {
        return exchange("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    };
    EXPECT_TRUE(get("/_localstack/health", "localhost").has("\"sqs\":\"running\""));
    exchange(json("ListQueues", "{}"));
    EXPECT_TRUE(
        get("/_millrace/metrics", "localhost").has("operation=\"ListQueues\",status=\"ok\"} 1"));
    EXPECT_EQ(get("/page.html", "site.s3-website.localhost").body, "site/page.html");
    const Answer options = exchange(
        "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://x\r\n"
        "Access-Control-Request-Headers: x-amz-target\r\n\r\n");
    EXPECT_TRUE(options.has("Access-Control-Allow-Origin: *"));
    EXPECT_TRUE(get("/bucket/key", "localhost").has("UnknownOperationException"));
}

}  // namespace
}  // namespace millrace::gateway
