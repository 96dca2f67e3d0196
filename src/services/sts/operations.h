// The operations of STS; ops/ has their definitions.
#pragma once

#include "contracts/operation.h"
#include "model/generated/sts.h"
#include "services/sts/errors.h"
#include "services/sts/service.h"

namespace millrace::sts {

struct AssumeRole {
    using Service = StsService;
    using Input = model::sts::AssumeRoleInput;
    using Output = model::sts::AssumeRoleOutput;
    static constexpr contracts::OpTraits kTraits{.name = "AssumeRole"};
    static Result<void> check(const Input& input);
    static Result<void> authorize(StsService& service, contracts::OpContext& context,
                                  const Input& input, contracts::AuthzRequests& requests);
    static contracts::Outcome<Output> run(StsService& service, contracts::OpContext& context,
                                          const Input& input);
};

struct GetCallerIdentity {
    using Service = StsService;
    using Input = model::sts::GetCallerIdentityInput;
    using Output = model::sts::GetCallerIdentityOutput;
    static constexpr contracts::OpTraits kTraits{
        .name = "GetCallerIdentity", .access = contracts::Access::kRead, .authorized_always = true};
    static Result<void> check(const Input& input);
    static Result<void> authorize(StsService& service, contracts::OpContext& context,
                                  const Input& input, contracts::AuthzRequests& requests);
    static contracts::Outcome<Output> run(StsService& service, contracts::OpContext& context,
                                          const Input& input);
};

}  // namespace millrace::sts
