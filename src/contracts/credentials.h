// Credentials: looks access keys up for signature verification, and makes sessions for functions.
// Implemented by services/iam (keys) and used by gateway (verify) and services/lambda (roles).
// Thread-safety: safe from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "contracts/caller.h"
#include "core/result.h"

namespace millrace::contracts {

// An access key with its secret. Secrets never reach a log.
struct Credential {
    std::string access_key_id;
    std::string secret_access_key;
    std::string session_token;  // empty for long-term keys
    TimePoint expires = TimePoint::max();
    std::shared_ptr<const Caller> caller;
};

class CredentialSource {
public:
    virtual ~CredentialSource() = default;
    // nullptr: no such key, or inactive. Cached; a change of the user, role or policies shows at
    // once. For sessions the token is decrypted and checked by the caller comparing session_token.
    virtual std::shared_ptr<const Credential> find(std::string_view access_key_id) = 0;
};

class RoleAssumer {
public:
    virtual ~RoleAssumer() = default;
    // Temporary credentials of a role for an AWS service principal ("lambda.amazonaws.com"); an
    // error when the role is missing or its trust policy does not allow the service.
    virtual Result<Credential> assume_for_service(std::string_view role_arn,
                                                  std::string_view service_principal,
                                                  std::string_view session_name,
                                                  Duration lifetime) = 0;
    // Whether the role trusts the service, without making a session.
    virtual Result<void> check_trust(std::string_view role_arn,
                                     std::string_view service_principal) = 0;
    // The role as a caller, for checks made on its behalf (event source mappings).
    virtual Result<std::shared_ptr<const Caller>> caller_of_role(std::string_view role_arn,
                                                                 std::string_view session_name) = 0;
    // Moves on with every change that may change the answers above.
    virtual uint64_t roles_version() const = 0;
};

}  // namespace millrace::contracts
