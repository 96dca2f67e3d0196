// CreateUser, GetUser, ListUsers, DeleteUser, ListGroupsForUser.
// Source: IAM API Reference.
#include "services/iam/operations.h"

namespace millrace::iam {
namespace {

constexpr size_t kUsersPathMax = 512;

model::iam::User shown(const Entity& entity) {
    model::iam::User user;
    user.path = entity.path;
    user.user_name = entity.name;
    user.user_id = entity.id;
    user.arn = entity.arn();
    user.create_date = from_epoch_ms(entity.created_s * 1000);
    return user;
}

void add_tags(model::iam::User& user, const Entity& entity) {
    for (const auto& [key, value] : entity.tags) {
        if (!user.tags) user.tags.emplace();
        auto& tag = user.tags->emplace_back();
        tag.key = key;
        tag.value = value;
    }
}

}  // namespace

Result<void> CreateUser::authorize(IamService&, OpContext& context, const Input& input,
                                   AuthzRequests& requests) {
    return ask(context, "CreateUser",
               "user" + input.path.value_or("/") + input.user_name.value_or(""), requests);
}

Outcome<CreateUser::Output> CreateUser::run(IamService& service, OpContext& context,
                                            const Input& input) {
    // What would limit must work, or be refused.
    if (input.permissions_boundary) return errors::no_boundaries();
    if (service.find_entity(context.txn(), EntityKind::kUser, context.account(),
                            *input.user_name)) {
        return errors::already_exists("User", *input.user_name);
    }
    Entity entity;
    entity.kind = EntityKind::kUser;
    entity.account = context.account();
    entity.name = *input.user_name;
    entity.path = input.path.value_or("/");
    if (entity.path.size() > kUsersPathMax)
        return errors::make("ValidationError", 400, "The path is too long.");
    entity.id = "AIDA" + context.rng().upper_alnum(17);
    entity.created_s = epoch_seconds(context.now());
    if (input.tags) {
        for (const auto& tag : *input.tags)
            entity.tags[tag.key.value_or("")] = tag.value.value_or("");
        if (entity.tags.size() != input.tags->size()) return errors::duplicate_tags();
    }
    service.put_entity(context.txn(), entity);
    Output output;
    output.user = shown(entity);
    add_tags(*output.user, entity);
    return output;
}

Result<void> GetUser::authorize(IamService&, OpContext& context, const Input& input,
                                AuthzRequests& requests) {
    return ask(context, "GetUser", "user/" + input.user_name.value_or(context.caller().user_name),
               requests);
}

Outcome<GetUser::Output> GetUser::run(IamService& service, OpContext& context, const Input& input) {
    Output output;
    if (!input.user_name && context.caller().kind == contracts::PrincipalKind::kRoot) {
        output.user.emplace();
        output.user->user_id = context.account();
        output.user->arn = context.caller().arn;
        output.user->user_name = "root";
        output.user->path = "/";
        output.user->create_date = context.now();
        return output;
    }
    MR_TRY(const Entity entity, need_entity(service, context, EntityKind::kUser,
                                            input.user_name.value_or(context.caller().user_name)));
    output.user = shown(entity);
    add_tags(*output.user, entity);
    return output;
}

Result<void> ListUsers::authorize(IamService&, OpContext& context, const Input&,
                                  AuthzRequests& requests) {
    return ask(context, "ListUsers", "user/", requests);
}

Outcome<ListUsers::Output> ListUsers::run(IamService&, OpContext& context, const Input& input) {
    Output output;
    output.users.emplace();
    const std::string prefix = input.path_prefix.value_or("/");
    const store::Key first = entity_key(EntityKind::kUser, context.account(), "");
    MR_TRY(const Page page, list_page(context.txn(), first.partition, input.marker, input.max_items,
                                      [&](std::string_view row) {
                                          const Entity entity = decode_entity(row);
                                          if (!entity.path.starts_with(prefix)) return false;
                                          output.users->push_back(shown(entity));
                                          return true;
                                      }));
    output.is_truncated = page.truncated;
    if (page.truncated) output.marker = page.marker;
    return output;
}

Result<void> DeleteUser::authorize(IamService&, OpContext& context, const Input& input,
                                   AuthzRequests& requests) {
    return ask(context, "DeleteUser", "user/" + input.user_name.value_or(""), requests);
}

Outcome<DeleteUser::Output> DeleteUser::run(IamService& service, OpContext& context,
                                            const Input& input) {
    MR_TRY(const Entity entity, need_entity(service, context, EntityKind::kUser, *input.user_name));
    if (!entity.attached.empty()) return errors::delete_conflict_policies();
    if (!entity.access_keys.empty() || !entity.inline_policies.empty())
        return errors::delete_conflict_objects();
    context.txn().erase(entity_key(EntityKind::kUser, context.account(), entity.name));
    service.changed(context.txn());
    return Output{};
}

Result<void> ListGroupsForUser::authorize(IamService&, OpContext& context, const Input& input,
                                          AuthzRequests& requests) {
    return ask(context, "ListGroupsForUser", "user/" + input.user_name.value_or(""), requests);
}

Outcome<ListGroupsForUser::Output> ListGroupsForUser::run(IamService& service, OpContext& context,
                                                          const Input& input) {
    MR_CHECK_OK(need_entity(service, context, EntityKind::kUser, *input.user_name));
    Output output;
    output.groups.emplace();
    output.is_truncated = false;
    return output;
}

}  // namespace millrace::iam
