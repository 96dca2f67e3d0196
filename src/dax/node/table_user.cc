#include "dax/node/table_user.h"

#include <fmt/format.h>

#include "dax/wire/errors.h"

namespace millrace::dax {
namespace {

constexpr std::string_view kService = "dax.amazonaws.com";
constexpr std::string_view kSessionName = "DAX";

std::shared_ptr<const contracts::Caller> root_of(const std::string& account) {
    auto caller = std::make_shared<contracts::Caller>();
    caller->kind = contracts::PrincipalKind::kRoot;
    caller->account_id = account;
    caller->arn = "arn:aws:iam::" + account + ":root";
    caller->user_id = account;
    return caller;
}

}  // namespace

TableUser::TableUser(contracts::RoleAssumer* roles, const std::string& account,
                     std::string role_arn)
    : roles_(roles), root_(root_of(account)), role_arn_(std::move(role_arn)) {}

Result<std::shared_ptr<const contracts::Caller>> TableUser::get(TimePoint now) {
    const MutexLock lock(mutex_);
    if (role_arn_.empty()) return root_;
    // Before the questions: what changes while they are asked is asked for again.
    const uint64_t version = roles_->roles_version();
    if (caller_ != nullptr && version == version_ && now < known_until_) return caller_;
    caller_ = nullptr;
    if (!roles_->check_trust(role_arn_, kService))
        return errors::access_denied(
            fmt::format("{} cannot assume the role {}", kService, role_arn_));
    const auto caller = roles_->caller_of_role(role_arn_, kSessionName);
    if (!caller) return errors::access_denied(caller.error().message);
    caller_ = *caller;
    version_ = version;
    known_until_ = now + kKnownFor;
    return caller_;
}

void TableUser::set_role(const std::string& arn) {
    const MutexLock lock(mutex_);
    if (role_arn_ == arn) return;
    role_arn_ = arn;
    caller_ = nullptr;
}

}  // namespace millrace::dax
