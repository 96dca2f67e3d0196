// Invoke, InvokeAsync: run a function. RequestResponse answers what it returned (a handler's
// exception is an answer, too: 200 with X-Amz-Function-Error); Event answers 202 once the event is
// durable, and AsyncQueue does the rest; DryRun only checks.
//
// IAM:     lambda:InvokeFunction (lambda:InvokeAsync) on the function.
// Waits:   for the invocation, which has the request's id; the resume token is its version.
// Source:  Lambda API Reference, Invoke and InvokeAsync.
#include "codec/base64.h"
#include "codec/json.h"
#include "services/lambda/async_queue.h"
#include "services/lambda/operations.h"

namespace millrace::lambda {
namespace {

constexpr size_t kPayloadBytesMax = 6'291'456;
// Longer than any function may run, start included: the wait's last resort.
constexpr std::chrono::seconds kLongest{960};

Result<void> check_payload(std::string_view payload, std::string_view type) {
    const size_t bytes_max = type == "Event" ? AsyncQueue::kPayloadBytesMax : kPayloadBytesMax;
    if (payload.size() > bytes_max)
        return errors::payload_too_large(payload.size(), type, bytes_max);
    if (!payload.empty() && !codec::is_valid_json(payload)) return errors::payload_is_no_json();
    return {};
}

Result<void> enqueue(LambdaService& service, contracts::OpContext& context,
                     const FunctionName& name, std::string_view payload,
                     std::string client_context) {
    AsyncEvent event;
    event.id = context.request().request_id;
    event.account = name.account;
    event.region = name.region;
    event.function = name.name;
    event.qualifier = name.qualifier;
    event.created_ms = event.due_ms = epoch_ms(context.now());
    event.payload = payload.empty() ? "{}" : payload;
    event.client_context = std::move(client_context);
    if (!service.async_queue().enqueue(context.txn(), event)) return errors::throttled("");
    context.wake(std::string(AsyncQueue::kWakeKey));
    context.http_status = 202;
    return {};
}

}  // namespace

Result<void> Invoke::check(const Input& input) {
    if (input.durable_execution_name) return errors::unsupported("DurableExecutionName");
    if (input.tenant_id) return errors::unsupported("TenantId");
    return check_payload(input.payload.value_or(""),
                         input.invocation_type.value_or("RequestResponse"));
}

Result<void> Invoke::authorize(LambdaService& service, contracts::OpContext& context,
                               const Input& input, contracts::AuthzRequests& requests) {
    return ask(service, context, input, "InvokeFunction", requests);
}

contracts::Outcome<Invoke::Output> Invoke::run(LambdaService& service,
                                               contracts::OpContext& context, const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    Output output;
    Invoker& invoker = service.invoker();
    // The token: the version that runs. The invocation has the request's id.
    const std::string& id = context.request().request_id;
    const std::string key = Invoker::key_of(id);
    const uint64_t seen = service.parts().hub.epoch(key);
    if (const std::string& version = context.resume_token; !version.empty()) {
        auto result = invoker.result(id);
        if (!result) return contracts::Wait{key, seen, context.now() + kLongest, version};
        using Kind = contracts::InvocationResult::Kind;
        if (result->kind == Kind::kThrottled) return errors::throttled(result->payload);
        if (result->kind == Kind::kStartFailed) return errors::service_failure(result->payload);
        output.status_code = 200;
        output.executed_version = version;
        output.payload = std::move(result->payload);
        if (result->kind == Kind::kFunctionError) output.function_error = "Unhandled";
        if (input.log_type == "Tail") output.log_result = codec::base64_encode(result->log_tail);
        return output;
    }
    MR_TRY(const Target target, need_target(service, context, name));
    std::string client_context;
    if (input.client_context)
        client_context = codec::base64_decode(*input.client_context).value_or("");
    if (input.invocation_type == "DryRun") {
        output.status_code = 204;
        return output;
    }
    if (input.invocation_type == "Event") {
        MR_CHECK_OK(enqueue(service, context, name, input.payload.value_or(""), client_context));
        output.status_code = 202;
        return output;
    }
    if (invoker.runner() == nullptr) return errors::service_failure("The server is starting.");
    contracts::Invocation invocation;
    invocation.request_id = id;
    invocation.payload = input.payload && !input.payload->empty() ? *input.payload : "{}";
    invocation.invoked_arn = target.invoked_arn;
    invocation.want_log_tail = input.log_type == "Tail";
    invocation.client_context = std::move(client_context);
    // An effect outside the transaction, which writes nothing: begin() does it once.
    invoker.begin(target.function.spec(), target.reserved_concurrency, std::move(invocation));
    return contracts::Wait{key, seen, context.now() + kLongest, target.function.version};
}

Result<void> InvokeAsync::check(const Input& input) {
    return check_payload(input.invoke_args ? input.invoke_args->bytes : "", "Event");
}
Result<void> InvokeAsync::authorize(LambdaService& service, contracts::OpContext& context,
                                    const Input& input, contracts::AuthzRequests& requests) {
    return ask(service, context, input, "InvokeAsync", requests);
}
contracts::Outcome<InvokeAsync::Output> InvokeAsync::run(LambdaService& service,
                                                         contracts::OpContext& context,
                                                         const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Target target, need_target(service, context, name));
    MR_CHECK_OK(
        enqueue(service, context, name, input.invoke_args ? input.invoke_args->bytes : "", {}));
    Output output;
    output.status = 202;
    return output;
}

}  // namespace millrace::lambda
