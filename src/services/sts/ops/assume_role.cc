// AssumeRole: temporary credentials of a role, for whom its trust policy names.
//
// IAM:     the role's trust policy must allow the caller; a missing role answers as one that may
// not be
//          assumed, so that nobody learns which roles there are.
// Errors:  AccessDenied, ValidationError (duration), MalformedPolicyDocument (session policy).
// Source:  STS API Reference, AssumeRole.
#include "auth/policy.h"
#include "services/sts/operations.h"

namespace millrace::sts {

Result<void> AssumeRole::check(const Input& input) {
    if (!input.role_arn->starts_with("arn:"))
        return errors::make("ValidationError", 400, *input.role_arn + " is invalid");
    // What narrows or marks a session must work, or be refused.
    if (input.policy_arns || input.tags || input.transitive_tag_keys || input.source_identity ||
        input.provided_contexts || input.serial_number || input.token_code) {
        return errors::make("ValidationError", 400,
                            "PolicyArns, Tags, TransitiveTagKeys, SourceIdentity, ProvidedContexts "
                            "and MFA are not supported by "
                            "this server.");
    }
    if (input.policy) {
        const auto parsed = auth::parse_policy(*input.policy);
        if (!parsed) return errors::make("MalformedPolicyDocument", 400, parsed.error().message);
    }
    return {};
}

Result<void> AssumeRole::authorize(StsService& service, contracts::OpContext& context,
                                   const Input& input, contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "sts:AssumeRole";
    request.resource = input.role_arn.value_or("");
    request.resource_account = context.account();
    request.identity_suffices = false;
    if (const auto role = service.roles().find_role(context.txn(), request.resource)) {
        request.resource_account = role->account;
        request.resource_policy = role->trust_policy;
    }
    if (input.external_id) request.conditions.push_back({"sts:externalid", {*input.external_id}});
    request.conditions.push_back({"sts:rolesessionname", {input.role_session_name.value_or("")}});
    requests.push_back(std::move(request));
    return {};
}

contracts::Outcome<AssumeRole::Output> AssumeRole::run(StsService& service,
                                                       contracts::OpContext& context,
                                                       const Input& input) {
    const auto role = service.roles().find_role(context.txn(), *input.role_arn);
    if (!role) {
        return errors::make(
            "AccessDenied", 403,
            "User: " + context.caller().arn +
                " is not authorized to perform: sts:AssumeRole on resource: " + *input.role_arn);
    }
    const int seconds = input.duration_seconds.value_or(3600);
    // A session that assumes a role again gets an hour at most.
    const bool chained = context.caller().kind == contracts::PrincipalKind::kAssumedRole;
    if (seconds > role->max_session_s || (chained && seconds > 3600)) {
        return errors::make("ValidationError", 400,
                            chained ? "The requested DurationSeconds exceeds the 1 hour session "
                                      "limit for roles assumed by "
                                      "role chaining"
                                    : "The requested DurationSeconds exceeds the "
                                      "MaxSessionDuration set for this role.");
    }
    std::vector<std::string> policies;
    if (input.policy) policies.push_back(*input.policy);
    const contracts::Credential credential =
        service.roles().start_session(context.txn(), *role, *input.role_session_name, context.now(),
                                      std::chrono::seconds(seconds), std::move(policies));
    Output output;
    output.credentials.emplace();
    output.credentials->access_key_id = credential.access_key_id;
    output.credentials->secret_access_key = credential.secret_access_key;
    output.credentials->session_token = credential.session_token;
    output.credentials->expiration = credential.expires;
    output.assumed_role_user.emplace();
    output.assumed_role_user->assumed_role_id = role->id + ":" + *input.role_session_name;
    output.assumed_role_user->arn = "arn:aws:sts::" + role->account + ":assumed-role/" +
                                    role->name + "/" + *input.role_session_name;
    return output;
}

}  // namespace millrace::sts
