// PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy of tables (whose policies also speak
// for their indexes) and of streams. In force with the answer. IAM: the actions of these names.
// Source: DynamoDB API Reference; Developer Guide, "Resource-based policy considerations".
#include "auth/evaluate.h"
#include "contracts/request_facts.h"
#include "contracts/stream_record.h"
#include "services/dynamodb/operations.h"

namespace millrace::dynamodb {
namespace {

constexpr size_t kPolicyBytesMax = 20 << 10;
constexpr std::string_view kNoPolicy = "NO_POLICY";

// What has the policy: one of the two.
struct Holder {
    std::optional<Table> table;
    std::optional<contracts::StreamRow> stream;
    std::string& policy() { return table ? table->policy : stream->policy; }
    std::string& revision() { return table ? table->policy_revision : stream->policy_revision; }
    void save(DynamoDbService& service, store::Txn& txn) {
        if (table) {
            service.catalog().put(txn, *table);
        } else {
            txn.put(contracts::stream_key(stream->account, stream->region, stream->table_name,
                                          stream->label),
                    encode_stream_row(*stream));
        }
    }
};

std::optional<contracts::StreamRow> find_stream(store::Txn& txn, std::string_view arn) {
    const auto key = contracts::stream_key_of_arn(arn);
    const auto bytes = key ? txn.get(*key) : std::nullopt;
    return bytes ? contracts::decode_stream_row(*bytes) : std::nullopt;
}

Result<Holder> find_holder(DynamoDbService& service, OpContext& context, const std::string& arn) {
    Holder holder;
    if (contracts::stream_key_of_arn(arn)) {
        holder.stream = find_stream(context.txn(), arn);
        if (holder.stream) return holder;
    } else if (arn.starts_with("arn:")) {
        const auto address = parse_table_address(arn, context.account(), context.region());
        const TableRef table = address ? service.catalog().load(context.txn(), *address) : nullptr;
        if (table) holder.table = *table;
        if (holder.table) return holder;
    }
    return errors::tagged_not_found(arn);
}

void ask_for_policy(DynamoDbService& service, OpContext& context,
                    const std::optional<std::string>& arn, std::string_view action,
                    AuthzRequests& requests) {
    const auto key = contracts::stream_key_of_arn(arn.value_or(""));
    if (!key) return ask(service, context, arn, action, requests);
    contracts::AuthzRequest request;
    request.action = "dynamodb:" + std::string(action);
    request.resource = *arn;
    request.resource_account = key->partition.substr(0, key->partition.find('/'));
    const auto stream = find_stream(context.txn(), *arn);
    if (stream) request.resource_policy = parse_resource_policy(stream->policy, *arn);
    requests.push_back(std::move(request));
}

// Would the caller be kept from changing the policy again?
bool shuts_out(OpContext& context, const std::string& arn, std::string_view account,
               const std::string& policy) {
    contracts::AuthzRequest request;
    request.action = "dynamodb:PutResourcePolicy";
    request.resource = arn;
    request.resource_account = account;
    request.resource_policy = parse_resource_policy(policy, arn);
    return auth::PolicyAuthorizer()
               .decide(context.caller(), request,
                       contracts::facts_of(context.request(), context.now()))
               .kind == contracts::DecisionKind::kExplicitDenyResource;
}

// `expected`: ExpectedRevisionId of a change.
bool is_expected(Holder& holder, const std::optional<std::string>& expected) {
    if (!expected) return true;
    return *expected == kNoPolicy ? holder.policy().empty()
                                  : !holder.policy().empty() && holder.revision() == *expected;
}

// Does a policy's resource name the table or an index of it, or the stream? One with a variable is
// known only when it is used.
bool speaks_of(const auth::Pattern& resource, std::string_view arn) {
    return resource.matches_all || !resource.variables.empty() ||
           auth::compiled_match(resource.compiled, arn) ||
           (!contracts::stream_key_of_arn(arn) &&
            resource.compiled.starts_with(std::string(arn) + "/index/"));
}

}  // namespace

Result<void> check_resource_policy(const std::string& policy, std::string_view arn) {
    if (policy.size() > kPolicyBytesMax) {
        return errors::invalid_parameter("The size of the resource policy must not exceed 20 KB");
    }
    const auto parsed = auth::parse_policy(policy, auth::PolicyKind::kResource);
    if (!parsed)
        return errors::invalid_parameter("Invalid policy document: " + parsed.error().message);
    std::string foreign;
    for (const auth::Statement& statement : (*parsed)->statements) {
        for (const auth::Pattern& resource : statement.resources) {
            if (!speaks_of(resource, arn))
                foreign += fmt::format("{}\"{}\"", foreign.empty() ? "" : ", ", resource.text);
        }
    }
    if (foreign.empty()) return {};
    return errors::invalid_parameter(
        "Invalid policy document: The following resources are invalid: " + foreign);
}

std::shared_ptr<const contracts::PolicyDocument> parse_resource_policy(const std::string& policy,
                                                                       std::string_view arn) {
    if (policy.empty()) return nullptr;
    return auth::parsed_or_deny(policy, auth::PolicyKind::kResource, arn);
}

Result<void> PutResourcePolicy::check(const Input&) { return {}; }
Result<void> PutResourcePolicy::authorize(DynamoDbService& service, OpContext& context,
                                          const Input& input, AuthzRequests& requests) {
    ask_for_policy(service, context, input.resource_arn, "PutResourcePolicy", requests);
    return {};
}
Outcome<PutResourcePolicy::Output> PutResourcePolicy::run(DynamoDbService& service,
                                                          OpContext& context, const Input& input) {
    MR_CHECK_OK(check_resource_policy(*input.policy, *input.resource_arn));
    MR_TRY(Holder holder, find_holder(service, context, *input.resource_arn));
    if (!is_expected(holder, input.expected_revision_id))
        return errors::policy_not_found(*input.resource_arn);
    const std::string& account = holder.table ? holder.table->account : holder.stream->account;
    if (!input.confirm_remove_self_resource_access.value_or(false) &&
        shuts_out(context, *input.resource_arn, account, *input.policy)) {
        return errors::validation(
            "The policy would remove your permission to change it: "
            "ConfirmRemoveSelfResourceAccess must be true");
    }
    if (holder.policy() != *input.policy) {
        holder.policy() = *input.policy;
        holder.revision() = new_policy_revision(context);
        holder.save(service, context.txn());
    }
    Output output;
    output.revision_id = holder.revision();
    return output;
}

Result<void> GetResourcePolicy::check(const Input&) { return {}; }
Result<void> GetResourcePolicy::authorize(DynamoDbService& service, OpContext& context,
                                          const Input& input, AuthzRequests& requests) {
    ask_for_policy(service, context, input.resource_arn, "GetResourcePolicy", requests);
    return {};
}
Outcome<GetResourcePolicy::Output> GetResourcePolicy::run(DynamoDbService& service,
                                                          OpContext& context, const Input& input) {
    MR_TRY(Holder holder, find_holder(service, context, *input.resource_arn));
    if (holder.policy().empty()) return errors::policy_not_found(*input.resource_arn);
    Output output;
    output.policy = holder.policy();
    output.revision_id = holder.revision();
    return output;
}

Result<void> DeleteResourcePolicy::check(const Input&) { return {}; }
Result<void> DeleteResourcePolicy::authorize(DynamoDbService& service, OpContext& context,
                                             const Input& input, AuthzRequests& requests) {
    ask_for_policy(service, context, input.resource_arn, "DeleteResourcePolicy", requests);
    return {};
}
Outcome<DeleteResourcePolicy::Output> DeleteResourcePolicy::run(DynamoDbService& service,
                                                                OpContext& context,
                                                                const Input& input) {
    MR_TRY(Holder holder, find_holder(service, context, *input.resource_arn));
    if (!is_expected(holder, input.expected_revision_id))
        return errors::policy_not_found(*input.resource_arn);
    Output output;
    output.revision_id = holder.revision();
    if (holder.policy().empty()) return output;
    holder.policy().clear();
    holder.revision().clear();
    holder.save(service, context.txn());
    return output;
}

}  // namespace millrace::dynamodb
