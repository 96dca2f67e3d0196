// What the parameters of Query and Scan say, in AWS's order of checks.
// Thread-safety: pure functions. Ownership: results keep views of the request.
#pragma once

#include <string_view>

#include "services/dynamodb/legacy_parameters.h"
#include "services/dynamodb/reading.h"

namespace millrace::dynamodb {

// The parameter that names attributes to return; empty: neither.
template <class Input>
std::string_view projection_parameter(const Input& input) {
    if (input.attributes_to_get) return "AttributesToGet";
    return input.projection_expression ? "ProjectionExpression" : "";
}

// Values of the start key, as far as no table is needed.
inline Result<void> check_start_key(const std::optional<item::Item>& key) {
    if (const auto checked = check_item(key); !checked)
        return errors::starting_key_invalid(checked.error().message);
    return {};
}

// Filter and projection, as expressions or legacy parameters; the key condition of Query.
// `legacy_filter`: QueryFilter or ScanFilter.
template <class Input>
Result<ReadExpressions> parse_read(const Input& input, const LegacyConditions& legacy_filter) {
    ReadExpressions parsed;
    MR_TRY(parsed.projection, parse_attributes_to_get(input.attributes_to_get));
    MR_TRY(parsed.filter, parse_legacy_filter(legacy_filter, input.conditional_operator));
    if constexpr (requires { input.key_conditions; }) {
        if (input.key_conditions) {
            MR_TRY(parsed.key_condition, parse_key_conditions(input.key_conditions));
        }
    }
    expression::ExpressionContext context(input.expression_attribute_names,
                                          input.expression_attribute_values);
    if (input.projection_expression) {
        MR_TRY(parsed.projection,
               expression::parse_projection(*input.projection_expression, context));
    }
    if (input.filter_expression) {
        MR_TRY(parsed.filter, expression::parse_condition(*input.filter_expression,
                                                          expression::Kind::kFilter, context));
    }
    if constexpr (requires { input.key_condition_expression; }) {
        if (input.key_condition_expression) {
            MR_TRY(parsed.key_condition,
                   expression::parse_key_condition(*input.key_condition_expression, context));
        }
    }
    MR_CHECK_OK(context.check_all_used());
    return parsed;
}

}  // namespace millrace::dynamodb
