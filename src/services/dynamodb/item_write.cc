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

Result<void> prepare(store::Txn& txn, ItemWrite& write) {
    write.before = read_item(txn, write.key);
    const item::ItemView before = write.before.view();
    if (write.expressions->condition)
        write.condition_holds = expression::evaluate(*write.expressions->condition, before);
    if (!write.condition_holds) return {};
    if (write.kind == ItemWrite::Kind::kPut) {
        write.after = write.item;
    } else if (write.kind == ItemWrite::Kind::kUpdate) {
        const item::ItemView start = write.before.exists() ? before : write.item.view();
        if (write.expressions->update) {
            MR_TRY(write.after, expression::apply(*write.expressions->update, start));
        } else {
            write.after = item::Item(start);
        }
        MR_CHECK_OK(check_index_keys(*write.table, *write.after));
        if (item::item_size(*write.after) > item::kItemSizeBytesMax)
            return errors::updated_item_too_large();
        if (item::nesting_depth(write.after->view()) > item::kNestingDepthMax) {
            return errors::validation("Nesting Levels have exceeded supported limits");
        }
    }
    return {};
}

WriteCost carry_out(OpContext& context, const ItemWrite& write) {
    std::vector<std::string> wakes;
    WriteContext writing{context.txn(), context.write_time(), wakes};
    std::optional<item::ItemView> before;
    if (write.before.exists()) before = write.before.view();
    std::optional<item::ItemView> after;
    if (write.kind == ItemWrite::Kind::kCheck) {
        after = before;
    } else if (write.after) {
        after = write.after->view();
    }
    const WriteCost cost = write_item(writing, *write.table, write.key, before, after);
    for (std::string& key : wakes) context.wake(std::move(key));
    return cost;
}

Result<WriteCost> write_if(OpContext& context, ItemWrite& write,
                           const std::optional<std::string>& on_failure) {
    MR_CHECK_OK(prepare(context.txn(), write));
    if (!write.condition_holds) {
        const bool show = on_failure == "ALL_OLD" && write.before.exists();
        return errors::condition_failed(show ? item::to_json(write.before.view()) : "");
    }
    return carry_out(context, write);
}

}  // namespace millrace::dynamodb
