// libFuzzer: DynamoDB JSON is refused or gives a canonical item that survives writing and reading;
// and any bytes taken as stored ones are read without leaving them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/check.h"
#include "item/json.h"

namespace {

using namespace millrace::item;

void check_json(std::string_view json) {
    const auto item = parse_json_item(json);
    if (!item) return;
    MR_ASSERT(valid_item(item->bytes()));
    if (item->invalid() != nullptr) return;
    const auto again = parse_json_item(to_json(*item));
    MR_ASSERT(again && *again == *item);
    (void)item_size(*item);
}

void check_bytes(std::string_view bytes) {
    if (const auto item = read_stored(bytes); item && valid_item(item->bytes())) {
        const auto again = parse_json_item(to_json(*item));
        // Names and strings need not be UTF-8 in any bytes, but in JSON they must be.
        MR_ASSERT(!again || *again == *item);
    }
    std::string_view rest = bytes;
    if (const auto key = take_key(rest)) {
        std::string encoded;
        append_key(encoded, *key);
        MR_ASSERT(bytes.substr(0, bytes.size() - rest.size()) == encoded);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check_json(input);
    check_bytes(input);
    return 0;
}
