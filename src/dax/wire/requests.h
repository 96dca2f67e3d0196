// Requests of the data plane, from their arguments (behind service and method) to DynamoDB's typed
// inputs. Thread-safety: pure functions; calls of the Directory may block.
// Ownership: results own their content, except GetItemRequest, whose views point into the request.
// Errors: ValidationException; what the Directory says.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "dax/wire/cbor.h"
#include "dax/wire/expressions.h"
#include "dax/wire/values.h"
#include "model/generated/dynamodb.h"

namespace millrace::dax {

using KeySchemaRef = std::shared_ptr<const KeySchema>;

// What a client signs: docs of authorizeConnection.
struct AuthorizeRequest {
    std::string access_key_id;
    std::string signature;
    std::string string_to_sign;
    std::optional<std::string> session_token;
};
Result<AuthorizeRequest> decode_authorize(cbor::Reader& reader);

Result<std::string> decode_table_name(cbor::Reader& reader);
// DynamoDB's own limits, checked while decoding, before anything is looked up for what is too much.
inline constexpr size_t kBatchKeysMax = 100;
inline constexpr size_t kBatchWritesMax = 25;
inline constexpr size_t kTransactItemsMax = 100;
// Limits of lists, so that clients with ever new names cannot fill the server.
inline constexpr size_t kListNamesBytesMax = 64 * 1024;
Result<AttributeNames> decode_attribute_names(cbor::Reader& reader);

// The optional parameters of a call.
struct Options {
    std::optional<std::string_view> projection;
    std::optional<std::string_view> condition;
    std::optional<std::string_view> update;
    std::optional<std::string_view> filter;
    std::optional<std::string_view> start_key;
    std::optional<std::string_view> index_name;
    std::optional<std::string_view> token;
    std::optional<int64_t> limit;
    std::optional<int64_t> segment;
    std::optional<int64_t> total_segments;
    bool consistent = false;
    bool forward = true;
    bool count_only = false;
    int64_t capacity = 0;       // 0 NONE, 1 TOTAL, 2 INDEXES
    int64_t metrics = 0;        // 0 NONE, 1 SIZE
    int64_t return_values = 1;  // 1 NONE, 2 ALL_OLD, 3 UPDATED_OLD, 4 ALL_NEW, 5 UPDATED_NEW
};
Result<Options> decode_options(cbor::Reader& reader);

// The hot one: nothing is copied, the key is not decoded.
struct GetItemRequest {
    std::string_view table;
    std::string_view key;
    Options options;
};
Result<GetItemRequest> decode_get_item(cbor::Reader& reader);

struct PutItemRequest {
    KeySchemaRef schema;
    model::dynamodb::PutItemInput input;
};
Result<PutItemRequest> decode_put_item(cbor::Reader& reader, Directory& directory);

struct UpdateItemRequest {
    KeySchemaRef schema;
    model::dynamodb::UpdateItemInput input;
};
Result<UpdateItemRequest> decode_update_item(cbor::Reader& reader, Directory& directory);

struct DeleteItemRequest {
    KeySchemaRef schema;
    model::dynamodb::DeleteItemInput input;
};
Result<DeleteItemRequest> decode_delete_item(cbor::Reader& reader, Directory& directory);

struct QueryRequest {
    KeySchemaRef schema;
    model::dynamodb::QueryInput input;
    std::optional<Projection> projection;
    std::string fingerprint;  // equal for equal requests of one table; without capacity
};
Result<QueryRequest> decode_query(cbor::Reader& reader, Directory& directory);

struct ScanRequest {
    KeySchemaRef schema;
    model::dynamodb::ScanInput input;
    std::optional<Projection> projection;
    std::string fingerprint;
};
Result<ScanRequest> decode_scan(cbor::Reader& reader, Directory& directory);

struct BatchGetTable {
    std::string table;
    KeySchemaRef schema;
    bool consistent = false;
    std::optional<Projection> projection;
    std::vector<item::Item> keys;
};
struct BatchGetItemRequest {
    std::vector<BatchGetTable> tables;
    int64_t capacity = 0;
};
Result<BatchGetItemRequest> decode_batch_get_item(cbor::Reader& reader, Directory& directory);

struct BatchWriteItemRequest {
    std::map<std::string, KeySchemaRef> schemas;
    model::dynamodb::BatchWriteItemInput input;
};
Result<BatchWriteItemRequest> decode_batch_write_item(cbor::Reader& reader, Directory& directory);

struct TransactGetItemsRequest {
    std::vector<KeySchemaRef> schemas;  // one per item
    std::vector<std::optional<Projection>> projections;
    model::dynamodb::TransactGetItemsInput input;
};
Result<TransactGetItemsRequest> decode_transact_get_items(cbor::Reader& reader,
                                                          Directory& directory);

enum class TransactOp : uint8_t { kPut = 2, kDelete = 7, kUpdate = 9, kCheck = 12 };
struct TransactWriteItemsRequest {
    std::vector<KeySchemaRef> schemas;  // one per item
    std::vector<TransactOp> ops;
    std::vector<item::Item> keys;
    model::dynamodb::TransactWriteItemsInput input;
};
Result<TransactWriteItemsRequest> decode_transact_write_items(cbor::Reader& reader,
                                                              Directory& directory);

// "NONE", "TOTAL", "INDEXES"; nothing for 0.
std::optional<std::string> capacity_name(int64_t value);
// Only the key's attributes.
item::Item key_of(const KeySchema& schema, item::ItemView item);

}  // namespace millrace::dax
