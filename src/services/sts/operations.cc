#include "services/sts/operations.h"

#include "auth/evaluate.h"

namespace millrace::sts {

contracts::ServiceEntry StsService::entry() {
    contracts::ServiceEntry entry;
    entry.model = &model::sts::kService;
    entry.operations = {contracts::make_operation<AssumeRole>(*this, model::sts::kService),
                        contracts::make_operation<GetCallerIdentity>(*this, model::sts::kService)};
    entry.denied = [](const contracts::Caller& caller, const contracts::AuthzRequest& request,
                      const contracts::Decision&) {
        return errors::make("AccessDenied", 403,
                            "User: " + caller.arn + " is not authorized to perform: " +
                                request.action + " on resource: " + request.resource);
    };
    entry.unknown_operation = [](std::string_view operation) {
        return errors::make(
            "InvalidAction", 400,
            "Could not find operation " + std::string(operation) + " for version 2011-06-15");
    };
    return entry;
}

}  // namespace millrace::sts
