// AddPermission: adds a statement to the queue's policy, its Sid the label.
// IAM: sqs:AddPermission. Errors: the label is there already. Source: SQS API Reference,
// AddPermission.
#include "auth/policy.h"
#include "codec/json.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {
namespace {

using codec::JsonValue;
constexpr size_t kStatementsMax = 20;

JsonValue one_or_many(std::vector<JsonValue> values) {
    return values.size() == 1 ? values.front() : JsonValue::array(std::move(values));
}

}  // namespace

Result<void> AddPermission::check(const Input& input) {
    if (!input.label || input.label->empty()) return errors::missing_parameter("Label");
    if (!input.aws_account_ids || input.aws_account_ids->empty())
        return errors::missing_parameter("AWSAccountIds");
    if (!input.actions || input.actions->empty()) return errors::missing_parameter("Actions");
    return {};
}

Result<void> AddPermission::authorize(SqsService& service, OpContext& context, const Input& input,
                                      AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:AddPermission", requests);
}

Outcome<AddPermission::Output> AddPermission::run(SqsService& service, OpContext& context,
                                                  const Input& input) {
    MR_TRY(const QueueRef ref, service.find_by_url(context, input.queue_url));
    Queue queue = *ref.queue;
    std::vector<JsonValue> statements;
    if (const auto policy = codec::parse_json(queue.policy)) {
        if (const JsonValue* there = policy->find("Statement")) {
            statements = there->is_array() ? there->elements() : std::vector<JsonValue>{*there};
        }
    }
    for (const JsonValue& statement : statements) {
        if (statement.find_string("Sid") == *input.label)
            return errors::invalid_value(*input.label, "Label", "Already exists.");
    }
    if (statements.size() >= kStatementsMax) {
        return errors::make("OverLimit", "OverLimit",
                            "20 statements are the most that a queue's policy can have.", 403);
    }
    std::vector<JsonValue> principals;
    for (const std::string& account : *input.aws_account_ids) {
        principals.push_back(JsonValue::string("arn:aws:iam::" + account + ":root"));
    }
    std::vector<JsonValue> actions;
    for (const std::string& action : *input.actions)
        actions.push_back(JsonValue::string("SQS:" + action));
    statements.push_back(JsonValue::object(
        {{"Sid", JsonValue::string(*input.label)},
         {"Effect", JsonValue::string("Allow")},
         {"Principal", JsonValue::object({{"AWS", one_or_many(std::move(principals))}})},
         {"Action", one_or_many(std::move(actions))},
         {"Resource", JsonValue::string(queue.arn())}}));
    queue.policy = JsonValue::object({{"Version", JsonValue::string("2012-10-17")},
                                      {"Id", JsonValue::string(queue.arn() + "/SQSDefaultPolicy")},
                                      {"Statement", JsonValue::array(std::move(statements))}})
                       .to_json();
    if (!auth::parse_policy(queue.policy, auth::PolicyKind::kResource))
        return errors::invalid_parameter("The actions or accounts are not valid.");
    parse_policies(queue);
    service.save(context.txn(), queue);
    return Output{};
}

}  // namespace millrace::sqs
