#include "services/dynamodb/item_write.h"

namespace millrace::dynamodb {

Result<WriteExpressions> parse_write(const std::optional<std::string>& condition,
                                     const std::optional<std::string>& update, const Names& names,
                                     const std::optional<item::Item>& values) {
    expression::ExpressionContext context(names, values);
    WriteExpressions parsed;
    if (update) {
        MR_TRY(parsed.update, expression::parse_update(*update, context));
    }
    if (condition) {
        MR_TRY(parsed.condition,
               expression::parse_condition(*condition, expression::Kind::kCondition, context));
    }
    MR_CHECK_OK(context.check_all_used());
    return parsed;
}

void lock_items(store::Txn& txn, std::span<const ItemWrite> writes) {
    std::vector<store::KeyView> keys;
    keys.reserve(writes.size());
    for (const ItemWrite& write : writes) keys.push_back(write.key.view());
    txn.lock(keys);
}

Result<void> prepare(store::Txn& txn, ItemWrite& write) {
    write.before = read_item(txn, write.key);
    const item::ItemView before = write.before.view();
    if (write.expressions->condition)
        write.condition_holds = expression::evaluate(*write.expressions->condition, before);
    if (!write.condition_holds) return {};
    if (write.kind != ItemWrite::Kind::kUpdate) return {};
    const item::ItemView start = write.before.exists() ? before : write.item->view();
    if (write.expressions->update) {
        MR_TRY(write.updated, expression::apply(*write.expressions->update, start));
    } else {
        write.updated = item::Item(start);
    }
    MR_CHECK_OK(check_index_keys(*write.table, write.updated));
    if (item::item_size(write.updated) > item::kItemSizeBytesMax)
        return errors::updated_item_too_large();
    if (item::nesting_depth(write.updated.view()) > item::kNestingDepthMax) {
        return errors::validation("Nesting Levels have exceeded supported limits");
    }
    return {};
}

std::optional<item::ItemView> ItemWrite::after() const {
    switch (kind) {
        case Kind::kPut:
            return item->view();
        case Kind::kUpdate:
            return updated.view();
        case Kind::kCheck:
            if (before.exists()) return before.view();
            break;
        case Kind::kDelete:
            break;
    }
    return std::nullopt;
}

WriteCost carry_out(OpContext& context, const ItemWrite& write) {
    std::vector<std::string> wakes;
    WriteContext writing{context.txn(), context.write_time(), wakes};
    std::optional<item::ItemView> before;
    if (write.before.exists()) before = write.before.view();
    const WriteCost cost = write_item(writing, *write.table, write.key, before, write.after());
    for (std::string& key : wakes) context.wake(std::move(key));
    return cost;
}

std::optional<model::dynamodb::ItemCollectionMetrics> metrics_of(
    OpContext& context, const std::optional<std::string>& asked, const ItemWrite& write) {
    return collection_metrics(context.txn(), asked, *write.table, write.key, write.item->view());
}

void add_write_units(Units& units, const Table& table, const WriteCost& cost, double factor) {
    units.table += factor * write_units(cost.size_bytes);
    for (const auto& [name, index_units] : cost.index_units) {
        const Index* const index = table.find_index(name);
        MR_ASSERT(index != nullptr);
        (index->global ? units.global_indexes : units.local_indexes)[name] += factor * index_units;
    }
}

std::optional<model::dynamodb::ConsumedCapacity> consumed_by(
    const std::optional<std::string>& asked, const Table& table, const WriteCost& cost) {
    if (!asked) return std::nullopt;
    Units units;
    add_write_units(units, table, cost);
    return consumed(asked, table.name, units);
}

Result<WriteCost> write_if(OpContext& context, ItemWrite& write,
                           const std::optional<std::string>& on_failure) {
    lock_items(context.txn(), {&write, 1});
    MR_CHECK_OK(prepare(context.txn(), write));
    if (!write.condition_holds) {
        // Source: Developer Guide, "Capacity unit consumption for write operations".
        const size_t size = write.before.exists() ? item::item_size(write.before.view()) : 0;
        MR_CHECK_OK(take_failed_write(context, *write.table, write_units(size)));
        const bool show = on_failure == "ALL_OLD" && write.before.exists();
        return errors::condition_failed(show ? item::to_json(write.before.view()) : "");
    }
    const WriteCost cost = carry_out(context, write);
    MR_CHECK_OK(check_collection(context.txn(), write.key, cost));
    MR_CHECK_OK(take_write(context, *write.table, cost));
    return cost;
}

}  // namespace millrace::dynamodb
