#include "services/dynamodb/table_stream.h"

#include "contracts/stream_record.h"

namespace millrace::dynamodb {

Result<void> apply_stream_specification(OpContext& context, Table& table,
                                        const model::dynamodb::StreamSpecification& specification) {
    if (!specification.stream_enabled.value_or(false)) {
        if (specification.stream_view_type) {
            return errors::invalid_parameter(
                "StreamViewType can only be specified when StreamEnabled is true");
        }
        if (!table.latest_stream_label.empty() || table.created != context.now()) {
            if (!table.stream)
                return errors::validation("Table does not have a stream: TableName: " + table.name);
            disable_stream(context, table);
        }
        return {};
    }
    if (table.stream)
        return errors::validation("Table already has an enabled stream: TableName: " + table.name);
    const auto view_type =
        contracts::stream_view_type_from(specification.stream_view_type.value_or(""));
    if (!view_type) {
        return errors::invalid_parameter(
            "StreamViewType must be specified when StreamEnabled is true");
    }
    contracts::StreamRow row;
    row.id = context.rng().next_u64();
    row.account = table.account;
    row.region = table.region;
    row.table_name = table.name;
    // A stream that was enabled in this very millisecond has the label: it must stay readable.
    for (TimePoint labelled = context.now();; labelled += std::chrono::milliseconds(1)) {
        row.label = format_iso8601_ms(labelled);
        row.label.pop_back();  // 'Z'
        if (!context.txn().get(
                contracts::stream_key(row.account, row.region, row.table_name, row.label)))
            break;
    }
    row.view_type = *view_type;
    row.created = context.now();
    row.hash_name = table.keys.hash.name;
    row.sort_name = table.keys.sort ? table.keys.sort->name : "";
    contracts::StreamShardRow shard;
    shard.number = 1;
    shard.id = fmt::format("shardId-{:020}-{}", epoch_ms(context.now()), context.rng().hex(8));
    row.shards.push_back(shard);
    context.txn().put(contracts::stream_key(row.account, row.region, row.table_name, row.label),
                      encode_stream_row(row));
    TableStream stream;
    stream.id = row.id;
    stream.label = row.label;
    stream.view_type = *view_type;
    stream.shards.push_back({0, 1});
    table.stream = std::move(stream);
    table.latest_stream_label = row.label;
    return {};
}

void disable_stream(OpContext& context, Table& table) {
    const store::Key key =
        contracts::stream_key(table.account, table.region, table.name, table.stream->label);
    if (const auto bytes = context.txn().get(key)) {
        if (auto row = contracts::decode_stream_row(*bytes)) {
            row->enabled = false;
            row->disabled = context.now();
            for (auto& shard : row->shards) shard.closed = true;
            context.txn().put(key, encode_stream_row(*row));
            for (const auto& shard : row->shards)
                context.wake(contracts::stream_wake_key(row->id, shard.number));
        }
    }
    table.stream.reset();
}

}  // namespace millrace::dynamodb
