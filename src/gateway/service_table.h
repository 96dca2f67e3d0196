// ServiceTable: the services that the gateway serves, found by the names that requests use.
// Thread-safety: immutable after construction. Ownership: owns its copies of the entries; the
// operations refer to the services, which must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/sigv4.h"
#include "contracts/operation.h"
#include "model/descriptor.h"

namespace millrace::gateway {

// What the gateway must know of a service beyond its model.
enum class ServiceKind : uint8_t { kJson, kQuery, kRestJson, kS3 };

struct Service {
    contracts::ServiceEntry entry;
    ServiceKind kind = ServiceKind::kJson;
    bool dynamodb_like = false;  // DynamoDB and Streams: request id form, x-amz-crc32
    size_t index = 0;            // in the table
    std::unordered_map<std::string_view, size_t> by_name;  // into entry.operations

    std::string_view name() const { return entry.model->name; }
    const contracts::Operation* find(std::string_view operation) const {
        const auto found = by_name.find(operation);
        return found == by_name.end() ? nullptr : &entry.operations[found->second];
    }
    auth::ErrorFamily family(model::Protocol protocol) const;
};

class ServiceTable {
public:
    // Each entry names a model; two entries of one model are a bug.
    explicit ServiceTable(std::vector<contracts::ServiceEntry> entries);

    const std::vector<std::unique_ptr<Service>>& all() const { return services_; }
    // By our name ("dynamodbstreams"), the prefix of X-Amz-Target, the name in credential scopes
    // (of several the first listed) and the Version parameter of Query requests. Null: none.
    const Service* by_name(std::string_view name) const;
    const Service* by_target_prefix(std::string_view prefix) const;
    const Service* by_signing_name(std::string_view name) const;
    const Service* by_api_version(std::string_view version) const;

private:
    std::vector<std::unique_ptr<Service>> services_;
};

}  // namespace millrace::gateway
