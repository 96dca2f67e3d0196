// Entries without operations for every model: enough to route by. Used by tests and the fuzz
// target.
#pragma once

#include <string>
#include <vector>

#include "contracts/operation.h"
#include "gateway/errors.h"
#include "model/generated/dax.h"
#include "model/generated/dynamodb.h"
#include "model/generated/dynamodbstreams.h"
#include "model/generated/ec2.h"
#include "model/generated/iam.h"
#include "model/generated/lambda.h"
#include "model/generated/logs.h"
#include "model/generated/s3.h"
#include "model/generated/sqs.h"
#include "model/generated/sts.h"

namespace millrace::gateway {

inline contracts::ServiceEntry empty_entry(const model::ServiceDescriptor& descriptor) {
    contracts::ServiceEntry entry;
    entry.model = &descriptor;
    entry.denied = [](const contracts::Caller&, const contracts::AuthzRequest& request,
                      const contracts::Decision&) {
        return make_error("AccessDeniedException", 400, "denied: " + request.action);
    };
    entry.unknown_operation = [](std::string_view operation) {
        return make_error("UnknownOperationException", 400, std::string(operation));
    };
    return entry;
}

inline std::vector<contracts::ServiceEntry> all_models() {
    return {empty_entry(model::iam::kService),      empty_entry(model::sts::kService),
            empty_entry(model::dynamodb::kService), empty_entry(model::dynamodbstreams::kService),
            empty_entry(model::logs::kService),     empty_entry(model::sqs::kService),
            empty_entry(model::s3::kService),       empty_entry(model::lambda::kService),
            empty_entry(model::dax::kService),      empty_entry(model::ec2::kService)};
}

}  // namespace millrace::gateway
