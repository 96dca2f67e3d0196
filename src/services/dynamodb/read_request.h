// What Query and Scan ask for, parsed: one place for the parameters that both have.
// Thread-safety: plain values. Ownership: keeps views of the request.
#pragma once

#include <optional>

#include "services/dynamodb/access.h"
#include "services/dynamodb/legacy_parameters.h"

namespace millrace::dynamodb {

struct ReadRequest {
    std::optional<expression::KeyCondition> key_condition;  // Query
    std::optional<expression::Condition> filter;
    std::optional<expression::Projection> projection;
    std::string_view select;     // empty: not given
    bool legacy_filter = false;  // QueryFilter or ScanFilter
};

// QueryFilter or ScanFilter.
template <class Input>
const LegacyConditions& legacy_filter(const Input& input) {
    if constexpr (requires { input.query_filter; }) {
        return input.query_filter;
    } else {
        return input.scan_filter;
    }
}

// Select and the projection fit each other. `projection`: the parameter that names the attributes,
// empty: none.
inline Result<void> check_select(std::string_view select, std::string_view projection,
                                 bool has_index) {
    if (select.empty()) return {};
    if (select == "ALL_PROJECTED_ATTRIBUTES" && !has_index) {
        return errors::invalid_parameter(
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
    }
    if (select == "SPECIFIC_ATTRIBUTES") {
        if (!projection.empty()) return {};
        return errors::invalid_parameter(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
            "SPECIFIC_ATTRIBUTES");
    }
    if (projection.empty()) return {};
    return errors::validation(fmt::format("Cannot specify the {} when choosing to get {}",
                                          projection,
                                          select == "COUNT" ? "only the Count" : select));
}

// What can be said of a start key without its table.
inline Result<void> check_start_key(const std::optional<item::Item>& key) {
    if (const auto checked = check_item(key); !checked)
        return errors::starting_key_invalid(checked.error().message);
    return {};
}

// The request's legacy parameters, then its expressions, each placeholder used.
template <class Input>
Result<ReadRequest> parse_read(const Input& input) {
    ReadRequest request;
    MR_TRY(request.projection, parse_attributes_to_get(input.attributes_to_get));
    MR_TRY(request.filter, parse_legacy_filter(legacy_filter(input), input.conditional_operator));
    request.legacy_filter = request.filter.has_value();
    if constexpr (requires { input.key_conditions; }) {
        if (input.key_conditions) {
            MR_TRY(request.key_condition, parse_key_conditions(input.key_conditions));
        }
    }
    expression::ExpressionContext parsing(input.expression_attribute_names,
                                          input.expression_attribute_values);
    if (input.projection_expression) {
        MR_TRY(request.projection,
               expression::parse_projection(*input.projection_expression, parsing));
    }
    if (input.filter_expression) {
        MR_TRY(request.filter, expression::parse_condition(*input.filter_expression,
                                                           expression::Kind::kFilter, parsing));
    }
    if constexpr (requires { input.key_condition_expression; }) {
        if (input.key_condition_expression) {
            MR_TRY(request.key_condition,
                   expression::parse_key_condition(*input.key_condition_expression, parsing));
        }
    }
    MR_CHECK_OK(parsing.check_all_used());
    if (input.select) request.select = *input.select;
    const std::string_view projection = input.attributes_to_get       ? "AttributesToGet"
                                        : input.projection_expression ? "ProjectionExpression"
                                                                      : "";
    MR_CHECK_OK(check_select(request.select, projection, input.index_name.has_value()));
    return request;
}

// Asks for the index instead of the table when there is one.
template <class Input>
void ask_to_read(DynamoDbService& service, OpContext& context, const Input& input,
                 std::string_view action, AuthzRequests& requests) {
    ask_for_items(service, context, input.table_name, action, requests, [&](Touched& touched) {
        expression::ExpressionContext parsing(input.expression_attribute_names,
                                              input.expression_attribute_values);
        if constexpr (requires { input.key_condition_expression; }) {
            if (touched.table != nullptr && input.index_name)
                touched.index = touched.table->find_index(*input.index_name);
            touched.key_conditions(input.key_conditions);
            touched.key_condition(input.key_condition_expression, parsing);
        }
        touched.names_of(legacy_filter(input));
        touched.condition(input.filter_expression, expression::Kind::kFilter, parsing);
        touched.select = input.select.value_or("");
        touched.projection(input.projection_expression, input.attributes_to_get, parsing);
        touched.return_consumed_capacity = input.return_consumed_capacity.value_or("");
    });
    if (input.index_name && !requests.empty())
        requests.back().resource += "/index/" + *input.index_name;
}

}  // namespace millrace::dynamodb
