#include "services/dynamodb/table.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/bytes.h"
#include "services/dynamodb/errors.h"

namespace millrace::dynamodb {
namespace {

constexpr uint8_t kTableFormat = 1;

uint64_t micros(TimePoint t) { return static_cast<uint64_t>(t.time_since_epoch().count()); }
TimePoint from_micros(uint64_t us) { return TimePoint(Duration(static_cast<int64_t>(us))); }

void append_attribute(std::string& out, const KeyAttribute& attribute) {
    append_bytes(out, attribute.name);
    append_u8(out, static_cast<uint8_t>(attribute.type));
}
KeyAttribute take_attribute(ByteReader& reader) {
    KeyAttribute attribute;
    attribute.name = reader.bytes();
    attribute.type = static_cast<item::Type>(reader.u8());
    return attribute;
}
void append_keys(std::string& out, const KeyAttributes& keys) {
    append_attribute(out, keys.hash);
    append_u8(out, keys.sort ? 1 : 0);
    if (keys.sort) append_attribute(out, *keys.sort);
    for (const auto* more : {&keys.more_hashes, &keys.more_sorts}) {
        append_u8(out, static_cast<uint8_t>(more->size()));
        for (const KeyAttribute& attribute : *more) append_attribute(out, attribute);
    }
}
KeyAttributes take_keys(ByteReader& reader) {
    KeyAttributes keys;
    keys.hash = take_attribute(reader);
    if (reader.u8() != 0) keys.sort = take_attribute(reader);
    for (auto* more : {&keys.more_hashes, &keys.more_sorts}) {
        for (uint8_t left = reader.u8(); left > 0 && reader.ok(); --left)
            more->push_back(take_attribute(reader));
    }
    return keys;
}

using model::dynamodb::KeySchemaElement;

std::vector<KeySchemaElement> describe_keys(const KeyAttributes& keys) {
    std::vector<KeySchemaElement> schema;
    keys.every([&](const KeyAttribute& key, bool hash) {
        schema.push_back({.attribute_name = key.name, .key_type = hash ? "HASH" : "RANGE"});
        return true;
    });
    return schema;
}

model::dynamodb::Projection describe_projection(const Index& index) {
    model::dynamodb::Projection projection;
    switch (index.projection) {
        case ProjectionKind::kAll:
            projection.projection_type = "ALL";
            break;
        case ProjectionKind::kKeysOnly:
            projection.projection_type = "KEYS_ONLY";
            break;
        case ProjectionKind::kInclude:
            projection.projection_type = "INCLUDE";
            projection.non_key_attributes = index.non_key_attributes;
            break;
    }
    return projection;
}

std::string_view index_status(IndexState state) {
    switch (state) {
        case IndexState::kActive:
            return "ACTIVE";
        case IndexState::kBackfilling:
            return "CREATING";
        case IndexState::kDeleting:
            return "DELETING";
    }
    return {};
}

// What a new on-demand table can take at once: DynamoDB Developer Guide, "warm throughput".
constexpr int64_t kWarmReadUnits = 12'000;
constexpr int64_t kWarmWriteUnits = 4'000;

template <class Description>
void describe_warm_throughput(const Table& table, const Throughput& throughput,
                              std::string_view status, Description& out) {
    out.read_units_per_second = table.on_demand ? kWarmReadUnits : throughput.read_units;
    out.write_units_per_second = table.on_demand ? kWarmWriteUnits : throughput.write_units;
    out.status = std::string(status == "CREATING" ? "UPDATING" : "ACTIVE");
}

// `Holder`: the table itself or an index of it.
template <class Holder, class Description>
void describe_throughput(const Table& table, const Holder& holder, Description& out) {
    const Throughput provisioned = table.on_demand ? Throughput{} : holder.throughput;
    auto& shown = out.provisioned_throughput.emplace();
    shown.number_of_decreases_today = 0;
    shown.read_capacity_units = provisioned.read_units;
    shown.write_capacity_units = provisioned.write_units;
    if (holder.last_increase != TimePoint{}) shown.last_increase_date_time = holder.last_increase;
    if (holder.last_decrease != TimePoint{}) shown.last_decrease_date_time = holder.last_decrease;
    if (!table.on_demand || holder.throughput == Throughput{}) return;
    const auto most = [](int64_t units) { return units == 0 ? -1 : units; };
    auto& maxima = out.on_demand_throughput.emplace();
    maxima.max_read_request_units = most(holder.throughput.read_units);
    maxima.max_write_request_units = most(holder.throughput.write_units);
}

// What global and local indexes show alike.
template <class Description>
void describe_index(const Table& table, const Index& index, const Size& size, Description& out) {
    out.index_name = index.name;
    out.key_schema = describe_keys(index.keys);
    out.projection = describe_projection(index);
    out.index_size_bytes = size.bytes;
    out.item_count = size.items;
    out.index_arn = table.index_arn(index);
}

}  // namespace

std::vector<std::string> KeyAttributes::names() const {
    std::vector<std::string> out;
    every([&](const KeyAttribute& key, bool) {
        out.push_back(key.name);
        return true;
    });
    return out;
}

expression::KeySchema KeyAttributes::schema() const {
    expression::KeySchema schema;
    schema.hash = hash.name;
    schema.hash_type = hash.type;
    if (sort) {
        schema.sort = sort->name;
        schema.sort_type = sort->type;
    }
    for (const KeyAttribute& more : more_hashes)
        schema.more_hashes.push_back({more.name, more.type});
    for (const KeyAttribute& more : more_sorts) schema.more_sorts.push_back({more.name, more.type});
    return schema;
}

bool Index::projects(const KeyAttributes& table_keys, std::string_view attribute) const {
    if (projection == ProjectionKind::kAll || keys.has(attribute) || table_keys.has(attribute))
        return true;
    return projection == ProjectionKind::kInclude &&
           std::find(non_key_attributes.begin(), non_key_attributes.end(), attribute) !=
               non_key_attributes.end();
}

const TableStream::Shard& TableStream::shard_of(uint64_t hash) const {
    size_t found = 0;
    while (found + 1 < shards.size() && shards[found + 1].hash_from <= hash) ++found;
    return shards[found];
}

std::string Table::arn() const { return TableAddress{account, region, name}.arn(); }
std::string Table::index_arn(const Index& index) const { return arn() + "/index/" + index.name; }

const Index* Table::find_index(std::string_view index_name) const {
    for (const Index& index : indexes) {
        if (index.name == index_name) return &index;
    }
    return nullptr;
}

Index* Table::find_index(std::string_view index_name) {
    return const_cast<Index*>(std::as_const(*this).find_index(index_name));
}

bool Table::is_updating() const {
    return std::any_of(indexes.begin(), indexes.end(),
                       [](const Index& i) { return i.state != IndexState::kActive; });
}

bool Table::has_local_indexes() const {
    return std::any_of(indexes.begin(), indexes.end(), [](const Index& i) { return !i.global; });
}

std::string encode_table(const Table& table) {
    std::string out;
    append_u8(out, kTableFormat);
    append_bytes(out, table.account);
    append_bytes(out, table.region);
    append_bytes(out, table.name);
    append_u64(out, table.id);
    append_bytes(out, table.uuid);
    out.append(reinterpret_cast<const char*>(table.hash_key.data()), table.hash_key.size());
    append_u64(out, micros(table.created));
    append_keys(out, table.keys);
    append_varint(out, table.definitions.size());
    for (const KeyAttribute& definition : table.definitions) append_attribute(out, definition);
    append_varint(out, table.indexes.size());
    for (const Index& index : table.indexes) {
        append_bytes(out, index.name);
        append_u64(out, index.id);
        append_u8(out, index.global ? 1 : 0);
        append_u8(out, static_cast<uint8_t>(index.state));
        append_keys(out, index.keys);
        append_u8(out, static_cast<uint8_t>(index.projection));
        append_varint(out, index.non_key_attributes.size());
        for (const std::string& name : index.non_key_attributes) append_bytes(out, name);
        append_u64(out, static_cast<uint64_t>(index.throughput.read_units));
        append_u64(out, static_cast<uint64_t>(index.throughput.write_units));
        append_u64(out, micros(index.last_increase));
        append_u64(out, micros(index.last_decrease));
    }
    append_u8(out, static_cast<uint8_t>((table.on_demand ? 1 : 0) | (table.show_billing ? 2 : 0) |
                                        (table.deletion_protection ? 4 : 0) |
                                        (table.stream ? 8 : 0) | (table.ttl.enabled ? 16 : 0)));
    append_u64(out, micros(table.on_demand_since));
    append_u64(out, static_cast<uint64_t>(table.throughput.read_units));
    append_u64(out, static_cast<uint64_t>(table.throughput.write_units));
    append_u64(out, micros(table.last_increase));
    append_u64(out, micros(table.last_decrease));
    if (table.stream) {
        append_u64(out, table.stream->id);
        append_bytes(out, table.stream->label);
        append_u8(out, static_cast<uint8_t>(table.stream->view_type));
        append_varint(out, table.stream->shards.size());
        for (const TableStream::Shard& shard : table.stream->shards) {
            append_u64(out, shard.hash_from);
            append_u32(out, shard.number);
        }
    }
    append_bytes(out, table.latest_stream_label);
    append_bytes(out, table.ttl.attribute);
    append_u64(out, table.ttl.generation);
    append_bytes(out, table.table_class);
    append_bytes(out, table.policy);
    append_bytes(out, table.policy_revision);
    append_varint(out, table.tags.size());
    for (const auto& [key, value] : table.tags) {
        append_bytes(out, key);
        append_bytes(out, value);
    }
    append_u8(out, static_cast<uint8_t>((table.history.recovery ? 1 : 0) |
                                        (table.creating ? 2 : 0) | (table.origin ? 4 : 0) |
                                        (table.ttl.changed != TimePoint{} ? 8 : 0)));
    append_u8(out, table.history.recovery_days);
    append_u64(out, micros(table.history.recovery_since));
    append_u32(out, table.history.readers);
    append_u64(out, table.history.epoch);
    if (table.origin) {
        append_bytes(out, table.origin->backup_arn);
        append_bytes(out, table.origin->table_arn);
        append_u64(out, micros(table.origin->time));
    }
    if (table.ttl.changed != TimePoint{}) append_u64(out, micros(table.ttl.changed));
    return out;
}

std::optional<Table> decode_table(std::string_view bytes) {
    ByteReader reader(bytes);
    if (reader.u8() != kTableFormat) return std::nullopt;
    Table table;
    table.account = reader.bytes();
    table.region = reader.bytes();
    table.name = reader.bytes();
    table.id = reader.u64();
    table.uuid = reader.bytes();
    const std::string_view hash_key = reader.take(table.hash_key.size());
    std::copy(hash_key.begin(), hash_key.end(), table.hash_key.begin());
    table.created = from_micros(reader.u64());
    table.keys = take_keys(reader);
    for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
        table.definitions.push_back(take_attribute(reader));
    }
    for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
        Index index;
        index.name = reader.bytes();
        index.id = reader.u64();
        index.global = reader.u8() != 0;
        index.state = static_cast<IndexState>(reader.u8());
        index.keys = take_keys(reader);
        index.projection = static_cast<ProjectionKind>(reader.u8());
        for (uint64_t names = reader.varint(); names > 0 && reader.ok(); --names) {
            index.non_key_attributes.emplace_back(reader.bytes());
        }
        index.throughput.read_units = static_cast<int64_t>(reader.u64());
        index.throughput.write_units = static_cast<int64_t>(reader.u64());
        index.last_increase = from_micros(reader.u64());
        index.last_decrease = from_micros(reader.u64());
        table.indexes.push_back(std::move(index));
    }
    const uint8_t flags = reader.u8();
    table.on_demand = (flags & 1) != 0;
    table.show_billing = (flags & 2) != 0;
    table.deletion_protection = (flags & 4) != 0;
    table.ttl.enabled = (flags & 16) != 0;
    table.on_demand_since = from_micros(reader.u64());
    table.throughput.read_units = static_cast<int64_t>(reader.u64());
    table.throughput.write_units = static_cast<int64_t>(reader.u64());
    table.last_increase = from_micros(reader.u64());
    table.last_decrease = from_micros(reader.u64());
    if ((flags & 8) != 0) {
        TableStream stream;
        stream.id = reader.u64();
        stream.label = reader.bytes();
        stream.view_type = static_cast<contracts::StreamViewType>(reader.u8());
        for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
            TableStream::Shard shard;
            shard.hash_from = reader.u64();
            shard.number = reader.u32();
            stream.shards.push_back(shard);
        }
        if (stream.shards.empty()) return std::nullopt;
        table.stream = std::move(stream);
    }
    table.latest_stream_label = reader.bytes();
    table.ttl.attribute = reader.bytes();
    table.ttl.generation = reader.u64();
    table.table_class = reader.bytes();
    table.policy = reader.bytes();
    table.policy_revision = reader.bytes();
    for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
        std::string key(reader.bytes());
        table.tags[std::move(key)] = reader.bytes();
    }
    const uint8_t more_flags = reader.u8();
    table.history.recovery = (more_flags & 1) != 0;
    table.creating = (more_flags & 2) != 0;
    table.history.recovery_days = reader.u8();
    table.history.recovery_since = from_micros(reader.u64());
    table.history.readers = reader.u32();
    table.history.epoch = reader.u64();
    if ((more_flags & 4) != 0) {
        table.origin.emplace();
        table.origin->backup_arn = reader.bytes();
        table.origin->table_arn = reader.bytes();
        table.origin->time = from_micros(reader.u64());
    }
    if ((more_flags & 8) != 0) table.ttl.changed = from_micros(reader.u64());
    if (!reader.ok() || !reader.at_end()) return std::nullopt;
    return table;
}

Result<void> apply_on_demand_throughput(bool on_demand, Throughput& maxima,
                                        const model::dynamodb::OnDemandThroughput& wanted) {
    if (!on_demand) {
        return errors::invalid_parameter(
            "OnDemandThroughput can only be specified when BillingMode is PAY_PER_REQUEST");
    }
    for (const auto& [units, name, most] :
         {std::tuple{wanted.max_read_request_units, "MaxReadRequestUnits", &maxima.read_units},
          {wanted.max_write_request_units, "MaxWriteRequestUnits", &maxima.write_units}}) {
        if (!units) continue;
        if (*units != -1 && (*units < 1 || *units > kUnitsMax)) {
            return errors::validation(
                fmt::format("Given value {} for {} is out of bounds", *units, name));
        }
        *most = *units == -1 ? 0 : *units;
    }
    return {};
}

model::dynamodb::TableDescription describe_table(const Table& table, std::string_view status,
                                                 const Size& size,
                                                 const std::vector<Size>& index_sizes) {
    model::dynamodb::TableDescription out;
    out.attribute_definitions.emplace();
    for (const KeyAttribute& definition : table.definitions) {
        out.attribute_definitions->push_back(
            {.attribute_name = definition.name,
             .attribute_type = std::string(item::type_name(definition.type))});
    }
    out.table_name = table.name;
    out.key_schema = describe_keys(table.keys);
    out.table_status = std::string(status);
    out.creation_date_time = table.created;
    describe_throughput(table, table, out);
    out.table_size_bytes = size.bytes;
    out.item_count = size.items;
    out.table_arn = table.arn();
    out.table_id = table.uuid;
    if (table.show_billing) {
        out.billing_mode_summary.emplace();
        out.billing_mode_summary->billing_mode =
            table.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED";
        if (table.on_demand_since != TimePoint{}) {
            out.billing_mode_summary->last_update_to_pay_per_request_date_time =
                table.on_demand_since;
        }
    }
    for (size_t i = 0; i < table.indexes.size(); ++i) {
        const Index& index = table.indexes[i];
        const Size index_size = i < index_sizes.size() ? index_sizes[i] : Size{};
        if (!index.global) {
            if (!out.local_secondary_indexes) out.local_secondary_indexes.emplace();
            describe_index(table, index, index_size, out.local_secondary_indexes->emplace_back());
            continue;
        }
        if (!out.global_secondary_indexes) out.global_secondary_indexes.emplace();
        auto& entry = out.global_secondary_indexes->emplace_back();
        describe_index(table, index, index_size, entry);
        entry.index_status =
            std::string(status == "CREATING" ? "CREATING" : index_status(index.state));
        if (index.state == IndexState::kBackfilling) entry.backfilling = true;
        describe_throughput(table, index, entry);
        describe_warm_throughput(table, index.throughput, *entry.index_status,
                                 entry.warm_throughput.emplace());
    }
    if (table.stream) {
        out.stream_specification.emplace();
        out.stream_specification->stream_enabled = true;
        out.stream_specification->stream_view_type =
            std::string(contracts::stream_view_type_name(table.stream->view_type));
    }
    if (!table.latest_stream_label.empty()) {
        out.latest_stream_label = table.latest_stream_label;
        out.latest_stream_arn = contracts::stream_arn(table.account, table.region, table.name,
                                                      table.latest_stream_label);
    }
    if (table.origin) {
        out.restore_summary.emplace();
        if (!table.origin->backup_arn.empty())
            out.restore_summary->source_backup_arn = table.origin->backup_arn;
        out.restore_summary->source_table_arn = table.origin->table_arn;
        out.restore_summary->restore_date_time = table.origin->time;
        out.restore_summary->restore_in_progress = table.creating;
    }
    if (!table.table_class.empty()) {
        out.table_class_summary.emplace();
        out.table_class_summary->table_class = table.table_class;
    }
    out.deletion_protection_enabled = table.deletion_protection;
    describe_warm_throughput(table, table.throughput, status, out.warm_throughput.emplace());
    return out;
}

std::string TableAddress::arn() const {
    std::string out = "arn:aws:dynamodb:";
    return out.append(region).append(":").append(account).append(":table/").append(name);
}

std::optional<TableAddress> parse_table_address(std::string_view name_or_arn,
                                                std::string_view account, std::string_view region) {
    constexpr std::string_view kPrefix = "arn:";
    if (!name_or_arn.starts_with(kPrefix)) {
        return TableAddress{std::string(account), std::string(region), std::string(name_or_arn)};
    }
    // arn:aws:dynamodb:<region>:<account>:table/<name>
    std::vector<std::string_view> parts;
    std::string_view rest = name_or_arn;
    for (int i = 0; i < 5; ++i) {
        const size_t colon = rest.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        parts.push_back(rest.substr(0, colon));
        rest.remove_prefix(colon + 1);
    }
    constexpr std::string_view kTable = "table/";
    if (parts[2] != "dynamodb" || !rest.starts_with(kTable)) return std::nullopt;
    rest.remove_prefix(kTable.size());
    if (rest.empty() || rest.find('/') != std::string_view::npos) return std::nullopt;
    return TableAddress{std::string(parts[4]), std::string(parts[3]), std::string(rest)};
}

}  // namespace millrace::dynamodb
