// The legacy parameters of a request (Expected, AttributeUpdates, KeyConditions, QueryFilter,
// ScanFilter, AttributesToGet) from the model's types to parsed expressions.
// Thread-safety: pure functions. Ownership: results keep views of the request.
// Errors: ValidationException; see expression/legacy.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/generated/dynamodb.h"
#include "services/dynamodb/expression/legacy.h"

namespace millrace::dynamodb {

using Expected = std::optional<std::map<std::string, model::dynamodb::ExpectedAttributeValue>>;
using LegacyConditions = std::optional<std::map<std::string, model::dynamodb::Condition>>;
using AttributeUpdates =
    std::optional<std::map<std::string, model::dynamodb::AttributeValueUpdate>>;
using AttributesToGet = std::optional<std::vector<std::string>>;

// Nothing when the parameter is absent. A ConditionalOperator without one is refused.
Result<std::optional<expression::Condition>> parse_expected(
    const Expected& expected, const std::optional<std::string>& conditional_operator);
Result<std::optional<expression::Condition>> parse_legacy_filter(
    const LegacyConditions& filter, const std::optional<std::string>& conditional_operator);
Result<expression::KeyCondition> parse_key_conditions(const LegacyConditions& conditions);
Result<std::optional<expression::Update>> parse_attribute_updates(const AttributeUpdates& updates);
Result<std::optional<expression::Projection>> parse_attributes_to_get(const AttributesToGet& names);

}  // namespace millrace::dynamodb
