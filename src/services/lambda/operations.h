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
#define MR_LAMBDA_OPERATIONS(X)                     \
    X(CreateEventSourceMapping, kRange, kWrite)     \
    X(CreateFunction, kStream, kWrite)              \
    X(DeleteEventSourceMapping, kPoint, kWrite)     \
    X(DeleteFunction, kPoint, kWrite)               \
    X(GetEventSourceMapping, kPoint, kRead)         \
    X(GetFunction, kPoint, kRead)                   \
    X(GetFunctionConfiguration, kPoint, kRead)      \
    X(Invoke, kPoint, kRead)                        \
    X(ListEventSourceMappings, kRange, kRead)       \
    X(ListFunctions, kRange, kRead)                 \
    X(UpdateEventSourceMapping, kRange, kWrite)     \
    X(UpdateFunctionCode, kStream, kWrite)          \
    X(UpdateFunctionConfiguration, kRange, kWrite)
// clang-format on
MR_LAMBDA_OPERATIONS(MR_LAMBDA_OPERATION)

// "lambda:<action>" on the function.
void ask(contracts::OpContext& context, const std::optional<std::string>& function,
         std::string_view action, contracts::AuthzRequests& requests);
// The function, with the service's error. Only $LATEST exists.
Result<Function> need_function(LambdaService& service, contracts::OpContext& context,
                               const std::string& name);

}  // namespace millrace::lambda
