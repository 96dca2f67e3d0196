// Request: what the pipeline knows of one request after its signature was checked, and Attempt:
// what one run of its operation gave. Thread-safety: confined to one request.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contracts/operation.h"
#include "gateway/service_table.h"

namespace millrace::gateway {

struct Request {
    const Service* service = nullptr;
    const contracts::Operation* operation = nullptr;
    model::Protocol protocol = model::Protocol::kAwsJson;
    contracts::RequestInfo info;
    std::unique_ptr<contracts::OperationCall> call;
    std::string host_id;  // S3's second request id
};

struct Attempt {
    std::optional<Error> error;
    std::optional<contracts::Wait> wait;
    store::RunResult result;
    std::vector<std::string> wakes;
    std::vector<std::pair<std::string, std::string>> headers;
    int http_status = 0;
};

// Runs the operation once, with its checks and its authorisation, in one transaction. Blocks only
// on the store. `resume_token`: of the Wait that is resumed.
Attempt run_operation(Request& request, const std::string& resume_token, store::Store& store,
                      const contracts::Authorizer& authorizer, const Clock& clock, Rng& rng);

// Checks and authorisation alone: before a large body is taken. Nothing when all is well.
std::optional<Error> check_ahead(Request& request, store::Store& store,
                                 const contracts::Authorizer& authorizer, const Clock& clock,
                                 Rng& rng);

}  // namespace millrace::gateway
