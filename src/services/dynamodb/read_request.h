// What Query and Scan ask for, parsed: one place for the parameters that both have.
// Thread-safety: plain values. Ownership: keeps views of the request.
#pragma once

#include <optional>

#include "services/dynamodb/access.h"
#include "services/dynamodb/expression/expression.h"

namespace millrace::dynamodb {

struct ReadRequest {
    std::optional<expression::KeyCondition> key_condition;  // Query
    std::optional<expression::Condition> filter;
    std::optional<expression::Projection> projection;
    std::string_view select;  // empty: not given
};

// Select and the projection fit each other.
inline Result<void> check_select(std::string_view select, bool has_projection, bool has_index) {
    if (select.empty()) return {};
    if (select == "ALL_PROJECTED_ATTRIBUTES" && !has_index) {
        return errors::invalid_parameter(
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
    }
    if (select == "SPECIFIC_ATTRIBUTES") {
        if (has_projection) return {};
        return errors::invalid_parameter(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
            "SPECIFIC_ATTRIBUTES");
    }
    if (!has_projection) return {};
    return errors::validation(
        fmt::format("Cannot specify the ProjectionExpression when choosing to get {}",
                    select == "COUNT" ? "only the Count" : select));
}

// The request's expressions, each placeholder used.
template <class Input>
Result<ReadRequest> parse_read(const Input& input) {
    ReadRequest request;
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
        MR_TRY(request.key_condition,
               expression::parse_key_condition(*input.key_condition_expression, parsing));
    }
    MR_CHECK_OK(parsing.check_all_used());
    if (input.select) request.select = *input.select;
    MR_CHECK_OK(
        check_select(request.select, request.projection.has_value(), input.index_name.has_value()));
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
            touched.key_condition(input.key_condition_expression, parsing);
        }
        touched.condition(input.filter_expression, expression::Kind::kFilter, parsing);
        touched.select = input.select.value_or("");
        touched.projection(input.projection_expression, input.attributes_to_get, parsing);
        touched.return_consumed_capacity = input.return_consumed_capacity.value_or("");
    });
    if (input.index_name && !requests.empty())
        requests.back().resource += "/index/" + *input.index_name;
}

}  // namespace millrace::dynamodb
