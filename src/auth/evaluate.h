// PolicyAuthorizer: decides whether a caller may do something, from its identity policies, the
// resource's policy, permissions boundary and session policies. Pure: no store, no clock.
// Thread-safety: stateless, safe from any thread. Cost: O(statements), no allocation unless a
// policy uses variables. Source: IAM User Guide, "Policy evaluation logic" and "Cross-account
// policy evaluation logic".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/policy.h"
#include "contracts/authorization.h"

namespace millrace::auth {

class PolicyAuthorizer final : public contracts::Authorizer {
public:
    contracts::Decision decide(const contracts::Caller& caller,
                               const contracts::AuthzRequest& request,
                               const contracts::RequestFacts& facts) const override;
};

// What one set of policies alone says; `matched` gets the statements that decided.
enum class PolicyVerdict : uint8_t { kSilent, kAllow, kDeny };
struct MatchedStatement {
    const contracts::PolicyDocument* policy = nullptr;
    const Statement* statement = nullptr;
};
struct Simulation {
    PolicyVerdict verdict = PolicyVerdict::kSilent;
    std::vector<MatchedStatement> matched;
    std::vector<std::string> missing_keys;  // condition keys asked for that the request lacks
};
// Identity policies only, for SimulateCustomPolicy and SimulatePrincipalPolicy.
Simulation simulate(const contracts::Caller& caller,
                    const std::vector<std::shared_ptr<const contracts::PolicyDocument>>& policies,
                    const contracts::AuthzRequest& request, const contracts::RequestFacts& facts);

// "User: <arn> is not authorized to perform: <action> on resource: <arn> because no identity-based
// policy allows the <action> action", and its other endings. The text of services that explain
// themselves (all but S3: "Access Denied").
std::string denied_text(const contracts::Caller& caller, const contracts::AuthzRequest& request,
                        const contracts::Decision& decision);

// A caller for a service principal, e.g. "s3.amazonaws.com" acting for `source_account`.
contracts::Caller service_caller(std::string_view service_principal,
                                 std::string_view source_account);

}  // namespace millrace::auth
