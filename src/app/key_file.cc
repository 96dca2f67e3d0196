#include "app/key_file.h"

#include <fmt/format.h>

#include "auth/policy.h"
#include "codec/json.h"

namespace millrace::app {
namespace {

Error failure(std::string message) {
    return Error{.code = "KeyFile", .http_status = 500, .message = std::move(message)};
}

contracts::Caller root_of(const std::string& account) {
    contracts::Caller caller;
    caller.kind = contracts::PrincipalKind::kRoot;
    caller.account_id = caller.user_id = account;
    caller.arn = "arn:aws:iam::" + account + ":root";
    return caller;
}

contracts::Caller user_of(const std::string& account, const std::string& id) {
    contracts::Caller caller;
    caller.kind = contracts::PrincipalKind::kUser;
    caller.account_id = account;
    caller.user_id = caller.user_name = id;
    caller.arn = "arn:aws:iam::" + account + ":user/" + id;
    return caller;
}

}  // namespace

Result<KeyFile> KeyFile::parse(std::string_view json, const std::string& account) {
    const auto document = codec::parse_json(json);
    if (!document || !document->is_array())
        return failure("the keys file must hold a JSON list of keys");
    if (document->elements().size() > kKeysMax)
        return failure(fmt::format("the keys file may hold {} keys", kKeysMax));
    KeyFile file;
    for (size_t i = 0; i < document->elements().size(); ++i) {
        const codec::JsonValue& entry = document->elements()[i];
        const std::string at = fmt::format("key {} of the keys file", i + 1);
        for (const auto& [name, value] : entry.members()) {
            if (name != "AccessKeyId" && name != "SecretAccessKey" && name != "Policy")
                return failure(fmt::format("{}: {} is not known", at, name));
        }
        const std::string id(entry.find_string("AccessKeyId").value_or(""));
        const std::string secret(entry.find_string("SecretAccessKey").value_or(""));
        if (id.empty() || secret.empty())
            return failure(at + " must name AccessKeyId and SecretAccessKey");
        if (file.keys_.contains(id)) return failure(at + " is there twice");
        contracts::Caller caller = root_of(account);
        if (const codec::JsonValue* policy = entry.find("Policy")) {
            caller = user_of(account, id);
            auto parsed = auth::parse_policy(policy->to_json());
            if (!parsed) return failure(fmt::format("{}: {}", at, parsed.error().message));
            caller.identity_policies.push_back(std::move(*parsed));
        }
        caller.access_key_id = id;
        file.add(id, secret, std::move(caller));
    }
    return file;
}

KeyFile KeyFile::development(const std::string& account) {
    KeyFile file;
    file.add("test", "test", root_of(account));
    return file;
}

void KeyFile::add(std::string id, std::string secret, contracts::Caller caller) {
    auto credential = std::make_shared<contracts::Credential>();
    credential->access_key_id = id;
    credential->secret_access_key = std::move(secret);
    credential->caller = std::make_shared<const contracts::Caller>(std::move(caller));
    keys_[std::move(id)] = std::move(credential);
}

std::shared_ptr<const contracts::Credential> KeyFile::find(std::string_view access_key_id) {
    const auto found = keys_.find(access_key_id);
    return found == keys_.end() ? nullptr : found->second;
}

}  // namespace millrace::app
