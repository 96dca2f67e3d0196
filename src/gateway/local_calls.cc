#include "gateway/local_calls.h"

#include "gateway/errors.h"

namespace millrace::gateway {
namespace {

std::vector<contracts::ServiceEntry> only(contracts::ServiceEntry entry) {
    std::vector<contracts::ServiceEntry> entries;
    entries.push_back(std::move(entry));
    return entries;
}

}  // namespace

LocalCalls::LocalCalls(LocalCallsParts parts, contracts::ServiceEntry dynamodb)
    : parts_(std::move(parts)),
      services_(only(std::move(dynamodb))),
      dynamodb_(*services_.all().front()) {}

std::unique_ptr<contracts::OperationCall> LocalCalls::make_call(std::string_view operation) {
    const contracts::Operation* found = dynamodb_.find(operation);
    MR_ASSERT(found != nullptr);
    return found->make_call();
}

Request LocalCalls::request_for(std::string_view operation, const contracts::RequestInfo& info,
                                std::unique_ptr<contracts::OperationCall>& call) const {
    Request request;
    request.service = &dynamodb_;
    request.operation = dynamodb_.find(operation);
    request.info = info;
    request.call = std::move(call);
    return request;
}

Result<void> LocalCalls::allowed(std::string_view operation, const contracts::RequestInfo& info,
                                 std::unique_ptr<contracts::OperationCall>& call) {
    Request request = request_for(operation, info, call);
    const auto error =
        check_ahead(request, parts_.store, parts_.authorizer, parts_.clock, parts_.rng);
    if (error) return *error;
    return {};
}

Result<void> LocalCalls::run(std::string_view operation, const contracts::RequestInfo& info,
                             std::unique_ptr<contracts::OperationCall>& call) {
    Request request = request_for(operation, info, call);
    const Attempt attempt =
        run_operation(request, "", parts_.store, parts_.authorizer, parts_.clock, parts_.rng);
    call = std::move(request.call);
    if (attempt.result.status != store::CommitStatus::kOk)
        return store_error(attempt.result.status, &dynamodb_, request.protocol);
    const store::Ticket ticket = attempt.error ? attempt.result.read_ticket : attempt.result.ticket;
    if (!parts_.store.is_durable(ticket) && !parts_.store.wait_durable(ticket))
        return internal_error(&dynamodb_, request.protocol);
    for (const std::string& key : attempt.wakes) parts_.hub.signal(key);
    if (attempt.error) return *attempt.error;
    MR_ASSERT(!attempt.wait);  // none of DynamoDB's operations waits
    return {};
}

}  // namespace millrace::gateway
