// Bytes recorded between official clients and a server: testdata/vectors.json.
#include <gtest/gtest.h>

#include <map>

#include "dax/wire/methods.h"
#include "dax/wire/recorded.h"
#include "dax/wire/responses.h"
#include "item/json.h"
#include "model/json_protocol.h"

namespace millrace::dax {
namespace {

namespace api = model::dynamodb;
using codec::JsonValue;
using item::Type;
using testing::bytes_of;
using testing::hex;
using testing::learn;
using testing::read_capacity;
using testing::recorded;
using testing::text_of;
using testing::toy_directory;

// The text with every placeholder replaced by what it stands for.
std::string resolve(std::string_view text,
                    const std::optional<std::map<std::string, std::string>>& names,
                    const std::optional<item::Item>& values) {
    std::string out;
    for (size_t i = 0; i < text.size();) {
        const char c = text[i];
        const bool begins_word = c == '#' || c == ':' || std::isalnum(c) != 0 || c == '_';
        if (!begins_word) {
            if (c != ' ' && c != '(' && c != ')') out += c;
            ++i;
            continue;
        }
        size_t end = i + 1;
        while (end < text.size() && (std::isalnum(text[end]) != 0 || text[end] == '_')) ++end;
        const std::string word(text.substr(i, end - i));
        if (c == '#') {
            out += names.value().at(word);
        } else if (c == ':') {
            out += item::to_json(values.value().find(word));
        } else {
            out += word;
        }
        i = end;
    }
    return out;
}

TEST(Vectors, LexicographicDecimals) {
    for (const JsonValue& one : recorded().find("lexdecimal")->elements()) {
        const auto number = item::parse_number(text_of(one, "value"));
        ASSERT_TRUE(number);
        std::string out;
        append_lexdecimal(out, number->bytes());
        EXPECT_EQ(hex(out), text_of(one, "hex")) << text_of(one, "value");
        const auto back = parse_lexdecimal(bytes_of(one));
        ASSERT_TRUE(back) << text_of(one, "value");
        EXPECT_EQ(back->text(), number->text());
    }
}

TEST(Vectors, Numbers) {
    for (const JsonValue& one : recorded().find("numbers")->elements()) {
        const auto number = item::parse_number(text_of(one, "value"));
        ASSERT_TRUE(number);
        for (const char* client : {"python", "js", "server_canonical"}) {
            const std::string sent = bytes_of(one, client);
            cbor::Reader reader(sent);
            const auto decoded = read_number(reader);
            ASSERT_TRUE(decoded && reader.at_end()) << client << text_of(one, "value");
            EXPECT_EQ(decoded->text(), number->text()) << client;
        }
        std::string out;
        append_number(out, number->bytes());
        EXPECT_EQ(hex(out), text_of(one, "server_canonical")) << text_of(one, "value");
    }
}

TEST(Vectors, Keys) {
    for (const JsonValue& one : recorded().find("keys")->elements()) {
        KeySchema schema;
        item::ItemBuilder key;
        bool first = true;
        for (const JsonValue& part : one.find("schema")->elements()) {
            const std::string& name = part.elements()[0].as_string();
            const KeyPart wanted{name, *item::type_from_name(part.elements()[1].as_string())};
            if (first) {
                schema.hash = wanted;
            } else {
                schema.sort = wanted;
            }
            first = false;
            const JsonValue& value = *one.find("item")->find(name);
            const std::string& text = value.members()[0].second.as_string();
            if (wanted.type == Type::kBinary) {
                key.set_binary(name, *codec::hex_decode(text.substr(4)));  // "hex:..."
            } else if (wanted.type == Type::kNumber) {
                key.set_number(name, *item::parse_number(text));
            } else {
                key.set_string(name, text);
            }
        }
        const item::Item expected = key.build();
        const auto decoded = read_key(schema, bytes_of(one));
        ASSERT_TRUE(decoded) << text_of(one, "hex");
        EXPECT_EQ(item::to_json(*decoded), item::to_json(expected));
        std::string out;
        EXPECT_TRUE(append_key(out, schema, expected));
        EXPECT_EQ(hex(out), text_of(one, "hex"));
    }
}

TEST(Vectors, EqualKeysHaveOneNormalForm) {
    const KeySchema schema{{"pk", Type::kNumber}, {}};
    std::string plain;
    ASSERT_TRUE(normalise_key(schema, "\x18\x64", plain));  // 100
    for (const char* form : {"c4820201", "fb4059000000000000", "c24164", "c482201903e8"}) {
        std::string other;
        ASSERT_TRUE(normalise_key(schema, *codec::hex_decode(form), other));
        EXPECT_EQ(hex(other), hex(plain)) << form;
    }
}

TEST(Vectors, Expressions) {
    for (const JsonValue& one : recorded().find("expressions")->elements()) {
        std::optional<std::map<std::string, std::string>> names;
        if (const JsonValue* given = one.find("names"); given->is_object()) {
            names.emplace();
            for (const auto& [placeholder, name] : given->members())
                (*names)[placeholder] = name.as_string();
        }
        std::optional<item::Item> values;
        if (const JsonValue* given = one.find("values"); given->is_object())
            values = item::parse_json_item(given->to_json()).value();
        const std::string text = text_of(one, "text");
        const std::string expected = resolve(text, names, values);
        const std::string sent = bytes_of(one);
        Placeholders placeholders;
        if (text_of(one, "kind") == "Projection") {
            const auto projection = parse_projection(sent);
            ASSERT_TRUE(projection) << text;
            std::string printed;
            for (const Path& path : projection->paths) {
                if (!printed.empty()) printed += ',';
                for (const PathElement& element : path) {
                    if (element.index >= 0) {
                        printed += "[" + std::to_string(element.index) + "]";
                    } else {
                        printed += (&element == path.data() ? "" : ".") + element.name;
                    }
                }
            }
            EXPECT_EQ(printed, expected);
            continue;
        }
        const auto printed = text_of(one, "kind") == "Update" ? print_update(sent, placeholders)
                                                              : print_condition(sent, placeholders);
        ASSERT_TRUE(printed) << text;
        const auto own_names = placeholders.names();
        const auto own_values = placeholders.values();
        EXPECT_EQ(resolve(*printed, own_names, own_values), expected);
    }
}

// ---- Requests: what they decode to is what the client was asked for ----

void drop(std::optional<std::string>& field, std::string_view text) {
    if (field == text) field.reset();
}

// The input as its meaning: expressions resolved, defaults left out.
template <class Input>
void simplify(Input& input) {
    [[maybe_unused]] const auto expression = [&](auto& text) {
        std::optional<item::Item> values;
        if constexpr (requires { input.expression_attribute_values; })
            values = input.expression_attribute_values;
        if constexpr (requires { input.expression_attribute_names; }) {
            if (text) text = resolve(*text, input.expression_attribute_names, values);
        }
    };
    if constexpr (requires { input.condition_expression; }) expression(input.condition_expression);
    if constexpr (requires { input.update_expression; }) expression(input.update_expression);
    if constexpr (requires { input.filter_expression; }) expression(input.filter_expression);
    if constexpr (requires { input.key_condition_expression; })
        expression(input.key_condition_expression);
    // The upstream is asked for top-level attributes only.
    if constexpr (requires { input.projection_expression; }) {
        if (input.projection_expression) input.projection_expression = "given";
    }
    if constexpr (requires { input.expression_attribute_names; })
        input.expression_attribute_names.reset();
    if constexpr (requires { input.expression_attribute_values; })
        input.expression_attribute_values.reset();
    if constexpr (requires { input.return_values; }) drop(input.return_values, "NONE");
    if constexpr (requires { input.return_consumed_capacity; })
        drop(input.return_consumed_capacity, "NONE");
    if constexpr (requires { input.scan_index_forward; }) {
        if (input.scan_index_forward == true) input.scan_index_forward.reset();
    }
    if constexpr (requires { input.consistent_read; }) {
        if (input.consistent_read == false) input.consistent_read.reset();
    }
    if constexpr (requires { input.return_values_on_condition_check_failure; })
        drop(input.return_values_on_condition_check_failure, "NONE");
    if constexpr (requires { input.transact_items; }) {
        for (auto& one : *input.transact_items) {
            if constexpr (requires { one.get; }) {
                simplify(*one.get);
            } else {
                if (one.put) simplify(*one.put);
                if (one.update) simplify(*one.update);
                if (one.delete_) simplify(*one.delete_);
                if (one.condition_check) simplify(*one.condition_check);
            }
        }
    }
}

template <class Input>
void expect_input(const std::string& meaning, std::string_view operation, Input decoded) {
    if (meaning.starts_with("page ")) return;  // of pages, what was asked is not recorded
    ASSERT_TRUE(meaning.starts_with(operation)) << meaning;
    const std::string json = meaning.substr(operation.size() + 1);
    model::OperationDescriptor descriptor;
    descriptor.name = operation;
    descriptor.input = &descriptor_of(static_cast<const Input*>(nullptr));
    Input expected;
    const auto parsed = model::decode_json_request(descriptor, json, &expected);
    ASSERT_TRUE(parsed) << meaning << parsed.error().message;
    simplify(expected);
    simplify(decoded);
    if constexpr (requires { decoded.client_request_token; }) {
        // Some clients make one of their own.
        if (!expected.client_request_token) decoded.client_request_token.reset();
    }
    EXPECT_TRUE(decoded == expected) << meaning;
}

template <class Request>
void check_request(const Result<Request>& request, const std::string& meaning,
                   std::string_view operation) {
    ASSERT_TRUE(request) << meaning << ": " << request.error().message;
    expect_input(meaning, operation, request->input);
}

TEST(Vectors, EveryRequestDecodesToWhatTheClientWasAskedFor) {
    testing::FixedDirectory directory = toy_directory();
    std::map<std::string, int> seen;
    for (const JsonValue& one : recorded().find("vectors")->elements()) {
        if (text_of(one, "direction") != "client->server") continue;
        const std::string bytes = bytes_of(one);
        const std::string meaning = text_of(one, "meaning");
        const std::string what = text_of(one, "client") + " " + text_of(one, "name");
        SCOPED_TRACE(what);
        cbor::Reader reader(bytes);
        cbor::Scanner scanner;
        if (text_of(one, "name") == "handshake") {
            ++seen["handshake"];
            EXPECT_EQ(reader.text(), kMagic);
            EXPECT_EQ(scanner.scan(bytes, kHandshakeItems), cbor::Scanner::Status::kDone);
            EXPECT_EQ(scanner.position(), bytes.size());
            continue;
        }
        ASSERT_EQ(reader.integer(), kServiceId);
        const MethodInfo* method = find_method(reader.integer());
        ASSERT_NE(method, nullptr);
        // As it arrives: byte by byte.
        size_t needed = 0;
        auto status = cbor::Scanner::Status::kNeedMore;
        while (needed <= bytes.size() && status == cbor::Scanner::Status::kNeedMore)
            status =
                scanner.scan(std::string_view(bytes).substr(0, needed++), 2 + method->arguments);
        EXPECT_EQ(status, cbor::Scanner::Status::kDone);
        EXPECT_EQ(scanner.position(), bytes.size());
        ++seen[std::string(method->name)];
        switch (method->method) {
            case Method::kAuthorizeConnection: {
                const auto request = decode_authorize(reader);
                ASSERT_TRUE(request);
                EXPECT_EQ(request->access_key_id, "AKIDTOY");
                EXPECT_EQ(request->signature.size(), 64U);
                break;
            }
            case Method::kEndpoints:
                break;
            case Method::kDefineKeySchema:
                EXPECT_TRUE(decode_table_name(reader));
                break;
            case Method::kDefineAttributeListId: {
                const auto names = decode_attribute_names(reader);
                ASSERT_TRUE(names);
                EXPECT_FALSE(names->empty());
                break;
            }
            case Method::kDefineAttributeList:
                EXPECT_EQ(reader.integer(), 2);
                break;
            case Method::kGetItem: {
                const auto request = decode_get_item(reader);
                ASSERT_TRUE(request);
                api::GetItemInput input;
                input.table_name = std::string(request->table);
                const auto schema = directory.key_schema(request->table);
                ASSERT_TRUE(schema);
                input.key = read_key(**schema, request->key).value();
                if (request->options.projection) {
                    EXPECT_TRUE(parse_projection(*request->options.projection));
                    input.projection_expression = "given";
                }
                if (request->options.consistent) input.consistent_read = true;
                input.return_consumed_capacity = capacity_name(request->options.capacity);
                expect_input(meaning, "GetItem", input);
                break;
            }
            case Method::kPutItem:
                check_request(decode_put_item(reader, directory), meaning, "PutItem");
                break;
            case Method::kUpdateItem:
                check_request(decode_update_item(reader, directory), meaning, "UpdateItem");
                break;
            case Method::kDeleteItem:
                check_request(decode_delete_item(reader, directory), meaning, "DeleteItem");
                break;
            case Method::kQuery:
                check_request(decode_query(reader, directory), meaning, "Query");
                break;
            case Method::kScan:
                check_request(decode_scan(reader, directory), meaning, "Scan");
                break;
            case Method::kBatchGetItem: {
                const auto request = decode_batch_get_item(reader, directory);
                ASSERT_TRUE(request);
                EXPECT_FALSE(request->tables.empty());
                break;
            }
            case Method::kBatchWriteItem:
                check_request(decode_batch_write_item(reader, directory), meaning,
                              "BatchWriteItem");
                break;
            case Method::kTransactGetItems:
                check_request(decode_transact_get_items(reader, directory), meaning,
                              "TransactGetItems");
                break;
            case Method::kTransactWriteItems:
                check_request(decode_transact_write_items(reader, directory), meaning,
                              "TransactWriteItems");
                break;
        }
        if (method->name != "") EXPECT_TRUE(reader.at_end());
    }
    EXPECT_EQ(seen["handshake"], 5);
    EXPECT_GT(seen["GetItem"], 20);
}

// ---- Answers: taken apart as a client does, made again from what was in them ----

class Answers {
public:
    explicit Answers(testing::FixedDirectory& directory) : directory_(directory) {}

    // Empty: this kind is not looked at here.
    std::string again(std::string_view request_bytes, std::string_view answer);

private:
    std::string item(cbor::Reader& reader, const KeySchema& schema, item::ItemView key);
    std::string write(cbor::Reader& reader, const KeySchema& schema, const item::Item& key,
                      bool updated_only);
    std::string page(cbor::Reader& reader, const KeySchema& schema, bool index, bool count_only);
    testing::FixedDirectory& directory_;
};

std::string Answers::item(cbor::Reader& reader, const KeySchema& schema, item::ItemView key) {
    std::string value;
    std::optional<api::ConsumedCapacity> capacity;
    for (auto all = reader.map(); reader.more(all);) {
        if (reader.integer() == 0) {
            const auto item = read_item(directory_, key, learn(directory_, reader.bytes()));
            EXPECT_TRUE(item);
            EXPECT_TRUE(append_item(value, directory_, schema, *item));
        } else {
            capacity = read_capacity(reader.bytes());
        }
    }
    std::string out;
    encode_stored_item(out, value, capacity);
    return out;
}

std::string Answers::write(cbor::Reader& reader, const KeySchema& schema, const item::Item& key,
                           bool updated_only) {
    std::optional<item::Item> attributes;
    std::optional<api::ConsumedCapacity> capacity;
    std::optional<api::ItemCollectionMetrics> metrics;
    for (auto all = reader.map(); reader.more(all);) {
        const int64_t parameter = reader.integer();
        const std::string_view bytes = reader.bytes();
        if (parameter == 1) capacity = read_capacity(bytes);
        if (parameter == 3) {
            cbor::Reader inner(bytes);
            std::string hash;
            EXPECT_TRUE(read_value(inner, hash));
            metrics.emplace().item_collection_key =
                item::ItemBuilder().set(schema.hash.name, item::ValueView::at(hash)).build();
            metrics->size_estimate_range_gb = {inner.number(), 0};
            (*metrics->size_estimate_range_gb)[1] = inner.number();
        }
        if (parameter != 2) continue;
        if (!updated_only) {
            auto item = read_item(directory_, key, learn(directory_, bytes));
            EXPECT_TRUE(item) << item.error().message << hex(bytes);
            if (item) attributes = *item;
            continue;
        }
        cbor::Reader inner(learn(directory_, bytes));
        const auto list = directory_.names(inner.integer());
        EXPECT_TRUE(list) << hex(bytes);
        if (!list) return {};
        const AttributeNames& names = **list;
        item::ItemBuilder item;
        for (auto members = inner.map(); inner.more(members);) {
            const auto ordinal = static_cast<size_t>(inner.integer());
            std::string flat;
            EXPECT_TRUE(read_value(inner, flat));
            item.set(names.at(ordinal), item::ValueView::at(flat));
        }
        attributes = item.build();
    }
    std::string out;
    EXPECT_TRUE(encode_write(out, directory_, schema, attributes, updated_only, capacity, metrics));
    return out;
}

std::string Answers::page(cbor::Reader& reader, const KeySchema& schema, bool index,
                          bool count_only) {
    std::vector<item::Item> items;
    int64_t count = 0;
    int64_t scanned = 0;
    std::optional<item::Item> last;
    std::optional<api::ConsumedCapacity> capacity;
    for (auto all = reader.map(); reader.more(all);) {
        switch (reader.integer()) {
            case 7:
                for (auto list = reader.array(); reader.more(list);) {
                    if (!reader.array_of(2)) return {};
                    const auto key = read_key(schema, reader.bytes());
                    EXPECT_TRUE(key);
                    const auto item =
                        read_item(directory_, *key, learn(directory_, reader.bytes()));
                    EXPECT_TRUE(item);
                    if (item) items.push_back(*item);
                }
                break;
            case 8:
                count = reader.integer();
                break;
            case 9: {
                const std::string_view bytes = reader.bytes();
                if (!index) {
                    last = read_key(schema, bytes).value();
                    break;
                }
                cbor::Reader inner(bytes);
                std::string flat;
                EXPECT_TRUE(read_value(inner, flat));
                last = item::Item(item::ValueView::at(flat).map());
                break;
            }
            case 10:
                scanned = reader.integer();
                break;
            default:
                capacity = read_capacity(reader.bytes());
        }
    }
    EXPECT_TRUE(reader.ok());
    std::string out;
    const std::optional<Projection> none;
    EXPECT_TRUE(encode_page(out, directory_, {schema, none, count_only, index}, items,
                            static_cast<int32_t>(count), static_cast<int32_t>(scanned), last));
    finish_page(out, capacity);
    return out;
}

std::string Answers::again(std::string_view request_bytes, std::string_view answer) {
    cbor::Reader request(request_bytes);
    (void)request.integer();
    const MethodInfo* method = find_method(request.integer());
    cbor::Reader reader(answer);
    if (!reader.array_of(0)) return {};
    switch (method->method) {
        case Method::kGetItem: {
            const auto get = decode_get_item(request);
            const auto schema = directory_.key_schema(get->table);
            if (!get || !schema || get->options.projection) return {};
            return item(reader, **schema, read_key(**schema, get->key).value());
        }
        case Method::kPutItem: {
            const auto put = decode_put_item(request, directory_);
            if (!put) return {};
            return write(reader, *put->schema, key_of(*put->schema, *put->input.item), false);
        }
        case Method::kUpdateItem: {
            const auto update = decode_update_item(request, directory_);
            if (!update) return {};
            const bool updated = update->input.return_values.value_or("").starts_with("UPDATED");
            return write(reader, *update->schema, *update->input.key, updated);
        }
        case Method::kDeleteItem: {
            const auto erase = decode_delete_item(request, directory_);
            if (!erase) return {};
            return write(reader, *erase->schema, *erase->input.key, false);
        }
        case Method::kQuery: {
            const auto query = decode_query(request, directory_);
            if (!query || query->projection) return {};
            return page(reader, *query->schema, query->input.index_name.has_value(),
                        query->input.select == "COUNT");
        }
        case Method::kScan: {
            const auto scan = decode_scan(request, directory_);
            if (!scan || scan->projection) return {};
            return page(reader, *scan->schema, scan->input.index_name.has_value(),
                        scan->input.select == "COUNT");
        }
        default:
            return {};
    }
}

TEST(Vectors, AnswersAreMadeAsTheClientsAcceptedThem) {
    testing::FixedDirectory directory = toy_directory();
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
        if (!name.ends_with("-response")) continue;
        const auto request = requests.find(name.substr(0, name.size() - 9));
        if (request == requests.end() || request->second.size() < 3) continue;
        const std::string answer = bytes_of(one);
        const std::string again = answers.again(request->second, answer);
        if (again.empty()) continue;
        SCOPED_TRACE(name);
        ++compared;
        // The order of sets and of a compound key's entries is free.
        std::string sorted = again;
        std::string sorted_answer = answer;
        std::sort(sorted.begin(), sorted.end());
        std::sort(sorted_answer.begin(), sorted_answer.end());
        EXPECT_EQ(hex(sorted), hex(sorted_answer)) << hex(again) << "\n" << hex(answer);
    }
    EXPECT_GE(compared, 50);
}

TEST(Vectors, Definitions) {
    testing::FixedDirectory directory = toy_directory();
    std::map<std::string, std::string> recorded_hex;
    for (const JsonValue& one : recorded().find("vectors")->elements())
        recorded_hex.emplace(text_of(one, "name"), text_of(one, "hex"));
    std::string out;
    encode_endpoints(out, {{5001, "node-a.toy.local", std::string("\x7f\0\0\1", 4), 18111, true,
                            "local-1a", 77}});
    EXPECT_EQ(hex(out), recorded_hex["endpoints-response"]);
    std::string frame;
    append_frame(frame, out);
    EXPECT_EQ(hex(frame), recorded_hex["endpoints-response-framed"]);
    out.clear();
    encode_key_schema(out, *directory.key_schema("ToyHS").value());
    EXPECT_EQ(hex(out), recorded_hex["defineKeySchema-response"]);
    out.clear();
    encode_attribute_names(out, *directory.names(2).value());
    EXPECT_EQ(hex(out), recorded_hex["defineAttributeList-response"]);
}

TEST(Vectors, Errors) {
    std::map<std::string, std::string> recorded_hex;
    for (const JsonValue& one : recorded().find("vectors")->elements())
        recorded_hex.emplace(text_of(one, "name"), text_of(one, "hex"));
    const std::map<std::string, Error> kErrors = {
        {"error-4.37.38.39.43", errors::make("ConditionalCheckFailedException", "message text")},
        {"error-4.37.38.39.40",
         errors::make("ProvisionedThroughputExceededException", "message text")},
        {"error-4.23.31.33", errors::make("MissingAuthenticationTokenException", "message text")},
        {"error-4.37.38.42", errors::access_denied("message text")},
    };
    for (const auto& [name, error] : kErrors) {
        std::string out;
        errors::encode(out, error, "REQUESTID");
        EXPECT_EQ(hex(out), recorded_hex[name]) << name;
    }
    std::string out;
    errors::encode(out,
                   errors::make("ResourceNotFoundException",
                                "Requested resource not found: Table: NoSuchTable not found"),
                   "TOYREQUESTID0001");
    EXPECT_EQ(hex(out), recorded_hex["err-no-table-response"]);

    testing::FixedDirectory directory = toy_directory();
    TransactWriteItemsRequest request;
    request.schemas.assign(2, directory.key_schema("ToyHS").value());
    Error canceled = errors::make(
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons");
    canceled.json_fields.emplace_back(
        "CancellationReasons",
        R"([{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"The conditional request failed","Item":{"pk":{"S":"t1"},"v":{"N":"1"}}}])");
    out.clear();
    errors::encode(out, canceled, "TOYREQUESTID0001", &request, &directory);
    EXPECT_EQ(hex(out), recorded_hex["tx-cancelled-response"]);
}

}  // namespace
}  // namespace millrace::dax
