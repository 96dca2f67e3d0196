// S3ObjectStore: S3's buckets for other services (contracts/object_store.h).
// Thread-safety: safe from any thread.
#pragma once

#include "contracts/object_store.h"
#include "services/s3/service.h"

namespace millrace::s3 {

class S3ObjectStore final : public contracts::ObjectStore {
public:
    explicit S3ObjectStore(S3Service& service) : service_(service) {}
    contracts::AuthzRequest ask(contracts::OpContext& context, std::string_view action,
                                std::string_view bucket, std::string_view key) override;
    Result<void> check_bucket(contracts::OpContext& context, std::string_view bucket,
                              std::string_view owner) override;
    Result<contracts::NewObject> prepare(std::string content,
                                         std::string_view content_type) override;
    Result<void> put(contracts::OpContext& context, std::string_view bucket, std::string_view key,
                     const contracts::NewObject& object) override;
    Result<contracts::StoredObject> next(contracts::OpContext& context, std::string_view bucket,
                                         std::string_view prefix, std::string_view after) override;
    Result<contracts::StoredObject> find(contracts::OpContext& context, std::string_view bucket,
                                         std::string_view key) override;
    Result<std::string> read(const Body& body, uint64_t offset, size_t bytes_max) override;

private:
    S3Service& service_;
};

}  // namespace millrace::s3
