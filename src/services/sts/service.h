// StsService: who is calling, and temporary credentials of roles. Thread-safety: stateless.
// Ownership: the role store (IAM) and the authorizer are the app's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/operation.h"
#include "contracts/role_sessions.h"

namespace millrace::sts {

class StsService {
public:
    StsService(contracts::RoleSessions& roles, const contracts::Authorizer& authorizer)
        : roles_(roles), authorizer_(authorizer) {}
    contracts::ServiceEntry entry();
    contracts::RoleSessions& roles() { return roles_; }
    const contracts::Authorizer& authorizer() const { return authorizer_; }

private:
    contracts::RoleSessions& roles_;
    const contracts::Authorizer& authorizer_;
};

}  // namespace millrace::sts
