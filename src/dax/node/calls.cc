#include "dax/node/calls.h"

#include <ranges>
#include <set>

#include "dax/wire/errors.h"
#include "dax/wire/expressions.h"

namespace millrace::dax {
namespace {

namespace api = model::dynamodb;

constexpr int kRequestIdDigits = 32;
// How often what a batch left undone is tried again: clients cope badly with it.
constexpr int kBatchRoundsMax = 5;

CachedBytes make_bytes(std::string bytes) {
    return std::make_shared<const std::string>(std::move(bytes));
}

// Did the upstream refuse before it wrote anything?
bool refused(const Error& error) { return error.http_status / 100 == 4; }

void append(std::optional<std::vector<api::ConsumedCapacity>>& sum,
            std::optional<std::vector<api::ConsumedCapacity>>& part) {
    if (!part) return;
    if (!sum) sum.emplace();
    for (api::ConsumedCapacity& one : *part) sum->push_back(std::move(one));
}

}  // namespace

// The items of one request that are being written. Those that nobody finished or cancelled leave
// nothing in the cache: whether they were written is not known.
class Calls::OpenWrites {
public:
    explicit OpenWrites(Cache& cache) : cache_(cache) {}
    ~OpenWrites() { finish(std::vector<CachedBytes>(writes_.size())); }
    OpenWrites(const OpenWrites&) = delete;
    OpenWrites& operator=(const OpenWrites&) = delete;
    void begin(std::string_view key) { writes_.push_back(cache_.begin_write(key)); }
    // In the order in which they began. What is written and known gets into the cache here only.
    void finish(const std::vector<CachedBytes>& images) {
        for (size_t i = 0; i < writes_.size(); ++i)
            cache_.finish_write(std::move(writes_[i]), images[i]);
        writes_.clear();
    }
    // A part of them is in the table: a later refusal leaves the outcome open.
    void applied() { applied_ = true; }
    void cancel() {
        if (applied_) return;
        for (Cache::Write& write : writes_) cache_.cancel_write(std::move(write));
        writes_.clear();
    }

private:
    Cache& cache_;
    std::vector<Cache::Write> writes_;
    bool applied_ = false;
};

Result<TableInfoRef> Calls::table_info(std::string_view name) {
    for (const auto& [known, info] : tables_) {
        if (known == name) return info;
    }
    MR_TRY(TableInfoRef info, node_.tables().find(name, info_));
    tables_.emplace_back(name, info);
    return info;
}
Result<std::shared_ptr<const KeySchema>> Calls::key_schema(std::string_view table_name) {
    MR_TRY(const TableInfoRef info, table_info(table_name));
    return info->schema;
}
Result<AttributeNamesRef> Calls::names(int64_t list_id) { return node_.lists().names(list_id); }
Result<int64_t> Calls::list_id(const AttributeNames& names) {
    return node_.lists().id_of(names, info_.account_id);
}

template <class Output, class Input>
Result<Output> Calls::upstream(std::string_view operation, Input input) {
    return node_.parts().upstream.call<Output>(operation, info_, std::move(input));
}

template <class Input>
Result<void> Calls::check_caller(std::string_view operation, const Input& input) {
    if (caller_ == nullptr) return {};
    return node_.parts().upstream.check(operation, *caller_, Input(input));
}

template <class Output, class Input>
Result<Output> Calls::write(std::string_view operation, Input input, OpenWrites& writes) {
    if (Result<void> may = check_caller(operation, input); !may) {
        writes.cancel();
        return std::move(may.error());
    }
    auto output = upstream<Output>(operation, std::move(input));
    if (output) {
        writes.applied();
    } else if (refused(output.error())) {
        writes.cancel();
    }
    return output;
}

Result<std::string> Calls::cache_key(std::string_view table_name, item::ItemView item) {
    MR_TRY(const TableInfoRef info, table_info(table_name));
    std::string key = info->identity;
    item::append_key(key, item.find(info->schema->hash.name));
    if (info->schema->sort) item::append_key(key, item.find(info->schema->sort->name));
    return key;
}

template <class Names>
Result<void> Calls::check_tables_differ(const Names& names) {
    std::set<std::string> identities;
    for (const std::string& name : names) {
        MR_TRY(const TableInfoRef info, table_info(name));
        if (!identities.insert(info->identity).second) return errors::table_twice();
    }
    return {};
}

CachedBytes Calls::stored_form(const KeySchema& schema, item::ItemView item) {
    std::string bytes;
    if (!append_item(bytes, *this, schema, item)) return nullptr;
    return make_bytes(std::move(bytes));
}

void Calls::answer_error(std::string& out, const Error& error) {
    out.clear();
    errors::encode(out, error, node_.parts().rng.hex(kRequestIdDigits),
                   transaction_ ? &*transaction_ : nullptr, this);
}

void Calls::answer(std::string& out, Method method, std::string_view arguments, const Allow& allow,
                   const std::function<void()>& done) {
    cbor::Reader reader(arguments);
    const Result<bool> answered = dispatch(out, method, reader, allow, done);
    if (answered && !*answered) return;
    if (!answered) answer_error(out, answered.error());
    done();
}

Result<bool> Calls::dispatch(std::string& out, Method method, cbor::Reader& reader,
                             const Allow& allow, const std::function<void()>& done) {
    Result<void> answered = errors::unknown_method();
    switch (method) {
        case Method::kQuery: {
            MR_TRY(QueryRequest request, decode_query(reader, *this));
            return page<api::QueryOutput>(out, request, "Query", done);
        }
        case Method::kScan: {
            MR_TRY(ScanRequest request, decode_scan(reader, *this));
            return page<api::ScanOutput>(out, request, "Scan", done);
        }
        case Method::kDefineKeySchema:
        case Method::kDefineAttributeListId:
        case Method::kDefineAttributeList:
            answered = define(out, method, reader);
            break;
        case Method::kGetItem:
            answered = get_item(out, reader);
            break;
        case Method::kPutItem:
            answered = put_item(out, reader);
            break;
        case Method::kUpdateItem:
            answered = update_item(out, reader);
            break;
        case Method::kDeleteItem:
            answered = delete_item(out, reader);
            break;
        case Method::kBatchGetItem:
            answered = batch_get_item(out, reader);
            break;
        case Method::kBatchWriteItem:
            answered = batch_write_item(out, reader);
            break;
        case Method::kTransactGetItems:
            answered = transact_get_items(out, reader);
            break;
        case Method::kTransactWriteItems:
            answered = transact_write_items(out, reader, allow);
            break;
        case Method::kAuthorizeConnection:
        case Method::kEndpoints:
            break;
    }
    MR_CHECK_OK(std::move(answered));
    return true;
}

Result<void> Calls::define(std::string& out, Method method, cbor::Reader& reader) {
    if (method == Method::kDefineKeySchema) {
        MR_TRY(const std::string name, decode_table_name(reader));
        MR_TRY(const auto schema, key_schema(name));
        encode_key_schema(out, *schema);
    } else if (method == Method::kDefineAttributeListId) {
        MR_TRY(const AttributeNames wanted, decode_attribute_names(reader));
        MR_TRY(const int64_t id, list_id(wanted));
        append_success(out);
        cbor::append_int(out, id);
    } else {
        const int64_t id = reader.integer();
        if (!reader.ok()) return errors::unknown_list();
        MR_TRY(const AttributeNamesRef list, names(id));
        encode_attribute_names(out, *list);
    }
    return {};
}

// ---- Single items ----

Result<CachedBytes> Calls::read_item_bytes(const GetItemRequest& request, const TableInfo& table,
                                           Capacity& capacity) {
    api::GetItemInput input;
    input.table_name = std::string(request.table);
    MR_TRY(input.key, read_key(*table.schema, request.key));
    if (request.options.consistent) input.consistent_read = true;
    input.return_consumed_capacity = capacity_name(request.options.capacity);
    MR_TRY(api::GetItemOutput output, upstream<api::GetItemOutput>("GetItem", std::move(input)));
    capacity = std::move(output.consumed_capacity);
    std::string bytes;
    if (output.item) {
        MR_CHECK_OK(append_item(bytes, *this, *table.schema, *output.item));
    }
    return make_bytes(std::move(bytes));
}

bool Calls::answers_at_once(const GetItemRequest& request, const std::string& stored) {
    if (!request.options.projection || stored.empty()) return true;
    return node_.lists().in_memory(cbor::Reader(stored).integer());
}

Result<void> Calls::answer_item(std::string& out, const GetItemRequest& request,
                                const TableInfo& table, const std::string& stored,
                                const Capacity& capacity) {
    if (!request.options.projection) {
        encode_stored_item(out, stored, capacity);
        return {};
    }
    MR_TRY(const Projection projection, parse_projection(*request.options.projection));
    std::optional<item::Item> item;
    if (!stored.empty()) {
        MR_TRY(const item::Item key, read_key(*table.schema, request.key));
        MR_TRY(item, read_item(*this, key, stored));
    }
    encode_projected_item(out, item, projection, capacity);
    return {};
}

Result<void> Calls::check_get_item(const GetItemRequest& request, const TableInfo& table) {
    api::GetItemInput input;
    input.table_name = std::string(request.table);
    MR_TRY(input.key, read_key(*table.schema, request.key));
    if (request.options.projection) {
        MR_TRY(const Projection projection, parse_projection(*request.options.projection));
        Placeholders placeholders;
        input.projection_expression = projection.print(placeholders);
        input.expression_attribute_names = placeholders.names();
    }
    return check_caller("GetItem", input);
}

// Strongly consistent: past the cache, and not kept.
Result<void> Calls::get_item(std::string& out, cbor::Reader& reader) {
    MR_TRY(const GetItemRequest request, decode_get_item(reader));
    MR_TRY(const TableInfoRef info, table_info(request.table));
    if (caller_ != nullptr) MR_CHECK_OK(check_get_item(request, *info));
    Capacity capacity;
    MR_TRY(const CachedBytes stored, read_item_bytes(request, *info, capacity));
    return answer_item(out, request, *info, *stored, capacity);
}

Result<void> Calls::put_item(std::string& out, cbor::Reader& reader) {
    MR_TRY(PutItemRequest request, decode_put_item(reader, *this));
    const KeySchema& schema = *request.schema;
    MR_TRY(const std::string key, cache_key(*request.input.table_name, *request.input.item));
    const CachedBytes image = stored_form(schema, *request.input.item);
    OpenWrites writes(node_.items());
    writes.begin(key);
    MR_TRY(const auto output,
           write<api::PutItemOutput>("PutItem", std::move(request.input), writes));
    writes.finish({image});
    return encode_write(out, *this, schema, output.attributes, false, output.consumed_capacity,
                        output.item_collection_metrics);
}

Result<void> Calls::update_item(std::string& out, cbor::Reader& reader) {
    MR_TRY(UpdateItemRequest request, decode_update_item(reader, *this));
    const KeySchema& schema = *request.schema;
    MR_TRY(const std::string key, cache_key(*request.input.table_name, *request.input.key));
    // The new item is wanted for the cache, whoever else wants it. Where the client wants something
    // else, what the cache has only goes.
    const std::string wanted = request.input.return_values.value_or("NONE");
    const bool whole = wanted == "NONE" || wanted == "ALL_NEW";
    if (whole) request.input.return_values = "ALL_NEW";
    OpenWrites writes(node_.items());
    writes.begin(key);
    MR_TRY(auto output,
           write<api::UpdateItemOutput>("UpdateItem", std::move(request.input), writes));
    writes.finish({whole && output.attributes ? stored_form(schema, *output.attributes) : nullptr});
    if (wanted == "NONE") output.attributes.reset();
    return encode_write(out, *this, schema, output.attributes, wanted.starts_with("UPDATED"),
                        output.consumed_capacity, output.item_collection_metrics);
}

Result<void> Calls::delete_item(std::string& out, cbor::Reader& reader) {
    MR_TRY(DeleteItemRequest request, decode_delete_item(reader, *this));
    const KeySchema& schema = *request.schema;
    MR_TRY(const std::string key, cache_key(*request.input.table_name, *request.input.key));
    OpenWrites writes(node_.items());
    writes.begin(key);
    MR_TRY(const auto output,
           write<api::DeleteItemOutput>("DeleteItem", std::move(request.input), writes));
    writes.finish({make_bytes({})});
    return encode_write(out, *this, schema, output.attributes, false, output.consumed_capacity,
                        output.item_collection_metrics);
}

// ---- Query and Scan ----

template <class Output, class Request>
Result<CachedBytes> Calls::read_page(Request& request, std::string_view operation,
                                     Capacity& capacity) {
    const PageParts parts{*request.schema, request.projection, request.input.select == "COUNT",
                          request.input.index_name.has_value()};
    MR_TRY(Output output, upstream<Output>(operation, std::move(request.input)));
    capacity = std::move(output.consumed_capacity);
    std::string bytes;
    MR_CHECK_OK(encode_page(bytes, *this, parts, output.items, output.count.value_or(0),
                            output.scanned_count.value_or(0), output.last_evaluated_key));
    return make_bytes(std::move(bytes));
}

template <class Output, class Request>
Result<bool> Calls::page(std::string& out, Request& request, std::string_view operation,
                         const std::function<void()>& done) {
    MR_CHECK_OK(check_caller(operation, request.input));
    Capacity capacity;
    CachedBytes bytes;
    if (request.input.consistent_read.value_or(false)) {
        MR_TRY(bytes, read_page<Output>(request, operation, capacity));
    } else {
        MR_TRY(const TableInfoRef info, table_info(*request.input.table_name));
        Cache::Read read;
        const Cache::Found found =
            node_.queries().find_or_read(info->identity + request.fingerprint, bytes, read,
                                         [this, &out, done](const Result<CachedBytes>& joined) {
                                             if (joined) {
                                                 out += **joined;
                                                 finish_page(out, {});
                                             } else {
                                                 answer_error(out, joined.error());
                                             }
                                             done();
                                         });
        if (found == Cache::Found::kJoined) return false;
        if (found == Cache::Found::kMiss) {
            Result<CachedBytes> result = read_page<Output>(request, operation, capacity);
            node_.queries().finish_read(std::move(read), result);
            MR_TRY(bytes, std::move(result));
        }
    }
    out += *bytes;
    finish_page(out, capacity);
    return true;
}

// ---- Batches ----

Result<void> Calls::check_batch_get(const BatchGetItemRequest& request) {
    if (caller_ == nullptr) return {};
    api::BatchGetItemInput input;
    auto& wanted = input.request_items.emplace();
    for (const BatchGetTable& table : request.tables) {
        api::KeysAndAttributes& part = wanted[table.table];
        part.keys = table.keys;
        if (!table.projection) continue;
        Placeholders placeholders;
        part.projection_expression = table.projection->print(placeholders);
        part.expression_attribute_names = placeholders.names();
    }
    return check_caller("BatchGetItem", input);
}

Result<void> Calls::batch_get_item(std::string& out, cbor::Reader& reader) {
    MR_TRY(const BatchGetItemRequest request, decode_batch_get_item(reader, *this));
    std::vector<std::string> tables;
    for (const BatchGetTable& table : request.tables) {
        tables.push_back(table.table);
        std::set<std::string_view> seen;
        for (const item::Item& key : table.keys) {
            if (!seen.insert(key.bytes()).second)
                return errors::validation("Provided list of item keys contains duplicates");
        }
    }
    MR_CHECK_OK(check_tables_differ(tables));
    MR_CHECK_OK(check_batch_get(request));
    std::vector<BatchGetAnswer> answers(request.tables.size());
    api::BatchGetItemInput input;
    std::map<std::string, size_t> index;                          // of the table in the request
    std::map<std::pair<size_t, std::string>, Cache::Read> reads;  // by table and key
    auto& wanted = input.request_items.emplace();
    for (size_t i = 0; i < request.tables.size(); ++i) {
        const BatchGetTable& table = request.tables[i];
        index[table.table] = i;
        api::KeysAndAttributes missing;
        missing.keys.emplace();
        for (const item::Item& key : table.keys) {
            if (!table.consistent) {
                MR_TRY(const std::string cached, cache_key(table.table, key));
                if (const CachedBytes found = node_.items().find(cached)) {
                    if (found->empty()) continue;
                    MR_TRY(item::Item item, read_item(*this, key, *found));
                    answers[i].items.push_back(std::move(item));
                    continue;
                }
                reads.emplace(std::pair(i, key.bytes()), node_.items().begin_read(cached));
            }
            missing.keys->push_back(key);
        }
        if (missing.keys->empty()) continue;
        if (table.consistent) {
            missing.consistent_read = true;
            if (table.projection) {
                Placeholders placeholders;
                missing.projection_expression = table.projection->print(placeholders);
                missing.expression_attribute_names = placeholders.names();
            }
        }
        wanted[table.table] = std::move(missing);
    }
    std::optional<std::vector<api::ConsumedCapacity>> capacity;
    input.return_consumed_capacity = capacity_name(request.capacity);
    for (int round = 0; round < kBatchRoundsMax && !input.request_items->empty(); ++round) {
        MR_TRY(api::BatchGetItemOutput output,
               upstream<api::BatchGetItemOutput>("BatchGetItem", input));
        append(capacity, output.consumed_capacity);
        input.request_items =
            output.unprocessed_keys.value_or(std::map<std::string, api::KeysAndAttributes>());
        if (!output.responses) continue;
        for (auto& [name, items] : *output.responses) {
            const auto asked = index.find(name);
            if (asked == index.end()) return errors::internal();
            const size_t i = asked->second;
            const KeySchema& schema = *request.tables[i].schema;
            for (item::Item& item : items) {
                const auto read = reads.find({i, key_of(schema, item).bytes()});
                if (read != reads.end()) {
                    if (const CachedBytes image = stored_form(schema, item))
                        node_.items().finish_read(std::move(read->second), image);
                    reads.erase(read);
                }
                answers[i].items.push_back(std::move(item));
            }
        }
    }
    for (const auto& [name, left] : *input.request_items) {
        const auto asked = index.find(name);
        if (asked == index.end()) return errors::internal();
        const size_t i = asked->second;
        for (const item::Item& key : *left.keys) {
            reads.erase({i, key.bytes()});
            answers[i].unprocessed.push_back(key);
        }
    }
    // What was asked for and did not come does not exist.
    for (auto& [key, read] : reads) node_.items().finish_read(std::move(read), make_bytes({}));
    return encode_batch_get(out, *this, request, answers, capacity);
}

Result<void> Calls::batch_write_item(std::string& out, cbor::Reader& reader) {
    MR_TRY(BatchWriteItemRequest request, decode_batch_write_item(reader, *this));
    MR_CHECK_OK(check_tables_differ(std::views::keys(request.schemas)));
    OpenWrites writes(node_.items());
    std::vector<CachedBytes> images;
    for (const auto& [table, all] : *request.input.request_items) {
        const KeySchema& schema = *request.schemas.at(table);
        for (const api::WriteRequest& write : all) {
            const item::Item& item =
                write.put_request ? *write.put_request->item : *write.delete_request->key;
            MR_TRY(const std::string key, cache_key(table, item));
            writes.begin(key);
            images.push_back(write.put_request ? stored_form(schema, item) : make_bytes({}));
        }
    }
    api::BatchWriteItemOutput answer;
    std::optional<std::vector<api::ConsumedCapacity>> capacity;
    api::BatchWriteItemInput input = std::move(request.input);
    for (int round = 0; round < kBatchRoundsMax; ++round) {
        MR_TRY(answer, write<api::BatchWriteItemOutput>("BatchWriteItem", input, writes));
        append(capacity, answer.consumed_capacity);
        if (!answer.unprocessed_items || answer.unprocessed_items->empty()) break;
        input.request_items = answer.unprocessed_items;
    }
    answer.consumed_capacity = std::move(capacity);
    // With something left undone it is not known here which images hold: nothing stays.
    if (answer.unprocessed_items && !answer.unprocessed_items->empty())
        images.assign(images.size(), nullptr);
    writes.finish(images);
    return encode_batch_write(out, *this, request, answer);
}

// ---- Transactions ----

Result<void> Calls::transact_get_items(std::string& out, cbor::Reader& reader) {
    MR_TRY(TransactGetItemsRequest request, decode_transact_get_items(reader, *this));
    MR_CHECK_OK(check_caller("TransactGetItems", request.input));
    MR_TRY(const auto output,
           upstream<api::TransactGetItemsOutput>("TransactGetItems", std::move(request.input)));
    return encode_transact_get(out, *this, request, output);
}

Result<void> Calls::transact_write_items(std::string& out, cbor::Reader& reader,
                                         const Allow& allow) {
    MR_TRY(transaction_, decode_transact_write_items(reader, *this));
    TransactWriteItemsRequest& request = *transaction_;
    OpenWrites writes(node_.items());
    std::vector<CachedBytes> images;
    for (size_t i = 0; i < request.ops.size(); ++i) {
        const api::TransactWriteItem& item = (*request.input.transact_items)[i];
        std::string_view action = "ConditionCheckItem";
        std::string_view name;  // of the table
        CachedBytes image;
        switch (request.ops[i]) {
            case TransactOp::kPut:
                action = "PutItem";
                name = *item.put->table_name;
                image = stored_form(*request.schemas[i], *item.put->item);
                break;
            case TransactOp::kDelete:
                action = "DeleteItem";
                name = *item.delete_->table_name;
                image = make_bytes({});
                break;
            case TransactOp::kUpdate:
                action = "UpdateItem";
                name = *item.update->table_name;
                break;
            case TransactOp::kCheck:
                break;
        }
        MR_CHECK_OK(allow(action));
        if (request.ops[i] == TransactOp::kCheck) continue;
        MR_TRY(const std::string key, cache_key(name, request.keys[i]));
        writes.begin(key);
        images.push_back(std::move(image));
    }
    // A token that came before wrote nothing now: another write may have come between.
    if (request.input.client_request_token) images.assign(images.size(), nullptr);
    MR_TRY(const auto output, write<api::TransactWriteItemsOutput>(
                                  "TransactWriteItems", std::move(request.input), writes));
    writes.finish(images);
    encode_transact_write(out, output);
    return {};
}

}  // namespace millrace::dax
