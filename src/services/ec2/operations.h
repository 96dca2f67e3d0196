// The operations of EC2; ops/ has their definitions by noun.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/operation.h"
#include "model/generated/ec2.h"
#include "services/ec2/errors.h"
#include "services/ec2/network.h"
#include "services/ec2/query.h"
#include "services/ec2/service.h"

namespace millrace::ec2 {

using contracts::AuthzRequests;
using contracts::OpContext;
using contracts::Outcome;

// clang-format off
// check() comes behind authorize(): who may not, is told so in a dry run too.
#define MR_EC2_OPERATION(Name, access_)                                                               \
    struct Name {                                                                                     \
        using Service = Ec2Service;                                                                   \
        using Input = model::ec2::Name##Input;                                                        \
        using Output = model::ec2::Name##Output;                                                      \
        static constexpr contracts::OpTraits kTraits{                                                 \
            .name = #Name, .cost = contracts::Cost::kRange, .access = contracts::Access::access_};    \
        static Result<void> check(const Input& input) {                                               \
            if (input.dry_run.value_or(false)) return errors::dry_run();                              \
            return {};                                                                                \
        }                                                                                             \
        static Result<void> authorize(Ec2Service& service, OpContext& context, const Input& input,    \
                                      AuthzRequests& requests);                                       \
        static Outcome<Output> run(Ec2Service& service, OpContext& context, const Input& input);      \
    };
#define MR_EC2_OPERATIONS(X)                  \
    X(AuthorizeSecurityGroupEgress, kWrite)   \
    X(AuthorizeSecurityGroupIngress, kWrite)  \
    X(CreateDefaultSubnet, kWrite)            \
    X(CreateDefaultVpc, kWrite)               \
    X(CreateSecurityGroup, kWrite)            \
    X(CreateSubnet, kWrite)                   \
    X(CreateTags, kWrite)                     \
    X(CreateVpc, kWrite)                      \
    X(DeleteSecurityGroup, kWrite)            \
    X(DeleteSubnet, kWrite)                   \
    X(DeleteTags, kWrite)                     \
    X(DeleteVpc, kWrite)                      \
    X(DescribeAvailabilityZones, kRead)       \
    X(DescribeSecurityGroupRules, kRead)      \
    X(DescribeSecurityGroups, kRead)          \
    X(DescribeSubnets, kRead)                 \
    X(DescribeTags, kRead)                    \
    X(DescribeVpcs, kRead)                    \
    X(RevokeSecurityGroupEgress, kWrite)      \
    X(RevokeSecurityGroupIngress, kWrite)
// clang-format on
MR_EC2_OPERATIONS(MR_EC2_OPERATION)

// Asks for "ec2:<action>" on every resource: what Describe operations need.
void ask_all(OpContext& context, std::string_view action, AuthzRequests& requests);
// ... on one resource. `id` "*": one that is to be made. Of one that exists, `tags` and `vpc_id`
// become condition keys.
void ask(OpContext& context, std::string_view action, std::string_view type, std::string_view id,
         AuthzRequests& requests, const Tags* tags = nullptr, std::string_view vpc_id = {});
// ... on the resource of that id, with what `region` knows of it.
void ask_known(OpContext& context, const Region& region, std::string_view action,
               std::string_view id, AuthzRequests& requests);

using TagList = std::optional<std::vector<model::ec2::Tag>>;
using TagSpecifications = std::optional<std::vector<model::ec2::TagSpecification>>;
// The tags that a request brings along, as condition keys.
void add_request_tags(contracts::AuthzRequest& request, const TagList& tags);
// ec2:CreateTags on what is made, when it is made with tags.
void ask_tags(OpContext& context, const TagSpecifications& specifications, std::string_view type,
              AuthzRequests& requests);
// The tags for a resource of `type` that is made now.
Result<Tags> tags_of(const TagSpecifications& specifications, std::string_view type);
// Adds the tags, later ones of a key replacing earlier ones. InvalidParameterValue,
// TagLimitExceeded.
Result<void> add_tags(Tags& tags, const TagList& more);
std::vector<model::ec2::Tag> shown_tags(const Tags& tags);

// The group that an operation names by its id or, in the default VPC, by its name.
Result<std::string> group_of(const Region& region, const std::optional<std::string>& id,
                             const std::optional<std::string>& name);

}  // namespace millrace::ec2
