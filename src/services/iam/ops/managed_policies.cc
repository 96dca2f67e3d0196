// CreatePolicy, GetPolicy, ListPolicies, DeletePolicy, GetPolicyVersion, ListPolicyVersions, and
// the attaching of managed policies to users and roles. A policy has one version, v1: creating
// others is not offered. Source: IAM API Reference.
#include <algorithm>

#include "services/iam/aws_policies.h"
#include "services/iam/operations.h"

namespace millrace::iam {
namespace {

constexpr size_t kAttachedMax = 10;
constexpr size_t kDocumentBytesMax = 6144;

model::iam::Policy shown(const ManagedPolicy& policy, int attachments) {
    model::iam::Policy out;
    out.policy_name = policy.name;
    out.policy_id = policy.id;
    out.arn = policy.arn();
    out.path = policy.path;
    out.default_version_id = "v1";
    out.attachment_count = attachments;
    out.permissions_boundary_usage_count = 0;
    out.is_attachable = true;
    if (!policy.description.empty()) out.description = policy.description;
    out.create_date = from_epoch_ms(policy.created_s * 1000);
    out.update_date = out.create_date;
    return out;
}

// O(users and roles of the account).
int attachments_of(store::Txn& txn, std::string_view account, std::string_view arn) {
    int count = 0;
    for (const EntityKind kind : {EntityKind::kUser, EntityKind::kRole}) {
        const store::Key first = entity_key(kind, account, "");
        txn.scan({store::Space::kIam, first.partition, "", ""}, [&](std::string_view,
                                                                    std::string_view row) {
            const Entity entity = decode_entity(row);
            count +=
                static_cast<int>(std::count(entity.attached.begin(), entity.attached.end(), arn));
            return true;
        });
    }
    return count;
}

Result<void> attach(IamService& service, OpContext& context, EntityKind kind,
                    const std::string& name, const std::string& arn) {
    MR_TRY(Entity entity, need_entity(service, context, kind, name));
    if (!service.find_policy(context.txn(), arn)) return errors::not_attachable(arn);
    if (std::find(entity.attached.begin(), entity.attached.end(), arn) != entity.attached.end())
        return {};
    if (entity.attached.size() >= kAttachedMax) {
        return errors::limit_exceeded(
            kind == EntityKind::kUser ? "PoliciesPerUser" : "PoliciesPerRole", kAttachedMax);
    }
    entity.attached.push_back(arn);
    service.put_entity(context.txn(), entity);
    return {};
}

Result<void> detach(IamService& service, OpContext& context, EntityKind kind,
                    const std::string& name, const std::string& arn) {
    MR_TRY(Entity entity, need_entity(service, context, kind, name));
    if (std::erase(entity.attached, arn) == 0) return errors::not_attached(arn);
    service.put_entity(context.txn(), entity);
    return {};
}

Result<std::vector<model::iam::AttachedPolicy>> attached(IamService& service, OpContext& context,
                                                         EntityKind kind, const std::string& name) {
    MR_TRY(const Entity entity, need_entity(service, context, kind, name));
    std::vector<model::iam::AttachedPolicy> policies;
    for (const std::string& arn : entity.attached) {
        auto& policy = policies.emplace_back();
        policy.policy_arn = arn;
        policy.policy_name = arn.substr(arn.rfind('/') + 1);
    }
    return policies;
}

Result<ManagedPolicy> need_policy(IamService& service, OpContext& context, const std::string& arn) {
    auto policy = service.find_policy(context.txn(), arn);
    if (!policy) return errors::no_such_policy(arn);
    return *std::move(policy);
}

}  // namespace

Result<void> CreatePolicy::authorize(IamService&, OpContext& context, const Input& input,
                                     AuthzRequests& requests) {
    return ask(context, "CreatePolicy",
               "policy" + input.path.value_or("/") + input.policy_name.value_or(""), requests);
}

Outcome<CreatePolicy::Output> CreatePolicy::run(IamService& service, OpContext& context,
                                                const Input& input) {
    ManagedPolicy policy;
    policy.account = context.account();
    policy.name = *input.policy_name;
    policy.path = input.path.value_or("/");
    policy.document = *input.policy_document;
    policy.description = input.description.value_or("");
    policy.id = "ANPA" + context.rng().upper_alnum(17);
    policy.created_s = epoch_seconds(context.now());
    const store::Key key = policy_key(policy.account, policy.path + policy.name);
    if (context.txn().get(key)) return errors::policy_exists(policy.name);
    const auto parsed = auth::parse_policy(policy.document, auth::PolicyKind::kIdentity);
    if (!parsed) return errors::malformed_policy(parsed.error().message);
    if (policy.document.size() > kDocumentBytesMax)
        return errors::limit_exceeded("PolicySize", kDocumentBytesMax);
    context.txn().put(key, encode(policy));
    service.changed(context.txn());
    Output output;
    output.policy = shown(policy, 0);
    return output;
}

Result<void> GetPolicy::authorize(IamService&, OpContext& context, const Input& input,
                                  AuthzRequests& requests) {
    return ask(context, "GetPolicy", input.policy_arn.value_or("arn:"), requests);
}

Outcome<GetPolicy::Output> GetPolicy::run(IamService& service, OpContext& context,
                                          const Input& input) {
    MR_TRY(const ManagedPolicy policy, need_policy(service, context, *input.policy_arn));
    Output output;
    output.policy =
        shown(policy, attachments_of(context.txn(), context.account(), *input.policy_arn));
    return output;
}

Result<void> ListPolicies::authorize(IamService&, OpContext& context, const Input&,
                                     AuthzRequests& requests) {
    return ask(context, "ListPolicies", "policy/", requests);
}

Outcome<ListPolicies::Output> ListPolicies::run(IamService&, OpContext& context,
                                                const Input& input) {
    Output output;
    output.policies.emplace();
    const std::string scope = input.scope.value_or("All");
    const std::string prefix = input.path_prefix.value_or("/");
    const auto take = [&](const ManagedPolicy& policy) {
        if (!policy.path.starts_with(prefix)) return false;
        const int attachments = attachments_of(context.txn(), context.account(), policy.arn());
        if (input.only_attached.value_or(false) && attachments == 0) return false;
        output.policies->push_back(shown(policy, attachments));
        return true;
    };
    if (scope != "Local" && !input.marker) {
        for (const ManagedPolicy& policy : all_aws_managed_policies()) take(policy);
    }
    output.is_truncated = false;
    if (scope == "AWS") return output;
    const store::Key first = policy_key(context.account(), "");
    MR_TRY(const Page page,
           list_page(context.txn(), first.partition, input.marker, input.max_items,
                     [&](std::string_view row) { return take(decode_policy(row)); }));
    output.is_truncated = page.truncated;
    if (page.truncated) output.marker = page.marker;
    return output;
}

Result<void> DeletePolicy::authorize(IamService&, OpContext& context, const Input& input,
                                     AuthzRequests& requests) {
    return ask(context, "DeletePolicy", input.policy_arn.value_or("arn:"), requests);
}

Outcome<DeletePolicy::Output> DeletePolicy::run(IamService& service, OpContext& context,
                                                const Input& input) {
    MR_TRY(const ManagedPolicy policy, need_policy(service, context, *input.policy_arn));
    if (policy.account == "aws") return errors::access_denied("Policies of AWS cannot be deleted.");
    if (attachments_of(context.txn(), context.account(), *input.policy_arn) > 0)
        return errors::policy_attached();
    context.txn().erase(policy_key(policy.account, policy.path + policy.name));
    service.changed(context.txn());
    return Output{};
}

Result<void> GetPolicyVersion::authorize(IamService&, OpContext& context, const Input& input,
                                         AuthzRequests& requests) {
    return ask(context, "GetPolicyVersion", input.policy_arn.value_or("arn:"), requests);
}

Outcome<GetPolicyVersion::Output> GetPolicyVersion::run(IamService& service, OpContext& context,
                                                        const Input& input) {
    MR_TRY(const ManagedPolicy policy, need_policy(service, context, *input.policy_arn));
    if (*input.version_id != "v1")
        return errors::no_such_version(*input.policy_arn, *input.version_id);
    Output output;
    output.policy_version.emplace();
    output.policy_version->document = shown_document(policy.document);
    output.policy_version->version_id = "v1";
    output.policy_version->is_default_version = true;
    output.policy_version->create_date = from_epoch_ms(policy.created_s * 1000);
    return output;
}

Result<void> ListPolicyVersions::authorize(IamService&, OpContext& context, const Input& input,
                                           AuthzRequests& requests) {
    return ask(context, "ListPolicyVersions", input.policy_arn.value_or("arn:"), requests);
}

Outcome<ListPolicyVersions::Output> ListPolicyVersions::run(IamService& service, OpContext& context,
                                                            const Input& input) {
    MR_TRY(const ManagedPolicy policy, need_policy(service, context, *input.policy_arn));
    Output output;
    output.versions.emplace();
    auto& version = output.versions->emplace_back();
    version.version_id = "v1";
    version.is_default_version = true;
    version.create_date = from_epoch_ms(policy.created_s * 1000);
    output.is_truncated = false;
    return output;
}

#define MR_ATTACHMENTS(Kind, member, resource)                                                     \
    Result<void> Attach##Kind##Policy::authorize(IamService&, OpContext& context,                  \
                                                 const Input& input, AuthzRequests& r) {           \
        MR_CHECK_OK(                                                                               \
            ask(context, "Attach" #Kind "Policy", resource + input.member.value_or(""), r));       \
        r.back().conditions.push_back({"iam:policyarn", {input.policy_arn.value_or("")}});         \
        return {};                                                                                 \
    }                                                                                              \
    Outcome<Attach##Kind##Policy::Output> Attach##Kind##Policy::run(                               \
        IamService& service, OpContext& context, const Input& input) {                             \
        MR_CHECK_OK(                                                                               \
            attach(service, context, EntityKind::k##Kind, *input.member, *input.policy_arn));      \
        return Output{};                                                                           \
    }                                                                                              \
    Result<void> Detach##Kind##Policy::authorize(IamService&, OpContext& context,                  \
                                                 const Input& input, AuthzRequests& r) {           \
        MR_CHECK_OK(                                                                               \
            ask(context, "Detach" #Kind "Policy", resource + input.member.value_or(""), r));       \
        r.back().conditions.push_back({"iam:policyarn", {input.policy_arn.value_or("")}});         \
        return {};                                                                                 \
    }                                                                                              \
    Outcome<Detach##Kind##Policy::Output> Detach##Kind##Policy::run(                               \
        IamService& service, OpContext& context, const Input& input) {                             \
        MR_CHECK_OK(                                                                               \
            detach(service, context, EntityKind::k##Kind, *input.member, *input.policy_arn));      \
        return Output{};                                                                           \
    }                                                                                              \
    Result<void> ListAttached##Kind##Policies::authorize(IamService&, OpContext& context,          \
                                                         const Input& input, AuthzRequests& r) {   \
        return ask(context, "ListAttached" #Kind "Policies", resource + input.member.value_or(""), \
                   r);                                                                             \
    }                                                                                              \
    Outcome<ListAttached##Kind##Policies::Output> ListAttached##Kind##Policies::run(               \
        IamService& service, OpContext& context, const Input& input) {                             \
        Output output;                                                                             \
        MR_TRY(output.attached_policies,                                                           \
               attached(service, context, EntityKind::k##Kind, *input.member));                    \
        output.is_truncated = false;                                                               \
        return output;                                                                             \
    }

MR_ATTACHMENTS(User, user_name, "user/")
MR_ATTACHMENTS(Role, role_name, "role/")
#undef MR_ATTACHMENTS

}  // namespace millrace::iam
