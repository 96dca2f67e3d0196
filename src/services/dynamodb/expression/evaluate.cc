// Evaluates conditions on flat items, without taking these apart. See expression.h.
#include <algorithm>
#include <array>

#include "item/errors.h"
#include "services/dynamodb/expression/expression.h"

namespace millrace::dynamodb::expression {

using item::ItemView;
using item::Type;
using item::ValueView;

std::string path_text(const Path& path) {
    std::string text = "[";
    for (size_t i = 0; i < path.size(); ++i) {
        if (i != 0) text.append(", ");
        if (path[i].is_index()) {
            text.append("[").append(std::to_string(path[i].index)).append("]");
        } else {
            text.append(path[i].name);
        }
    }
    return text.append("]");
}

ValueView find_path(ItemView item, const Path& path) {
    if (path.empty()) return {};
    ValueView value = item.find(path[0].name);
    for (size_t i = 1; i < path.size() && value.has_value(); ++i) {
        if (path[i].is_index()) {
            value = value.is(Type::kList) ? value.list().at(static_cast<size_t>(path[i].index))
                                          : ValueView();
        } else {
            value = value.is(Type::kMap) ? value.map().find(path[i].name) : ValueView();
        }
    }
    return value;
}

namespace {

// size(): bytes of S and B, elements of the others; nothing for N, BOOL and NULL.
std::optional<size_t> size_of(ValueView value) {
    if (!value.has_value()) return std::nullopt;
    switch (value.type()) {
        case Type::kString:
        case Type::kBinary:
            return value.payload().size();
        case Type::kNumber:
        case Type::kBool:
        case Type::kNull:
            return std::nullopt;
        default:
            return value.count();
    }
}

bool contains(ValueView container, ValueView operand) {
    if (!container.has_value() || !operand.has_value()) return false;
    switch (container.type()) {
        case Type::kString:
        case Type::kBinary:
            return operand.type() == container.type() &&
                   container.payload().find(operand.payload()) != std::string_view::npos;
        case Type::kStringSet:
            return operand.is(Type::kString) && container.set().contains(operand.payload());
        case Type::kNumberSet:
            return operand.is(Type::kNumber) && container.set().contains(operand.payload());
        case Type::kBinarySet:
            return operand.is(Type::kBinary) && container.set().contains(operand.payload());
        case Type::kList:
            return std::ranges::any_of(
                container.list(), [&](const ValueView& element) { return element == operand; });
        default:
            return false;
    }
}

class Evaluator {
public:
    Evaluator(const Condition& condition, ItemView item) : condition_(condition), item_(item) {}

    bool node(uint32_t index) const {
        const Condition::Node& node_ref = condition_.nodes[index];
        switch (node_ref.op) {
            case ConditionOp::kAnd:
                return node(node_ref.first) && node(node_ref.second);
            case ConditionOp::kOr:
                return node(node_ref.first) || node(node_ref.second);
            case ConditionOp::kNot:
                return !node(node_ref.first);
            default:
                return predicate(node_ref);
        }
    }

private:
    // An operand's value; a size is encoded into the buffer, which must outlive the result.
    struct Scratch {
        std::array<char, item::kNumberBytesMax + 2> bytes;
    };
    ValueView value(uint32_t index, Scratch& scratch) const {
        const Operand& operand = condition_.operands[index];
        if (operand.kind == Operand::Kind::kValue) return operand.value;
        const ValueView found =
            operand.path.empty() ? operand.value : find_path(item_, operand.path);
        if (operand.kind == Operand::Kind::kPath) return found;
        const std::optional<size_t> size = size_of(found);
        if (!size) return {};
        const item::Number number = item::Number::from_int(static_cast<int64_t>(*size));
        scratch.bytes[0] = static_cast<char>(Type::kNumber);
        scratch.bytes[1] = static_cast<char>(number.bytes().size());
        std::copy(number.bytes().begin(), number.bytes().end(), scratch.bytes.begin() + 2);
        return ValueView::at(std::string_view(scratch.bytes.data(), number.bytes().size() + 2));
    }

    bool is_size(uint32_t index) const {
        return condition_.operands[index].kind == Operand::Kind::kSize;
    }

    bool predicate(const Condition::Node& node_ref) const {
        Scratch first_scratch;
        Scratch second_scratch;
        const uint32_t first_index = node_ref.first;
        const ValueView first = value(first_index, first_scratch);
        switch (node_ref.op) {
            case ConditionOp::kAttributeExists:
                return first.has_value();
            case ConditionOp::kAttributeNotExists:
                return !first.has_value();
            case ConditionOp::kIn:
                if (!first.has_value()) return false;
                for (uint32_t i = 1; i < node_ref.second; ++i) {
                    if (first == value(first_index + i, second_scratch)) return true;
                }
                return false;
            default:
                break;
        }
        const ValueView second = value(first_index + 1, second_scratch);
        const bool both = first.has_value() && second.has_value();
        switch (node_ref.op) {
            case ConditionOp::kEqual:
                return both && first == second;
            case ConditionOp::kNotEqual:
                // Absent attributes differ from everything, but the size of what has none compares
                // with nothing.
                if (!first.has_value() && is_size(first_index)) return false;
                if (!second.has_value() && is_size(first_index + 1)) return false;
                return !both || !(first == second);
            case ConditionOp::kAttributeType:
                return both && item::type_name(first.type()) == second.string();
            case ConditionOp::kBeginsWith:
                return both && first.type() == second.type() &&
                       (first.is(Type::kString) || first.is(Type::kBinary)) &&
                       first.payload().starts_with(second.payload());
            case ConditionOp::kContains:
                return contains(first, second);
            case ConditionOp::kBetween: {
                Scratch third_scratch;
                const auto from = item::compare(first, second);
                const auto to = item::compare(first, value(first_index + 2, third_scratch));
                return from && to && *from >= 0 && *to <= 0;
            }
            default:
                break;
        }
        const auto order = item::compare(first, second);
        if (!order) return false;
        switch (node_ref.op) {
            case ConditionOp::kLess:
                return *order < 0;
            case ConditionOp::kLessEqual:
                return *order <= 0;
            case ConditionOp::kGreater:
                return *order > 0;
            default:
                return *order >= 0;
        }
    }

    const Condition& condition_;
    const ItemView item_;
};

void add_name(std::vector<std::string_view>& names, const Path& path) {
    if (path.empty() || std::find(names.begin(), names.end(), path[0].name) != names.end()) return;
    names.push_back(path[0].name);
}

}  // namespace

bool evaluate(const Condition& condition, ItemView item) {
    if (condition.nodes.empty()) return true;
    return Evaluator(condition, item).node(condition.root);
}

std::vector<std::string_view> Condition::attribute_names() const {
    std::vector<std::string_view> names;
    for (const Operand& operand : operands) add_name(names, operand.path);
    return names;
}

std::vector<std::string_view> Projection::attribute_names() const {
    std::vector<std::string_view> names;
    for (const Path& path : paths) add_name(names, path);
    return names;
}

std::vector<std::string_view> Update::written_names() const {
    std::vector<std::string_view> names;
    for (const Action& action : actions) add_name(names, action.path);
    return names;
}

std::vector<std::string_view> Update::attribute_names() const {
    std::vector<std::string_view> names = written_names();
    for (const UpdateOperand& operand : operands) add_name(names, operand.path);
    return names;
}

Result<void> check_filter_without_keys(const Condition& filter, std::span<const std::string> keys,
                                       bool legacy) {
    for (const std::string_view name : filter.attribute_names()) {
        if (std::find(keys.begin(), keys.end(), name) == keys.end()) continue;
        return item::validation_error(
            std::string(legacy ? "QueryFilter" : "Filter Expression")
                .append(" can only contain non-primary key attributes: Primary key attribute: ")
                .append(name));
    }
    return {};
}

}  // namespace millrace::dynamodb::expression
