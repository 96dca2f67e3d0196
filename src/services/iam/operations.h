// The operations of IAM, one declaration each; ops/ has their definitions by the noun they are
// about.
#pragma once

#include <string>
#include <utility>

#include "auth/policy.h"
#include "contracts/operation.h"
#include "model/generated/iam.h"
#include "services/iam/errors.h"
#include "services/iam/service.h"

namespace millrace::iam {

using contracts::AuthzRequests;
using contracts::OpContext;
using contracts::Outcome;

// clang-format off
#define MR_IAM_OPERATION(Name, access_)                                                                \
    struct Name {                                                                                      \
        using Service = IamService;                                                                    \
        using Input = model::iam::Name##Input;                                                         \
        using Output = model::iam::Name##Output;                                                       \
        static constexpr contracts::OpTraits kTraits{.name = #Name, .access = contracts::Access::access_}; \
        static Result<void> check(const Input&) { return {}; }                                         \
        static Result<void> authorize(IamService& service, OpContext& context, const Input& input,     \
                                      AuthzRequests& requests);                                        \
        static Outcome<Output> run(IamService& service, OpContext& context, const Input& input);       \
    };

#define MR_IAM_OPERATIONS(X)                \
    X(CreateUser, kWrite)                   \
    X(GetUser, kRead)                       \
    X(ListUsers, kRead)                     \
    X(DeleteUser, kWrite)                   \
    X(CreateAccessKey, kWrite)              \
    X(ListAccessKeys, kRead)                \
    X(UpdateAccessKey, kWrite)              \
    X(DeleteAccessKey, kWrite)              \
    X(CreateRole, kWrite)                   \
    X(GetRole, kRead)                       \
    X(ListRoles, kRead)                     \
    X(UpdateAssumeRolePolicy, kWrite)       \
    X(DeleteRole, kWrite)                   \
    X(PutUserPolicy, kWrite)                \
    X(GetUserPolicy, kRead)                 \
    X(ListUserPolicies, kRead)              \
    X(DeleteUserPolicy, kWrite)             \
    X(PutRolePolicy, kWrite)                \
    X(GetRolePolicy, kRead)                 \
    X(ListRolePolicies, kRead)              \
    X(DeleteRolePolicy, kWrite)             \
    X(CreatePolicy, kWrite)                 \
    X(GetPolicy, kRead)                     \
    X(ListPolicies, kRead)                  \
    X(DeletePolicy, kWrite)                 \
    X(GetPolicyVersion, kRead)              \
    X(ListPolicyVersions, kRead)            \
    X(AttachUserPolicy, kWrite)             \
    X(DetachUserPolicy, kWrite)             \
    X(ListAttachedUserPolicies, kRead)      \
    X(AttachRolePolicy, kWrite)             \
    X(DetachRolePolicy, kWrite)             \
    X(ListAttachedRolePolicies, kRead)      \
    X(ListInstanceProfilesForRole, kRead)   \
    X(ListGroupsForUser, kRead)
// clang-format on
MR_IAM_OPERATIONS(MR_IAM_OPERATION)

// Adds one AuthzRequest for an IAM action. `resource`: behind "arn:aws:iam::<account>:", e.g.
// "user/x".
inline Result<void> ask(OpContext& context, std::string_view action, std::string_view resource,
                        AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "iam:" + std::string(action);
    request.resource_account = context.account();
    request.resource = resource.starts_with("arn:") ? std::string(resource)
                                                    : "arn:aws:iam::" + request.resource_account +
                                                          ":" + std::string(resource);
    requests.push_back(std::move(request));
    return {};
}

// The user or role, with the service's error.
inline Result<Entity> need_entity(IamService& service, OpContext& context, EntityKind kind,
                                  const std::string& name) {
    auto entity = service.find_entity(context.txn(), kind, context.account(), name);
    if (!entity) return errors::no_such_entity(kind == EntityKind::kUser ? "user" : "role", name);
    return *std::move(entity);
}

// As IAM shows documents: percent-encoded (RFC 3986).
std::string shown_document(std::string_view document);

// One page of names in order. `visit` gets each row behind the marker; the marker of the next page
// is the last name shown. InvalidMarker is a ValidationError.
struct Page {
    bool truncated = false;
    std::string marker;
};
Result<Page> list_page(store::Txn& txn, std::string_view partition,
                       const std::optional<std::string>& marker, std::optional<int32_t> items_max,
                       const std::function<bool(std::string_view row)>& take);

}  // namespace millrace::iam
