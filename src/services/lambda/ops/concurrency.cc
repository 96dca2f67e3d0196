// PutFunctionConcurrency, GetFunctionConcurrency, DeleteFunctionConcurrency, GetAccountSettings:
// how many invocations of a function may run at a time (kept by Invoker).
//
// IAM:     lambda:<operation> on the function; lambda:GetAccountSettings on everything.
// Source:  Lambda API Reference; Lambda quotas.
#include "services/lambda/operations.h"

namespace millrace::lambda {
namespace {

constexpr int kConcurrencyMax = 1000;
constexpr int kUnreservedMin = 100;

struct Usage {
    int reserved = 0;
    int64_t functions = 0;
    int64_t code_bytes = 0;
};

// Of the account's functions but for `except`. O(functions).
Usage usage_of(contracts::OpContext& context, std::string_view account, std::string_view region,
               std::string_view except) {
    Usage usage;
    context.txn().scan(
        {store::Space::kFunctions, function_key(account, region, "").partition, "", ""},
        [&](std::string_view name, std::string_view row) {
            const Function function = decode_function(row);
            if (name == except) return true;
            usage.reserved += std::max(0, function.reserved_concurrency);
            usage.functions += 1;
            usage.code_bytes += function.code_bytes;
            return true;
        });
    return usage;
}

}  // namespace

MR_LAMBDA_ON_FUNCTION(PutFunctionConcurrency, "PutFunctionConcurrency")
contracts::Outcome<PutFunctionConcurrency::Output> PutFunctionConcurrency::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(Function function, need_function(service, context, name));
    const int wanted = *input.reserved_concurrent_executions;
    const Usage others = usage_of(context, function.account, function.region, function.name);
    if (wanted > kConcurrencyMax - kUnreservedMin - others.reserved) {
        return errors::invalid_parameter(
            "Specified ReservedConcurrentExecutions for function decreases account's "
            "UnreservedConcurrentExecution below its minimum value of [100].");
    }
    function.reserved_concurrency = wanted;
    service.put(context.txn(), function);
    Output output;
    output.reserved_concurrent_executions = wanted;
    return output;
}

MR_LAMBDA_ON_FUNCTION(GetFunctionConcurrency, "GetFunctionConcurrency")
contracts::Outcome<GetFunctionConcurrency::Output> GetFunctionConcurrency::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Function function, need_function(service, context, name));
    Output output;
    if (function.reserved_concurrency >= 0)
        output.reserved_concurrent_executions = function.reserved_concurrency;
    return output;
}

MR_LAMBDA_ON_FUNCTION(DeleteFunctionConcurrency, "DeleteFunctionConcurrency")
contracts::Outcome<DeleteFunctionConcurrency::Output> DeleteFunctionConcurrency::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(Function function, need_function(service, context, name));
    function.reserved_concurrency = -1;
    service.put(context.txn(), function);
    return Output{};
}

Result<void> GetAccountSettings::check(const Input&) { return {}; }
Result<void> GetAccountSettings::authorize(LambdaService&, contracts::OpContext& context,
                                           const Input&, contracts::AuthzRequests& requests) {
    ask_account(context, "GetAccountSettings", requests);
    return {};
}
contracts::Outcome<GetAccountSettings::Output> GetAccountSettings::run(
    LambdaService&, contracts::OpContext& context, const Input&) {
    const Usage usage = usage_of(context, context.account(), context.region(), "");
    Output output;
    auto& limit = output.account_limit.emplace();
    limit.total_code_size = int64_t{80'530'636'800};
    limit.code_size_unzipped = 262'144'000;
    limit.code_size_zipped = 52'428'800;
    limit.concurrent_executions = kConcurrencyMax;
    limit.unreserved_concurrent_executions = kConcurrencyMax - usage.reserved;
    auto& used = output.account_usage.emplace();
    used.total_code_size = usage.code_bytes;
    used.function_count = usage.functions;
    return output;
}

}  // namespace millrace::lambda
