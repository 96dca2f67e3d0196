// TransactGetItems: up to 100 items of one moment.
// IAM: dynamodb:GetItem on each table. Source: DynamoDB API Reference, TransactGetItems.
#include <set>

#include "services/dynamodb/access.h"
#include "services/dynamodb/capacity.h"
#include "services/dynamodb/item_write.h"

namespace millrace::dynamodb {
namespace {

constexpr size_t kBytesMax = 4 << 20;

}  // namespace

Result<void> TransactGetItems::check(const Input& input) {
    static const std::optional<item::Item> kNoValues;
    for (const auto& action : *input.transact_items) {
        MR_CHECK_OK(expression::check_parameters(
            {}, {{"ProjectionExpression", action.get->projection_expression.has_value(), false}},
            action.get->expression_attribute_names, kNoValues));
        MR_CHECK_OK(check_item(action.get->key));
    }
    return {};
}

Result<void> TransactGetItems::authorize(DynamoDbService& service, OpContext& context,
                                         const Input& input, AuthzRequests& requests) {
    if (!input.transact_items) return {};
    for (const auto& action : *input.transact_items) {
        if (!action.get) continue;
        const auto& get = *action.get;
        ask_for_items(service, context, get.table_name, "GetItem", requests, [&](Touched& touched) {
            static const std::optional<item::Item> kNoValues;
            expression::ExpressionContext parsing(get.expression_attribute_names, kNoValues);
            touched.item(get.key);
            touched.projection(get.projection_expression, std::nullopt, parsing);
            touched.enclosing = "TransactGetItems";
        });
    }
    return {};
}

Outcome<TransactGetItems::Output> TransactGetItems::run(DynamoDbService& service,
                                                        OpContext& context, const Input& input) {
    struct Read {
        std::optional<expression::Projection> projection;
        TableRef table;
        ItemKey key;
    };
    std::vector<Read> reads;
    std::vector<errors::CancellationReason> reasons(input.transact_items->size());
    bool cancelled = false;
    std::set<std::string> seen;
    for (const auto& action : *input.transact_items) {
        const auto& get = *action.get;
        Read read;
        MR_TRY(read.projection, parse_projection(get));
        MR_TRY(read.table, need_table(service, context, *get.table_name, false));
        auto key = key_of_request(*read.table, *get.key);
        if (!key) {
            reasons[reads.size()] = {"ValidationError", std::move(key.error().message), {}};
            cancelled = true;
        } else if (!seen.insert(key->partition + key->sort).second) {
            return errors::validation(
                "Transaction request cannot include multiple operations on one item");
        } else {
            read.key = *std::move(key);
        }
        reads.push_back(std::move(read));
    }
    if (cancelled) return errors::transaction_canceled(reasons);
    Output output;
    output.responses.emplace();
    std::map<std::string, Units> units;
    size_t bytes = 0;
    for (const Read& read : reads) {
        const StoredItem stored = read_item(context.txn(), read.key);
        const size_t size = stored.exists() ? item::item_size(stored.view()) : 0;
        bytes += size;
        if (bytes > kBytesMax) return errors::transaction_too_large();
        auto& response = output.responses->emplace_back();
        if (stored.exists()) {
            response.item = read.projection ? expression::project(*read.projection, stored.view())
                                            : item::Item(stored.view());
        }
        const double cost = 2 * read_units(size, true);
        if (const auto taken = take_read(context, *read.table, nullptr, cost); !taken) {
            cancelled = true;
            reasons[output.responses->size() - 1] = {
                errors::cancellation_code(taken.error()), taken.error().message, {}};
        }
        units[read.table->name].table += cost;
    }
    if (cancelled) return errors::transaction_canceled(reasons);
    output.consumed_capacity = consumed(input.return_consumed_capacity, units, UnitsKind::kRead);
    return output;
}

}  // namespace millrace::dynamodb
