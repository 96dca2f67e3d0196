#include "auth/evaluate.h"

#include <algorithm>

#include "auth/condition.h"
#include "auth/pattern.h"

namespace millrace::auth {
namespace {

using contracts::AuthzRequest;
using contracts::Caller;
using contracts::Decision;
using contracts::DecisionKind;
using contracts::PolicyDocument;
using contracts::PrincipalKind;

// How a resource policy's statement names the caller. Stronger names are larger.
enum class Naming : uint8_t {
    kNone,
    kAccount,  // its account: permission is delegated to the account's identity policies
    kEverybody,
    kRole,    // the role behind a session: boundary and session policies still limit
    kDirect,  // the user, session or service itself
};

Naming naming_of(const Principal& principal, const Caller& caller) {
    switch (principal.type) {
        case PrincipalType::kAny:
            return Naming::kEverybody;
        case PrincipalType::kAccount:
            if (caller.account_id != principal.value) return Naming::kNone;
            if (caller.kind == PrincipalKind::kRoot) return Naming::kDirect;
            return caller.kind == PrincipalKind::kUser || caller.kind == PrincipalKind::kAssumedRole
                       ? Naming::kAccount
                       : Naming::kNone;
        case PrincipalType::kArn:
            if (caller.kind != PrincipalKind::kUser && caller.kind != PrincipalKind::kAssumedRole)
                return Naming::kNone;
            if (caller.arn == principal.value) return Naming::kDirect;
            return !caller.role_arn.empty() && caller.role_arn == principal.value ? Naming::kRole
                                                                                  : Naming::kNone;
        case PrincipalType::kUniqueId: {
            if (caller.kind != PrincipalKind::kUser && caller.kind != PrincipalKind::kAssumedRole)
                return Naming::kNone;
            const std::string_view id = caller.user_id;
            if (id == principal.value) return Naming::kDirect;
            const bool of_role = id.size() > principal.value.size() &&
                                 id.starts_with(principal.value) &&
                                 id[principal.value.size()] == ':';
            return of_role ? Naming::kRole : Naming::kNone;
        }
        case PrincipalType::kService:
            return caller.kind == PrincipalKind::kService && caller.arn == principal.value
                       ? Naming::kDirect
                       : Naming::kNone;
        case PrincipalType::kFederated:
        case PrincipalType::kCanonicalUser:
            return Naming::kNone;  // nobody comes in this way
    }
    return Naming::kNone;
}

Naming principal_naming(const Statement& statement, const Caller& caller) {
    Naming strongest = Naming::kNone;
    bool account_named = false;
    for (const Principal& principal : statement.principals) {
        strongest = std::max(strongest, naming_of(principal, caller));
        account_named |=
            principal.type == PrincipalType::kAny ||
            (principal.type == PrincipalType::kAccount && principal.value == caller.account_id);
    }
    if (!statement.not_principal) return strongest;
    // Whoever is to be left out must be named together with its account.
    const bool needs_account =
        caller.kind == PrincipalKind::kUser || caller.kind == PrincipalKind::kAssumedRole;
    const bool left_out = strongest > Naming::kAccount && (account_named || !needs_account);
    return left_out ? Naming::kNone : Naming::kEverybody;
}

bool action_matches(const Statement& statement, std::string_view action) {
    const bool any = std::any_of(
        statement.actions.begin(), statement.actions.end(), [&](const Pattern& pattern) {
            return pattern.matches_all || compiled_match_lower(pattern.compiled, action);
        });
    return any != statement.not_action;
}

// The first three segments (arn, partition, service) one by one, the rest as one text: there a
// wildcard reaches over ':' and '/'.
bool resource_pattern_matches(std::string_view pattern, std::string_view resource) {
    for (int segment = 0; segment < 3; ++segment) {
        const size_t pattern_end = pattern.find(':');
        const size_t resource_end = resource.find(':');
        if (pattern_end == std::string_view::npos || resource_end == std::string_view::npos)
            return false;
        if (!compiled_match(pattern.substr(0, pattern_end), resource.substr(0, resource_end)))
            return false;
        pattern.remove_prefix(pattern_end + 1);
        resource.remove_prefix(resource_end + 1);
    }
    return compiled_match(pattern, resource);
}

bool resource_matches(const Statement& statement, RequestContext& context) {
    if (!statement.has_resource) return true;
    bool unresolved = false;
    bool any = false;
    std::string buffer;
    for (const Pattern& pattern : statement.resources) {
        if (pattern.matches_all) {
            any = true;
            break;
        }
        std::string_view wanted;
        if (!resolve(pattern, context, buffer, wanted)) {
            unresolved = true;
            continue;
        }
        if (resource_pattern_matches(wanted, context.request().resource)) {
            any = true;
            break;
        }
    }
    // A variable without value: the statement does not apply.
    return statement.not_resource ? !any && !unresolved : any;
}

bool statement_applies(const Statement& statement, RequestContext& context) {
    return action_matches(statement, context.request().action) &&
           resource_matches(statement, context) &&
           std::all_of(
               statement.conditions.begin(), statement.conditions.end(),
               [&](const Condition& condition) { return condition_holds(condition, context); });
}

struct Verdict {
    bool allow = false;
    bool deny = false;
};

void add_identity_policy(const PolicyDocument& policy, RequestContext& context, Verdict& verdict) {
    for (const Statement& statement : policy.statements) {
        // A statement that could change nothing need not be matched.
        if (statement.allow ? verdict.allow : verdict.deny) continue;
        if (!statement_applies(statement, context)) continue;
        (statement.allow ? verdict.allow : verdict.deny) = true;
    }
}

struct ResourceVerdict {
    Naming allow = Naming::kNone;
    bool deny = false;
};

ResourceVerdict resource_verdict(const PolicyDocument* policy, RequestContext& context) {
    ResourceVerdict verdict;
    if (policy == nullptr) return verdict;
    for (const Statement& statement : policy->statements) {
        const Naming naming = principal_naming(statement, context.caller());
        if (naming == Naming::kNone) continue;
        if (statement.allow ? naming <= verdict.allow : verdict.deny) continue;
        if (!statement_applies(statement, context)) continue;
        if (statement.allow) {
            verdict.allow = naming;
        } else {
            verdict.deny = true;
        }
    }
    return verdict;
}

Decision decided(DecisionKind kind) { return {.kind = kind}; }

}  // namespace

Decision PolicyAuthorizer::decide(const Caller& caller, const AuthzRequest& request,
                                  const contracts::RequestFacts& facts) const {
    RequestContext context(caller, request, facts);
    const ResourceVerdict resource = resource_verdict(request.resource_policy.get(), context);
    const bool resource_allows = resource.allow != Naming::kNone;
    if (caller.kind == PrincipalKind::kAnonymous || caller.kind == PrincipalKind::kService) {
        if (resource.deny) return decided(DecisionKind::kExplicitDenyResource);
        return decided(resource_allows ? DecisionKind::kAllow
                                       : DecisionKind::kImplicitDenyResource);
    }
    const bool same_account =
        request.resource_account.empty() || request.resource_account == caller.account_id;
    const bool is_root = caller.kind == PrincipalKind::kRoot;

    Verdict identity;
    if (is_root) identity.allow = true;  // no policy limits the account's owner in its own account
    for (const auto& policy : caller.identity_policies)
        add_identity_policy(*policy, context, identity);
    Verdict boundary{.allow = true};
    if (caller.permissions_boundary != nullptr) {
        boundary.allow = false;
        add_identity_policy(*caller.permissions_boundary, context, boundary);
    }
    // The session policies are one set, as identity policies are.
    Verdict session{.allow = true};
    if (!caller.session_policies.empty()) {
        session.allow = false;
        for (const auto& policy : caller.session_policies)
            add_identity_policy(*policy, context, session);
    }
    if (identity.deny) return decided(DecisionKind::kExplicitDenyIdentity);
    if (resource.deny) return decided(DecisionKind::kExplicitDenyResource);
    if (boundary.deny) return decided(DecisionKind::kExplicitDenyBoundary);
    if (session.deny) return decided(DecisionKind::kExplicitDenySession);

    if (same_account) {
        if (resource.allow == Naming::kDirect) return decided(DecisionKind::kAllow);
        const bool identity_counts =
            request.identity_suffices || resource.allow == Naming::kAccount;
        const bool granted =
            (identity.allow && identity_counts) || resource.allow > Naming::kAccount;
        if (!granted) {
            return decided(identity.allow && !identity_counts ? DecisionKind::kImplicitDenyResource
                                                              : DecisionKind::kImplicitDeny);
        }
    } else {
        if (!identity.allow) return decided(DecisionKind::kImplicitDeny);
        if (!resource_allows) return decided(DecisionKind::kImplicitDenyResource);
    }
    if (!boundary.allow) return decided(DecisionKind::kImplicitDenyBoundary);
    if (!session.allow) return decided(DecisionKind::kImplicitDenySession);
    return decided(DecisionKind::kAllow);
}

Simulation simulate(const Caller& caller,
                    const std::vector<std::shared_ptr<const PolicyDocument>>& policies,
                    const AuthzRequest& request, const contracts::RequestFacts& facts) {
    RequestContext context(caller, request, facts);
    Simulation result;
    std::vector<MatchedStatement> allows;
    std::vector<MatchedStatement> denies;
    for (const auto& policy : policies) {
        for (const Statement& statement : policy->statements) {
            if (!action_matches(statement, request.action)) continue;
            collect_missing_keys(statement, context, result.missing_keys);
            if (!statement_applies(statement, context)) continue;
            (statement.allow ? allows : denies).push_back({policy.get(), &statement});
        }
    }
    result.verdict = !denies.empty()   ? PolicyVerdict::kDeny
                     : !allows.empty() ? PolicyVerdict::kAllow
                                       : PolicyVerdict::kSilent;
    result.matched = denies.empty() ? std::move(allows) : std::move(denies);
    return result;
}

std::string denied_text(const Caller& caller, const AuthzRequest& request,
                        const Decision& decision) {
    std::string text = "User: " + (caller.arn.empty() ? std::string("anonymous") : caller.arn) +
                       " is not authorized to perform: " + request.action +
                       " on resource: " + request.resource;
    const auto no = [&](std::string_view what) {
        text.append(" because no ")
            .append(what)
            .append(" allows the ")
            .append(request.action)
            .append(" action");
    };
    const auto explicitly = [&](std::string_view where) {
        text.append(" with an explicit deny in a").append(where);
    };
    switch (decision.kind) {
        case DecisionKind::kAllow:
            break;
        case DecisionKind::kImplicitDeny:
            no("identity-based policy");
            break;
        case DecisionKind::kImplicitDenyBoundary:
            no("permissions boundary");
            break;
        case DecisionKind::kImplicitDenySession:
            no("session policy");
            break;
        case DecisionKind::kImplicitDenyResource:
            no("resource-based policy");
            break;
        case DecisionKind::kExplicitDenyIdentity:
            explicitly("n identity-based policy");
            break;
        case DecisionKind::kExplicitDenyResource:
            explicitly(" resource-based policy");
            break;
        case DecisionKind::kExplicitDenyBoundary:
            explicitly(" permissions boundary");
            break;
        case DecisionKind::kExplicitDenySession:
            explicitly(" session policy");
            break;
    }
    return text;
}

Caller service_caller(std::string_view service_principal, std::string_view source_account) {
    Caller caller;
    caller.kind = PrincipalKind::kService;
    caller.arn = service_principal;
    caller.account_id = source_account;
    return caller;
}

}  // namespace millrace::auth
