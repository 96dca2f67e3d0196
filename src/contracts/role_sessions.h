// RoleSessions: roles as STS sees them, inside the caller's transaction. Implemented by
// services/iam. Thread-safety: safe from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/caller.h"
#include "contracts/credentials.h"
#include "store/store.h"

namespace millrace::contracts {

struct RoleFacts {
    std::string account;
    std::string name;
    std::string arn;
    std::string id;  // AROA...
    int max_session_s = 3600;
    std::shared_ptr<const PolicyDocument> trust_policy;
};

class RoleSessions {
public:
    virtual ~RoleSessions() = default;
    virtual std::optional<RoleFacts> find_role(store::Txn& txn, std::string_view role_arn) = 0;
    // Writes a new session of the role in the transaction. The caller has checked the trust policy.
    virtual Credential start_session(store::Txn& txn, const RoleFacts& role,
                                     std::string_view session_name, TimePoint now,
                                     Duration lifetime,
                                     std::vector<std::string> session_policies) = 0;
};

}  // namespace millrace::contracts
