// RemovePermission: drops the statement with that label from the queue's policy.
// IAM: sqs:RemovePermission. Source: SQS API Reference, RemovePermission.
#include "codec/json.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {

Result<void> RemovePermission::check(const Input& input) {
    if (!input.label || input.label->empty()) return errors::missing_parameter("Label");
    return {};
}

Result<void> RemovePermission::authorize(SqsService& service, OpContext& context,
                                         const Input& input, AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:RemovePermission", requests);
}

Outcome<RemovePermission::Output> RemovePermission::run(SqsService& service, OpContext& context,
                                                        const Input& input) {
    using codec::JsonValue;
    MR_TRY(const QueueRef ref, service.find_by_url(context, input.queue_url));
    Queue queue = *ref.queue;
    std::vector<JsonValue> kept;
    bool found = false;
    std::vector<JsonValue::Member> members;
    if (const auto policy = codec::parse_json(queue.policy)) {
        members = policy->members();
        if (const JsonValue* there = policy->find("Statement")) {
            for (const JsonValue& statement :
                 there->is_array() ? there->elements() : std::vector<JsonValue>{*there}) {
                if (statement.find_string("Sid") == *input.label) {
                    found = true;
                } else {
                    kept.push_back(statement);
                }
            }
        }
    }
    if (!found) return errors::invalid_value(*input.label, "Label", "can't find label.");
    if (kept.empty()) {
        queue.policy.clear();
    } else {
        for (auto& [name, value] : members) {
            if (name == "Statement") value = JsonValue::array(kept);
        }
        queue.policy = JsonValue::object(std::move(members)).to_json();
    }
    parse_policies(queue);
    service.save(context.txn(), queue);
    return Output{};
}

}  // namespace millrace::sqs
