// The registry: what the gateway routes to this service.
#include "services/s3/operations.h"

#include "services/s3/errors.h"
#include "services/s3/service.h"

namespace millrace::s3 {

contracts::ServiceEntry S3Service::entry() {
    contracts::ServiceEntry entry;
    entry.model = &model::s3::kService;
    // The bucket is looked up before bodies are judged: NoSuchBucket and AccessDenied come first.
    entry.check_order = contracts::CheckOrder::kAuthorizeThenValidate;
#define MR_S3_REGISTER(Name, cost, access) \
    entry.operations.push_back(contracts::make_operation<Name>(*this, model::s3::kService));
    MR_S3_OPERATIONS(MR_S3_REGISTER)
#undef MR_S3_REGISTER
    entry.denied = [](const contracts::Caller&, const contracts::AuthzRequest&,
                      const contracts::Decision&) { return errors::access_denied(); };
    entry.unknown_operation = [](std::string_view) { return errors::not_implemented(); };
    return entry;
}

}  // namespace millrace::s3
