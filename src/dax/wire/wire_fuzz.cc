// libFuzzer: the first byte picks a method; the rest are its arguments (or an expression, a key, a
// value). What is decoded must encode.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/check.h"
#include "dax/wire/methods.h"
#include "dax/wire/requests.h"
#include "dax/wire/responses.h"
#include "dax/wire/testing.h"

namespace {

using namespace millrace;
using namespace millrace::dax;

dax::testing::FixedDirectory make_directory() {
    dax::testing::FixedDirectory directory;
    directory.add_table("S", {{"pk", item::Type::kString}, {}});
    directory.add_table("N", {{"pk", item::Type::kNumber}, {}});
    directory.add_table("SN", {{"pk", item::Type::kString}, KeyPart{"sk", item::Type::kNumber}});
    directory.add_table("BB", {{"pk", item::Type::kBinary}, KeyPart{"sk", item::Type::kBinary}});
    directory.add_list(2, {"a"});
    directory.add_list(3, {"a", "b"});
    return directory;
}

void check(Directory& directory, const KeySchema& schema, const item::Item& item) {
    MR_ASSERT(item::valid_item(item.bytes()));
    std::string key;
    MR_ASSERT(append_key(key, schema, item).has_value());
    const auto again = read_key(schema, key);
    MR_ASSERT(again && *again == key_of(schema, item));
    std::string value;
    MR_ASSERT(append_item(value, directory, schema, item).has_value());
    const auto same = read_item(directory, *again, value);
    MR_ASSERT(same && *same == item);
}

void run(Method method, std::string_view input) {
    dax::testing::FixedDirectory directory = make_directory();
    cbor::Reader reader(input);
    switch (method) {
        case Method::kAuthorizeConnection:
            (void)decode_authorize(reader);
            return;
        case Method::kEndpoints: {
            cbor::Scanner whole;
            cbor::Scanner pieces;
            const auto status = whole.scan(input, 3);
            auto last = cbor::Scanner::Status::kNeedMore;
            for (size_t n = 0; n <= input.size() && last == cbor::Scanner::Status::kNeedMore; ++n)
                last = pieces.scan(input.substr(0, n), 3);
            MR_ASSERT(last == status);
            return;
        }
        case Method::kDefineKeySchema: {
            Placeholders placeholders;
            (void)print_condition(input, placeholders);
            (void)print_update(input, placeholders);
            (void)parse_projection(input);
            return;
        }
        case Method::kDefineAttributeListId:
            (void)decode_attribute_names(reader);
            return;
        case Method::kDefineAttributeList: {
            std::string flat;
            if (read_value(reader, flat)) MR_ASSERT(item::valid_value(flat));
            return;
        }
        case Method::kGetItem:
            if (const auto request = decode_get_item(reader)) {
                const auto schema = directory.key_schema(request->table);
                if (schema) {
                    const auto key = read_key(**schema, request->key);
                    std::string normal;
                    MR_ASSERT(normalise_key(**schema, request->key, normal).has_value() ==
                              key.has_value());
                    if (key) check(directory, **schema, *key);
                }
            }
            return;
        case Method::kPutItem:
            if (const auto request = decode_put_item(reader, directory))
                check(directory, *request->schema, *request->input.item);
            return;
        case Method::kUpdateItem:
            (void)decode_update_item(reader, directory);
            return;
        case Method::kDeleteItem:
            (void)decode_delete_item(reader, directory);
            return;
        case Method::kQuery:
            (void)decode_query(reader, directory);
            return;
        case Method::kScan:
            (void)decode_scan(reader, directory);
            return;
        case Method::kBatchGetItem:
            (void)decode_batch_get_item(reader, directory);
            return;
        case Method::kBatchWriteItem:
            (void)decode_batch_write_item(reader, directory);
            return;
        case Method::kTransactGetItems:
            (void)decode_transact_get_items(reader, directory);
            return;
        case Method::kTransactWriteItems:
            (void)decode_transact_write_items(reader, directory);
            return;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    run(kMethods[data[0] % std::size(kMethods)].method, input.substr(1));
    return 0;
}
