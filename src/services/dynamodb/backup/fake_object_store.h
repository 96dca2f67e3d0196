// For tests: buckets in memory. Puts take effect with their transaction. Thread-safety: one test.
#pragma once

#include <map>
#include <string>

#include "codec/digest.h"
#include "codec/hex.h"
#include "contracts/object_store.h"
#include "services/dynamodb/errors.h"

namespace millrace::dynamodb::testing {

class FakeObjectStore final : public contracts::ObjectStore {
public:
    using Bucket = std::map<std::string, std::string>;
    std::map<std::string, Bucket, std::less<>> buckets;

    contracts::AuthzRequest ask(contracts::OpContext& context, std::string_view action,
                                std::string_view bucket, std::string_view key) override {
        contracts::AuthzRequest request;
        request.action = action;
        request.resource = "arn:aws:s3:::" + std::string(bucket);
        if (!key.empty()) request.resource.append("/").append(key);
        request.resource_account = context.account();
        return request;
    }
    Result<void> check_bucket(contracts::OpContext&, std::string_view bucket,
                              std::string_view) override {
        if (buckets.find(bucket) != buckets.end()) return {};
        return errors::make("NoSuchBucket", "The specified bucket does not exist");
    }
    Result<contracts::NewObject> prepare(std::string content, std::string_view type) override {
        contracts::NewObject object;
        object.md5 = codec::md5(content);
        object.body.bytes = std::move(content);
        object.content_type = type;
        return object;
    }
    Result<void> put(contracts::OpContext& context, std::string_view bucket, std::string_view key,
                     const contracts::NewObject& object) override {
        context.txn().on_commit(
            [this, bucket = std::string(bucket), key = std::string(key),
             bytes = object.body.bytes](store::Version) { buckets[bucket][key] = bytes; });
        return {};
    }
    Result<contracts::StoredObject> next(contracts::OpContext&, std::string_view bucket,
                                         std::string_view prefix, std::string_view after) override {
        for (const auto& [key, bytes] : buckets.find(bucket)->second) {
            if (key > after && key.starts_with(prefix)) return show(key, bytes);
        }
        return contracts::StoredObject{};
    }
    Result<contracts::StoredObject> find(contracts::OpContext&, std::string_view bucket,
                                         std::string_view key) override {
        const Bucket& objects = buckets.find(bucket)->second;
        const auto found = objects.find(std::string(key));
        if (found == objects.end())
            return errors::make("NoSuchKey", "The specified key does not exist.");
        return show(found->first, found->second);
    }
    Result<std::string> read(const Body& body, uint64_t offset, size_t bytes_max) override {
        return offset < body.bytes.size() ? body.bytes.substr(offset, bytes_max) : std::string();
    }

private:
    static contracts::StoredObject show(const std::string& key, const std::string& bytes) {
        contracts::StoredObject object;
        object.key = key;
        object.etag = codec::hex_encode(codec::md5(bytes));
        object.body.bytes = bytes;
        return object;
    }
};

}  // namespace millrace::dynamodb::testing
