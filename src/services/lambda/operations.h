// The operations of Lambda; ops/ has their definitions by noun.
#pragma once

#include "contracts/operation.h"
#include "model/generated/lambda.h"
#include "services/lambda/errors.h"
#include "services/lambda/service.h"

namespace millrace::lambda {

// clang-format off
#define MR_LAMBDA_OPERATION(Name, cost_, access_)                                                            \
    struct Name {                                                                                            \
        using Service = LambdaService;                                                                       \
        using Input = model::lambda::Name##Input;                                                            \
        using Output = model::lambda::Name##Output;                                                          \
        static constexpr contracts::OpTraits kTraits{                                                        \
            .name = #Name, .cost = contracts::Cost::cost_, .access = contracts::Access::access_};            \
        static Result<void> check(const Input& input);                                                       \
        static Result<void> authorize(LambdaService& service, contracts::OpContext& context,                 \
                                      const Input& input, contracts::AuthzRequests& requests);               \
        static contracts::Outcome<Output> run(LambdaService& service, contracts::OpContext& context,         \
                                              const Input& input);                                           \
    };
#define MR_LAMBDA_OPERATIONS(X)                         \
    X(AddPermission, kPoint, kWrite)                    \
    X(CreateAlias, kPoint, kWrite)                      \
    X(CreateEventSourceMapping, kRange, kWrite)         \
    X(CreateFunction, kStream, kWrite)                  \
    X(DeleteAlias, kPoint, kWrite)                      \
    X(DeleteEventSourceMapping, kPoint, kWrite)         \
    X(DeleteFunction, kRange, kWrite)                   \
    X(DeleteFunctionConcurrency, kPoint, kWrite)        \
    X(DeleteFunctionEventInvokeConfig, kPoint, kWrite)  \
    X(GetAccountSettings, kRange, kRead)                \
    X(GetAlias, kPoint, kRead)                          \
    X(GetEventSourceMapping, kPoint, kRead)             \
    X(GetFunction, kPoint, kRead)                       \
    X(GetFunctionConcurrency, kPoint, kRead)            \
    X(GetFunctionConfiguration, kPoint, kRead)          \
    X(GetFunctionEventInvokeConfig, kPoint, kRead)      \
    X(GetPolicy, kPoint, kRead)                         \
    X(Invoke, kPoint, kWrite)                           \
    X(InvokeAsync, kPoint, kWrite)                      \
    X(ListAliases, kRange, kRead)                       \
    X(ListEventSourceMappings, kRange, kRead)           \
    X(ListFunctionEventInvokeConfigs, kRange, kRead)    \
    X(ListFunctions, kRange, kRead)                     \
    X(ListTags, kPoint, kRead)                          \
    X(ListVersionsByFunction, kRange, kRead)            \
    X(PublishVersion, kPoint, kWrite)                   \
    X(PutFunctionConcurrency, kRange, kWrite)           \
    X(PutFunctionEventInvokeConfig, kRange, kWrite)     \
    X(RemovePermission, kPoint, kWrite)                 \
    X(TagResource, kPoint, kWrite)                      \
    X(UntagResource, kPoint, kWrite)                    \
    X(UpdateAlias, kPoint, kWrite)                      \
    X(UpdateEventSourceMapping, kRange, kWrite)         \
    X(UpdateFunctionCode, kStream, kWrite)              \
    X(UpdateFunctionConfiguration, kRange, kWrite)      \
    X(UpdateFunctionEventInvokeConfig, kRange, kWrite)
// clang-format on
MR_LAMBDA_OPERATIONS(MR_LAMBDA_OPERATION)

// check() and authorize() of an operation on one function with nothing to check beyond the model:
// its caller needs "lambda:<action>" on the function.
#define MR_LAMBDA_ON_FUNCTION(Name, action)                                                \
    Result<void> Name::check(const Input&) { return {}; }                                  \
    Result<void> Name::authorize(LambdaService& service, contracts::OpContext& context,    \
                                 const Input& input, contracts::AuthzRequests& requests) { \
        return ask(service, context, input, action, requests);                             \
    }

// The function that a request names by FunctionName and, if it has one, Qualifier. Errors: they
// name different qualifiers; another region.
Result<FunctionName> name_function(const contracts::OpContext& context, const std::string& text,
                                   const std::optional<std::string>& qualifier = std::nullopt);
template <class Input>
Result<FunctionName> name_function(const contracts::OpContext& context, const Input& input) {
    if constexpr (requires { input.qualifier; }) {
        return name_function(context, input.function_name.value_or(""), input.qualifier);
    } else {
        return name_function(context, input.function_name.value_or(""));
    }
}

// "lambda:<action>" on the function, whose own policy counts too.
void ask_function(LambdaService& service, contracts::OpContext& context, const FunctionName& name,
                  std::string_view action, contracts::AuthzRequests& requests);
template <class Input>
Result<void> ask(LambdaService& service, contracts::OpContext& context, const Input& input,
                 std::string_view action, contracts::AuthzRequests& requests) {
    MR_TRY(const FunctionName name, name_function(context, input));
    ask_function(service, context, name, action, requests);
    return {};
}
// "lambda:<action>" on everything of the account.
void ask_account(contracts::OpContext& context, std::string_view action,
                 contracts::AuthzRequests& requests);

// $LATEST. Errors: no such function, another qualifier.
Result<Function> need_function(LambdaService& service, contracts::OpContext& context,
                               const FunctionName& name);
// What the name stands for.
Result<Target> need_target(LambdaService& service, contracts::OpContext& context,
                           const FunctionName& name);

// The policy of a function, version or alias.
struct StoredPolicy {
    std::string revision;
    std::string text;  // JSON
};
std::string encode(const StoredPolicy& policy);
StoredPolicy decode_policy(std::string_view bytes);

// The configuration as answers show it, under the ARN that was asked for.
model::lambda::FunctionConfiguration show_configuration(const Function& function, std::string arn);
// Makes a version of $LATEST, which is written; the newest version when nothing has changed.
Function publish(LambdaService& service, contracts::OpContext& context, Function& latest,
                 const std::optional<std::string>& description);

}  // namespace millrace::lambda
