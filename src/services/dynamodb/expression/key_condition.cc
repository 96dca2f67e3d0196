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

// Encoded keys delimit themselves: every longer key that begins with one lies below prefix_end of
// it.
void set_bounds(KeyRange& range) {
    std::string first;
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
            range.high = std::move(first);
            break;
        case SortOp::kLessEqual:
            range.high = item::prefix_end(first);
            break;
        case SortOp::kGreater:
            range.low = item::prefix_end(first);
            break;
        case SortOp::kGreaterEqual:
            range.low = std::move(first);
            break;
        case SortOp::kBetween: {
            std::string second;
            item::append_key(second, range.second);
            range.low = std::move(first);
            range.high = item::prefix_end(second);
            break;
        }
    }
}

}  // namespace

Result<KeyRange> bind_key_condition(const KeyCondition& condition, const KeySchema& schema) {
    const KeyCondition::Term* hash = nullptr;
    const KeyCondition::Term* sort = nullptr;
    for (const KeyCondition::Term& term : condition.terms) {
        if (term.name == schema.hash) hash = &term;
        if (!schema.sort.empty() && term.name == schema.sort) sort = &term;
    }
    if (condition.terms.size() > (schema.sort.empty() ? 1U : 2U)) {
        return item::validation_error("Query key condition not supported");
    }
    if (hash == nullptr || (condition.terms.size() == 2 && sort == nullptr)) {
        return item::validation_error(std::string("Query condition missed key schema element: ")
                                          .append(hash == nullptr ? schema.hash : schema.sort));
    }
    if (hash->op != ConditionOp::kEqual)
        return item::validation_error("Query key condition not supported");
    KeyRange range;
    MR_CHECK_OK(check_key_value(hash->values[0], schema.hash, schema.hash_type, true));
    range.hash = Value(hash->values[0]);
    if (sort == nullptr) return range;
    const std::optional<SortOp> op = sort_op(sort->op);
    if (!op) return item::validation_error("Query key condition not supported");
    for (const ValueView value : sort->values) {
        MR_CHECK_OK(check_key_value(value, schema.sort, schema.sort_type, false));
    }
    range.op = *op;
    range.first = Value(sort->values[0]);
    if (*op == SortOp::kBetween) range.second = Value(sort->values[1]);
    set_bounds(range);
    return range;
}

}  // namespace millrace::dynamodb::expression
