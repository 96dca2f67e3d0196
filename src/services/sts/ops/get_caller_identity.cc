// GetCallerIdentity: needs no permission, even an explicit deny changes nothing.
// Source: STS API Reference, GetCallerIdentity.
#include "services/sts/operations.h"

namespace millrace::sts {

Result<void> GetCallerIdentity::check(const Input&) { return {}; }

Result<void> GetCallerIdentity::authorize(StsService&, contracts::OpContext&, const Input&,
                                          contracts::AuthzRequests&) {
    return {};
}

contracts::Outcome<GetCallerIdentity::Output> GetCallerIdentity::run(StsService&,
                                                                     contracts::OpContext& context,
                                                                     const Input&) {
    Output output;
    output.account = context.caller().account_id;
    output.arn = context.caller().arn;
    output.user_id = context.caller().user_id;
    return output;
}

}  // namespace millrace::sts
