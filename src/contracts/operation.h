// The shape of every AWS operation, and how the gateway calls it without knowing it.
//
// One operation is one file in services/<service>/ops/ with a struct like this:
//
//   struct PutItem {
//       using Service = DynamoDbService;
//       using Input = model::dynamodb::PutItemInput;
//       using Output = model::dynamodb::PutItemOutput;
//       static constexpr OpTraits kTraits{.name = "PutItem", .cost = Cost::kPoint, .access =
//       Access::kWrite}; static Result<void> check(const Input&);   // what the model cannot say;
//       no store static Result<void> authorize(Service&, OpContext&, const Input&, AuthzRequests&);
//       static Outcome<Output> run(Service&, OpContext&, const Input&);
//   };
//
// run() is synchronous: it reads and writes through context.txn(), never blocks, never opens a
// socket, reads time and randomness only from the context. It may run again after a conflict.
// authorize() runs in the same transaction (it may read resource policies).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "contracts/authorization.h"
#include "contracts/body_facts.h"
#include "core/http.h"
#include "core/random.h"
#include "core/result.h"
#include "core/time.h"
#include "model/descriptor.h"
#include "store/store.h"

namespace millrace::contracts {

class WakeHub;

// kPoint runs on the connection's own thread; kRange and kStream on the gateway's pool.
enum class Cost : uint8_t { kPoint, kRange, kStream };
enum class Access : uint8_t { kRead, kWrite };

struct OpTraits {
    std::string_view name;
    Cost cost = Cost::kPoint;
    Access access = Access::kWrite;
    // False: the answer need not wait until the operation's own writes are on disk (a receive
    // whose loss only means another delivery). What it read is still waited for.
    bool durable = true;
    // True: nobody is asked (sts:GetCallerIdentity).
    bool authorized_always = false;
};

// Everything a request brings along. Lives as long as the request.
struct RequestInfo {
    std::string request_id;
    std::string account_id;  // the account whose resources are addressed: the caller's own
    std::string region;      // of the credential scope, or the configured one
    std::string
        endpoint_url;  // "http://localhost:4566": as the client addressed us, for URLs in answers
    const HttpRequest* http = nullptr;  // headers, source address; null for internal calls
    std::shared_ptr<const Caller> caller;
    bool presigned = false;
    const BodyFacts* body = nullptr;  // digests of an S3 body; null elsewhere
};

class OpContext {
public:
    OpContext(store::Txn& txn, const Clock& clock, Rng& rng, const RequestInfo& request)
        : txn_(txn), clock_(clock), rng_(rng), request_(request), now_(clock.now()) {}

    store::Txn& txn() { return txn_; }
    Rng& rng() { return rng_; }
    const RequestInfo& request() const { return request_; }
    const Caller& caller() const { return *request_.caller; }
    std::string_view account() const { return request_.account_id; }
    std::string_view region() const { return request_.region; }
    const Clock& clock() const { return clock_; }
    // The same for the whole run.
    TimePoint now() const { return now_; }
    // The time of the run's writes, the same for all of them: read at the first call, which must be
    // behind everything that the transaction locks, so that no write is older than what it changes.
    TimePoint write_time() {
        if (!write_time_) write_time_ = clock_.now();
        return *write_time_;
    }
    // Signals a WakeHub key once the transaction is durable.
    void wake(std::string key) { wakes_.push_back(std::move(key)); }
    std::vector<std::string> take_wakes() { return std::move(wakes_); }
    // Of the Wait that this run resumes (empty at first): e.g. an invocation id.
    std::string resume_token;
    // Set by run() when its result needs more than the modelled output: extra response headers.
    std::vector<std::pair<std::string, std::string>> response_headers;
    // Overrides the modelled status (e.g. Lambda Invoke: 202 for Event); 0: the model's.
    int http_status = 0;

private:
    store::Txn& txn_;
    const Clock& clock_;
    Rng& rng_;
    const RequestInfo& request_;
    TimePoint now_;
    std::optional<TimePoint> write_time_;
    std::vector<std::string> wakes_;
};

// The operation has nothing to answer yet: run it again when the key is signalled (its epoch is no
// longer `epoch`, read from the WakeHub before looking) or at the deadline, whichever is first.
// The run at or after the deadline must not wait again. What a run that waits wrote is committed
// (and its on_commit hooks run); an Error rolls back.
struct Wait {
    std::string key;
    uint64_t epoch = 0;
    TimePoint deadline;
    std::string resume_token;
};

template <class T>
class Outcome {
public:
    Outcome(T value)
        : state_(std::in_place_index<0>, std::move(value)) {
    }  // NOLINT(google-explicit-constructor)
    Outcome(Error error)
        : state_(std::in_place_index<1>, std::move(error)) {
    }  // NOLINT(google-explicit-constructor)
    Outcome(Wait wait)
        : state_(std::in_place_index<2>, std::move(wait)) {}  // NOLINT(google-explicit-constructor)
    Outcome(Result<T> result)                                 // NOLINT(google-explicit-constructor)
        : state_(result ? State(std::in_place_index<0>, std::move(*result))
                        : State(std::in_place_index<1>, std::move(result.error()))) {}

    bool has_value() const { return state_.index() == 0; }
    bool is_error() const { return state_.index() == 1; }
    bool is_wait() const { return state_.index() == 2; }
    T& value() { return std::get<0>(state_); }
    const T& value() const { return std::get<0>(state_); }
    const Error& error() const { return std::get<1>(state_); }
    Error& error() { return std::get<1>(state_); }
    Wait& wait() { return std::get<2>(state_); }
    const Wait& wait() const { return std::get<2>(state_); }

private:
    using State = std::variant<T, Error, Wait>;
    State state_;
};

using AuthzRequests = std::vector<AuthzRequest>;

// One request on its way through an operation: holds the typed input and output behind pointers
// that the model's decoders and encoders understand.
class OperationCall {
public:
    virtual ~OperationCall() = default;
    virtual void* input() = 0;
    virtual Result<void> check() = 0;
    virtual Result<void> authorize(OpContext& context, AuthzRequests& requests) = 0;
    // Nothing: output() is filled. Otherwise an Error or a Wait.
    virtual Outcome<std::monostate> run(OpContext& context) = 0;
    virtual const void* output() const = 0;
    virtual void* mutable_output() = 0;
};

template <class Op>
class TypedCall final : public OperationCall {
public:
    explicit TypedCall(typename Op::Service& service) : service_(service) {}
    void* input() override { return &input_; }
    Result<void> check() override { return Op::check(input_); }
    Result<void> authorize(OpContext& context, AuthzRequests& requests) override {
        return Op::authorize(service_, context, input_, requests);
    }
    Outcome<std::monostate> run(OpContext& context) override {
        Outcome<typename Op::Output> outcome = Op::run(service_, context, input_);
        if (outcome.is_error()) return std::move(outcome.error());
        if (outcome.is_wait()) return std::move(outcome.wait());
        output_ = std::move(outcome.value());
        return std::monostate{};
    }
    const void* output() const override { return &output_; }
    void* mutable_output() override { return &output_; }

private:
    typename Op::Service& service_;
    typename Op::Input input_;
    typename Op::Output output_;
};

struct Operation {
    OpTraits traits;
    const model::OperationDescriptor* model = nullptr;
    std::function<std::unique_ptr<OperationCall>()> make_call;
};

template <class Op>
Operation make_operation(typename Op::Service& service,
                         const model::ServiceDescriptor& descriptor) {
    const model::OperationDescriptor* model = model::find_operation(descriptor, Op::kTraits.name);
    MR_ASSERT(model != nullptr);
    return {Op::kTraits, model, [&service] { return std::make_unique<TypedCall<Op>>(service); }};
}

// How a service orders its checks and words its errors.
enum class CheckOrder : uint8_t {
    kValidateThenAuthorize,  // model constraints and check(), then authorization
    kAuthorizeThenValidate,
};

// What a service gives to the gateway. Lives as long as the server.
struct ServiceEntry {
    const model::ServiceDescriptor* model = nullptr;
    std::vector<Operation> operations;
    CheckOrder check_order = CheckOrder::kValidateThenAuthorize;
    // Makes the service's own error for a decision that is not kAllow.
    std::function<Error(const Caller&, const AuthzRequest&, const Decision&)> denied;
    // The service's error for an operation that the model has but we do not offer, or nobody has.
    std::function<Error(std::string_view operation)> unknown_operation;
};

}  // namespace millrace::contracts
