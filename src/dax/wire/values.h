// Attribute values, keys and items as DAX sends them (docs/dax-protocol of the clients: sections
// "Attribute values", "Keys", "Lexicographic decimal", "Attribute lists"), to and from flat values.
// Thread-safety: pure functions. Errors: ValidationException for what is not a valid value.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "dax/wire/cbor.h"
#include "item/item.h"

namespace millrace::dax {

// ---- Values ----
void append_value(std::string& out, item::ValueView value);
// Appends the flat encoding of the next value. `depth`: containers around it.
Result<void> read_value(cbor::Reader& reader, std::string& flat, int depth = 0);
void append_number(std::string& out, std::string_view number);
Result<item::Number> read_number(cbor::Reader& reader);

// Bytes whose order is the order of the numbers; as a sort key.
void append_lexdecimal(std::string& out, std::string_view number);
// The whole of `bytes` is one number.
Result<item::Number> parse_lexdecimal(std::string_view bytes);

// ---- Keys ----
struct KeyPart {
    std::string name;
    item::Type type = item::Type::kString;
};
struct KeySchema {
    KeyPart hash;
    std::optional<KeyPart> sort;
    bool has(std::string_view name) const {
        return name == hash.name || (sort && name == sort->name);
    }
};
// ValidationException: an item of another schema, as when its table was made again meanwhile.
Result<void> append_key(std::string& out, const KeySchema& schema, item::ItemView item);
Result<item::Item> read_key(const KeySchema& schema, std::string_view bytes);
// The key in a form that equal keys share: item::append_key of its parts. Does not make an item.
Result<void> normalise_key(const KeySchema& schema, std::string_view bytes, std::string& out);

// ---- Items ----
// Names of non-key attributes in the order in which their values are sent.
using AttributeNames = std::vector<std::string>;
using AttributeNamesRef = std::shared_ptr<const AttributeNames>;
// The list without names.
inline constexpr int64_t kEmptyListId = 1;

// What the bytes refer to: key schemas and attribute lists. Calls may block.
class Directory {
public:
    virtual ~Directory() = default;
    // ResourceNotFoundException when there is no such table. Valid while the request runs.
    virtual Result<std::shared_ptr<const KeySchema>> key_schema(std::string_view table) = 0;
    // ValidationException: no such list.
    virtual Result<AttributeNamesRef> names(int64_t list_id) = 0;
    // The id of the list, new or not; LimitExceededException.
    virtual Result<int64_t> list_id(const AttributeNames& names) = 0;
};

// `bytes`: list id and values of the non-key attributes. The result has the key's, too.
Result<item::Item> read_item(Directory& directory, item::ItemView key, std::string_view bytes);
// Appends list id and values, without the byte string's head.
Result<void> append_item(std::string& out, Directory& directory, const KeySchema& schema,
                         item::ItemView item);

}  // namespace millrace::dax
