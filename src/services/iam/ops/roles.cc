// CreateRole, GetRole, ListRoles, UpdateAssumeRolePolicy, DeleteRole, ListInstanceProfilesForRole.
// Source: IAM API Reference.
#include "services/iam/operations.h"

namespace millrace::iam {
namespace {

model::iam::Role shown(const Entity& entity) {
    model::iam::Role role;
    role.path = entity.path;
    role.role_name = entity.name;
    role.role_id = entity.id;
    role.arn = entity.arn();
    role.create_date = from_epoch_ms(entity.created_s * 1000);
    role.assume_role_policy_document = shown_document(entity.trust_policy);
    if (!entity.description.empty()) role.description = entity.description;
    role.max_session_duration = entity.max_session_s;
    for (const auto& [key, value] : entity.tags) {
        if (!role.tags) role.tags.emplace();
        auto& tag = role.tags->emplace_back();
        tag.key = key;
        tag.value = value;
    }
    return role;
}

Result<void> check_trust_policy(const std::string& document) {
    const auto parsed = auth::parse_policy(document, auth::PolicyKind::kTrust);
    if (!parsed) return errors::malformed_policy(parsed.error().message);
    return {};
}

}  // namespace

Result<void> CreateRole::authorize(IamService&, OpContext& context, const Input& input,
                                   AuthzRequests& requests) {
    return ask(context, "CreateRole",
               "role" + input.path.value_or("/") + input.role_name.value_or(""), requests);
}

Outcome<CreateRole::Output> CreateRole::run(IamService& service, OpContext& context,
                                            const Input& input) {
    // What would limit must work, or be refused.
    if (input.permissions_boundary) return errors::no_boundaries();
    if (service.find_entity(context.txn(), EntityKind::kRole, context.account(),
                            *input.role_name)) {
        return errors::already_exists("Role", *input.role_name);
    }
    MR_CHECK_OK(check_trust_policy(*input.assume_role_policy_document));
    Entity role;
    role.kind = EntityKind::kRole;
    role.account = context.account();
    role.name = *input.role_name;
    role.path = input.path.value_or("/");
    role.id = "AROA" + context.rng().upper_alnum(17);
    role.created_s = epoch_seconds(context.now());
    role.trust_policy = *input.assume_role_policy_document;
    role.description = input.description.value_or("");
    role.max_session_s = input.max_session_duration.value_or(3600);
    if (input.tags) {
        for (const auto& tag : *input.tags)
            role.tags[tag.key.value_or("")] = tag.value.value_or("");
        if (role.tags.size() != input.tags->size()) return errors::duplicate_tags();
    }
    service.put_entity(context.txn(), role);
    Output output;
    output.role = shown(role);
    return output;
}

Result<void> GetRole::authorize(IamService&, OpContext& context, const Input& input,
                                AuthzRequests& requests) {
    return ask(context, "GetRole", "role/" + input.role_name.value_or(""), requests);
}

Outcome<GetRole::Output> GetRole::run(IamService& service, OpContext& context, const Input& input) {
    MR_TRY(const Entity role, need_entity(service, context, EntityKind::kRole, *input.role_name));
    Output output;
    output.role = shown(role);
    return output;
}

Result<void> ListRoles::authorize(IamService&, OpContext& context, const Input&,
                                  AuthzRequests& requests) {
    return ask(context, "ListRoles", "role/", requests);
}

Outcome<ListRoles::Output> ListRoles::run(IamService&, OpContext& context, const Input& input) {
    Output output;
    output.roles.emplace();
    const std::string prefix = input.path_prefix.value_or("/");
    const store::Key first = entity_key(EntityKind::kRole, context.account(), "");
    MR_TRY(const Page page, list_page(context.txn(), first.partition, input.marker, input.max_items,
                                      [&](std::string_view row) {
                                          const Entity entity = decode_entity(row);
                                          if (!entity.path.starts_with(prefix)) return false;
                                          output.roles->push_back(shown(entity));
                                          return true;
                                      }));
    output.is_truncated = page.truncated;
    if (page.truncated) output.marker = page.marker;
    return output;
}

Result<void> UpdateAssumeRolePolicy::authorize(IamService&, OpContext& context, const Input& input,
                                               AuthzRequests& requests) {
    return ask(context, "UpdateAssumeRolePolicy", "role/" + input.role_name.value_or(""), requests);
}

Outcome<UpdateAssumeRolePolicy::Output> UpdateAssumeRolePolicy::run(IamService& service,
                                                                    OpContext& context,
                                                                    const Input& input) {
    MR_TRY(Entity role, need_entity(service, context, EntityKind::kRole, *input.role_name));
    MR_CHECK_OK(check_trust_policy(*input.policy_document));
    role.trust_policy = *input.policy_document;
    service.put_entity(context.txn(), role);
    return Output{};
}

Result<void> DeleteRole::authorize(IamService&, OpContext& context, const Input& input,
                                   AuthzRequests& requests) {
    return ask(context, "DeleteRole", "role/" + input.role_name.value_or(""), requests);
}

Outcome<DeleteRole::Output> DeleteRole::run(IamService& service, OpContext& context,
                                            const Input& input) {
    MR_TRY(const Entity role, need_entity(service, context, EntityKind::kRole, *input.role_name));
    if (!role.attached.empty()) return errors::delete_conflict_policies();
    if (!role.inline_policies.empty())
        return errors::make("DeleteConflict", 409,
                            "Cannot delete entity, must delete policies first.");
    context.txn().erase(entity_key(EntityKind::kRole, context.account(), role.name));
    service.changed(context.txn());
    return Output{};
}

Result<void> ListInstanceProfilesForRole::authorize(IamService&, OpContext& context,
                                                    const Input& input, AuthzRequests& requests) {
    return ask(context, "ListInstanceProfilesForRole", "role/" + input.role_name.value_or(""),
               requests);
}

Outcome<ListInstanceProfilesForRole::Output> ListInstanceProfilesForRole::run(IamService& service,
                                                                              OpContext& context,
                                                                              const Input& input) {
    MR_CHECK_OK(need_entity(service, context, EntityKind::kRole, *input.role_name));
    Output output;
    output.instance_profiles.emplace();
    output.is_truncated = false;
    return output;
}

}  // namespace millrace::iam
