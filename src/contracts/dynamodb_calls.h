// DynamoDbCalls: how another part of the server calls DynamoDB's operations: the very code that
// serves them over HTTP, with its checks, its authorisation and its capacity figures.
// Implemented by gateway (in this process) and used by dax. Thread-safety: safe from any thread.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "contracts/operation.h"

namespace millrace::contracts {

class DynamoDbCalls {
public:
    virtual ~DynamoDbCalls() = default;
    // The operation must be one that is served (asserted).
    virtual std::unique_ptr<OperationCall> make_call(std::string_view operation) = 0;
    // Runs it as info.caller; success fills the call's output. Blocks until the answer is durable.
    // Errors are the operation's, or InternalServerError, after which a write may have been
    // applied.
    virtual Result<void> run(std::string_view operation, const RequestInfo& info,
                             std::unique_ptr<OperationCall>& call) = 0;
    // Would run() be allowed? Checks the input and info.caller's rights, and does nothing. The
    // error is the operation's own. An upstream that does not know the callers refuses.
    virtual Result<void> allowed(std::string_view /*operation*/, const RequestInfo& /*info*/,
                                 std::unique_ptr<OperationCall>& /*call*/) {
        Error error;
        error.code = "AccessDeniedException";
        error.message = "The upstream does not know the rights of callers";
        error.http_status = 400;
        return error;
    }
    // Moves on with every change of a table's definition.
    virtual uint64_t tables_version() const = 0;

    template <class Input>
    Result<void> check(std::string_view operation, const RequestInfo& info, Input input) {
        std::unique_ptr<OperationCall> call = make_call(operation);
        *static_cast<Input*>(call->input()) = std::move(input);
        return allowed(operation, info, call);
    }
    template <class Output, class Input>
    Result<Output> call(std::string_view operation, const RequestInfo& info, Input input) {
        std::unique_ptr<OperationCall> call = make_call(operation);
        *static_cast<Input*>(call->input()) = std::move(input);
        MR_CHECK_OK(run(operation, info, call));
        return std::move(*static_cast<Output*>(call->mutable_output()));
    }
};

}  // namespace millrace::contracts
