// AddPermission, RemovePermission, GetPolicy: the policy of a function, version or alias, which
// counts whenever somebody asks for it.
//
// IAM:     lambda:<operation> on the function.
// Source:  Lambda API Reference; recorded texts.
#include "auth/policy.h"
#include "codec/json.h"
#include "services/lambda/operations.h"

namespace millrace::lambda {
namespace {

using codec::JsonValue;
constexpr size_t kPolicyBytesMax = 20'480;

store::Key key_of(const FunctionName& name) {
    return policy_key(name.account, name.region, name.name, name.qualifier);
}

std::vector<JsonValue> statements_of(const std::string& policy) {
    const auto document = codec::parse_json(policy);
    const JsonValue* statements = document ? document->find("Statement") : nullptr;
    return statements == nullptr ? std::vector<JsonValue>() : statements->elements();
}

std::string document_of(std::vector<JsonValue> statements) {
    return JsonValue::object({{"Version", JsonValue::string("2012-10-17")},
                              {"Id", JsonValue::string("default")},
                              {"Statement", JsonValue::array(std::move(statements))}})
        .to_json();
}

JsonValue principal_of(const std::string& principal) {
    if (principal == "*") return JsonValue::string(principal);
    if (principal.find(".amazonaws.com") != std::string::npos)
        return JsonValue::object({{"Service", JsonValue::string(principal)}});
    const bool account = principal.size() == 12 && is_version_number(principal);
    return JsonValue::object(
        {{"AWS", JsonValue::string(account ? "arn:aws:iam::" + principal + ":root" : principal)}});
}

JsonValue statement_of(const AddPermission::Input& input, const std::string& resource) {
    std::vector<JsonValue::Member> equals;
    if (input.source_account)
        equals.emplace_back("AWS:SourceAccount", JsonValue::string(*input.source_account));
    if (input.principal_org_id)
        equals.emplace_back("aws:PrincipalOrgID", JsonValue::string(*input.principal_org_id));
    if (input.event_source_token)
        equals.emplace_back("lambda:EventSourceToken",
                            JsonValue::string(*input.event_source_token));
    std::vector<JsonValue::Member> conditions;
    if (!equals.empty())
        conditions.emplace_back("StringEquals", JsonValue::object(std::move(equals)));
    if (input.source_arn) {
        conditions.emplace_back(
            "ArnLike",
            JsonValue::object({{"AWS:SourceArn", JsonValue::string(*input.source_arn)}}));
    }
    std::vector<JsonValue::Member> statement{{"Sid", JsonValue::string(*input.statement_id)},
                                             {"Effect", JsonValue::string("Allow")},
                                             {"Principal", principal_of(*input.principal)},
                                             {"Action", JsonValue::string(*input.action)},
                                             {"Resource", JsonValue::string(resource)}};
    if (!conditions.empty())
        statement.emplace_back("Condition", JsonValue::object(std::move(conditions)));
    return JsonValue::object(std::move(statement));
}

// What the policy is to be when the request names a revision: the policy's, or the function's
// while there is none.
Result<StoredPolicy> policy_to_change(contracts::OpContext& context, const FunctionName& name,
                                      const Function& function,
                                      const std::optional<std::string>& revision) {
    StoredPolicy policy;
    if (const auto row = context.txn().get(key_of(name))) policy = decode_policy(*row);
    const std::string& current = policy.text.empty() ? function.revision : policy.revision;
    if (revision && *revision != current) return errors::stale_revision();
    policy.revision = context.rng().uuid();
    return policy;
}

Error no_policy() { return errors::not_found("The resource you requested does not exist."); }

}  // namespace

Result<void> AddPermission::check(const Input& input) {
    if (input.function_url_auth_type || input.invoked_via_function_url.value_or(false))
        return errors::unsupported("A function URL");
    return {};
}
Result<void> AddPermission::authorize(LambdaService& service, contracts::OpContext& context,
                                      const Input& input, contracts::AuthzRequests& requests) {
    return ask(service, context, input, "AddPermission", requests);
}
contracts::Outcome<AddPermission::Output> AddPermission::run(LambdaService& service,
                                                             contracts::OpContext& context,
                                                             const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Target target, need_target(service, context, name));
    MR_TRY(StoredPolicy policy,
           policy_to_change(context, name, target.function, input.revision_id));
    std::vector<JsonValue> statements = statements_of(policy.text);
    for (const JsonValue& there : statements) {
        if (there.find_string("Sid") == *input.statement_id) {
            return errors::conflict(fmt::format(
                "The statement id ({}) provided already exists. Please provide a new statement "
                "id, or remove the existing statement.",
                *input.statement_id));
        }
    }
    const JsonValue statement = statement_of(input, name.arn());
    statements.push_back(statement);
    policy.text = document_of(std::move(statements));
    if (policy.text.size() > kPolicyBytesMax) {
        return errors::make("PolicyLengthExceededException", 400,
                            fmt::format("The final policy size ({}) is bigger than the limit ({}).",
                                        policy.text.size(), kPolicyBytesMax));
    }
    if (!auth::parse_policy(policy.text, auth::PolicyKind::kResource)) {
        return errors::invalid_parameter(
            "The provided principal was invalid. Please check the principal and try again.");
    }
    context.txn().put(key_of(name), encode(policy));
    Output output;
    output.statement = statement.to_json();
    return output;
}

MR_LAMBDA_ON_FUNCTION(RemovePermission, "RemovePermission")
contracts::Outcome<RemovePermission::Output> RemovePermission::run(LambdaService& service,
                                                                   contracts::OpContext& context,
                                                                   const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Target target, need_target(service, context, name));
    if (!context.txn().get(key_of(name))) return no_policy();
    MR_TRY(StoredPolicy policy,
           policy_to_change(context, name, target.function, input.revision_id));
    std::vector<JsonValue> statements = statements_of(policy.text);
    const auto removed = std::erase_if(statements, [&](const JsonValue& statement) {
        return statement.find_string("Sid") == *input.statement_id;
    });
    if (removed == 0) {
        return errors::not_found(
            fmt::format("Statement {} is not found in resource policy.", *input.statement_id));
    }
    if (statements.empty()) {
        context.txn().erase(key_of(name));
    } else {
        policy.text = document_of(std::move(statements));
        context.txn().put(key_of(name), encode(policy));
    }
    return Output{};
}

MR_LAMBDA_ON_FUNCTION(GetPolicy, "GetPolicy")
contracts::Outcome<GetPolicy::Output> GetPolicy::run(LambdaService& service,
                                                     contracts::OpContext& context,
                                                     const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Target target, need_target(service, context, name));
    const auto row = context.txn().get(key_of(name));
    if (!row) return no_policy();
    StoredPolicy policy = decode_policy(*row);
    Output output;
    output.policy = std::move(policy.text);
    output.revision_id = std::move(policy.revision);
    return output;
}

}  // namespace millrace::lambda
