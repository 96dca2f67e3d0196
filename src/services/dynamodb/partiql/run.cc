#include "services/dynamodb/partiql/run.h"

#include <algorithm>

#include "codec/base64.h"
#include "codec/digest.h"
#include "core/bytes.h"
#include "services/dynamodb/access.h"
#include "services/dynamodb/reading.h"

namespace millrace::dynamodb::partiql {
namespace {

constexpr uint8_t kTokenFormat = 1;
constexpr size_t kDigestBytes = 16;

// Where a SELECT goes on: in which of its partitions, and behind which key.
struct Position {
    uint64_t partition = 0;
    std::optional<item::Item> start;
};

std::string encode(const Position& position, const std::string& digest) {
    std::string token;
    append_u8(token, kTokenFormat);
    token += digest;
    append_varint(token, position.partition);
    if (position.start) token += position.start->bytes();
    return codec::base64_encode(token);
}

Result<Position> decode(const std::string& token, const std::string& digest) {
    const Error invalid = errors::validation("The provided NextToken is invalid");
    const auto bytes = codec::base64_decode(token);
    if (!bytes) return invalid;
    ByteReader reader(*bytes);
    if (reader.u8() != kTokenFormat || reader.take(kDigestBytes) != digest) return invalid;
    Position position;
    position.partition = reader.varint();
    const std::string_view key = reader.rest();
    if (!reader.ok() || !item::valid_item(key)) return invalid;
    if (!key.empty()) position.start = item::Item(item::ItemView(key));
    return position;
}

void add(std::optional<model::dynamodb::Capacity>& sum, const model::dynamodb::Capacity& one) {
    if (!sum) sum.emplace();
    sum->capacity_units = sum->capacity_units.value_or(0) + one.capacity_units.value_or(0);
}

void add(std::optional<model::dynamodb::ConsumedCapacity>& sum,
         const std::optional<model::dynamodb::ConsumedCapacity>& one) {
    if (!one) return;
    if (!sum) {
        sum = one;
        return;
    }
    sum->capacity_units = sum->capacity_units.value_or(0) + one->capacity_units.value_or(0);
    if (one->table) add(sum->table, *one->table);
    const auto add_indexes = [](auto& to, const auto& from) {
        if (!from) return;
        if (!to) to.emplace();
        for (const auto& [name, units] : *from) {
            std::optional<model::dynamodb::Capacity> total = (*to)[name];
            add(total, units);
            (*to)[name] = *total;
        }
    };
    add_indexes(sum->local_secondary_indexes, one->local_secondary_indexes);
    add_indexes(sum->global_secondary_indexes, one->global_secondary_indexes);
}

// The keys that a SELECT reads by.
Result<KeyAttributes> keys_read(const Statement& statement, const Table& table) {
    if (statement.index.empty()) return table.keys;
    const Index* index = table.find_index(statement.index);
    if (index == nullptr) return errors::index_unknown(statement.index);
    return index->keys;
}

template <class Op>
Result<typename Op::Output> call(DynamoDbService& service, OpContext& context,
                                 const typename Op::Input& input) {
    MR_CHECK_OK(Op::check(input));
    auto outcome = Op::run(service, context, input);
    if (outcome.is_error()) return std::move(outcome.error());
    return std::move(outcome.value());
}

// What Query and Scan are given alike.
template <class Input>
Input page_input(const Statement& statement, const Options& options, std::optional<int32_t> limit,
                 std::optional<item::Item> start) {
    Input input;
    input.table_name = statement.table;
    if (!statement.index.empty()) input.index_name = statement.index;
    input.consistent_read = options.consistent_read;
    input.return_consumed_capacity = options.return_consumed_capacity;
    input.limit = limit;
    input.exclusive_start_key = std::move(start);
    return input;
}

Result<model::dynamodb::QueryInput> query_of(const Statement& statement, const Options& options,
                                             const KeyAttributes& keys, const Reading& reading,
                                             const Position& position,
                                             std::optional<int32_t> limit) {
    auto input = page_input<model::dynamodb::QueryInput>(statement, options, limit, position.start);
    Writer writer;
    std::string condition =
        writer.attribute(keys.hash.name) + " = " + writer.value(reading.hashes[position.partition]);
    std::vector<const Node*> terms = reading.more;
    if (reading.sort != nullptr) terms.push_back(reading.sort);
    for (const Node* term : terms) {
        MR_TRY(const std::string text, writer.condition(*term));
        condition += " AND " + text;
    }
    input.key_condition_expression = std::move(condition);
    input.expression_attribute_names = writer.names();
    input.expression_attribute_values = writer.values();
    input.scan_index_forward = !reading.descending;
    return input;
}

Result<Answer> select(DynamoDbService& service, OpContext& context, const Statement& statement,
                      const Options& options) {
    MR_TRY(const TableRef table, need_table(service, context, statement.table, false));
    MR_TRY(const KeyAttributes keys, keys_read(statement, *table));
    MR_TRY(const Reading reading, plan_reading(statement, keys));
    MR_TRY(const Selection selection, Selection::of(statement));
    Position position;
    if (options.next_token) {
        MR_TRY(position, decode(*options.next_token, options.digest));
        if (position.partition >= std::max<size_t>(1, reading.hashes.size()))
            return errors::validation("The provided NextToken is invalid");
    }
    Answer answer;
    size_t bytes = 0;
    std::optional<int32_t> left = options.limit;
    const auto take = [&](auto& page) {
        add(answer.consumed, page.consumed_capacity);
        if (left) *left -= page.scanned_count.value_or(0);
        for (const item::Item& item : *page.items) {
            bytes += item::item_size(item);
            if (selection.takes(item)) answer.items.push_back(selection.project(item));
        }
        answer.last_key = std::move(page.last_evaluated_key);
    };
    if (reading.scans()) {
        MR_TRY(auto page,
               call<Scan>(service, context,
                          page_input<Scan::Input>(statement, options, left, position.start)));
        take(page);
    } else {
        for (;;) {
            MR_TRY(const Query::Input input,
                   query_of(statement, options, keys, reading, position, left));
            MR_TRY(auto page, call<Query>(service, context, input));
            take(page);
            if (answer.last_key || position.partition + 1 == reading.hashes.size()) break;
            position = {position.partition + 1, std::nullopt};
            if (bytes >= kPageBytesMax || (left && *left <= 0)) {
                answer.next_token = encode(position, options.digest);
                return answer;
            }
        }
    }
    if (answer.last_key) {
        position.start = answer.last_key;
        answer.next_token = encode(position, options.digest);
    }
    return answer;
}

// Of a write: the answer is what RETURNING asked for.
template <class Op>
Result<Answer> write(DynamoDbService& service, OpContext& context, typename Op::Input input,
                     const Statement& statement, const Options& options) {
    if (!statement.return_values.empty()) input.return_values = statement.return_values;
    input.return_consumed_capacity = options.return_consumed_capacity;
    input.return_values_on_condition_check_failure = options.return_values_on_failure;
    MR_TRY(typename Op::Output output, call<Op>(service, context, input));
    Answer answer;
    answer.consumed = std::move(output.consumed_capacity);
    if (output.attributes) answer.items.push_back(*std::move(output.attributes));
    return answer;
}

}  // namespace

std::string digest_of(const std::string& statement, const std::vector<item::Value>* parameters) {
    std::string bytes;
    append_bytes(bytes, statement);
    if (parameters != nullptr) {
        for (const item::Value& parameter : *parameters) append_bytes(bytes, parameter.bytes());
    }
    return codec::sha256(bytes).substr(0, kDigestBytes);
}

void ask_for_statement(DynamoDbService& service, OpContext& context, const Statement& statement,
                       AuthzRequests& requests) {
    std::string_view action;
    switch (statement.kind) {
        case Statement::Kind::kSelect:
        case Statement::Kind::kExists:
            action = "PartiQLSelect";
            break;
        case Statement::Kind::kInsert:
            action = "PartiQLInsert";
            break;
        case Statement::Kind::kUpdate:
            action = "PartiQLUpdate";
            break;
        case Statement::Kind::kDelete:
            action = "PartiQLDelete";
            break;
    }
    const size_t before = requests.size();
    ask_for_items(service, context, statement.table, action, requests, [&](Touched& touched) {
        if (statement.kind == Statement::Kind::kInsert) touched.item(statement.item);
        if (touched.table != nullptr && statement.where) {
            const auto keys = keys_read(statement, *touched.table);
            const auto reading = keys ? plan_reading(statement, *keys) : Result<Reading>(Reading());
            if (reading) {
                for (const item::Value& hash : reading->hashes) touched.leading_key(hash);
            }
        }
        if (statement.kind == Statement::Kind::kSelect)
            touched.full_table_scan = touched.leading_keys.empty();
        const auto name = [&](const expression::Path& path) { touched.name(path[0].name); };
        for (const expression::Path& path : statement.projection) name(path);
        for (const Assignment& assignment : statement.sets) name(assignment.path);
        for (const expression::Path& path : statement.removes) name(path);
        const std::function<void(const Node&)> visit = [&](const Node& node) {
            if (node.kind == Node::Kind::kPath) name(node.path);
            for (const Node& operand : node.operands) visit(operand);
        };
        if (statement.where) visit(*statement.where);
        for (const Assignment& assignment : statement.sets) visit(assignment.value);
        if (!statement.writes())
            touched.select =
                statement.projection.empty() ? "ALL_ATTRIBUTES" : "SPECIFIC_ATTRIBUTES";
        touched.return_values = statement.return_values;
    });
    if (!statement.index.empty() && requests.size() > before)
        requests.back().resource += "/index/" + statement.index;
}

Result<Selection> Selection::of(const Statement& statement) {
    Selection selection;
    if (!statement.projection.empty()) {
        Writer writer;
        std::string text;
        for (const expression::Path& path : statement.projection)
            text += (text.empty() ? "" : ", ") + writer.path(path);
        const auto names = writer.names();
        expression::ExpressionContext context(&*names, nullptr);
        MR_TRY(selection.projection_, expression::parse_projection(text, context));
    }
    if (!statement.where) return selection;
    Writer writer;
    MR_TRY(const std::string text, writer.condition(*statement.where));
    const std::map<std::string, std::string> names =
        writer.names().value_or(std::map<std::string, std::string>());
    selection.values_ = std::make_shared<const item::Item>(writer.values().value_or(item::Item()));
    expression::ExpressionContext context(
        names.empty() ? nullptr : &names,
        selection.values_->empty() ? nullptr : selection.values_.get());
    MR_TRY(selection.filter_,
           expression::parse_condition(text, expression::Kind::kFilter, context));
    return selection;
}

Result<Answer> run(DynamoDbService& service, OpContext& context, const Statement& statement,
                   const Options& options) {
    if (!statement.writes()) return select(service, context, statement, options);
    if (options.limit || options.next_token) {
        return errors::validation("Limit and NextToken can only be used with SELECT statements");
    }
    MR_TRY(const TableRef table, need_table(service, context, statement.table, false));
    switch (statement.kind) {
        case Statement::Kind::kInsert: {
            MR_TRY(PutItem::Input input, put_of<PutItem::Input>(statement, *table));
            auto answer = write<PutItem>(service, context, std::move(input), statement, options);
            if (!answer && answer.error().code == "ConditionalCheckFailedException")
                return errors::duplicate_item();
            return answer;
        }
        case Statement::Kind::kUpdate: {
            MR_TRY(UpdateItem::Input input, update_of<UpdateItem::Input>(statement, *table));
            return write<UpdateItem>(service, context, std::move(input), statement, options);
        }
        case Statement::Kind::kDelete: {
            MR_TRY(DeleteItem::Input input, keyed_of<DeleteItem::Input>(statement, *table, false));
            return write<DeleteItem>(service, context, std::move(input), statement, options);
        }
        default:
            return errors::validation(
                "Statement wasn't well formed, can't be processed: EXISTS is only allowed in "
                "transactions");
    }
}

}  // namespace millrace::dynamodb::partiql
