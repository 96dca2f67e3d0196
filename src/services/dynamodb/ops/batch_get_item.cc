// BatchGetItem: up to 100 items of several tables, 16 MB; what is over comes back as unprocessed.
// IAM: dynamodb:BatchGetItem on each table. Source: DynamoDB API Reference, BatchGetItem.
#include <set>

#include "services/dynamodb/access.h"
#include "services/dynamodb/capacity.h"
#include "services/dynamodb/item_write.h"

namespace millrace::dynamodb {
namespace {

constexpr size_t kKeysMax = 100;
constexpr size_t kAnswerBytesMax = 16 << 20;

}  // namespace

Result<void> BatchGetItem::check(const Input& input) {
    if (input.request_items->empty())
        return errors::validation("The requestItems parameter is required for BatchGetItem");
    size_t keys = 0;
    static const std::optional<item::Item> kNoValues;
    for (const auto& [table, wanted] : *input.request_items) {
        if (wanted.keys->size() > kKeysMax) {
            return errors::validation(
                "1 validation error detected: Value at 'RequestItems." + table +
                ".member.Keys' failed to satisfy constraint: Member must have length less than or "
                "equal to 100");
        }
        keys += wanted.keys->size();
        MR_CHECK_OK(expression::check_parameters(
            {{"AttributesToGet", wanted.attributes_to_get.has_value()}},
            {{"ProjectionExpression", wanted.projection_expression.has_value(), false}},
            wanted.expression_attribute_names, kNoValues));
        for (const auto& key : *wanted.keys) MR_CHECK_OK(item::check_valid(key));
    }
    if (keys > kKeysMax)
        return errors::validation("Too many items requested for the BatchGetItem call");
    return {};
}

Result<void> BatchGetItem::authorize(DynamoDbService& service, OpContext& context,
                                     const Input& input, AuthzRequests& requests) {
    if (!input.request_items) return {};
    for (const auto& [table, request] : *input.request_items) {
        const auto& wanted = request;
        ask_for_items(service, context, table, "BatchGetItem", requests, [&](Touched& touched) {
            static const std::optional<item::Item> kNoValues;
            expression::ExpressionContext parsing(wanted.expression_attribute_names, kNoValues);
            if (wanted.keys) {
                for (const item::Item& key : *wanted.keys) touched.item(key);
            }
            touched.projection(wanted.projection_expression, wanted.attributes_to_get, parsing);
            touched.return_consumed_capacity = input.return_consumed_capacity.value_or("");
        });
    }
    return {};
}

Outcome<BatchGetItem::Output> BatchGetItem::run(DynamoDbService& service, OpContext& context,
                                                const Input& input) {
    Output output;
    output.responses.emplace();
    output.unprocessed_keys.emplace();
    size_t bytes = 0;
    bool read_any = false;
    std::optional<Error> throttled;
    std::map<std::string, Units> units_by_table;
    for (const auto& [name, wanted] : *input.request_items) {
        MR_TRY(const std::optional<expression::Projection> projection, parse_projection(wanted));
        MR_TRY(const TableRef table, need_table(service, context, name, false));
        std::set<std::string> seen;
        std::vector<item::Item>& items = (*output.responses)[name];
        Units& units = units_by_table[table->name];
        for (const item::Item& request_key : *wanted.keys) {
            MR_TRY(const ItemKey key, key_of_request(*table, request_key));
            if (!seen.insert(key.partition + key.sort).second) {
                return errors::validation("Provided list of item keys contains duplicates");
            }
            const auto leave = [&] {
                auto& rest = (*output.unprocessed_keys)[name];
                if (!rest.keys) {
                    rest = wanted;
                    rest.keys->clear();
                }
                rest.keys->push_back(request_key);
            };
            if (bytes >= kAnswerBytesMax) {
                leave();
                continue;
            }
            const StoredItem stored = read_item(context.txn(), key);
            const size_t size = stored.exists() ? item::item_size(stored.view()) : 0;
            const double cost = read_units(size, wanted.consistent_read.value_or(false));
            if (const auto taken = take_read(context, *table, nullptr, cost); !taken) {
                throttled = taken.error();
                leave();
                continue;
            }
            read_any = true;
            bytes += size;
            units.table += cost;
            if (!stored.exists()) continue;
            items.push_back(projection ? expression::project(*projection, stored.view())
                                       : item::Item(stored.view()));
        }
    }
    if (throttled && !read_any) return *throttled;
    output.consumed_capacity = consumed(input.return_consumed_capacity, units_by_table);
    return output;
}

}  // namespace millrace::dynamodb
