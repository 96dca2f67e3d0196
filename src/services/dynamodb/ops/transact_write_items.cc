// TransactWriteItems: up to 100 writes and checks of several tables, all or nothing. Every
// condition sees the state before. A repeated ClientRequestToken within ten minutes succeeds
// without effect.
//
// IAM:     dynamodb:PutItem, UpdateItem, DeleteItem, ConditionCheckItem on each action's table.
// Errors:  TransactionCanceledException with a reason per action,
// IdempotentParameterMismatchException. Source:  DynamoDB API Reference, TransactWriteItems.
#include <set>

#include "codec/digest.h"
#include "model/json_protocol.h"
#include "services/dynamodb/access.h"
#include "services/dynamodb/capacity.h"
#include "services/dynamodb/item_write.h"
#include "services/dynamodb/transact.h"
#include "services/dynamodb/transaction_token.h"

namespace millrace::dynamodb {
namespace {

constexpr size_t kBytesMax = 4 << 20;

using Action = model::dynamodb::TransactWriteItem;

// What the four kinds of actions have in common.
struct ActionView {
    ItemWrite::Kind kind = ItemWrite::Kind::kPut;
    const std::optional<std::string>* table = nullptr;
    const std::optional<item::Item>* item = nullptr;  // or the key
    const std::optional<std::string>* condition = nullptr;
    const std::optional<std::string>* update = nullptr;
    const Names* names = nullptr;
    const std::optional<item::Item>* values = nullptr;
    bool shows_old = false;
};

template <class T>
ActionView view_of(const T& action, ItemWrite::Kind kind, const std::optional<item::Item>& item,
                   const std::optional<std::string>& update) {
    return {kind,
            &action.table_name,
            &item,
            &action.condition_expression,
            &update,
            &action.expression_attribute_names,
            &action.expression_attribute_values,
            action.return_values_on_condition_check_failure == "ALL_OLD"};
}

std::optional<ActionView> view_of(const Action& action) {
    static const std::optional<std::string> kNoUpdate;
    const int kinds = action.put.has_value() + action.update.has_value() +
                      action.delete_.has_value() + action.condition_check.has_value();
    if (kinds != 1) return std::nullopt;
    if (action.put) return view_of(*action.put, ItemWrite::Kind::kPut, action.put->item, kNoUpdate);
    if (action.update)
        return view_of(*action.update, ItemWrite::Kind::kUpdate, action.update->key,
                       action.update->update_expression);
    if (action.delete_)
        return view_of(*action.delete_, ItemWrite::Kind::kDelete, action.delete_->key, kNoUpdate);
    return view_of(*action.condition_check, ItemWrite::Kind::kCheck, action.condition_check->key,
                   kNoUpdate);
}

std::string_view iam_action(ItemWrite::Kind kind) {
    switch (kind) {
        case ItemWrite::Kind::kPut:
            return "PutItem";
        case ItemWrite::Kind::kUpdate:
            return "UpdateItem";
        case ItemWrite::Kind::kDelete:
            return "DeleteItem";
        case ItemWrite::Kind::kCheck:
            return "ConditionCheckItem";
    }
    return {};
}

std::string digest_of(const TransactWriteItems::Input& input) {
    std::string json;
    model::append_json(
        json, *model::find_operation(model::dynamodb::kService, "TransactWriteItems")->input,
        &input, true);
    return codec::sha256(json);
}

// True: the token was used before for the same request, which is done.
Result<bool> use_token(OpContext& context, const TransactWriteItems::Input& input) {
    if (!input.client_request_token) return false;
    const std::string partition =
        std::string(context.account()) + "/" + std::string(context.region());
    const store::KeyView key{store::Space::kTransactionTokens, partition,
                             *input.client_request_token};
    const std::string digest = digest_of(input);
    const int64_t now_ms = epoch_ms(context.now());
    if (const auto row = context.txn().get(key)) {
        const TransactionToken token = decode_token(*row);
        if (token.expires_ms > now_ms) {
            if (token.request_digest != digest) return errors::idempotent_mismatch();
            return true;
        }
    }
    context.txn().put(key, encode_token({now_ms + kTransactionTokenMs, digest}));
    return false;
}

}  // namespace

Result<void> TransactWriteItems::check(const Input& input) {
    for (const Action& action : *input.transact_items) {
        const auto view = view_of(action);
        if (!view) {
            return errors::validation(
                "TransactItems can only contain one of Check, Put, Update or Delete");
        }
        MR_CHECK_OK(
            expression::check_parameters({},
                                         {{"UpdateExpression", view->update->has_value()},
                                          {"ConditionExpression", view->condition->has_value()}},
                                         *view->names, *view->values));
        MR_CHECK_OK(check_item(*view->item));
    }
    return {};
}

Result<void> TransactWriteItems::authorize(DynamoDbService& service, OpContext& context,
                                           const Input& input, AuthzRequests& requests) {
    if (!input.transact_items) return {};
    for (const Action& action : *input.transact_items) {
        const auto view = view_of(action);
        if (!view) continue;
        ask_for_items(service, context, *view->table, iam_action(view->kind), requests,
                      [&](Touched& touched) {
                          expression::ExpressionContext parsing(*view->names, *view->values);
                          touched.item(*view->item);
                          touched.update(*view->update, parsing);
                          touched.condition(*view->condition, expression::Kind::kCondition,
                                            parsing);
                          touched.enclosing = "TransactWriteItems";
                      });
    }
    return {};
}

Outcome<TransactWriteItems::Output> TransactWriteItems::run(DynamoDbService& service,
                                                            OpContext& context,
                                                            const Input& input) {
    return transact_write(service, context, input, {});
}

Outcome<TransactWriteItems::Output> transact_write(DynamoDbService& service, OpContext& context,
                                                   const TransactWriteItems::Input& input,
                                                   const std::vector<bool>& inserts) {
    const size_t n = input.transact_items->size();
    std::vector<ActionView> views;
    std::vector<WriteExpressions> expressions;
    views.reserve(n);
    expressions.reserve(n);
    for (const Action& action : *input.transact_items) {
        views.push_back(*view_of(action));
        const ActionView& view = views.back();
        MR_TRY(WriteExpressions parsed,
               parse_write(*view.condition, *view.update, *view.names, *view.values));
        expressions.push_back(std::move(parsed));
    }
    std::vector<ItemWrite> writes(n);
    std::vector<errors::CancellationReason> reasons(n);
    bool cancelled = false;
    const auto cancel = [&](size_t i, std::string code, std::string message) {
        reasons[i] = {std::move(code), std::move(message), {}};
        cancelled = true;
    };
    std::set<std::string> seen;
    size_t bytes = 0;
    for (size_t i = 0; i < n; ++i) {
        ItemWrite& write = writes[i];
        write.kind = views[i].kind;
        write.item = &**views[i].item;
        write.expressions = &expressions[i];
        MR_TRY(write.table, need_table(service, context, **views[i].table, true));
        auto key = write.kind == ItemWrite::Kind::kPut ? key_of_item(*write.table, *write.item)
                                                       : key_of_request(*write.table, *write.item);
        if (!key) {
            cancel(i, "ValidationError", key.error().message);
            continue;
        }
        write.key = *std::move(key);
        bytes += item::item_size(*write.item);
        if (write.kind == ItemWrite::Kind::kPut &&
            item::item_size(*write.item) > item::kItemSizeBytesMax) {
            cancel(i, "ValidationError", errors::item_too_large().message);
        }
        if (expressions[i].update) {
            const auto allowed = expression::check_key_not_updated(*expressions[i].update,
                                                                   write.table->keys.names());
            if (!allowed) cancel(i, "ValidationError", allowed.error().message);
        }
        if (!seen.insert(write.key.partition + write.key.sort).second) {
            return errors::validation(
                "Transaction request cannot include multiple operations on one item");
        }
    }
    if (bytes > kBytesMax) return errors::transaction_too_large();
    if (cancelled) return errors::transaction_canceled(reasons);
    lock_items(context.txn(), writes);
    MR_TRY(const bool done_before, use_token(context, input));
    TransactWriteItems::Output output;
    std::map<std::string, Units> units;
    if (done_before) {
        for (const ItemWrite& write : writes) {
            const StoredItem stored = read_item(context.txn(), write.key);
            const size_t size = stored.exists() ? item::item_size(stored.view()) : 0;
            units[write.table->name].table += 2 * read_units(size, true);
        }
        output.consumed_capacity =
            consumed(input.return_consumed_capacity, units, UnitsKind::kRead);
        return output;
    }
    for (size_t i = 0; i < n; ++i) {
        if (const auto prepared = prepare(context.txn(), writes[i]); !prepared) {
            cancel(i, "ValidationError", prepared.error().message);
        } else if (!writes[i].condition_holds) {
            if (i < inserts.size() && inserts[i]) {
                cancel(i, "DuplicateItem", std::string(errors::kDuplicateItemText));
            } else {
                cancel(i, "ConditionalCheckFailed", std::string(errors::kConditionFailedText));
            }
            if (views[i].shows_old && writes[i].before.exists())
                reasons[i].item_json = item::to_json(writes[i].before.view());
        }
    }
    if (cancelled) return errors::transaction_canceled(reasons);
    // The limit is on the items, not on the request: an update names little and may write much.
    size_t item_bytes = 0;
    for (const ItemWrite& write : writes) {
        if (const auto after = write.after()) item_bytes += item::item_size(*after);
    }
    if (item_bytes > kBytesMax) return errors::transaction_too_large();
    CollectionMetrics metrics(context.txn(), input.return_item_collection_metrics);
    for (size_t i = 0; i < n; ++i) {
        const Table& table = *writes[i].table;
        const WriteCost cost = carry_out(context, writes[i]);
        auto taken = check_collection(context.txn(), writes[i].key, cost);
        if (taken) taken = take_write(context, table, cost, 2);
        if (!taken) cancel(i, errors::cancellation_code(taken.error()), taken.error().message);
        if (writes[i].kind != ItemWrite::Kind::kCheck)
            metrics.add(table, writes[i].key, writes[i].item->view());
        add_write_units(units[table.name], table, cost, 2);
    }
    if (cancelled) return errors::transaction_canceled(reasons);
    output.consumed_capacity = consumed(input.return_consumed_capacity, units, UnitsKind::kWrite);
    output.item_collection_metrics = metrics.take();
    return output;
}

}  // namespace millrace::dynamodb
