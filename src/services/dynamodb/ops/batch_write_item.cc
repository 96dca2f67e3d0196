// BatchWriteItem: up to 25 puts and deletes of several tables. Here all of them happen in one
// transaction, which promises more than DynamoDB does.
// IAM: dynamodb:BatchWriteItem on each table. Source: DynamoDB API Reference, BatchWriteItem.
#include <algorithm>
#include <set>

#include "services/dynamodb/access.h"
#include "services/dynamodb/capacity.h"
#include "services/dynamodb/item_write.h"

namespace millrace::dynamodb {
namespace {

constexpr size_t kRequestsMax = 25;

}  // namespace

Result<void> BatchWriteItem::check(const Input& input) {
    if (input.request_items->empty())
        return errors::validation("The requestItems parameter is required for BatchWriteItem");
    size_t requests = 0;
    for (const auto& [table, writes] : *input.request_items) {
        requests += writes.size();
        for (const auto& write : writes) {
            if (write.put_request.has_value() == write.delete_request.has_value()) {
                return errors::validation(
                    "Supplied AttributeValue has more than one datatypes set, must contain exactly "
                    "one of "
                    "the supported datatypes");
            }
            MR_CHECK_OK(check_item(write.put_request ? write.put_request->item
                                                     : write.delete_request->key));
        }
    }
    if (requests > kRequestsMax)
        return errors::validation("Too many items requested for the BatchWriteItem call");
    return {};
}

Result<void> BatchWriteItem::authorize(DynamoDbService& service, OpContext& context,
                                       const Input& input, AuthzRequests& requests) {
    if (!input.request_items) return {};
    for (const auto& [table, entries] : *input.request_items) {
        const auto& writes = entries;
        ask_for_items(service, context, table, "BatchWriteItem", requests, [&](Touched& touched) {
            for (const auto& write : writes) {
                if (write.put_request) touched.item(write.put_request->item);
                if (write.delete_request) touched.item(write.delete_request->key);
            }
            touched.return_consumed_capacity = input.return_consumed_capacity.value_or("");
        });
    }
    return {};
}

Outcome<BatchWriteItem::Output> BatchWriteItem::run(DynamoDbService& service, OpContext& context,
                                                    const Input& input) {
    static const WriteExpressions kNoExpressions;
    Output output;
    output.unprocessed_items.emplace();
    std::vector<ItemWrite> writes;
    std::vector<std::pair<const std::string*, const model::dynamodb::WriteRequest*>> origins;
    // Over all tables: a table may be named by its name and by its ARN.
    std::set<std::string> seen;
    for (const auto& [name, requests] : *input.request_items) {
        MR_TRY(const TableRef table, need_table(service, context, name, true));
        for (const auto& request : requests) {
            ItemWrite write;
            write.table = table;
            write.expressions = &kNoExpressions;
            if (request.put_request) {
                write.item = &*request.put_request->item;
                if (item::item_size(*write.item) > item::kItemSizeBytesMax)
                    return errors::item_too_large();
                MR_TRY(write.key, key_of_item(*table, *write.item));
            } else {
                write.kind = ItemWrite::Kind::kDelete;
                write.item = &*request.delete_request->key;
                MR_TRY(write.key, key_of_request(*table, *write.item));
            }
            if (!seen.insert(write.key.partition + write.key.sort).second) {
                return errors::validation("Provided list of item keys contains duplicates");
            }
            writes.push_back(std::move(write));
            origins.emplace_back(&name, &request);
        }
    }
    lock_items(context.txn(), writes);
    std::vector<const ItemWrite*> taken;
    std::optional<Error> throttled;
    for (size_t i = 0; i < writes.size(); ++i) {
        ItemWrite& write = writes[i];
        MR_CHECK_OK(prepare(context.txn(), write));
        const size_t before = write.before.exists() ? item::item_size(write.before.view()) : 0;
        const size_t after = write.after() ? item::item_size(*write.after()) : 0;
        const double cost = write_units(std::max(before, after));
        if (const auto allowed = take_table_write(context, *write.table, cost); !allowed) {
            throttled = allowed.error();
            (*output.unprocessed_items)[*origins[i].first].push_back(*origins[i].second);
        } else {
            taken.push_back(&write);
        }
    }
    if (throttled && taken.empty()) return *throttled;
    std::map<std::string, Units> units;
    CollectionMetrics metrics(context.txn(), input.return_item_collection_metrics);
    for (const ItemWrite* write : taken) {
        const WriteCost cost = carry_out(context, *write);
        MR_CHECK_OK(check_collection(context.txn(), write->key, cost));
        metrics.add(*write->table, write->key, write->item->view());
        // An index that has nothing left refuses the whole batch: what touches it is known only
        // now.
        MR_CHECK_OK(take_index_writes(context, *write->table, cost));
        add_write_units(units[write->table->name], *write->table, cost);
    }
    output.consumed_capacity = consumed(input.return_consumed_capacity, units);
    output.item_collection_metrics = metrics.take();
    return output;
}

}  // namespace millrace::dynamodb
