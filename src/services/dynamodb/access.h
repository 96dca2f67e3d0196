// What item operations ask to be allowed: the action on a table, with DynamoDB's own condition keys
// (dynamodb:LeadingKeys, Attributes, Select, ReturnValues, ReturnConsumedCapacity,
// EnclosingOperation, FullTableScan) where a policy of the caller looks at one.
// Without them a ForAllValues condition on leading keys would be true for every key.
// Thread-safety: as the operation's transaction.
// Source: IAM policy conditions for fine-grained access control, DynamoDB Developer Guide.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services/dynamodb/expression/expression.h"
#include "services/dynamodb/legacy_parameters.h"
#include "services/dynamodb/operations.h"

namespace millrace::dynamodb {

// What a request touches in one table. Views into the request.
struct Touched {
    // Null when there is no such table: then there are no keys to speak of.
    const Table* table = nullptr;
    // Of a Query on an index, whose partition key then leads; null: the table's.
    const Index* index = nullptr;
    std::set<std::string> leading_keys;
    std::set<std::string, std::less<>> attributes;
    std::string select;                    // empty: not of this operation
    std::string return_values;             // empty: not of this operation
    std::string return_consumed_capacity;  // empty: not asked
    std::string_view enclosing;            // "TransactWriteItems"; empty: none
    std::optional<bool> full_table_scan;   // of PartiQL's SELECT

    void leading_key(item::ValueView value);
    // A key or an item: its partition key, and the names of all its attributes.
    void item(const std::optional<item::Item>& item);
    void name(std::string_view name) { attributes.emplace(name); }
    void names(const std::vector<std::string_view>& names) {
        attributes.insert(names.begin(), names.end());
    }
    // Of a legacy parameter.
    template <class Map>
    void names_of(const std::optional<Map>& parameter) {
        if (!parameter) return;
        for (const auto& entry : *parameter) name(entry.first);
    }
    void key_conditions(const LegacyConditions& conditions);
    // Expressions that do not parse are left out: the operation refuses them after this.
    void condition(const std::optional<std::string>& text, expression::Kind kind,
                   expression::ExpressionContext& context);
    void update(const std::optional<std::string>& text, expression::ExpressionContext& context);
    // Also sets `select`, for operations that return attributes.
    void projection(const std::optional<std::string>& text,
                    const std::optional<std::vector<std::string>>& attributes_to_get,
                    expression::ExpressionContext& context);
    void key_condition(const std::optional<std::string>& text,
                       expression::ExpressionContext& context);
};

// As ask() of operations.h; `describe` runs only when a policy wants to know.
void ask_for_items(DynamoDbService& service, OpContext& context,
                   const std::optional<std::string>& table, std::string_view action,
                   AuthzRequests& requests, const std::function<void(Touched&)>& describe);

}  // namespace millrace::dynamodb
