// Invoke: runs a function and answers what it returned. A handler's exception is an answer, too:
// 200 with X-Amz-Function-Error.
//
// IAM:     lambda:InvokeFunction on the function.
// Waits:   for the invocation, whose id is the resume token: it begins once.
// Source:  Lambda API Reference, Invoke.
#include "codec/base64.h"
#include "codec/json.h"
#include "services/lambda/operations.h"

namespace millrace::lambda {
namespace {

constexpr size_t kPayloadBytesMax = 6'291'456;
// Longer than any function may run, start included: the wait's last resort.
constexpr std::chrono::seconds kLongest{960};

}  // namespace

Result<void> Invoke::check(const Input& input) {
    const std::string type = input.invocation_type.value_or("RequestResponse");
    if (type == "Event") return errors::unsupported("InvocationType Event");
    if (input.payload && input.payload->size() > kPayloadBytesMax) {
        return errors::make("RequestTooLargeException", 413,
                            fmt::format("{} byte payload is too large for the RequestResponse "
                                        "invocation type (limit 6291456 "
                                        "bytes)",
                                        input.payload->size()));
    }
    if (input.payload && !input.payload->empty() && !codec::is_valid_json(*input.payload)) {
        return errors::make(
            "InvalidRequestContentException", 400,
            "Could not parse request body into json: Could not parse payload into json");
    }
    return {};
}

Result<void> Invoke::authorize(LambdaService&, contracts::OpContext& context, const Input& input,
                               contracts::AuthzRequests& requests) {
    ask(context, input.function_name, "InvokeFunction", requests);
    return {};
}

contracts::Outcome<Invoke::Output> Invoke::run(LambdaService& service,
                                               contracts::OpContext& context, const Input& input) {
    MR_TRY(const Function function, need_function(service, context, *input.function_name));
    Output output;
    output.executed_version = "$LATEST";
    if (input.invocation_type == "DryRun") {
        output.status_code = 204;
        return output;
    }
    if (service.runner() == nullptr) return errors::service_failure("The server is starting.");
    std::string id = context.resume_token;
    std::string key;
    uint64_t epoch = 0;
    if (id.empty()) {
        id = context.rng().uuid();
        key = LambdaService::invocation_key(id);
        epoch = service.parts().hub.epoch(key);
        contracts::Invocation invocation;
        invocation.request_id = id;
        invocation.payload = input.payload && !input.payload->empty() ? *input.payload : "{}";
        invocation.invoked_arn = function.arn();
        invocation.want_log_tail = input.log_type == "Tail";
        if (input.client_context)
            invocation.client_context = codec::base64_decode(*input.client_context).value_or("");
        // Begins when this run counts: a run that is repeated after a conflict begins nothing.
        context.txn().on_commit([&service, id, spec = function.spec(),
                                 invocation = std::move(invocation)](store::Version) mutable {
            service.begin(id, std::move(spec), std::move(invocation));
        });
    } else {
        key = LambdaService::invocation_key(id);
        epoch = service.parts().hub.epoch(key);
        if (auto result = service.result(id)) {
            using Kind = contracts::InvocationResult::Kind;
            if (result->kind == Kind::kThrottled) return errors::throttled();
            if (result->kind == Kind::kStartFailed) return errors::service_failure(result->payload);
            output.status_code = 200;
            output.payload = std::move(result->payload);
            if (result->kind == Kind::kFunctionError) output.function_error = "Unhandled";
            if (input.log_type == "Tail")
                output.log_result = codec::base64_encode(result->log_tail);
            return output;
        }
    }
    return contracts::Wait{std::move(key), epoch, context.now() + kLongest, id};
}

}  // namespace millrace::lambda
