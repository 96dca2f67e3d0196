// Key conditions against a table's or index's key: one partition, a range of encoded sort keys.
#include <algorithm>

#include "item/errors.h"
#include "services/dynamodb/expression/expression.h"
#include "services/dynamodb/expression/syntax.h"

namespace millrace::dynamodb::expression {
namespace {

using item::Type;
using item::Value;
using item::ValueView;

constexpr size_t kHashKeyBytesMax = 2048;
constexpr size_t kSortKeyBytesMax = 1024;

Result<void> check_key_value(ValueView value, const std::string& key, Type type, bool is_hash) {
    if (value.type() != type)
        return invalid_parameter("Condition parameter type does not match schema type");
    if (type == Type::kNumber) return {};
    if (value.payload().empty()) {
        return item::validation_error(
            std::string("One or more parameter values are not valid. The AttributeValue for a "
                        "key attribute cannot contain an empty ")
                .append(type == Type::kString ? "string" : "binary")
                .append(" value. Key: ")
                .append(key));
    }
    if (is_hash && value.payload().size() > kHashKeyBytesMax) {
        return invalid_parameter(
            "Size of hashkey has exceeded the maximum size limit of2048 bytes");
    }
    if (!is_hash && value.payload().size() > kSortKeyBytesMax) {
        return invalid_parameter(
            "Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
    }
    return {};
}

std::optional<SortOp> sort_op(ConditionOp op) {
    switch (op) {
        case ConditionOp::kEqual:
            return SortOp::kEqual;
        case ConditionOp::kLess:
            return SortOp::kLess;
        case ConditionOp::kLessEqual:
            return SortOp::kLessEqual;
        case ConditionOp::kGreater:
            return SortOp::kGreater;
        case ConditionOp::kGreaterEqual:
            return SortOp::kGreaterEqual;
        case ConditionOp::kBetween:
            return SortOp::kBetween;
        case ConditionOp::kBeginsWith:
            return SortOp::kBeginsWith;
        default:
            return std::nullopt;
    }
}

// Empty: unbounded.
std::string end_of(const std::string& prefix) {
    return prefix.empty() ? std::string() : item::prefix_end(prefix);
}

// Encoded keys delimit themselves: every longer key that begins with one lies below prefix_end of
// it.
// `prefix`: the encoded attributes before, which are equal to something.
void set_bounds(KeyRange& range, const std::string& prefix) {
    std::string first = prefix;
    if (range.op == SortOp::kBeginsWith) {
        item::append_key_prefix(first, range.first);
    } else if (range.op != SortOp::kNone) {
        item::append_key(first, range.first);
    }
    switch (range.op) {
        case SortOp::kNone:
            break;
        case SortOp::kEqual:
        case SortOp::kBeginsWith:
            range.high = item::prefix_end(first);
            range.low = std::move(first);
            break;
        case SortOp::kLess:
            range.low = prefix;
            range.high = std::move(first);
            break;
        case SortOp::kLessEqual:
            range.low = prefix;
            range.high = item::prefix_end(first);
            break;
        case SortOp::kGreater:
            range.low = item::prefix_end(first);
            range.high = end_of(prefix);
            break;
        case SortOp::kGreaterEqual:
            range.low = std::move(first);
            range.high = end_of(prefix);
            break;
        case SortOp::kBetween: {
            std::string second = prefix;
            item::append_key(second, range.second);
            range.low = std::move(first);
            range.high = item::prefix_end(second);
            break;
        }
    }
}

}  // namespace

Result<KeyRange> bind_key_condition(const KeyCondition& condition, const KeySchema& schema) {
    const auto term_of = [&](const std::string& name) -> const KeyCondition::Term* {
        for (const KeyCondition::Term& term : condition.terms) {
            if (term.name == name) return &term;
        }
        return nullptr;
    };
    const auto missed = [](const std::string& name) {
        return item::validation_error(
            std::string("Query condition missed key schema element: ").append(name));
    };
    const bool multiple = !schema.more_hashes.empty() || !schema.more_sorts.empty();
    if (!multiple && condition.terms.size() > 2)
        return item::validation_error("Conditions can be of length 1 or 2 only");
    if (condition.terms.size() > schema.size())
        return item::validation_error("Query key condition not supported");
    KeyRange range;
    size_t used = 0;
    const auto bind_hash = [&](const std::string& name, Type type, Value& out) -> Result<void> {
        const KeyCondition::Term* term = term_of(name);
        if (term == nullptr) return missed(name);
        if (term->op != ConditionOp::kEqual)
            return item::validation_error("Query key condition not supported");
        MR_CHECK_OK(check_key_value(term->values[0], name, type, true));
        out = Value(term->values[0]);
        ++used;
        return {};
    };
    // A table's sort key is missed before the partition key's condition is looked at.
    if (!multiple && condition.terms.size() == 2 && term_of(schema.hash) != nullptr &&
        term_of(schema.sort) == nullptr) {
        return missed(schema.sort);
    }
    MR_CHECK_OK(bind_hash(schema.hash, schema.hash_type, range.hash));
    for (const KeySchema::More& more : schema.more_hashes)
        MR_CHECK_OK(bind_hash(more.name, more.type, range.more_hashes.emplace_back()));
    std::string prefix;
    // Sort attributes have conditions from left to right, all but the last one equalities.
    // Source: Developer Guide, "Multi-attribute keys pattern".
    const auto bind_sort = [&](const std::string& name, Type type) -> Result<void> {
        if (used == condition.terms.size()) return {};
        const KeyCondition::Term* term = term_of(name);
        if (term == nullptr) return missed(name);
        const std::optional<SortOp> op = sort_op(term->op);
        if (!op || (range.op != SortOp::kNone && range.op != SortOp::kEqual))
            return item::validation_error("Query key condition not supported");
        for (const ValueView value : term->values)
            MR_CHECK_OK(check_key_value(value, name, type, false));
        if (range.op == SortOp::kEqual) item::append_key(prefix, range.first);
        range.op = *op;
        range.first = Value(term->values[0]);
        if (*op == SortOp::kBetween) range.second = Value(term->values[1]);
        ++used;
        return {};
    };
    if (!schema.sort.empty()) MR_CHECK_OK(bind_sort(schema.sort, schema.sort_type));
    for (const KeySchema::More& more : schema.more_sorts)
        MR_CHECK_OK(bind_sort(more.name, more.type));
    set_bounds(range, prefix);
    return range;
}

}  // namespace millrace::dynamodb::expression
