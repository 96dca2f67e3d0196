#include "services/sqs/operations.h"

#include <set>

#include "auth/evaluate.h"
#include "services/sqs/errors.h"

namespace millrace::sqs {

using contracts::make_operation;

contracts::ServiceEntry SqsService::entry() {
    contracts::ServiceEntry entry;
    entry.model = &model::sqs::kService;
    entry.check_order = contracts::CheckOrder::kAuthorizeThenValidate;
    const auto& model = model::sqs::kService;
    entry.operations = {
        make_operation<AddPermission>(*this, model),
        make_operation<CancelMessageMoveTask>(*this, model),
        make_operation<ChangeMessageVisibility>(*this, model),
        make_operation<ChangeMessageVisibilityBatch>(*this, model),
        make_operation<CreateQueue>(*this, model),
        make_operation<DeleteMessage>(*this, model),
        make_operation<DeleteMessageBatch>(*this, model),
        make_operation<DeleteQueue>(*this, model),
        make_operation<GetQueueAttributes>(*this, model),
        make_operation<GetQueueUrl>(*this, model),
        make_operation<ListDeadLetterSourceQueues>(*this, model),
        make_operation<ListMessageMoveTasks>(*this, model),
        make_operation<ListQueueTags>(*this, model),
        make_operation<ListQueues>(*this, model),
        make_operation<PurgeQueue>(*this, model),
        make_operation<ReceiveMessage>(*this, model),
        make_operation<RemovePermission>(*this, model),
        make_operation<SendMessage>(*this, model),
        make_operation<SendMessageBatch>(*this, model),
        make_operation<SetQueueAttributes>(*this, model),
        make_operation<StartMessageMoveTask>(*this, model),
        make_operation<TagQueue>(*this, model),
        make_operation<UntagQueue>(*this, model),
    };
    entry.denied = [](const contracts::Caller& caller, const contracts::AuthzRequest& request,
                      const contracts::Decision& decision) {
        return errors::access_denied(auth::denied_text(caller, request, decision));
    };
    entry.unknown_operation = errors::unknown_operation;
    return entry;
}

namespace {

void ask(SqsService& service, OpContext& context, const QueueName& name, std::string_view action,
         AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = action;
    request.resource = "arn:aws:sqs:" + name.region + ":" + name.account + ":" + name.name;
    request.resource_account = name.account;
    if (const QueueRef queue = service.find(context.txn(), name))
        request.resource_policy = queue.queue->parsed_policy;
    requests.push_back(std::move(request));
}

}  // namespace

Result<void> authorize_queue(SqsService& service, OpContext& context,
                             const std::optional<std::string>& url, std::string_view action,
                             AuthzRequests& requests) {
    if (!url || url->empty()) return errors::missing_parameter("QueueUrl");
    const auto name = parse_queue_url(*url, context.region());
    if (!name) return errors::queue_does_not_exist();
    ask(service, context, *name, action, requests);
    return {};
}

Result<void> authorize_arn(SqsService& service, OpContext& context, std::string_view parameter,
                           std::string_view arn, std::string_view action, AuthzRequests& requests) {
    if (arn.empty()) return errors::missing_parameter(parameter);
    const auto name = parse_queue_arn(arn);
    if (!name)
        return errors::invalid_parameter(
            fmt::format("Value {} for parameter {} is invalid.", arn, parameter));
    ask(service, context, *name, action, requests);
    return {};
}

Result<void> check_batch_ids(const std::vector<std::string>& ids, std::string_view entry_name) {
    if (ids.empty()) return errors::empty_batch(entry_name);
    if (ids.size() > 10) return errors::too_many_entries(ids.size());
    std::set<std::string_view> seen;
    for (const std::string& id : ids) {
        if (id.empty() || id.size() > 80 ||
            id.find_first_not_of(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") !=
                std::string::npos) {
            return errors::invalid_batch_entry_id();
        }
        if (!seen.insert(id).second) return errors::ids_not_distinct(id);
    }
    return {};
}

std::string queue_url(const OpContext& context, const Queue& queue) {
    return context.request().endpoint_url + "/" + queue.account + "/" + queue.name;
}

model::sqs::BatchResultErrorEntry failed_entry(const std::string& id, const Error& error) {
    model::sqs::BatchResultErrorEntry entry;
    entry.id = id;
    entry.code = error.query_code;
    entry.message = error.message;
    entry.sender_fault = error.http_status < 500;
    return entry;
}

}  // namespace millrace::sqs
