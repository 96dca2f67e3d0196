#include "dax/wire/requests.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/bytes.h"
#include "dax/wire/errors.h"
#include "item/errors.h"

namespace millrace::dax {
namespace {

namespace api = model::dynamodb;

// Numbers of the optional parameters.
constexpr int64_t kProjection = 0;
constexpr int64_t kConsistent = 2;
constexpr int64_t kCapacity = 3;
constexpr int64_t kCondition = 4;
constexpr int64_t kMetrics = 6;
constexpr int64_t kReturnValues = 7;
constexpr int64_t kUpdate = 8;
constexpr int64_t kStartKey = 9;
constexpr int64_t kFilter = 10;
constexpr int64_t kIndexName = 11;
constexpr int64_t kLimit = 13;
constexpr int64_t kForward = 14;
constexpr int64_t kSelect = 15;
constexpr int64_t kSegment = 16;
constexpr int64_t kTotalSegments = 17;
constexpr int64_t kToken = 19;

constexpr int64_t kSelectCount = 3;
constexpr int64_t kOnFailureAllOld = 2;

Error malformed() { return item::validation_error("The request is malformed"); }

std::string_view any_string(cbor::Reader& reader) {
    return reader.next_is(cbor::Major::kText) ? reader.text() : reader.bytes();
}

std::optional<std::string> metrics_name(int64_t value) {
    if (value == 1) return "SIZE";
    return std::nullopt;
}

std::optional<std::string> return_values_name(int64_t value) {
    static constexpr const char* kNames[] = {"ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"};
    if (value < 2 || value > 5) return std::nullopt;
    return kNames[value - 2];
}

std::optional<int32_t> small(std::optional<int64_t> value) {
    if (!value) return std::nullopt;
    return static_cast<int32_t>(std::clamp<int64_t>(*value, INT32_MIN, INT32_MAX));
}

template <class Input>
Result<void> add_condition(Input& input, std::optional<std::string_view> condition,
                           Placeholders& placeholders) {
    if (!condition) return {};
    MR_TRY(input.condition_expression, print_condition(*condition, placeholders));
    return {};
}

template <class Input>
void add_placeholders(Input& input, Placeholders& placeholders) {
    input.expression_attribute_names = placeholders.names();
    if constexpr (requires { input.expression_attribute_values; })
        input.expression_attribute_values = placeholders.values();
}

// What PutItem, UpdateItem and DeleteItem end with.
template <class Input>
Result<void> finish_write(Input& input, const Options& options, Placeholders& placeholders) {
    MR_CHECK_OK(add_condition(input, options.condition, placeholders));
    add_placeholders(input, placeholders);
    input.return_values = return_values_name(options.return_values);
    input.return_consumed_capacity = capacity_name(options.capacity);
    input.return_item_collection_metrics = metrics_name(options.metrics);
    return {};
}

Result<item::Item> read_start_key(const KeySchema& schema, std::string_view bytes, bool index) {
    if (!index) return read_key(schema, bytes);
    cbor::Reader reader(bytes);
    item::ItemBuilder key;
    std::string flat;
    for (auto all = reader.map(); reader.more(all);) {
        const std::string_view name = reader.text();
        flat.clear();
        MR_CHECK_OK(read_value(reader, flat));
        key.set(name, item::ValueView::at(flat));
    }
    if (!reader.ok() || !reader.at_end())
        return item::validation_error("The provided starting key is invalid");
    return key.build();
}

void append_field(std::string& out, const std::optional<std::string>& text) {
    append_u8(out, text ? 1 : 0);
    append_bytes(out, text.value_or(""));
}
void append_field(std::string& out, std::optional<int32_t> number) {
    append_u8(out, number ? 1 : 0);
    append_u32(out, static_cast<uint32_t>(number.value_or(0)));
}

// What Query and Scan have in common.
template <class Request>
Result<void> fill_range(Request& request, const Options& options, Placeholders& placeholders) {
    auto& input = request.input;
    if (options.projection) {
        MR_TRY(request.projection, parse_projection(*options.projection));
        input.projection_expression = request.projection->print(placeholders);
    }
    if (options.filter) {
        MR_TRY(input.filter_expression, print_condition(*options.filter, placeholders));
    }
    if (options.index_name) input.index_name = std::string(*options.index_name);
    if (options.start_key) {
        MR_TRY(input.exclusive_start_key,
               read_start_key(*request.schema, *options.start_key, options.index_name.has_value()));
    }
    input.limit = small(options.limit);
    if (options.count_only) input.select = "COUNT";
    if (options.consistent) input.consistent_read = true;
    add_placeholders(input, placeholders);

    std::string& print = request.fingerprint;
    append_field(print, input.index_name);
    append_field(print, input.filter_expression);
    append_field(print, input.limit);
    append_u8(print, options.count_only ? 1 : 0);
    append_bytes(print, options.projection.value_or(""));
    append_bytes(print, input.exclusive_start_key ? input.exclusive_start_key->bytes() : "");
    if (input.expression_attribute_names) append_map(print, *input.expression_attribute_names);
    if (input.expression_attribute_values) print += input.expression_attribute_values->bytes();
    input.return_consumed_capacity = capacity_name(options.capacity);
    return {};
}

// The elements of an argument that has one entry per item of a transaction; null: nothing in each.
Result<std::vector<std::optional<std::string_view>>> read_column(cbor::Reader& reader,
                                                                 size_t count) {
    std::vector<std::optional<std::string_view>> column;
    if (reader.take_null()) {
        column.resize(count);
        return column;
    }
    for (auto all = reader.array(); reader.more(all);) {
        if (column.size() == kTransactItemsMax) break;
        column.push_back(reader.bytes_or_null());
    }
    if (!reader.ok() || column.size() != count) return malformed();
    return column;
}

Error batch_too_large(std::string_view operation) {
    return item::validation_error(
        fmt::format("Too many items requested for the {} call", operation));
}

Error too_many(size_t max) {
    return item::validation_error(
        fmt::format("1 validation error detected: Value at 'transactItems' failed to satisfy "
                    "constraint: Member must have length less than or equal to {}",
                    max));
}

template <class Action>
Result<void> fill_action(Action& action, std::optional<std::string_view> condition,
                         std::string_view table, bool all_old, Placeholders& placeholders) {
    action.table_name = std::string(table);
    if (all_old) action.return_values_on_condition_check_failure = "ALL_OLD";
    MR_CHECK_OK(add_condition(action, condition, placeholders));
    add_placeholders(action, placeholders);
    return {};
}

}  // namespace

std::optional<std::string> capacity_name(int64_t value) {
    if (value == 1) return "TOTAL";
    if (value == 2) return "INDEXES";
    return std::nullopt;
}

item::Item key_of(const KeySchema& schema, item::ItemView item) {
    item::ItemBuilder key;
    if (const item::ValueView hash = item.find(schema.hash.name)) key.set(schema.hash.name, hash);
    if (schema.sort) {
        if (const item::ValueView sort = item.find(schema.sort->name))
            key.set(schema.sort->name, sort);
    }
    return key.build();
}

Result<AuthorizeRequest> decode_authorize(cbor::Reader& reader) {
    AuthorizeRequest request;
    request.access_key_id = reader.text();
    request.signature = reader.text();
    request.string_to_sign = any_string(reader);
    if (!reader.take_null()) request.session_token = std::string(reader.text());
    if (!reader.take_null()) (void)reader.text();
    if (!reader.ok()) return malformed();
    return request;
}

Result<std::string> decode_table_name(cbor::Reader& reader) {
    std::string name(any_string(reader));
    if (!reader.ok() || name.empty()) return malformed();
    return name;
}

Result<AttributeNames> decode_attribute_names(cbor::Reader& reader) {
    // One client tags the list as a set of strings.
    if (reader.next_is(cbor::Major::kTag)) (void)reader.take_head();
    AttributeNames names;
    size_t bytes = 0;
    for (auto all = reader.array(); reader.more(all);) {
        names.emplace_back(reader.text());
        bytes += names.back().size() + 1;
        if (bytes > kListNamesBytesMax)
            return item::validation_error("Item size has exceeded the maximum allowed size");
    }
    if (!reader.ok()) return malformed();
    return names;
}

Result<Options> decode_options(cbor::Reader& reader) {
    Options options;
    if (reader.take_null()) return options;
    for (auto all = reader.map(); reader.more(all);) {
        switch (reader.integer()) {
            case kProjection:
                options.projection = any_string(reader);
                break;
            case kConsistent:
                options.consistent = reader.boolean();
                break;
            case kCapacity:
                options.capacity = reader.integer();
                break;
            case kCondition:
                // Sent twice by one client, first as text: the last counts.
                options.condition = any_string(reader);
                break;
            case kMetrics:
                options.metrics = reader.integer();
                break;
            case kReturnValues:
                options.return_values = reader.integer();
                break;
            case kUpdate:
                options.update = any_string(reader);
                break;
            case kStartKey:
                options.start_key = any_string(reader);
                break;
            case kFilter:
                options.filter = any_string(reader);
                break;
            case kIndexName:
                options.index_name = any_string(reader);
                break;
            case kLimit:
                options.limit = reader.integer();
                break;
            case kForward:
                options.forward = reader.boolean();
                break;
            case kSelect:
                // All other values mean what DynamoDB does without one.
                options.count_only = reader.integer() == kSelectCount;
                break;
            case kSegment:
                options.segment = reader.integer();
                break;
            case kTotalSegments:
                options.total_segments = reader.integer();
                break;
            case kToken:
                options.token = any_string(reader);
                break;
            default:
                (void)reader.item();
        }
    }
    if (!reader.ok()) return malformed();
    return options;
}

Result<GetItemRequest> decode_get_item(cbor::Reader& reader) {
    GetItemRequest request;
    request.table = any_string(reader);
    request.key = reader.bytes();
    MR_TRY(request.options, decode_options(reader));
    return request;
}

Result<PutItemRequest> decode_put_item(cbor::Reader& reader, Directory& directory) {
    PutItemRequest request;
    MR_TRY(std::string table, decode_table_name(reader));
    const std::string_view key_bytes = reader.bytes();
    const std::string_view value = reader.bytes();
    MR_TRY(const Options options, decode_options(reader));
    MR_TRY(request.schema, directory.key_schema(table));
    MR_TRY(const item::Item key, read_key(*request.schema, key_bytes));
    MR_TRY(request.input.item, read_item(directory, key, value));
    request.input.table_name = std::move(table);
    Placeholders placeholders;
    MR_CHECK_OK(finish_write(request.input, options, placeholders));
    return request;
}

Result<UpdateItemRequest> decode_update_item(cbor::Reader& reader, Directory& directory) {
    UpdateItemRequest request;
    MR_TRY(std::string table, decode_table_name(reader));
    const std::string_view key_bytes = reader.bytes();
    MR_TRY(const Options options, decode_options(reader));
    MR_TRY(request.schema, directory.key_schema(table));
    MR_TRY(request.input.key, read_key(*request.schema, key_bytes));
    request.input.table_name = std::move(table);
    Placeholders placeholders;
    if (options.update) {
        MR_TRY(request.input.update_expression, print_update(*options.update, placeholders));
    }
    MR_CHECK_OK(finish_write(request.input, options, placeholders));
    return request;
}

Result<DeleteItemRequest> decode_delete_item(cbor::Reader& reader, Directory& directory) {
    DeleteItemRequest request;
    MR_TRY(std::string table, decode_table_name(reader));
    const std::string_view key_bytes = reader.bytes();
    MR_TRY(const Options options, decode_options(reader));
    MR_TRY(request.schema, directory.key_schema(table));
    MR_TRY(request.input.key, read_key(*request.schema, key_bytes));
    request.input.table_name = std::move(table);
    Placeholders placeholders;
    MR_CHECK_OK(finish_write(request.input, options, placeholders));
    return request;
}

Result<QueryRequest> decode_query(cbor::Reader& reader, Directory& directory) {
    QueryRequest request;
    MR_TRY(std::string table, decode_table_name(reader));
    const std::optional<std::string_view> condition = reader.bytes_or_null();
    MR_TRY(const Options options, decode_options(reader));
    MR_TRY(request.schema, directory.key_schema(table));
    request.input.table_name = std::move(table);
    Placeholders placeholders;
    if (!condition)
        return item::validation_error(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
            "request.");
    MR_TRY(request.input.key_condition_expression, print_condition(*condition, placeholders));
    if (!options.forward) request.input.scan_index_forward = false;
    append_u8(request.fingerprint, options.forward ? 'q' : 'r');
    append_bytes(request.fingerprint, *request.input.key_condition_expression);
    MR_CHECK_OK(fill_range(request, options, placeholders));
    return request;
}

Result<ScanRequest> decode_scan(cbor::Reader& reader, Directory& directory) {
    ScanRequest request;
    MR_TRY(std::string table, decode_table_name(reader));
    MR_TRY(const Options options, decode_options(reader));
    MR_TRY(request.schema, directory.key_schema(table));
    request.input.table_name = std::move(table);
    request.input.segment = small(options.segment);
    request.input.total_segments = small(options.total_segments);
    append_u8(request.fingerprint, 's');
    append_field(request.fingerprint, request.input.segment);
    append_field(request.fingerprint, request.input.total_segments);
    Placeholders placeholders;
    MR_CHECK_OK(fill_range(request, options, placeholders));
    return request;
}

Result<BatchGetItemRequest> decode_batch_get_item(cbor::Reader& reader, Directory& directory) {
    BatchGetItemRequest request;
    size_t count = 0;
    for (auto tables = reader.map(); reader.more(tables);) {
        if (request.tables.size() == kBatchKeysMax) return batch_too_large("BatchGetItem");
        MR_TRY(std::string name, decode_table_name(reader));
        for (const BatchGetTable& other : request.tables) {
            if (other.table == name) return errors::table_twice();
        }
        BatchGetTable& table = request.tables.emplace_back();
        table.table = std::move(name);
        MR_TRY(table.schema, directory.key_schema(table.table));
        if (!reader.array_of(3)) break;
        table.consistent = reader.boolean();
        if (const auto projection = reader.bytes_or_null()) {
            MR_TRY(table.projection, parse_projection(*projection));
        }
        for (auto keys = reader.array(); reader.more(keys);) {
            if (count++ == kBatchKeysMax) return batch_too_large("BatchGetItem");
            MR_TRY(item::Item key, read_key(*table.schema, reader.bytes()));
            table.keys.push_back(std::move(key));
        }
    }
    if (!reader.ok()) return malformed();
    MR_TRY(const Options options, decode_options(reader));
    request.capacity = options.capacity;
    return request;
}

Result<BatchWriteItemRequest> decode_batch_write_item(cbor::Reader& reader, Directory& directory) {
    BatchWriteItemRequest request;
    auto& items = request.input.request_items.emplace();
    size_t count = 0;
    for (auto tables = reader.map(); reader.more(tables);) {
        if (items.size() == kBatchWritesMax) return batch_too_large("BatchWriteItem");
        MR_TRY(const std::string table, decode_table_name(reader));
        if (items.contains(table)) return errors::table_twice();
        MR_TRY(const KeySchemaRef schema, directory.key_schema(table));
        request.schemas[table] = schema;
        std::vector<api::WriteRequest>& writes = items[table];
        for (auto entries = reader.array(); reader.more(entries);) {
            if (count++ == kBatchWritesMax) return batch_too_large("BatchWriteItem");
            MR_TRY(item::Item key, read_key(*schema, reader.bytes()));
            if (!reader.more(entries)) break;
            api::WriteRequest& write = writes.emplace_back();
            if (const auto value = reader.bytes_or_null()) {
                MR_TRY(write.put_request.emplace().item, read_item(directory, key, *value));
            } else {
                write.delete_request.emplace().key = std::move(key);
            }
        }
    }
    if (!reader.ok()) return malformed();
    MR_TRY(const Options options, decode_options(reader));
    request.input.return_consumed_capacity = capacity_name(options.capacity);
    request.input.return_item_collection_metrics = metrics_name(options.metrics);
    return request;
}

Result<TransactGetItemsRequest> decode_transact_get_items(cbor::Reader& reader,
                                                          Directory& directory) {
    TransactGetItemsRequest request;
    auto& items = request.input.transact_items.emplace();
    for (auto tables = reader.array(); reader.more(tables);) {
        if (items.size() == kTransactItemsMax) return too_many(kTransactItemsMax);
        MR_TRY(std::string table, decode_table_name(reader));
        MR_TRY(KeySchemaRef schema, directory.key_schema(table));
        request.schemas.push_back(std::move(schema));
        items.emplace_back().get.emplace().table_name = std::move(table);
    }
    if (!reader.ok()) return malformed();
    MR_TRY(const auto keys, read_column(reader, items.size()));
    MR_TRY(const auto projections, read_column(reader, items.size()));
    MR_TRY(const Options options, decode_options(reader));
    for (size_t i = 0; i < items.size(); ++i) {
        api::Get& get = *items[i].get;
        if (!keys[i]) return malformed();
        MR_TRY(get.key, read_key(*request.schemas[i], *keys[i]));
        std::optional<Projection>& projection = request.projections.emplace_back();
        if (!projections[i]) continue;
        MR_TRY(projection, parse_projection(*projections[i]));
        Placeholders placeholders;
        get.projection_expression = projection->print(placeholders);
        add_placeholders(get, placeholders);
    }
    request.input.return_consumed_capacity = capacity_name(options.capacity);
    return request;
}

Result<TransactWriteItemsRequest> decode_transact_write_items(cbor::Reader& reader,
                                                              Directory& directory) {
    TransactWriteItemsRequest request;
    for (auto all = reader.array(); reader.more(all);) {
        if (request.ops.size() == kTransactItemsMax) return too_many(kTransactItemsMax);
        request.ops.push_back(static_cast<TransactOp>(reader.integer()));
    }
    const size_t count = request.ops.size();
    MR_TRY(const auto tables, read_column(reader, count));
    MR_TRY(const auto keys, read_column(reader, count));
    MR_TRY(const auto values, read_column(reader, count));
    (void)reader.item();  // return values: always null
    std::vector<bool> all_old(count);
    if (!reader.take_null()) {
        size_t i = 0;
        for (auto all = reader.array(); reader.more(all); ++i) {
            const bool wanted = !reader.take_null() && reader.integer() == kOnFailureAllOld;
            if (i == count) return malformed();
            all_old[i] = wanted;
        }
    }
    MR_TRY(const auto conditions, read_column(reader, count));
    MR_TRY(const auto updates, read_column(reader, count));
    MR_TRY(const Options options, decode_options(reader));
    auto& items = request.input.transact_items.emplace(count);
    for (size_t i = 0; i < count; ++i) {
        if (!tables[i] || !keys[i]) return malformed();
        MR_TRY(KeySchemaRef schema, directory.key_schema(*tables[i]));
        MR_TRY(item::Item key, read_key(*schema, *keys[i]));
        Placeholders placeholders;
        switch (request.ops[i]) {
            case TransactOp::kPut: {
                api::Put& put = items[i].put.emplace();
                if (!values[i]) return malformed();
                MR_TRY(put.item, read_item(directory, key, *values[i]));
                MR_CHECK_OK(fill_action(put, conditions[i], *tables[i], all_old[i], placeholders));
                break;
            }
            case TransactOp::kDelete: {
                api::Delete& erase = items[i].delete_.emplace();
                erase.key = key;
                MR_CHECK_OK(
                    fill_action(erase, conditions[i], *tables[i], all_old[i], placeholders));
                break;
            }
            case TransactOp::kUpdate: {
                api::Update& update = items[i].update.emplace();
                update.key = key;
                if (!updates[i]) return malformed();
                MR_TRY(update.update_expression, print_update(*updates[i], placeholders));
                MR_CHECK_OK(
                    fill_action(update, conditions[i], *tables[i], all_old[i], placeholders));
                break;
            }
            case TransactOp::kCheck: {
                api::ConditionCheck& check = items[i].condition_check.emplace();
                check.key = key;
                MR_CHECK_OK(
                    fill_action(check, conditions[i], *tables[i], all_old[i], placeholders));
                break;
            }
            default:
                return malformed();
        }
        request.schemas.push_back(std::move(schema));
        request.keys.push_back(std::move(key));
    }
    request.input.return_consumed_capacity = capacity_name(options.capacity);
    request.input.return_item_collection_metrics = metrics_name(options.metrics);
    if (options.token) request.input.client_request_token = std::string(*options.token);
    return request;
}

}  // namespace millrace::dax
