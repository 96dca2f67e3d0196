// Every recorded message, decoded and encoded again: as CBOR to the same bytes, requests also from
// what they mean.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "dax/wire/methods.h"
#include "dax/wire/recorded.h"
#include "dax/wire/requests.h"
#include "dax/wire/responses.h"

namespace millrace::dax {
namespace {

namespace api = model::dynamodb;
using codec::JsonValue;
using testing::bytes_of;
using testing::hex;
using testing::recorded;
using testing::text_of;

void copy_head(std::string& out, const cbor::Head& head) {
    const auto major = static_cast<uint8_t>(static_cast<uint8_t>(head.major) << 5);
    if (head.indefinite) {
        out += static_cast<char>(major | 0x1f);
    } else if (head.major == cbor::Major::kSimple && head.size == 9) {
        out += '\xfb';
        for (int shift = 56; shift >= 0; shift -= 8)
            out += static_cast<char>((head.value >> shift) & 0xff);
    } else {
        cbor::append_head(out, head.major, head.value);
    }
}

// The next item, head by head.
void copy_item(std::string& out, cbor::Reader& reader) {
    const cbor::Head head = reader.peek();
    switch (head.major) {
        case cbor::Major::kBytes:
            cbor::append_bytes(out, reader.bytes());
            return;
        case cbor::Major::kText:
            cbor::append_text(out, reader.text());
            return;
        case cbor::Major::kArray:
            copy_head(out, head);
            for (auto all = reader.array(); reader.more(all);) copy_item(out, reader);
            break;
        case cbor::Major::kMap:
            copy_head(out, head);
            for (auto all = reader.map(); reader.more(all);) {
                copy_item(out, reader);
                copy_item(out, reader);
            }
            break;
        case cbor::Major::kTag:
            copy_head(out, reader.take_head());
            copy_item(out, reader);
            return;
        default:
            copy_head(out, reader.take_head());
            return;
    }
    if (head.indefinite) cbor::append_break(out);
}

std::string copy_items(std::string_view bytes) {
    cbor::Reader reader(bytes);
    std::string out;
    while (reader.ok() && !reader.at_end()) copy_item(out, reader);
    EXPECT_TRUE(reader.ok()) << hex(bytes);
    return out;
}

TEST(Again, EveryMessageIsTheSameBytes) {
    int messages = 0;
    for (const JsonValue& one : recorded().find("vectors")->elements()) {
        SCOPED_TRACE(text_of(one, "name"));
        std::string bytes = bytes_of(one);
        if (text_of(one, "name").ends_with("-framed")) bytes = bytes.substr(8);
        EXPECT_EQ(hex(copy_items(bytes)), hex(bytes));
        ++messages;
    }
    EXPECT_EQ(messages, 339);
}

// ---- Requests from what they mean ----

void append_optional(std::string& out, std::optional<std::string_view> bytes) {
    if (bytes) {
        cbor::append_bytes(out, *bytes);
    } else {
        cbor::append_null(out);
    }
}

void append_options(std::string& out, const Options& options) {
    cbor::append_open_map(out);
    const auto bytes = [&out](int64_t key, std::optional<std::string_view> value) {
        if (!value) return;
        cbor::append_int(out, key);
        cbor::append_bytes(out, *value);
    };
    const auto number = [&out](int64_t key, std::optional<int64_t> value) {
        if (!value) return;
        cbor::append_int(out, key);
        cbor::append_int(out, *value);
    };
    bytes(0, options.projection);
    number(2, options.consistent ? 1 : 0);
    number(3, options.capacity);
    bytes(4, options.condition);
    number(6, options.metrics);
    number(7, options.return_values);
    bytes(8, options.update);
    bytes(9, options.start_key);
    bytes(10, options.filter);
    bytes(11, options.index_name);
    number(13, options.limit);
    number(14, options.forward ? 1 : 0);
    number(15, options.count_only ? 3 : 1);
    number(16, options.segment);
    number(17, options.total_segments);
    if (options.token) {
        cbor::append_int(out, 19);
        cbor::append_text(out, *options.token);
    }
    cbor::append_break(out);
}

// A request taken apart and put together again, keys and items by way of what they are.
class Again {
public:
    explicit Again(Directory& directory) : directory_(directory) {}
    std::string request(Method method, cbor::Reader& reader);

private:
    KeySchemaRef schema(std::string_view table) { return directory_.key_schema(table).value(); }
    std::string key(const KeySchema& schema, std::string_view bytes) {
        std::string out;
        EXPECT_TRUE(append_key(out, schema, read_key(schema, bytes).value()));
        return out;
    }
    std::string value(const KeySchema& schema, std::string_view key, std::string_view bytes) {
        std::string out;
        const auto item = read_item(directory_, read_key(schema, key).value(), bytes);
        EXPECT_TRUE(append_item(out, directory_, schema, item.value()));
        return out;
    }
    void options(std::string& out, cbor::Reader& reader) {
        append_options(out, decode_options(reader).value());
    }
    void transaction(std::string& out, Method method, cbor::Reader& reader);
    Directory& directory_;
};

std::string Again::request(Method method, cbor::Reader& reader) {
    std::string out;
    switch (method) {
        case Method::kAuthorizeConnection: {
            const AuthorizeRequest request = decode_authorize(reader).value();
            cbor::append_text(out, request.access_key_id);
            cbor::append_text(out, request.signature);
            cbor::append_bytes(out, request.string_to_sign);
            if (request.session_token) {
                cbor::append_text(out, *request.session_token);
            } else {
                cbor::append_null(out);
            }
            cbor::append_null(out);
            break;
        }
        case Method::kEndpoints:
            break;
        case Method::kDefineKeySchema:
            cbor::append_bytes(out, decode_table_name(reader).value());
            break;
        case Method::kDefineAttributeListId: {
            const AttributeNames names = decode_attribute_names(reader).value();
            cbor::append_array(out, names.size());
            for (const std::string& name : names) cbor::append_text(out, name);
            break;
        }
        case Method::kDefineAttributeList:
            cbor::append_int(out, reader.integer());
            break;
        case Method::kGetItem:
        case Method::kPutItem:
        case Method::kUpdateItem:
        case Method::kDeleteItem: {
            const std::string_view table = reader.bytes();
            const std::string_view key_bytes = reader.bytes();
            cbor::append_bytes(out, table);
            cbor::append_bytes(out, key(*schema(table), key_bytes));
            if (method == Method::kPutItem)
                cbor::append_bytes(out, value(*schema(table), key_bytes, reader.bytes()));
            options(out, reader);
            break;
        }
        case Method::kQuery:
            cbor::append_bytes(out, reader.bytes());
            append_optional(out, reader.bytes_or_null());
            options(out, reader);
            break;
        case Method::kScan:
            cbor::append_bytes(out, reader.bytes());
            options(out, reader);
            break;
        case Method::kBatchGetItem: {
            auto tables = reader.map();
            cbor::append_map(out, tables.left);
            while (reader.more(tables)) {
                const std::string_view table = reader.text();
                EXPECT_TRUE(reader.array_of(3));
                cbor::append_text(out, table);
                cbor::append_array(out, 3);
                cbor::append_bool(out, reader.boolean());
                append_optional(out, reader.bytes_or_null());
                auto keys = reader.array();
                cbor::append_array(out, keys.left);
                while (reader.more(keys))
                    cbor::append_bytes(out, key(*schema(table), reader.bytes()));
            }
            options(out, reader);
            break;
        }
        case Method::kBatchWriteItem: {
            auto tables = reader.map();
            cbor::append_map(out, tables.left);
            while (reader.more(tables)) {
                const std::string_view table = reader.text();
                cbor::append_text(out, table);
                auto writes = reader.array();
                cbor::append_array(out, writes.left);
                while (reader.more(writes)) {
                    const std::string_view key_bytes = reader.bytes();
                    cbor::append_bytes(out, key(*schema(table), key_bytes));
                    EXPECT_TRUE(reader.more(writes));
                    const auto item = reader.bytes_or_null();
                    if (item) {
                        cbor::append_bytes(out, value(*schema(table), key_bytes, *item));
                    } else {
                        cbor::append_null(out);
                    }
                }
            }
            options(out, reader);
            break;
        }
        case Method::kTransactGetItems:
        case Method::kTransactWriteItems:
            transaction(out, method, reader);
            break;
    }
    EXPECT_TRUE(reader.ok() && reader.at_end());
    return out;
}

void Again::transaction(std::string& out, Method method, cbor::Reader& reader) {
    const bool writes = method == Method::kTransactWriteItems;
    if (writes) copy_item(out, reader);
    std::vector<std::string> tables;
    std::vector<std::string> keys;
    const auto column = [&](const auto& append) {
        if (reader.take_null()) {
            cbor::append_null(out);
            return;
        }
        auto all = reader.array();
        cbor::append_array(out, all.left);
        for (size_t i = 0; reader.more(all); ++i) append(i);
    };
    column([&](size_t) {
        tables.emplace_back(reader.bytes());
        cbor::append_bytes(out, tables.back());
    });
    column([&](size_t i) {
        keys.emplace_back(reader.bytes());
        cbor::append_bytes(out, key(*schema(tables.at(i)), keys.back()));
    });
    if (writes) {
        column([&](size_t i) {
            const auto item = reader.bytes_or_null();
            if (item) {
                cbor::append_bytes(out, value(*schema(tables.at(i)), keys.at(i), *item));
            } else {
                cbor::append_null(out);
            }
        });
        for (int rest = 0; rest < 4; ++rest) copy_item(out, reader);
    } else {
        copy_item(out, reader);
    }
    options(out, reader);
}

// Does the request mean the same in both forms?
bool same(Method method, std::string_view first, std::string_view second, Directory& directory) {
    cbor::Reader a(first);
    cbor::Reader b(second);
    const auto inputs = [&](const auto& decode) {
        const auto one = decode(a, directory);
        const auto other = decode(b, directory);
        return one && other && one->input == other->input;
    };
    switch (method) {
        case Method::kGetItem: {
            const GetItemRequest one = decode_get_item(a).value();
            const GetItemRequest other = decode_get_item(b).value();
            const KeySchemaRef schema = directory.key_schema(one.table).value();
            return one.table == other.table &&
                   *read_key(*schema, one.key) == *read_key(*schema, other.key) &&
                   one.options.projection == other.options.projection &&
                   one.options.consistent == other.options.consistent &&
                   one.options.capacity == other.options.capacity;
        }
        case Method::kPutItem:
            return inputs(decode_put_item);
        case Method::kUpdateItem:
            return inputs(decode_update_item);
        case Method::kDeleteItem:
            return inputs(decode_delete_item);
        case Method::kQuery:
            return inputs(decode_query);
        case Method::kScan:
            return inputs(decode_scan);
        case Method::kBatchGetItem: {
            const BatchGetItemRequest one = decode_batch_get_item(a, directory).value();
            const BatchGetItemRequest other = decode_batch_get_item(b, directory).value();
            return std::equal(one.tables.begin(), one.tables.end(), other.tables.begin(),
                              other.tables.end(),
                              [](const BatchGetTable& x, const BatchGetTable& y) {
                                  return x.table == y.table && x.consistent == y.consistent &&
                                         x.keys == y.keys &&
                                         x.projection.has_value() == y.projection.has_value();
                              }) &&
                   one.capacity == other.capacity;
        }
        case Method::kBatchWriteItem:
            return inputs(decode_batch_write_item);
        case Method::kTransactGetItems:
            return inputs(decode_transact_get_items);
        case Method::kTransactWriteItems:
            return inputs(decode_transact_write_items);
        case Method::kAuthorizeConnection:
        case Method::kEndpoints:
        case Method::kDefineKeySchema:
        case Method::kDefineAttributeListId:
        case Method::kDefineAttributeList:
            break;  // simple enough for their bytes to be compared
    }
    return true;
}

TEST(Again, EveryRequestMeansTheSame) {
    testing::FixedDirectory directory = testing::toy_directory();
    Again again(directory);
    int requests = 0;
    for (const JsonValue& one : recorded().find("vectors")->elements()) {
        if (text_of(one, "direction") != "client->server" || text_of(one, "name") == "handshake")
            continue;
        SCOPED_TRACE(text_of(one, "client") + " " + text_of(one, "name"));
        const std::string bytes = bytes_of(one);
        cbor::Reader reader(bytes);
        (void)reader.integer();
        const MethodInfo* method = find_method(reader.integer());
        ASSERT_NE(method, nullptr);
        const std::string_view arguments = reader.rest();
        const std::string made = again.request(method->method, reader);
        EXPECT_TRUE(same(method->method, arguments, made, directory));
        // And what was made is in its final form.
        cbor::Reader other(made);
        EXPECT_EQ(hex(again.request(method->method, other)), hex(made));
        ++requests;
    }
    EXPECT_EQ(requests, 242);
}

// ---- Answers of batches and transactions from what they mean ----

// Taken apart as a client does, made again by what makes them here.
class Answers {
public:
    explicit Answers(testing::FixedDirectory& directory) : directory_(directory) {}
    std::string again(Method method, cbor::Reader& request, cbor::Reader& answer);

private:
    item::Item whole(item::ItemView key, std::string_view value) {
        return read_item(directory_, key, testing::learn(directory_, value)).value();
    }
    // Of paths with one element only.
    static item::Item projected(cbor::Reader& reader, const Projection& projection) {
        item::ItemBuilder item;
        for (auto all = reader.map(); reader.more(all);) {
            const auto ordinal = static_cast<size_t>(reader.integer());
            std::string flat;
            EXPECT_TRUE(read_value(reader, flat));
            item.set(projection.paths.at(ordinal).at(0).name, item::ValueView::at(flat));
        }
        return item.build();
    }
    static std::optional<std::vector<api::ConsumedCapacity>> capacities(cbor::Reader& reader) {
        std::vector<api::ConsumedCapacity> all;
        for (auto each = reader.array(); reader.more(each);)
            all.push_back(testing::read_capacity(reader.bytes()).value());
        return all;
    }
    template <class Units>
    static void units(cbor::Reader& reader, Units& to, int64_t field) {
        const double value = reader.number();
        if (field == 1) to.capacity_units = value;
        if (field == 2) to.read_capacity_units = value;
        if (field == 3) to.write_capacity_units = value;
    }
    static std::optional<std::vector<api::ConsumedCapacity>> transact_capacities(
        cbor::Reader& reader);
    static std::map<std::string, std::vector<api::ItemCollectionMetrics>> metrics(
        cbor::Reader& reader);
    std::string batch_get(cbor::Reader& request, cbor::Reader& answer);
    std::string batch_write(cbor::Reader& request, cbor::Reader& answer);
    std::string transact_get(cbor::Reader& request, cbor::Reader& answer);

    testing::FixedDirectory& directory_;
};

std::optional<std::vector<api::ConsumedCapacity>> Answers::transact_capacities(
    cbor::Reader& reader) {
    std::vector<api::ConsumedCapacity> all;
    for (auto each = reader.array(); reader.more(each);) {
        api::ConsumedCapacity& one = all.emplace_back();
        for (auto fields = reader.map(); reader.more(fields);) {
            const int64_t field = reader.integer();
            if (field == 4) {
                one.table_name = std::string(reader.text());
            } else if (field == 5) {
                one.table.emplace();
                for (auto parts = reader.map(); reader.more(parts);) {
                    const int64_t part = reader.integer();
                    units(reader, *one.table, part);
                }
            } else {
                units(reader, one, field);
            }
        }
    }
    return all;
}

std::map<std::string, std::vector<api::ItemCollectionMetrics>> Answers::metrics(
    cbor::Reader& reader) {
    std::map<std::string, std::vector<api::ItemCollectionMetrics>> all;
    for (auto tables = reader.map(); reader.more(tables);) {
        const std::string table(reader.text());
        for (auto each = reader.array(); reader.more(each);) {
            api::ItemCollectionMetrics& one = all[table].emplace_back();
            cbor::Reader inner(reader.bytes());
            std::string hash;
            EXPECT_TRUE(read_value(inner, hash));
            one.item_collection_key =
                item::ItemBuilder().set("pk", item::ValueView::at(hash)).build();
            const double lower = inner.number();
            one.size_estimate_range_gb = {lower, inner.number()};
        }
    }
    return all;
}

std::string Answers::batch_get(cbor::Reader& request_reader, cbor::Reader& answer) {
    const BatchGetItemRequest request = decode_batch_get_item(request_reader, directory_).value();
    std::vector<BatchGetAnswer> parts(request.tables.size());
    const auto place = [&](std::string_view name) {
        size_t i = 0;
        while (request.tables.at(i).table != name) ++i;
        return i;
    };
    EXPECT_TRUE(answer.array_of(2));
    for (auto tables = answer.map(); answer.more(tables);) {
        const size_t i = place(answer.text());
        const BatchGetTable& table = request.tables[i];
        for (auto items = answer.array(); answer.more(items);) {
            if (table.projection) {
                parts[i].items.push_back(projected(answer, *table.projection));
                continue;
            }
            const item::Item key = read_key(*table.schema, answer.bytes()).value();
            EXPECT_TRUE(answer.more(items));
            parts[i].items.push_back(whole(key, answer.bytes()));
        }
    }
    for (auto tables = answer.map(); answer.more(tables);) {
        const size_t i = place(answer.text());
        for (auto keys = answer.array(); answer.more(keys);) {
            parts[i].unprocessed.push_back(
                read_key(*request.tables[i].schema, answer.bytes()).value());
        }
    }
    std::string out;
    EXPECT_TRUE(encode_batch_get(out, directory_, request, parts, capacities(answer)));
    return out;
}

std::string Answers::batch_write(cbor::Reader& request_reader, cbor::Reader& answer) {
    const BatchWriteItemRequest request =
        decode_batch_write_item(request_reader, directory_).value();
    api::BatchWriteItemOutput output;
    auto& unprocessed = output.unprocessed_items.emplace();
    for (auto tables = answer.map(); answer.more(tables);) {
        const std::string table(answer.text());
        for (auto writes = answer.array(); answer.more(writes);) {
            const item::Item key = read_key(*request.schemas.at(table), answer.bytes()).value();
            EXPECT_TRUE(answer.more(writes));
            api::WriteRequest& write = unprocessed[table].emplace_back();
            if (const auto value = answer.bytes_or_null()) {
                write.put_request.emplace().item = whole(key, *value);
            } else {
                write.delete_request.emplace().key = key;
            }
        }
    }
    output.consumed_capacity = capacities(answer);
    output.item_collection_metrics = metrics(answer);
    std::string out;
    EXPECT_TRUE(encode_batch_write(out, directory_, request, output));
    return out;
}

std::string Answers::transact_get(cbor::Reader& request_reader, cbor::Reader& answer) {
    const TransactGetItemsRequest request =
        decode_transact_get_items(request_reader, directory_).value();
    api::TransactGetItemsOutput output;
    auto& responses = output.responses.emplace();
    EXPECT_TRUE(answer.array_of(2));
    size_t i = 0;
    for (auto items = answer.array(); answer.more(items); ++i) {
        api::ItemResponse& response = responses.emplace_back();
        if (answer.take_null()) continue;
        if (request.projections.at(i)) {
            response.item = projected(answer, *request.projections[i]);
        } else {
            const api::Get& get = *(*request.input.transact_items)[i].get;
            response.item = whole(*get.key, answer.bytes());
        }
    }
    output.consumed_capacity = transact_capacities(answer);
    std::string out;
    EXPECT_TRUE(encode_transact_get(out, directory_, request, output));
    return out;
}

std::string Answers::again(Method method, cbor::Reader& request, cbor::Reader& answer) {
    EXPECT_TRUE(answer.array_of(0));
    if (method == Method::kBatchGetItem) return batch_get(request, answer);
    if (method == Method::kBatchWriteItem) return batch_write(request, answer);
    if (method == Method::kTransactGetItems) return transact_get(request, answer);
    if (method != Method::kTransactWriteItems) return {};
    api::TransactWriteItemsOutput output;
    EXPECT_TRUE(answer.array_of(3));
    EXPECT_TRUE(answer.array_of(0));
    output.consumed_capacity = transact_capacities(answer);
    output.item_collection_metrics = metrics(answer);
    std::string out;
    encode_transact_write(out, output);
    return out;
}

TEST(Again, BatchesAndTransactionsAreAnsweredAsTheClientsAcceptedThem) {
    testing::FixedDirectory directory = testing::toy_directory();
    Answers answers(directory);
    std::map<std::string, std::string> requests;
    for (const JsonValue& one : recorded().find("vectors")->elements()) {
        const std::string name = text_of(one, "name");
        if (name.ends_with("-request"))
            requests.emplace(name.substr(0, name.size() - 8), bytes_of(one));
    }
    int compared = 0;
    for (const JsonValue& one : recorded().find("vectors")->elements()) {
        const std::string name = text_of(one, "name");
        if (!name.ends_with("-response") || bytes_of(one)[0] != '\x80') continue;
        const auto request = requests.find(name.substr(0, name.size() - 9));
        if (request == requests.end()) continue;
        SCOPED_TRACE(name);
        cbor::Reader request_reader(request->second);
        (void)request_reader.integer();
        const MethodInfo* method = find_method(request_reader.integer());
        ASSERT_NE(method, nullptr);
        const std::string bytes = bytes_of(one);
        cbor::Reader reader(bytes);
        const std::string made = answers.again(method->method, request_reader, reader);
        if (made.empty()) continue;
        // The order of tables and of a set's members is free.
        std::string sorted = made;
        std::string sorted_bytes = bytes;
        std::sort(sorted.begin(), sorted.end());
        std::sort(sorted_bytes.begin(), sorted_bytes.end());
        EXPECT_EQ(hex(sorted), hex(sorted_bytes)) << hex(made) << "\n" << hex(bytes);
        ++compared;
    }
    EXPECT_GE(compared, 7);
}

}  // namespace
}  // namespace millrace::dax
