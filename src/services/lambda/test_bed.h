// TestBed: a LambdaService over the store in memory, with a clock moved by hand, seeded randomness,
// and stand-ins for queues, streams, the runner and threads. Calls go the gateway's way. Lanes run
// on the test's thread, one after the other; their waiting moves the clock. Only in tests.
// Thread-safety: one test's thread.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "auth/evaluate.h"
#include "services/lambda/async_queue.h"
#include "services/lambda/mapping_lanes.h"
#include "services/lambda/operations.h"
#include "store/mem/mem_store.h"

namespace millrace::lambda {

inline constexpr const char* kAccount = "123456789012";
inline constexpr const char* kRole = "arn:aws:iam::123456789012:role/r";

inline std::shared_ptr<contracts::Caller> caller_with(contracts::PrincipalKind kind,
                                                      std::string account, std::string arn,
                                                      const std::string& policy = {}) {
    auto caller = std::make_shared<contracts::Caller>();
    caller->kind = kind;
    caller->account_id = std::move(account);
    caller->arn = std::move(arn);
    if (!policy.empty()) caller->identity_policies.push_back(*auth::parse_policy(policy));
    return caller;
}

class FakeRoles final : public contracts::RoleAssumer {
public:
    std::string policy =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})";
    Result<contracts::Credential> assume_for_service(std::string_view, std::string_view,
                                                     std::string_view, Duration) override {
        return contracts::Credential();
    }
    Result<void> check_trust(std::string_view, std::string_view) override { return {}; }
    uint64_t roles_version() const override { return 0; }
    Result<std::shared_ptr<const contracts::Caller>> caller_of_role(std::string_view,
                                                                    std::string_view) override {
        return std::shared_ptr<const contracts::Caller>(
            caller_with(contracts::PrincipalKind::kAssumedRole, kAccount,
                        "arn:aws:sts::123456789012:assumed-role/r/f", policy));
    }
};

class FakeQueues final : public contracts::QueueReader {
public:
    explicit FakeQueues(const Clock& clock) : clock_(clock) {}
    struct Message {
        std::string id;
        std::string body;
        TimePoint visible{};
    };
    struct Sent {
        std::string body;
        std::vector<contracts::QueueMessage::Attribute> attributes;
    };
    std::map<std::string, std::vector<Message>> messages;  // by ARN; a queue is there when it is
    std::map<std::string, std::vector<Sent>> sent;
    int visibility_s = 30;
    std::optional<Error> send_error;  // of every send()
    size_t receives = 0;              // of messages

    Result<contracts::QueueFacts> describe(std::string_view arn) override {
        if (!messages.contains(std::string(arn))) return Error{.code = "NonExistent"};
        return contracts::QueueFacts{std::string(arn), "queue", visibility_s,
                                     arn.ends_with(".fifo"), nullptr};
    }
    Result<std::vector<contracts::QueueMessage>> receive(
        std::string_view arn, int count_max, std::optional<TimePoint>& next_visible) override {
        std::vector<contracts::QueueMessage> out;
        next_visible.reset();
        for (Message& message : messages[std::string(arn)]) {
            if (message.visible > clock_.now()) {
                if (!next_visible || message.visible < *next_visible)
                    next_visible = message.visible;
                continue;
            }
            if (static_cast<int>(out.size()) == count_max) break;
            message.visible = clock_.now() + std::chrono::seconds(visibility_s);
            contracts::QueueMessage one;
            one.message_id = one.receipt_handle = message.id;
            one.body = message.body;
            receives += 1;
            out.push_back(std::move(one));
        }
        return out;
    }
    Result<void> remove(std::string_view arn, const std::vector<std::string>& handles) override {
        std::erase_if(messages[std::string(arn)], [&](const Message& message) {
            return std::find(handles.begin(), handles.end(), message.id) != handles.end();
        });
        return {};
    }
    Result<void> set_visibility(std::string_view arn, const std::vector<std::string>& handles,
                                int seconds) override {
        std::vector<Message*> held;
        for (Message& message : messages[std::string(arn)]) {
            if (message.visible > clock_.now() &&
                std::find(handles.begin(), handles.end(), message.id) != handles.end())
                held.push_back(&message);
        }
        if (held.size() < handles.size()) return Error{.code = "MessageNotInflight"};
        for (Message* message : held)
            message->visible = clock_.now() + std::chrono::seconds(seconds);
        return {};
    }
    Result<void> send(std::string_view arn, std::string_view body,
                      const std::vector<contracts::QueueMessage::Attribute>& attributes) override {
        if (send_error) return *send_error;
        sent[std::string(arn)].push_back({std::string(body), attributes});
        return {};
    }

private:
    const Clock& clock_;
};

class FakeStreams final : public contracts::StreamReader {
public:
    explicit FakeStreams(const Clock& clock) : clock_(clock) {}
    std::vector<contracts::StreamShard> shard_list;
    std::map<std::string, std::vector<contracts::StreamRecord>> records;  // by shard

    void add_shard(const std::string& id, const std::string& parent = {}, bool closed = false) {
        shard_list.push_back({id, parent, closed, {id}, "stream:" + id});
    }
    // Its event is {"n":n,"k":key}.
    void add(const std::string& shard, uint64_t n, const std::string& key, TimePoint created) {
        contracts::StreamRecord record;
        record.version = {n, 0};
        record.sequence_number = std::to_string(n);
        record.created = created;
        record.key_digest = key;
        record.event_json = R"({"n":)" + std::to_string(n) + R"(,"k":")" + key + "\"}";
        records[shard].push_back(std::move(record));
    }
    Result<std::vector<contracts::StreamShard>> shards(std::string_view) override {
        if (shard_list.empty()) return Error{.code = "ResourceNotFoundException"};
        return shard_list;
    }
    Result<contracts::StreamPage> read(std::string_view, std::string_view shard,
                                       store::Version after, size_t count_max, size_t) override {
        if (std::none_of(shard_list.begin(), shard_list.end(),
                         [&](const auto& one) { return one.shard_id == shard; }))
            return Error{.code = "ResourceNotFoundException"};
        contracts::StreamPage page{{}, after};
        for (const auto& record : records[std::string(shard)]) {
            if (record.version <= after || count_max == 0) continue;
            count_max -= 1;
            page.read_to = record.version;
            if (record.created >= clock_.now() - std::chrono::hours(24))
                page.records.push_back(record);
        }
        return page;
    }
    Result<store::Version> latest(std::string_view, std::string_view shard) override {
        const auto& all = records[std::string(shard)];
        return all.empty() ? store::Version{} : all.back().version;
    }

private:
    const Clock& clock_;
};

class FakeObjects final : public contracts::ObjectReader {
public:
    std::map<std::string, std::string> objects;  // by "bucket/key"
    Result<std::string> read_object(contracts::OpContext&, const std::string& bucket,
                                    const std::string& key, const std::optional<std::string>&,
                                    uint64_t) override {
        const auto found = objects.find(bucket + "/" + key);
        if (found != objects.end()) return found->second;
        return Error{.code = "NoSuchKey", .message = "The specified key does not exist."};
    }
};

class FakeBlobs final : public store::BlobStore {
public:
    Result<std::unique_ptr<store::BlobWriter>> create() override {
        class Writer final : public store::BlobWriter {
        public:
            explicit Writer(int id) : id_(id) {}
            Result<void> write(std::string_view) override { return {}; }
            Result<std::string> finish() override { return "blob" + std::to_string(id_); }

        private:
            int id_;
        };
        return std::unique_ptr<store::BlobWriter>(std::make_unique<Writer>(++made));
    }
    Result<std::unique_ptr<store::BlobReader>> open(std::string_view) override { return Error{}; }
    void remove(std::string_view) override {}
    void list(const std::function<void(std::string_view, TimePoint)>&) override {}
    int made = 0;
};

// Answers at once, unless it is told to hold.
class FakeRunner final : public contracts::FunctionRunner {
public:
    using Result = contracts::InvocationResult;
    struct Call {
        std::string version;
        contracts::Invocation invocation;
    };
    std::vector<Call> calls;
    std::function<Result(const contracts::FunctionSpec&, const contracts::Invocation&)> handler;
    bool hold = false;
    std::vector<std::function<void(Result)>> held;

    static Result ok(std::string payload = "null") {
        Result result;
        result.payload = std::move(payload);
        return result;
    }
    static Result failed(Result::Kind kind = Result::Kind::kFunctionError) {
        Result result;
        result.kind = kind;
        result.payload = R"({"errorMessage":"no"})";
        return result;
    }
    void run(std::shared_ptr<const contracts::FunctionSpec> spec, contracts::Invocation invocation,
             std::function<void(Result)> done) override {
        calls.push_back({spec->version, invocation});
        if (hold) return held.push_back(std::move(done));
        done(handler ? handler(*spec, invocation) : ok());
    }
    void retire(std::string_view, std::string_view, std::string_view) override {}
    std::vector<std::string> payloads() const {
        std::vector<std::string> out;
        for (const Call& call : calls) out.push_back(call.invocation.payload);
        return out;
    }
};

// Keeps lanes until the test runs them.
class FakeLanes final : public contracts::LaneHost {
public:
    bool start(const std::string&, std::function<void(const std::atomic<bool>&)> body) override {
        if (refusals > 0) {
            refusals -= 1;
            return false;
        }
        waiting.push_back(std::move(body));
        return true;
    }
    int refusals = 0;  // how often no thread can be had
    std::atomic<bool> stop{false};
    std::deque<std::function<void(const std::atomic<bool>&)>> waiting;
};

template <class Output>
struct Answer {
    Output output;
    std::optional<Error> error;
    std::optional<contracts::Wait> wait;
    int status = 0;
    std::string code() const { return error ? error->code : wait ? "wait" : "ok"; }
    std::string text() const { return error ? error->message : std::string(); }
    const Output* operator->() const {
        EXPECT_EQ(code(), "ok") << text();
        return &output;
    }
};

class TestBed : public Pauses {
public:
    TestBed() : rng(5), queues(clock), streams(clock), store(store::make_mem_store(clock)) {
        info.account_id = kAccount;
        info.region = "us-east-1";
        as(caller_with(contracts::PrincipalKind::kRoot, kAccount,
                       "arn:aws:iam::123456789012:root"));
        restart();
    }
    ~TestBed() override { store->close(); }

    // A new process over what the store has.
    void restart() {
        mapping_worker.reset();
        lanes.waiting.clear();
        service = std::make_unique<LambdaService>(
            LambdaParts{*store, blobs, clock, rng, hub, roles, authorizer, queues, streams, objects,
                        lanes, [](std::string_view) { return Result<void>(); }, this});
        mapping_worker = service->make_mapping_worker();
        service->start(runner);
        lanes.waiting.clear();  // of asynchronous events: tests step by hand
    }
    void as(std::shared_ptr<const contracts::Caller> caller) {
        info.account_id = caller->account_id;
        info.caller = std::move(caller);
    }

    // A lane that waits: time passes, up to the waits that the test allows.
    void wait(const WatchedKeys& keys, TimePoint until) override {
        if (--waits_left < 0) lanes.stop = true;
        for (const auto& [key, epoch] : keys) {
            if (hub.epoch(key) != epoch) return;
        }
        if (!lanes.stop && until > clock.now()) clock.advance(until - clock.now());
        if (on_wait) on_wait();
    }
    // Lanes follow the mappings and work, until they have waited so often.
    void work(int waits = 1) {
        lanes.stop = false;
        for (int i = 0; i < 2; ++i) mapping_worker->step(clock.now());
        run_lanes(waits);
    }
    void run_lanes(int waits) {
        // Each lane gets its own share of time; lanes started meanwhile run after it.
        while (!lanes.waiting.empty()) {
            lanes.stop = false;
            waits_left = waits;
            auto body = std::move(lanes.waiting.front());
            lanes.waiting.pop_front();
            body(lanes.stop);
        }
        lanes.stop = false;
    }
    // The dispatcher's rounds until nothing is due.
    void dispatch() {
        for (int i = 0; i < 20; ++i) service->async_queue().step();
    }

    template <class Op>
    Answer<typename Op::Output> call(const typename Op::Input& input,
                                     const std::string& resume_token = {}) {
        Answer<typename Op::Output> answer;
        if (resume_token.empty()) info.request_id = rng.uuid();
        store->run([&](store::Txn& txn) {
            contracts::OpContext context(txn, clock, rng, info);
            context.resume_token = resume_token;
            const auto run = [&]() -> contracts::Outcome<typename Op::Output> {
                contracts::AuthzRequests requests;
                MR_CHECK_OK(Op::authorize(*service, context, input, requests));
                contracts::RequestFacts facts;
                facts.now = clock.now();
                for (const auto& request : requests) {
                    const auto decision = authorizer.decide(*info.caller, request, facts);
                    if (!decision.allowed()) {
                        return errors::access_denied(
                            auth::denied_text(*info.caller, request, decision));
                    }
                }
                MR_CHECK_OK(Op::check(input));
                return Op::run(*service, context, input);
            };
            auto outcome = run();
            answer = {};
            answer.status = context.http_status;
            if (outcome.is_error()) {
                answer.error = outcome.error();
                return store::TxnDecision::kRollback;
            }
            if (outcome.is_wait()) {
                answer.wait = outcome.wait();
            } else {
                answer.output = std::move(outcome.value());
            }
            return store::TxnDecision::kCommit;
        });
        return answer;
    }

    void make_function(const std::string& name = "f", const std::string& dead_letters = {}) {
        CreateFunction::Input input;
        input.function_name = name;
        input.runtime = "python3.12";
        input.handler = "m.h";
        input.role = kRole;
        input.code.emplace().zip_file = "zip of " + name;
        if (!dead_letters.empty()) input.dead_letter_config.emplace().target_arn = dead_letters;
        EXPECT_EQ(call<CreateFunction>(input).code(), "ok");
    }
    Answer<Invoke::Output> invoke(const std::string& function, const std::string& type = {},
                                  const std::string& payload = "{}",
                                  const std::string& qualifier = {}) {
        Invoke::Input input;
        input.function_name = function;
        input.payload = payload;
        if (!type.empty()) input.invocation_type = type;
        if (!qualifier.empty()) input.qualifier = qualifier;
        auto answer = call<Invoke>(input);
        if (answer.wait && !runner.hold) answer = call<Invoke>(input, answer.wait->resume_token);
        return answer;
    }

    FakeClock clock;
    SeededRng rng;
    contracts::WakeHub hub;
    FakeRoles roles;
    FakeQueues queues;
    FakeStreams streams;
    FakeObjects objects;
    FakeBlobs blobs;
    FakeRunner runner;
    FakeLanes lanes;
    auth::PolicyAuthorizer authorizer;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<LambdaService> service;
    std::unique_ptr<contracts::Worker> mapping_worker;
    contracts::RequestInfo info;
    std::function<void()> on_wait;
    int waits_left = 0;
};

}  // namespace millrace::lambda
