// Expressions: clients send them parsed, as trees in CBOR; DynamoDB's operations take text. They
// are printed back with a placeholder for every name and value.
// Thread-safety: plain values. Errors: ValidationException.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "item/item.h"

namespace millrace::dax {

// Longer than what DynamoDB accepts (4 KB), so that it is DynamoDB that refuses.
inline constexpr size_t kPrintedBytesMax = 64 * 1024;

// The placeholders of one request: its expressions share them.
class Placeholders {
public:
    // "#0", the same for the same name.
    std::string name(std::string_view name);
    std::string value(item::ValueView value);
    std::optional<std::map<std::string, std::string>> names() const;
    std::optional<item::Item> values();

private:
    std::map<std::string, std::string, std::less<>> by_name_;
    item::ItemBuilder values_;
    size_t value_count_ = 0;
};

// Condition, filter or key condition.
Result<std::string> print_condition(std::string_view encoded, Placeholders& placeholders);
Result<std::string> print_update(std::string_view encoded, Placeholders& placeholders);

struct PathElement {
    std::string name;
    int64_t index = -1;  // >= 0: an element of a list, without a name
    friend bool operator==(const PathElement&, const PathElement&) = default;
};
using Path = std::vector<PathElement>;

// The paths of a projection; in answers they are called by their place in it. The upstream is asked
// for the top-level attributes, and the paths are found here: in what a nested projection answers
// the places of list elements are lost.
struct Projection {
    std::vector<Path> paths;
    std::string print(Placeholders& placeholders) const;
};
Result<Projection> parse_projection(std::string_view encoded);
// No value when the path leads nowhere.
item::ValueView find_path(item::ItemView item, const Path& path);

}  // namespace millrace::dax
