// LocalCalls: contracts::DynamoDbCalls by the operations of this process.
// Thread-safety: safe from any thread. Ownership: what it refers to must outlive it.
#pragma once

#include <functional>

#include "contracts/dynamodb_calls.h"
#include "contracts/wake_hub.h"
#include "gateway/request.h"
#include "gateway/service_table.h"

namespace millrace::gateway {

struct LocalCallsParts {
    store::Store& store;
    const contracts::Authorizer& authorizer;
    contracts::WakeHub& hub;
    const Clock& clock;
    Rng& rng;
    std::function<uint64_t()> tables_version;
};

class LocalCalls final : public contracts::DynamoDbCalls {
public:
    LocalCalls(LocalCallsParts parts, contracts::ServiceEntry dynamodb);

    std::unique_ptr<contracts::OperationCall> make_call(std::string_view operation) override;
    Result<void> run(std::string_view operation, const contracts::RequestInfo& info,
                     std::unique_ptr<contracts::OperationCall>& call) override;
    Result<void> allowed(std::string_view operation, const contracts::RequestInfo& info,
                         std::unique_ptr<contracts::OperationCall>& call) override;
    uint64_t tables_version() const override { return parts_.tables_version(); }

private:
    Request request_for(std::string_view operation, const contracts::RequestInfo& info,
                        std::unique_ptr<contracts::OperationCall>& call) const;
    LocalCallsParts parts_;
    const ServiceTable services_;
    const Service& dynamodb_;
};

}  // namespace millrace::gateway
