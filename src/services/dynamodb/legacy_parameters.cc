#include "services/dynamodb/legacy_parameters.h"

namespace millrace::dynamodb {
namespace {

std::vector<expression::LegacyCondition> conditions_of(const LegacyConditions& conditions) {
    std::vector<expression::LegacyCondition> result;
    if (!conditions) return result;
    for (const auto& [attribute, condition] : *conditions) {
        auto& entry = result.emplace_back();
        entry.attribute = attribute;
        entry.comparison_operator = *condition.comparison_operator;
        if (condition.attribute_value_list) entry.values = *condition.attribute_value_list;
    }
    return result;
}

}  // namespace

Result<std::optional<expression::Condition>> parse_expected(
    const Expected& expected, const std::optional<std::string>& conditional_operator) {
    std::vector<expression::LegacyExpected> entries;
    if (expected) {
        for (const auto& [attribute, wanted] : *expected) {
            auto& entry = entries.emplace_back();
            entry.attribute = attribute;
            entry.exists = wanted.exists;
            if (wanted.value) entry.value = &*wanted.value;
            if (wanted.comparison_operator) entry.comparison_operator = *wanted.comparison_operator;
            if (wanted.attribute_value_list) entry.values = *wanted.attribute_value_list;
        }
    }
    MR_TRY(expression::Condition condition,
           expression::translate_expected(entries, conditional_operator.value_or("")));
    if (!expected) return std::optional<expression::Condition>();
    return std::optional(std::move(condition));
}

Result<std::optional<expression::Condition>> parse_legacy_filter(
    const LegacyConditions& filter, const std::optional<std::string>& conditional_operator) {
    MR_TRY(expression::Condition condition,
           expression::translate_filter(conditions_of(filter), conditional_operator.value_or("")));
    if (!filter) return std::optional<expression::Condition>();
    return std::optional(std::move(condition));
}

Result<expression::KeyCondition> parse_key_conditions(const LegacyConditions& conditions) {
    return expression::translate_key_conditions(conditions_of(conditions));
}

Result<std::optional<expression::Update>> parse_attribute_updates(const AttributeUpdates& updates) {
    if (!updates) return std::optional<expression::Update>();
    std::vector<expression::LegacyUpdate> entries;
    for (const auto& [attribute, update] : *updates) {
        auto& entry = entries.emplace_back();
        entry.attribute = attribute;
        if (update.action) entry.action = *update.action;
        if (update.value) entry.value = &*update.value;
    }
    MR_TRY(expression::Update parsed, expression::translate_updates(entries));
    return std::optional(std::move(parsed));
}

Result<std::optional<expression::Projection>> parse_attributes_to_get(
    const AttributesToGet& names) {
    if (!names) return std::optional<expression::Projection>();
    MR_TRY(expression::Projection projection, expression::translate_attributes_to_get(*names));
    return std::optional(std::move(projection));
}

}  // namespace millrace::dynamodb
