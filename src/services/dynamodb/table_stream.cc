#include "services/dynamodb/table_stream.h"

#include <algorithm>

#include "contracts/stream_record.h"

namespace millrace::dynamodb {
namespace {

std::string new_shard_id(TimePoint now, Rng& rng) {
    return fmt::format("shardId-{:020}-{}", epoch_ms(now), rng.hex(8));
}

}  // namespace

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
    shard.id = new_shard_id(context.now(), context.rng());
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
            for (auto& shard : row->shards) {
                if (!shard.closed) shard.closed = context.now();
            }
            context.txn().put(key, encode_stream_row(*row));
            for (const auto& shard : row->shards)
                context.wake(contracts::stream_wake_key(row->id, shard.number));
        }
    }
    table.stream.reset();
}

bool split_shard(store::Txn& txn, Table& table, uint64_t hash_at, TimePoint now, Rng& rng) {
    TableStream& stream = *table.stream;
    const store::Key key =
        contracts::stream_key(table.account, table.region, table.name, stream.label);
    const auto bytes = txn.get(key);
    auto row = bytes ? contracts::decode_stream_row(*bytes) : std::nullopt;
    if (!row) return false;
    const TableStream::Shard parent = stream.shard_of(hash_at);
    if (parent.hash_from == hash_at) return false;
    uint32_t number = 0;
    std::string parent_id;
    for (auto& shard : row->shards) {
        number = std::max(number, shard.number);
        if (shard.number != parent.number) continue;
        shard.closed = now;
        parent_id = shard.id;
    }
    std::erase_if(stream.shards, [&](const auto& shard) { return shard.number == parent.number; });
    for (const uint64_t hash_from : {parent.hash_from, hash_at}) {
        contracts::StreamShardRow child;
        child.number = ++number;
        child.id = new_shard_id(now, rng);
        child.parent_id = parent_id;
        child.hash_from = hash_from;
        stream.shards.push_back({hash_from, child.number});
        row->shards.push_back(std::move(child));
    }
    std::sort(stream.shards.begin(), stream.shards.end(),
              [](const auto& a, const auto& b) { return a.hash_from < b.hash_from; });
    txn.put(key, encode_stream_row(*row));
    return true;
}

}  // namespace millrace::dynamodb
