#include "gateway/service_table.h"

#include <utility>

#include "core/check.h"

namespace millrace::gateway {

auth::ErrorFamily Service::family(model::Protocol protocol) const {
    switch (protocol) {
        case model::Protocol::kAwsJson:
            return auth::ErrorFamily::kJson;
        case model::Protocol::kQuery:
            return entry.model->ec2_query ? auth::ErrorFamily::kEc2 : auth::ErrorFamily::kQuery;
        case model::Protocol::kRestJson:
            return auth::ErrorFamily::kRestJson;
        case model::Protocol::kRestXml:
            return auth::ErrorFamily::kS3;
    }
    return auth::ErrorFamily::kJson;
}

ServiceTable::ServiceTable(std::vector<contracts::ServiceEntry> entries) {
    for (contracts::ServiceEntry& entry : entries) {
        MR_ASSERT(entry.model != nullptr && entry.denied && entry.unknown_operation);
        MR_ASSERT(by_name(entry.model->name) == nullptr);
        auto service = std::make_unique<Service>();
        switch (entry.model->protocol) {
            case model::Protocol::kAwsJson:
                service->kind = ServiceKind::kJson;
                break;
            case model::Protocol::kQuery:
                service->kind = ServiceKind::kQuery;
                break;
            case model::Protocol::kRestJson:
                service->kind = ServiceKind::kRestJson;
                break;
            case model::Protocol::kRestXml:
                service->kind = ServiceKind::kS3;
                break;
        }
        service->dynamodb_like = entry.model->signing_name == "dynamodb";
        service->index = services_.size();
        service->entry = std::move(entry);
        for (size_t i = 0; i < service->entry.operations.size(); ++i) {
            const contracts::Operation& operation = service->entry.operations[i];
            MR_ASSERT(operation.model != nullptr && operation.make_call);
            const bool added = service->by_name.emplace(operation.model->name, i).second;
            MR_ASSERT(added);
        }
        services_.push_back(std::move(service));
    }
}

// A handful of services: looking at each is quicker than a map.
const Service* ServiceTable::by_name(std::string_view name) const {
    for (const auto& service : services_) {
        if (service->name() == name) return service.get();
    }
    return nullptr;
}

const Service* ServiceTable::by_target_prefix(std::string_view prefix) const {
    if (prefix.empty()) return nullptr;
    for (const auto& service : services_) {
        if (service->entry.model->target_prefix == prefix) return service.get();
    }
    return nullptr;
}

const Service* ServiceTable::by_signing_name(std::string_view name) const {
    if (name.empty()) return nullptr;
    for (const auto& service : services_) {
        if (service->entry.model->signing_name == name) return service.get();
    }
    return nullptr;
}

const Service* ServiceTable::by_api_version(std::string_view version) const {
    for (const auto& service : services_) {
        const model::ServiceDescriptor& model = *service->entry.model;
        const bool speaks_query =
            model.protocol == model::Protocol::kQuery || model.query_compatible;
        if (speaks_query && model.api_version == version) return service.get();
    }
    return nullptr;
}

}  // namespace millrace::gateway
