// Put, Get, List and Delete of the inline policies of users and roles. Source: IAM API Reference.
#include <algorithm>

#include "services/iam/operations.h"

namespace millrace::iam {
namespace {

// In sum, white space not counted. Source: IAM quotas.
size_t bytes_max(EntityKind kind) { return kind == EntityKind::kUser ? 2048 : 10'240; }
std::string_view kind_name(EntityKind kind) { return kind == EntityKind::kUser ? "user" : "role"; }

size_t counted_bytes(std::string_view document) {
    return static_cast<size_t>(std::count_if(document.begin(), document.end(), [](char c) {
        return c != ' ' && c != '\t' && c != '\n' && c != '\r';
    }));
}

Result<void> put(IamService& service, OpContext& context, EntityKind kind, const std::string& name,
                 const std::string& policy_name, const std::string& document) {
    MR_TRY(Entity entity, need_entity(service, context, kind, name));
    const auto parsed = auth::parse_policy(document, auth::PolicyKind::kIdentity);
    if (!parsed) return errors::malformed_policy(parsed.error().message);
    entity.inline_policies[policy_name] = document;
    size_t bytes = 0;
    for (const auto& [other, text] : entity.inline_policies) bytes += counted_bytes(text);
    if (bytes > bytes_max(kind))
        return errors::inline_policies_too_long(kind_name(kind), name, bytes_max(kind));
    service.put_entity(context.txn(), entity);
    return {};
}

Result<std::string> get(IamService& service, OpContext& context, EntityKind kind,
                        const std::string& name, const std::string& policy_name) {
    MR_TRY(const Entity entity, need_entity(service, context, kind, name));
    const auto found = entity.inline_policies.find(policy_name);
    if (found == entity.inline_policies.end())
        return errors::no_such_inline_policy(kind_name(kind), policy_name);
    return shown_document(found->second);
}

Result<std::vector<std::string>> list(IamService& service, OpContext& context, EntityKind kind,
                                      const std::string& name) {
    MR_TRY(const Entity entity, need_entity(service, context, kind, name));
    std::vector<std::string> names;
    for (const auto& [policy, document] : entity.inline_policies) names.push_back(policy);
    return names;
}

Result<void> remove(IamService& service, OpContext& context, EntityKind kind,
                    const std::string& name, const std::string& policy_name) {
    MR_TRY(Entity entity, need_entity(service, context, kind, name));
    if (entity.inline_policies.erase(policy_name) == 0)
        return errors::no_such_inline_policy(kind_name(kind), policy_name);
    service.put_entity(context.txn(), entity);
    return {};
}

}  // namespace

#define MR_INLINE_POLICIES(Kind, member, resource)                                                 \
    Result<void> Put##Kind##Policy::authorize(IamService&, OpContext& context, const Input& input, \
                                              AuthzRequests& r) {                                  \
        return ask(context, "Put" #Kind "Policy", resource + input.member.value_or(""), r);        \
    }                                                                                              \
    Outcome<Put##Kind##Policy::Output> Put##Kind##Policy::run(                                     \
        IamService& service, OpContext& context, const Input& input) {                             \
        MR_CHECK_OK(put(service, context, EntityKind::k##Kind, *input.member, *input.policy_name,  \
                        *input.policy_document));                                                  \
        return Output{};                                                                           \
    }                                                                                              \
    Result<void> Get##Kind##Policy::authorize(IamService&, OpContext& context, const Input& input, \
                                              AuthzRequests& r) {                                  \
        return ask(context, "Get" #Kind "Policy", resource + input.member.value_or(""), r);        \
    }                                                                                              \
    Outcome<Get##Kind##Policy::Output> Get##Kind##Policy::run(                                     \
        IamService& service, OpContext& context, const Input& input) {                             \
        Output output;                                                                             \
        MR_TRY(output.policy_document,                                                             \
               get(service, context, EntityKind::k##Kind, *input.member, *input.policy_name));     \
        output.member = input.member;                                                              \
        output.policy_name = input.policy_name;                                                    \
        return output;                                                                             \
    }                                                                                              \
    Result<void> List##Kind##Policies::authorize(IamService&, OpContext& context,                  \
                                                 const Input& input, AuthzRequests& r) {           \
        return ask(context, "List" #Kind "Policies", resource + input.member.value_or(""), r);     \
    }                                                                                              \
    Outcome<List##Kind##Policies::Output> List##Kind##Policies::run(                               \
        IamService& service, OpContext& context, const Input& input) {                             \
        Output output;                                                                             \
        MR_TRY(output.policy_names, list(service, context, EntityKind::k##Kind, *input.member));   \
        output.is_truncated = false;                                                               \
        return output;                                                                             \
    }                                                                                              \
    Result<void> Delete##Kind##Policy::authorize(IamService&, OpContext& context,                  \
                                                 const Input& input, AuthzRequests& r) {           \
        return ask(context, "Delete" #Kind "Policy", resource + input.member.value_or(""), r);     \
    }                                                                                              \
    Outcome<Delete##Kind##Policy::Output> Delete##Kind##Policy::run(                               \
        IamService& service, OpContext& context, const Input& input) {                             \
        MR_CHECK_OK(                                                                               \
            remove(service, context, EntityKind::k##Kind, *input.member, *input.policy_name));     \
        return Output{};                                                                           \
    }

MR_INLINE_POLICIES(User, user_name, "user/")
MR_INLINE_POLICIES(Role, role_name, "role/")
#undef MR_INLINE_POLICIES

}  // namespace millrace::iam
