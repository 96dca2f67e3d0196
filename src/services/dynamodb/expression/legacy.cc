// Legacy parameters as parsed expressions. See legacy.h.
#include "services/dynamodb/expression/legacy.h"

#include <algorithm>
#include <array>
#include <set>

#include "item/errors.h"
#include "services/dynamodb/expression/syntax.h"

namespace millrace::dynamodb::expression {
namespace {

using item::Type;
using item::Value;
using item::ValueView;

struct Comparison {
    std::string_view name;
    ConditionOp op;
    bool negated;
    size_t values_min;
    size_t values_max;
    std::string_view types;  // " S N B ", empty: all
    bool of_keys = false;    // KeyConditions may use it
};
constexpr std::array<Comparison, 13> kComparisons = {{
    {"EQ", ConditionOp::kEqual, false, 1, 1, "", true},
    {"NE", ConditionOp::kNotEqual, false, 1, 1, ""},
    {"LE", ConditionOp::kLessEqual, false, 1, 1, " S N B ", true},
    {"LT", ConditionOp::kLess, false, 1, 1, " S N B ", true},
    {"GE", ConditionOp::kGreaterEqual, false, 1, 1, " S N B ", true},
    {"GT", ConditionOp::kGreater, false, 1, 1, " S N B ", true},
    {"NOT_NULL", ConditionOp::kAttributeExists, false, 0, 0, ""},
    {"NULL", ConditionOp::kAttributeNotExists, false, 0, 0, ""},
    {"CONTAINS", ConditionOp::kContains, false, 1, 1, " S N B "},
    {"NOT_CONTAINS", ConditionOp::kContains, true, 1, 1, " S N B "},
    {"BEGINS_WITH", ConditionOp::kBeginsWith, false, 1, 1, " S B ", true},
    {"IN", ConditionOp::kIn, false, 1, kInOperandsMax, " S N B "},
    {"BETWEEN", ConditionOp::kBetween, false, 2, 2, " S N B ", true},
}};

// The comparison, when the values are right in number and type.
Result<const Comparison*> find_comparison(std::string_view name,
                                          const std::vector<ValueView>& values) {
    const auto found =
        std::find_if(kComparisons.begin(), kComparisons.end(),
                     [&](const Comparison& comparison) { return comparison.name == name; });
    if (found == kComparisons.end()) {
        return invalid_parameter(std::string("Invalid ComparisonOperator: ").append(name));
    }
    if (values.size() < found->values_min || values.size() > found->values_max) {
        return invalid_parameter(std::string("Invalid number of argument(s) for the ")
                                     .append(name)
                                     .append(" ComparisonOperator"));
    }
    for (const ValueView value : values) {
        const std::string_view type = item::type_name(value.type());
        const std::string wanted = std::string(" ").append(type).append(" ");
        if (found->types.empty() || found->types.find(wanted) != std::string_view::npos) continue;
        return invalid_parameter(std::string("ComparisonOperator ")
                                     .append(name)
                                     .append(" is not valid for ")
                                     .append(type)
                                     .append(" AttributeValue type"));
    }
    for (size_t i = 1; i < values.size(); ++i) {
        if (values[i].type() == values[0].type()) continue;
        return invalid_parameter("AttributeValues inside AttributeValueList must be of same type");
    }
    if (found->op == ConditionOp::kBetween && *item::compare(values[0], values[1]) > 0) {
        return item::validation_error(
            "The BETWEEN condition was provided a range where the lower bound is greater than the "
            "upper bound");
    }
    return &*found;
}

std::vector<ValueView> views_of(std::span<const Value> values) {
    return {values.begin(), values.end()};
}

// Joins conditions on single attributes with AND or OR.
class ConditionBuilder {
public:
    explicit ConditionBuilder(std::string_view conditional_operator)
        : join_(conditional_operator == "OR" ? ConditionOp::kOr : ConditionOp::kAnd) {}

    void add(std::string_view attribute, ConditionOp op, const std::vector<ValueView>& values,
             bool negated) {
        Condition::Node node{.op = op, .first = static_cast<uint32_t>(condition_.operands.size())};
        node.second = static_cast<uint32_t>(values.size()) + 1;
        Operand path;
        path.path.push_back({std::string(attribute), -1});
        condition_.operands.push_back(std::move(path));
        for (const ValueView value : values) {
            Operand operand;
            operand.kind = Operand::Kind::kValue;
            operand.value = value;
            condition_.operands.push_back(std::move(operand));
        }
        uint32_t index = append(node);
        if (negated) index = append({.op = ConditionOp::kNot, .first = index});
        condition_.root = count_++ == 0
                              ? index
                              : append({.op = join_, .first = condition_.root, .second = index});
    }

    Condition take() { return std::move(condition_); }

private:
    uint32_t append(Condition::Node node) {
        condition_.nodes.push_back(node);
        return static_cast<uint32_t>(condition_.nodes.size() - 1);
    }
    const ConditionOp join_;
    Condition condition_;
    size_t count_ = 0;
};

Result<void> check_operator(std::string_view conditional_operator, size_t conditions) {
    if (conditional_operator.empty()) return {};
    if (conditions == 0) {
        return item::validation_error(
            "ConditionalOperator cannot be used without Filter or Expected");
    }
    if (conditions == 1) {
        return item::validation_error(
            "ConditionalOperator can only be used when Filter or Expected has two or more "
            "elements");
    }
    return {};
}

Error for_attribute(std::string_view text, std::string_view attribute) {
    return invalid_parameter(std::string(text).append(" for Attribute: ").append(attribute));
}

Result<void> check_expected(const LegacyExpected& expected) {
    const std::string_view name = expected.attribute;
    if (expected.value != nullptr) MR_CHECK_OK(item::check_valid(*expected.value));
    if (expected.values) {
        for (const Value& value : *expected.values) MR_CHECK_OK(item::check_valid(value));
    }
    if (expected.values && expected.value != nullptr) {
        return for_attribute("Value and AttributeValueList cannot be used together", name);
    }
    if (!expected.comparison_operator) {
        if (expected.values)
            return for_attribute("AttributeValueList can only be used with a ComparisonOperator",
                                 name);
        if (expected.exists.value_or(true) && expected.value == nullptr) {
            return for_attribute(expected.exists ? "Value must be provided when Exists is true"
                                                 : "Value must be provided when Exists is null",
                                 name);
        }
        if (!expected.exists.value_or(true) && expected.value != nullptr) {
            return for_attribute("Value cannot be used when Exists is false", name);
        }
        return {};
    }
    if (expected.exists)
        return for_attribute("Exists and ComparisonOperator cannot be used together", name);
    const bool needs_value =
        *expected.comparison_operator != "NULL" && *expected.comparison_operator != "NOT_NULL";
    if (needs_value && !expected.values && expected.value == nullptr) {
        return for_attribute(
            std::string("Value or AttributeValueList must be used with ComparisonOperator: ")
                .append(*expected.comparison_operator),
            name);
    }
    return {};
}

}  // namespace

Result<Condition> translate_expected(std::span<const LegacyExpected> expected,
                                     std::string_view conditional_operator) {
    MR_CHECK_OK(check_operator(conditional_operator, expected.size()));
    ConditionBuilder builder(conditional_operator);
    for (const LegacyExpected& entry : expected) {
        MR_CHECK_OK(check_expected(entry));
        std::vector<ValueView> values;
        if (entry.values) values = views_of(*entry.values);
        if (entry.value != nullptr) values = {entry.value->view()};
        if (entry.comparison_operator) {
            MR_TRY(const Comparison* const comparison,
                   find_comparison(*entry.comparison_operator, values));
            builder.add(entry.attribute, comparison->op, values, comparison->negated);
        } else {
            builder.add(entry.attribute,
                        entry.exists.value_or(true) ? ConditionOp::kEqual
                                                    : ConditionOp::kAttributeNotExists,
                        values, false);
        }
    }
    return builder.take();
}

Result<Condition> translate_filter(std::span<const LegacyCondition> filter,
                                   std::string_view conditional_operator) {
    MR_CHECK_OK(check_operator(conditional_operator, filter.size()));
    ConditionBuilder builder(conditional_operator);
    for (const LegacyCondition& entry : filter) {
        for (const Value& value : entry.values) MR_CHECK_OK(item::check_valid(value));
        const std::vector<ValueView> values = views_of(entry.values);
        MR_TRY(const Comparison* const comparison,
               find_comparison(entry.comparison_operator, values));
        builder.add(entry.attribute, comparison->op, values, comparison->negated);
    }
    return builder.take();
}

Result<KeyCondition> translate_key_conditions(std::span<const LegacyCondition> conditions) {
    if (conditions.empty() || conditions.size() > 2) {
        return item::validation_error("Conditions can be of length 1 or 2 only");
    }
    KeyCondition result;
    result.legacy = true;
    for (const LegacyCondition& entry : conditions) {
        for (const Value& value : entry.values) MR_CHECK_OK(item::check_valid(value));
        std::vector<ValueView> values = views_of(entry.values);
        MR_TRY(const Comparison* const comparison,
               find_comparison(entry.comparison_operator, values));
        if (!comparison->of_keys) {
            return item::validation_error(
                "Attempted conditional constraint is not an indexable operation");
        }
        result.terms.push_back({std::string(entry.attribute), comparison->op, std::move(values)});
    }
    return result;
}

Result<Update> translate_updates(std::span<const LegacyUpdate> updates) {
    Update result;
    result.legacy = true;
    for (const LegacyUpdate& entry : updates) {
        if (entry.value != nullptr) MR_CHECK_OK(item::check_valid(*entry.value));
        Update::Action action{.op = UpdateOp::kSet, .path = {{std::string(entry.attribute), -1}}};
        if (entry.value == nullptr && entry.action != "DELETE") {
            return invalid_parameter(
                "Only DELETE action is allowed when no attribute value is specified");
        }
        if (entry.value == nullptr) {
            action.op = UpdateOp::kRemove;
        } else if (entry.action == "DELETE") {
            if (!item::is_set(entry.value->type())) {
                return invalid_parameter(
                    std::string("DELETE action with value is not supported for the type ")
                        .append(item::type_name(entry.value->type())));
            }
            action.op = UpdateOp::kDelete;
            action.value = *entry.value;
        } else if (entry.action == "ADD") {
            const Type type = entry.value->type();
            if (!item::is_set(type) && type != Type::kNumber && type != Type::kList) {
                return invalid_parameter(std::string("ADD action is not supported for the type ")
                                             .append(item::type_name(type)));
            }
            action.op = UpdateOp::kAdd;
            action.value = *entry.value;
        } else {
            UpdateOperand operand;
            operand.kind = UpdateOperand::Kind::kValue;
            operand.value = *entry.value;
            action.operand = static_cast<uint32_t>(result.operands.size());
            result.operands.push_back(std::move(operand));
        }
        result.actions.push_back(std::move(action));
    }
    return result;
}

Result<Projection> translate_attributes_to_get(std::span<const std::string> names) {
    Projection projection;
    std::set<std::string_view> seen;
    for (const std::string& name : names) {
        if (!seen.insert(name).second) {
            return invalid_parameter(
                std::string("Duplicate value in attribute name: ").append(name));
        }
        projection.paths.push_back({{name, -1}});
    }
    return projection;
}

}  // namespace millrace::dynamodb::expression
