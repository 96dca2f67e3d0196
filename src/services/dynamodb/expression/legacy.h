// The parameters from before expressions (Expected, AttributeUpdates, KeyConditions, QueryFilter,
// ScanFilter, AttributesToGet, ConditionalOperator), translated into parsed expressions, so that
// there is one evaluator. The caller fills these structs from the model's types (same members).
//
// Thread-safety: pure functions. Ownership: results keep views of the values given here.
// Errors: ValidationException with DynamoDB's texts.
// Source: DynamoDB API Reference, "Legacy conditional parameters"; recorded answers.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "item/item.h"
#include "services/dynamodb/expression/expression.h"

namespace millrace::dynamodb::expression {

// One entry of KeyConditions, QueryFilter or ScanFilter.
struct LegacyCondition {
    std::string_view attribute;
    std::string_view comparison_operator;  // "EQ", ...: the model has checked the enum
    std::span<const item::Value> values;   // AttributeValueList
};
// One entry of Expected.
struct LegacyExpected {
    std::string_view attribute;
    std::optional<bool> exists;
    const item::Value* value = nullptr;
    std::optional<std::string_view> comparison_operator;
    std::optional<std::span<const item::Value>> values;
};
// One entry of AttributeUpdates.
struct LegacyUpdate {
    std::string_view attribute;
    std::string_view action = "PUT";  // "PUT", "ADD", "DELETE"
    const item::Value* value = nullptr;
};
// ConditionalOperator; empty: absent, AND.
Result<Condition> translate_expected(std::span<const LegacyExpected> expected,
                                     std::string_view conditional_operator);
Result<Condition> translate_filter(std::span<const LegacyCondition> filter,
                                   std::string_view conditional_operator);
Result<KeyCondition> translate_key_conditions(std::span<const LegacyCondition> conditions);
Result<Update> translate_updates(std::span<const LegacyUpdate> updates);
// "One or more parameter values were invalid: Duplicate value in attribute name: a"
Result<Projection> translate_attributes_to_get(std::span<const std::string> names);

}  // namespace millrace::dynamodb::expression
