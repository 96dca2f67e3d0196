// CreateAccessKey, ListAccessKeys, UpdateAccessKey, DeleteAccessKey. Without a user name the
// caller's own keys are meant. The secret is shown once and kept sealed. Source: IAM API Reference.
#include <algorithm>

#include "services/iam/operations.h"

namespace millrace::iam {
namespace {

constexpr size_t kKeysMax = 2;

std::string user_of(OpContext& context, const std::optional<std::string>& name) {
    return name.value_or(context.caller().user_name);
}

}  // namespace

Result<void> CreateAccessKey::authorize(IamService&, OpContext& context, const Input& input,
                                        AuthzRequests& requests) {
    return ask(context, "CreateAccessKey", "user/" + user_of(context, input.user_name), requests);
}

Outcome<CreateAccessKey::Output> CreateAccessKey::run(IamService& service, OpContext& context,
                                                      const Input& input) {
    MR_TRY(Entity user,
           need_entity(service, context, EntityKind::kUser, user_of(context, input.user_name)));
    if (user.access_keys.size() >= kKeysMax)
        return errors::limit_exceeded("AccessKeysPerUser", kKeysMax);
    const std::string secret = context.rng().base64_chars(40);
    AccessKey key;
    key.id = "AKIA" + context.rng().upper_alnum(16);
    key.account = user.account;
    key.user = user.name;
    key.sealed_secret = service.seal(secret, key.id);
    key.created_s = epoch_seconds(context.now());
    context.txn().put(access_key_key(key.id), encode(key));
    user.access_keys.push_back(key.id);
    service.put_entity(context.txn(), user);
    Output output;
    output.access_key.emplace();
    output.access_key->user_name = user.name;
    output.access_key->access_key_id = key.id;
    output.access_key->status = "Active";
    output.access_key->secret_access_key = secret;
    output.access_key->create_date = from_epoch_ms(key.created_s * 1000);
    return output;
}

Result<void> ListAccessKeys::authorize(IamService&, OpContext& context, const Input& input,
                                       AuthzRequests& requests) {
    return ask(context, "ListAccessKeys", "user/" + user_of(context, input.user_name), requests);
}

Outcome<ListAccessKeys::Output> ListAccessKeys::run(IamService& service, OpContext& context,
                                                    const Input& input) {
    MR_TRY(const Entity user,
           need_entity(service, context, EntityKind::kUser, user_of(context, input.user_name)));
    Output output;
    output.access_key_metadata.emplace();
    output.is_truncated = false;
    for (const std::string& id : user.access_keys) {
        const auto row = context.txn().get(access_key_key(id));
        if (!row) continue;
        const AccessKey key = decode_access_key(*row);
        auto& shown = output.access_key_metadata->emplace_back();
        shown.user_name = user.name;
        shown.access_key_id = key.id;
        shown.status = key.active ? "Active" : "Inactive";
        shown.create_date = from_epoch_ms(key.created_s * 1000);
    }
    return output;
}

Result<void> UpdateAccessKey::authorize(IamService&, OpContext& context, const Input& input,
                                        AuthzRequests& requests) {
    return ask(context, "UpdateAccessKey", "user/" + user_of(context, input.user_name), requests);
}

Outcome<UpdateAccessKey::Output> UpdateAccessKey::run(IamService& service, OpContext& context,
                                                      const Input& input) {
    MR_TRY(const Entity user,
           need_entity(service, context, EntityKind::kUser, user_of(context, input.user_name)));
    const auto row = context.txn().get(access_key_key(*input.access_key_id));
    if (!row || decode_access_key(*row).user != user.name)
        return errors::no_such_access_key(*input.access_key_id);
    AccessKey key = decode_access_key(*row);
    key.active = input.status == "Active";
    context.txn().put(access_key_key(key.id), encode(key));
    service.changed(context.txn());
    return Output{};
}

Result<void> DeleteAccessKey::authorize(IamService&, OpContext& context, const Input& input,
                                        AuthzRequests& requests) {
    return ask(context, "DeleteAccessKey", "user/" + user_of(context, input.user_name), requests);
}

Outcome<DeleteAccessKey::Output> DeleteAccessKey::run(IamService& service, OpContext& context,
                                                      const Input& input) {
    MR_TRY(Entity user,
           need_entity(service, context, EntityKind::kUser, user_of(context, input.user_name)));
    const auto found =
        std::find(user.access_keys.begin(), user.access_keys.end(), *input.access_key_id);
    if (found == user.access_keys.end()) return errors::no_such_access_key(*input.access_key_id);
    user.access_keys.erase(found);
    context.txn().erase(access_key_key(*input.access_key_id));
    service.put_entity(context.txn(), user);
    return Output{};
}

}  // namespace millrace::iam
