// Answers of the data plane, from DynamoDB's typed outputs. Each function appends the status and
// the payload. Thread-safety: pure functions; calls of the Directory may block.
// The maps that clients need to be open-ended, the floats and the absent parameters are as the
// clients require; nothing that a client did not ask for is sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "dax/wire/expressions.h"
#include "dax/wire/requests.h"
#include "dax/wire/values.h"
#include "model/generated/dynamodb.h"

namespace millrace::dax {

inline void append_success(std::string& out) { out.push_back('\x80'); }

struct Endpoint {
    int64_t node_id = 0;
    std::string host;
    std::string address;  // 4 or 16 bytes, network order
    uint16_t port = 0;
    bool leader = true;
    std::string availability_zone;
    int64_t leader_session = 0;
};
void encode_endpoints(std::string& out, const std::vector<Endpoint>& endpoints);
void encode_key_schema(std::string& out, const KeySchema& schema);
void encode_attribute_names(std::string& out, const AttributeNames& names);

using Capacity = std::optional<model::dynamodb::ConsumedCapacity>;

// From what the item cache keeps: list id and values. Empty: no such item.
void encode_stored_item(std::string& out, std::string_view value, const Capacity& capacity);
// The paths of the projection that lead somewhere. No item: there is none.
void encode_projected_item(std::string& out, const std::optional<item::Item>& item,
                           const Projection& projection, const Capacity& capacity);

// `updated_only`: attributes are those of UPDATED_OLD or UPDATED_NEW.
Result<void> encode_write(std::string& out, Directory& directory, const KeySchema& schema,
                          const std::optional<item::Item>& attributes, bool updated_only,
                          const Capacity& capacity,
                          const std::optional<model::dynamodb::ItemCollectionMetrics>& metrics);

// An answer of Query or Scan without its end, which finish_page adds: what the query cache keeps.
struct PageParts {
    const KeySchema& schema;
    const std::optional<Projection>& projection;
    bool count_only = false;
    bool index = false;
};
Result<void> encode_page(std::string& out, Directory& directory, const PageParts& parts,
                         const std::optional<std::vector<item::Item>>& items, int32_t count,
                         int32_t scanned_count, const std::optional<item::Item>& last_key);
void finish_page(std::string& out, const Capacity& capacity);

// One table's part of a BatchGetItem answer; the same order as the request's.
struct BatchGetAnswer {
    std::vector<item::Item> items;
    std::vector<item::Item> unprocessed;
};
Result<void> encode_batch_get(
    std::string& out, Directory& directory, const BatchGetItemRequest& request,
    const std::vector<BatchGetAnswer>& answers,
    const std::optional<std::vector<model::dynamodb::ConsumedCapacity>>& capacity);
Result<void> encode_batch_write(std::string& out, Directory& directory,
                                const BatchWriteItemRequest& request,
                                const model::dynamodb::BatchWriteItemOutput& output);
Result<void> encode_transact_get(std::string& out, Directory& directory,
                                 const TransactGetItemsRequest& request,
                                 const model::dynamodb::TransactGetItemsOutput& output);
void encode_transact_write(std::string& out,
                           const model::dynamodb::TransactWriteItemsOutput& output);

// Frames of layering 1: `message` as one frame.
void append_frame(std::string& out, std::string_view message);

}  // namespace millrace::dax
