// DynamoDB's expression language: parses the expressions of one request, once, and evaluates them
// on flat items without taking these apart.
//
//   ExpressionContext context(names, values);               // views into the request
//   MR_TRY(auto condition, parse_condition(text, Kind::kCondition, context));
//   MR_CHECK_OK(context.check_all_used());                   // after the last expression
//   if (!evaluate(condition, item)) ...
//
// Thread-safety: plain values; a context belongs to one request. Ownership: parsed expressions keep
// views of the values of the context (or of the legacy parameters they were translated from): the
// request must outlive them.
// Errors: only ValidationException, with DynamoDB's texts.
// Source: DynamoDB Developer Guide, "Expressions reference"; recorded answers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "item/item.h"

namespace millrace::dynamodb::expression {

inline constexpr size_t kExpressionBytesMax = 4096;
inline constexpr int kOperatorsMax = 300;
inline constexpr size_t kInOperandsMax = 100;
inline constexpr size_t kSubstitutionBytesMax = 2 * 1024 * 1024;

enum class Kind : uint8_t { kCondition, kFilter, kProjection, kUpdate, kKeyCondition };
// "ConditionExpression", ...
std::string_view kind_name(Kind kind);

// Names and values of a request, and which of them its expressions have used.
class ExpressionContext {
public:
    using Names = std::map<std::string, std::string>;
    ExpressionContext() = default;
    // Null: the parameter is absent. Both must outlive everything parsed with this context.
    ExpressionContext(const Names* names, const item::Item* values);
    // Temporaries would not outlive it.
    ExpressionContext(const std::optional<Names>&&, const std::optional<item::Item>&&) = delete;
    // From the model's optionals.
    ExpressionContext(const std::optional<Names>& names, const std::optional<item::Item>& values)
        : ExpressionContext(names ? &*names : nullptr, values ? &*values : nullptr) {}

    // Null when not defined; marks it as used. The placeholder includes '#'.
    const std::string* use_name(std::string_view placeholder);
    // No value when not defined; marks it as used. The placeholder includes ':'.
    item::ValueView use_value(std::string_view placeholder);
    // Empty maps, malformed placeholders, names or values that are not valid (before parsing).
    Result<void> check_entries() const;
    // "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}" (after
    // parsing).
    Result<void> check_all_used() const;

private:
    struct NameEntry {
        std::string_view placeholder;
        const std::string* name;
        bool used = false;
    };
    struct ValueEntry {
        std::string_view placeholder;
        item::ValueView value;
        bool used = false;
    };
    std::vector<NameEntry> names_;    // ascending by placeholder
    std::vector<ValueEntry> values_;  // ascending by placeholder
    bool has_names_ = false;
    bool has_values_ = false;
    const item::Item* raw_values_ = nullptr;
};

// A parameter of a request and whether it was given.
struct Parameter {
    std::string_view name;
    bool given = false;
    // May an expression of this kind use values (all but ProjectionExpression)?
    bool takes_values = true;
};

// The checks before any expression is parsed, in AWS's order: styles mixed, then names or values
// without an expression, then ExpressionContext::check_entries.
Result<void> check_parameters(std::span<const Parameter> legacy,
                              std::span<const Parameter> expressions,
                              const ExpressionContext::Names* names, const item::Item* values);
inline Result<void> check_parameters(std::initializer_list<Parameter> legacy,
                                     std::initializer_list<Parameter> expressions,
                                     const std::optional<ExpressionContext::Names>& names,
                                     const std::optional<item::Item>& values) {
    return check_parameters(std::span<const Parameter>(legacy.begin(), legacy.size()),
                            std::span<const Parameter>(expressions.begin(), expressions.size()),
                            names ? &*names : nullptr, values ? &*values : nullptr);
}

// One step of a document path: a map's member, or a list's element (index >= 0, name empty).
struct PathElement {
    std::string name;
    int32_t index = -1;
    bool is_index() const { return index >= 0; }
    friend bool operator==(const PathElement&, const PathElement&) = default;
};
using Path = std::vector<PathElement>;
// As in AWS's error texts: "[a, b, [1]]".
std::string path_text(const Path& path);
// No value when the path does not lead to one. O(attributes on the way).
item::ValueView find_path(item::ItemView item, const Path& path);

// What a condition compares.
struct Operand {
    enum class Kind : uint8_t { kPath, kValue, kSize };
    Kind kind = Kind::kPath;
    Path path;              // kPath, kSize
    item::ValueView value;  // kValue, kSize of a value
    // Operand of kSize that is itself a value: then path is empty.
};

enum class ConditionOp : uint8_t {
    kAnd,
    kOr,
    kNot,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kBetween,
    kIn,
    kAttributeExists,
    kAttributeNotExists,
    kAttributeType,
    kBeginsWith,
    kContains,
};

// A parsed ConditionExpression or FilterExpression (or what a legacy parameter means).
struct Condition {
    struct Node {
        ConditionOp op;
        uint32_t first = 0;   // kAnd, kOr, kNot: a node; others: the first operand
        uint32_t second = 0;  // kAnd, kOr: a node; others: number of operands
    };
    std::vector<Node> nodes;
    std::vector<Operand> operands;
    uint32_t root = 0;
    // Top-level attributes that the condition reads, each once.
    std::vector<std::string_view> attribute_names() const;
};

Result<Condition> parse_condition(std::string_view text, Kind kind, ExpressionContext& context);
// An absent item is an empty one. A Condition without nodes (an empty Expected) holds.
bool evaluate(const Condition& condition, item::ItemView item);
// "Filter Expression can only contain non-primary key attributes: Primary key attribute: <k>"
// (`legacy`: "QueryFilter can only ...").
Result<void> check_filter_without_keys(const Condition& filter, std::span<const std::string> keys,
                                       bool legacy = false);

// A parsed ProjectionExpression or AttributesToGet.
struct Projection {
    std::vector<Path> paths;
    std::vector<std::string_view> attribute_names() const;
};
Result<Projection> parse_projection(std::string_view text, ExpressionContext& context);
// Keeps the structure of nested paths; list elements are compacted in order.
item::Item project(const Projection& projection, item::ItemView item);

// The right side of SET.
struct UpdateOperand {
    enum class Kind : uint8_t { kPath, kValue, kIfNotExists, kListAppend, kAdd, kSubtract };
    Kind kind = Kind::kPath;
    Path path;              // kPath, kIfNotExists
    item::ValueView value;  // kValue
    uint32_t first = 0;     // operand indices; kIfNotExists uses `second` only
    uint32_t second = 0;
};
enum class UpdateOp : uint8_t {
    kSet,
    kRemove,
    kAdd,
    kDelete,
};
// A parsed UpdateExpression or AttributeUpdates.
struct Update {
    struct Action {
        UpdateOp op;
        Path path;
        uint32_t operand = 0;   // kSet: index of its UpdateOperand
        item::ValueView value;  // kAdd, kDelete
    };
    std::vector<Action> actions;
    std::vector<UpdateOperand> operands;
    bool legacy = false;  // AttributeUpdates: ADD also appends to lists
    // Top-level attributes that are written / written or read, each once.
    std::vector<std::string_view> written_names() const;
    std::vector<std::string_view> attribute_names() const;
};
Result<Update> parse_update(std::string_view text, ExpressionContext& context);
// P + "Cannot update attribute <k>. This attribute is part of the key"
Result<void> check_key_not_updated(const Update& update, std::span<const std::string> keys);
// The new item; `old` is the item as it was, or only the key for a new one. Every right side sees
// `old`. An error leaves nothing changed. The caller checks the size of the result.
Result<item::Item> apply(const Update& update, item::ItemView old);
// What ReturnValues=UPDATED_OLD (item: the old one) or UPDATED_NEW (the new one, `is_new`) answers.
item::Item project_updated(const Update& update, item::ItemView item, bool is_new);

// A table's or index's key, as a key condition needs it.
struct KeySchema {
    std::string hash;
    item::Type hash_type = item::Type::kString;
    std::string sort;  // empty: none
    item::Type sort_type = item::Type::kString;
    // The second to fourth attributes of a global index's key.
    struct More {
        std::string name;
        item::Type type = item::Type::kString;
    };
    std::vector<More> more_hashes = {};
    std::vector<More> more_sorts = {};
    size_t size() const {
        return 1 + more_hashes.size() + (sort.empty() ? 0 : 1) + more_sorts.size();
    }
};

enum class SortOp : uint8_t {
    kNone,
    kEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kBetween,
    kBeginsWith,
};

// A key condition that fits a schema: one partition, and a range of sort keys.
struct KeyRange {
    item::Value hash;
    std::vector<item::Value> more_hashes;
    // Of the last sort attribute with a condition; those before it are equal to something.
    SortOp op = SortOp::kNone;
    item::Value first;   // the operand; BETWEEN: lower bound
    item::Value second;  // BETWEEN: upper bound
    // Bounds of encoded sort keys (item::append_key), low inclusive, high exclusive. Also right
    // when more bytes follow the encoded key. high empty: unbounded.
    std::string low;
    std::string high;
    // Is the encoded sort key inside?
    bool contains(std::string_view encoded_sort) const {
        return encoded_sort >= low && (high.empty() || encoded_sort < high);
    }
};

// A parsed KeyConditionExpression or KeyConditions, before the schema is known.
struct KeyCondition {
    struct Term {
        std::string name;
        ConditionOp op = ConditionOp::kEqual;
        std::vector<item::ValueView> values;
    };
    std::vector<Term> terms;  // one to eight
    bool legacy = false;
};
Result<KeyCondition> parse_key_condition(std::string_view text, ExpressionContext& context);
Result<KeyRange> bind_key_condition(const KeyCondition& condition, const KeySchema& schema);

}  // namespace millrace::dynamodb::expression
