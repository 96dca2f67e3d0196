// What an operation asks to be allowed, and who decides. Operations name actions, resources and
// condition keys; auth/evaluate.cc decides. Thread-safety: Authorizer is safe from any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "contracts/caller.h"

namespace millrace::contracts {

struct AuthzRequest {
    std::string action;            // "dynamodb:PutItem"
    std::string resource;          // its ARN
    std::string resource_account;  // the account that owns it, 12 digits
    // The resource's own policy (bucket, queue, function, role trust), or null.
    std::shared_ptr<const PolicyDocument> resource_policy;
    // False where the identity policy alone does not suffice even in one account (role trust).
    bool identity_suffices = true;
    // Service-specific condition keys, lower-case names: {"dynamodb:leadingkeys", {"a"}}.
    std::vector<std::pair<std::string, std::vector<std::string>>> conditions;
};

enum class DecisionKind : uint8_t {
    kAllow,
    kImplicitDeny,  // no policy allows it
    kExplicitDenyIdentity,
    kExplicitDenyResource,
    kExplicitDenyBoundary,
    kExplicitDenySession,
    kImplicitDenyBoundary,
    kImplicitDenySession,
    kImplicitDenyResource,  // cross-account, or no identity policy can count: the resource policy
                            // is silent
};

struct Decision {
    DecisionKind kind = DecisionKind::kImplicitDeny;
    bool allowed() const { return kind == DecisionKind::kAllow; }
};

// Facts of the request for the global condition keys (aws:SourceIp, aws:SecureTransport, ...).
struct RequestFacts {
    std::string_view source_ip;
    bool secure = false;
    std::string_view user_agent;
    std::string_view referer;
    std::string_view region;
    TimePoint now{};
};

class Authorizer {
public:
    virtual ~Authorizer() = default;
    virtual Decision decide(const Caller& caller, const AuthzRequest& request,
                            const RequestFacts& facts) const = 0;
};

}  // namespace millrace::contracts
