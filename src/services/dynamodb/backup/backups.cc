#include "services/dynamodb/backup/backups.h"

#include <algorithm>

#include "services/dynamodb/index_request.h"

namespace millrace::dynamodb {
namespace {

using namespace model::dynamodb;

TimePoint whole_second(TimePoint time) { return std::chrono::floor<std::chrono::seconds>(time); }

std::vector<std::string> sorted(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return names;
}

template <class Wanted>
bool same_index(const Index& index, const std::vector<KeySchemaElement>& schema,
                const Wanted& wanted) {
    size_t next = 0;
    const bool same_keys = index.keys.every([&](const KeyAttribute& key, bool hash) {
        if (next == schema.size() || schema[next].attribute_name != key.name) return false;
        return schema[next++].key_type == (hash ? "HASH" : "RANGE");
    });
    if (!same_keys || next != schema.size()) return false;
    const std::string projection =
        wanted.projection ? wanted.projection->projection_type.value_or("ALL") : "ALL";
    switch (index.projection) {
        case ProjectionKind::kAll:
            return projection == "ALL";
        case ProjectionKind::kKeysOnly:
            return projection == "KEYS_ONLY";
        case ProjectionKind::kInclude:
            return projection == "INCLUDE" &&
                   sorted(wanted.projection->non_key_attributes.value_or(
                       std::vector<std::string>{})) == sorted(index.non_key_attributes);
    }
    return false;
}

// The indexes of one kind that the restored table shall have. `on_demand`: the table's billing.
template <class Wanted>
Result<void> choose_indexes(const Table& source, bool on_demand, bool global,
                            const std::optional<std::vector<Wanted>>& wanted,
                            std::string_view parameter, std::vector<Index>& out) {
    const auto add = [&](const Index& index) {
        out.push_back(index);
        if (on_demand != source.on_demand) out.back().throughput = {};
    };
    if (!wanted) {
        for (const Index& index : source.indexes) {
            if (index.global == global && index.state != IndexState::kDeleting) add(index);
        }
        return {};
    }
    for (const Wanted& entry : *wanted) {
        const Index* index = source.find_index(entry.index_name.value_or(""));
        const std::vector<KeySchemaElement> schema =
            entry.key_schema.value_or(std::vector<KeySchemaElement>{});
        if (index == nullptr || index->global != global || index->state == IndexState::kDeleting ||
            !same_index(*index, schema, entry)) {
            return errors::invalid_parameter(
                fmt::format("{}: the index {} does not match an index of the source", parameter,
                            entry.index_name.value_or("")));
        }
        add(*index);
        if constexpr (requires { entry.provisioned_throughput; }) {
            Throughput& throughput = out.back().throughput;
            if (entry.provisioned_throughput) {
                MR_TRY(throughput,
                       read_index_throughput(index->name, entry.provisioned_throughput, on_demand));
            }
            if (entry.on_demand_throughput) {
                MR_CHECK_OK(
                    apply_on_demand_throughput(on_demand, throughput, *entry.on_demand_throughput));
            }
            if (entry.warm_throughput) return errors::unsupported("WarmThroughput");
        }
    }
    return {};
}

// Attribute definitions that no key uses any more are left out.
void drop_unused_definitions(Table& table) {
    std::erase_if(table.definitions, [&](const KeyAttribute& definition) {
        return !table.keys.has(definition.name) &&
               std::none_of(table.indexes.begin(), table.indexes.end(),
                            [&](const Index& index) { return index.keys.has(definition.name); });
    });
}

Result<void> apply_billing(const RestoreOverrides& overrides, TimePoint now, Table& table) {
    if (overrides.billing_mode) {
        const bool on_demand = *overrides.billing_mode == "PAY_PER_REQUEST";
        if (on_demand != table.on_demand) {
            table.throughput = {};
            table.show_billing = true;
            table.on_demand_since = on_demand ? now : TimePoint{};
        }
        table.on_demand = on_demand;
    }
    if (table.on_demand) {
        if (overrides.throughput) {
            return errors::invalid_parameter(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
                "BillingMode is PAY_PER_REQUEST");
        }
    }
    if (overrides.on_demand_throughput) {
        MR_CHECK_OK(apply_on_demand_throughput(table.on_demand, table.throughput,
                                               *overrides.on_demand_throughput));
    }
    if (table.on_demand) return {};
    if (overrides.throughput) {
        table.throughput = {overrides.throughput->read_capacity_units.value_or(1),
                            overrides.throughput->write_capacity_units.value_or(1)};
    }
    const bool unset =
        table.throughput.read_units == 0 ||
        std::any_of(table.indexes.begin(), table.indexes.end(), [](const Index& index) {
            return index.global && index.throughput.read_units == 0;
        });
    if (unset) {
        return errors::invalid_parameter(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
            "PROVISIONED");
    }
    return {};
}

void ask_action(std::string_view action, std::string resource, std::string account,
                AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "dynamodb:" + std::string(action);
    request.resource = std::move(resource);
    request.resource_account = std::move(account);
    requests.push_back(std::move(request));
}

}  // namespace

Result<TableRef> need_source(DynamoDbService& service, OpContext& context,
                             const std::string& name) {
    const auto address = parse_table_address(name, context.account(), context.region());
    if (!address) {
        return errors::validation("Invalid TableArn: Invalid ResourceArn provided as input " +
                                  name);
    }
    TableRef table = service.catalog().load(context.txn(), *address);
    if (!table) return errors::backup_table_not_found(address->name);
    if (table->creating) return errors::backup_table_in_use(address->name);
    return table;
}

Result<void> check_job_count(OpContext& context, JobKind kind, size_t jobs_max) {
    const std::vector<Job> jobs = all_jobs(context.txn());
    const auto same = std::count_if(jobs.begin(), jobs.end(), [&](const Job& job) {
        return job.kind == kind && job.table.account == context.account();
    });
    if (static_cast<size_t>(same) < jobs_max) return {};
    return errors::limit_exceeded(fmt::format(
        "Subscriber limit exceeded: only {} of these operations can be under way at a time",
        jobs_max));
}

void start_job(OpContext& context, const Job& job) {
    context.txn().put(job_key(job), encode_job(job));
    context.wake(std::string(kBackupJobsWake));
}

Cut cut_table(DynamoDbService& service, OpContext& context, const Table& table, TimePoint time) {
    Table changed = table;
    changed.history.epoch += 1;
    changed.history.readers += 1;
    service.catalog().put(context.txn(), changed);
    return {time, changed.history.epoch,
            std::min(time, history_time(context.txn(), table, context.now()))};
}

void release_table(DynamoDbService& service, store::Txn& txn, const TableAddress& address,
                   uint64_t table_id) {
    const TableRef table = service.catalog().load(txn, address);
    if (!table || table->id != table_id || table->history.readers == 0) return;
    Table changed = *table;
    changed.history.readers -= 1;
    service.catalog().put(txn, changed);
}

RecoveryWindow recovery_window(const Table& table, TimePoint now) {
    const TimePoint oldest = now - std::chrono::hours(24 * table.history.recovery_days);
    const TimePoint latest = whole_second(now);
    const TimePoint earliest =
        std::chrono::ceil<std::chrono::seconds>(std::max(oldest, table.history.recovery_since));
    return {earliest, latest};
}

ContinuousBackupsDescription describe_recovery(const Table& table, TimePoint now) {
    ContinuousBackupsDescription out;
    out.continuous_backups_status = "ENABLED";
    auto& recovery = out.point_in_time_recovery_description.emplace();
    recovery.point_in_time_recovery_status = table.history.recovery ? "ENABLED" : "DISABLED";
    if (table.history.recovery) {
        const RecoveryWindow window = recovery_window(table, now);
        recovery.recovery_period_in_days = table.history.recovery_days;
        recovery.earliest_restorable_date_time = std::min(window.earliest, window.latest);
        recovery.latest_restorable_date_time = window.latest;
    }
    return out;
}

Result<void> check_overrides(const RestoreOverrides& overrides) {
    if (overrides.encryption && overrides.encryption->enabled.value_or(false))
        return errors::unsupported("SSESpecificationOverride");
    return {};
}

Result<TableDescription> start_restore(DynamoDbService& service, OpContext& context,
                                       const Table& source, const std::string& name,
                                       const RestoreOverrides& overrides, TableOrigin origin,
                                       std::optional<Cut> cut) {
    Table table = source;
    table.account = context.account();
    table.region = context.region();
    table.name = name;
    const TableAddress address{table.account, table.region, name};
    if (service.catalog().load(context.txn(), address)) return errors::restore_target_exists(name);
    MR_CHECK_OK(check_job_count(context, JobKind::kRestore, kRestoresMax));
    table.id = context.rng().next_u64();
    table.uuid = context.rng().uuid();
    // The hash key stays, so that items keep their places.
    table.created = context.now();
    table.indexes.clear();
    const bool on_demand =
        overrides.billing_mode ? *overrides.billing_mode == "PAY_PER_REQUEST" : source.on_demand;
    MR_CHECK_OK(choose_indexes(source, on_demand, true, overrides.global_indexes,
                               "GlobalSecondaryIndexOverride", table.indexes));
    MR_CHECK_OK(choose_indexes(source, on_demand, false, overrides.local_indexes,
                               "LocalSecondaryIndexOverride", table.indexes));
    for (Index& index : table.indexes) {
        index.id = context.rng().next_u64();
        index.state = IndexState::kActive;
        index.last_increase = index.last_decrease = {};
    }
    drop_unused_definitions(table);
    table.on_demand_since = table.on_demand ? context.now() : TimePoint{};
    table.last_increase = table.last_decrease = {};
    MR_CHECK_OK(apply_billing(overrides, context.now(), table));
    table.deletion_protection = false;
    table.stream.reset();
    table.latest_stream_label.clear();
    table.ttl = {};
    table.tags.clear();
    table.policy.clear();
    table.policy_revision.clear();
    table.parsed_policy = nullptr;
    table.history = {};
    table.creating = true;
    table.origin = std::move(origin);
    service.catalog().put(context.txn(), table);

    Job job;
    job.kind = JobKind::kRestore;
    job.table = address;
    job.id = new_record_id(context.now(), context.rng());
    job.source = source;
    job.live_source = cut.has_value();
    job.cut = cut;
    job.position = first_position(source.id);
    start_job(context, job);
    return dynamodb::describe_table(table, "CREATING");
}

void ask_for_restore(OpContext& context, const std::string& source_arn,
                     const std::string& source_account, const std::optional<std::string>& target,
                     std::string_view action, AuthzRequests& requests) {
    ask_action(action, source_arn, source_account, requests);
    // Source: Service Authorization Reference, dependent actions of restores.
    for (const std::string_view needed :
         {action, std::string_view("BatchWriteItem"), std::string_view("DeleteItem"),
          std::string_view("GetItem"), std::string_view("PutItem"), std::string_view("Query"),
          std::string_view("Scan"), std::string_view("UpdateItem")})
        ask(context, target, needed, requests);
}

void ask_for_record(const std::optional<std::string>& arn, RecordKind kind, std::string_view action,
                    AuthzRequests& requests) {
    if (!arn) return;
    const auto address = parse_record_arn(*arn, kind);
    if (address) ask_action(action, *arn, address->table.account, requests);
}

void ask_for_list(OpContext& context, std::string_view action, AuthzRequests& requests) {
    std::string account(context.account());
    std::string resource = fmt::format("arn:aws:dynamodb:{}:{}:table/*", context.region(), account);
    ask_action(action, std::move(resource), std::move(account), requests);
}

Result<Backup> need_backup(OpContext& context, const std::string& arn) {
    const auto address = parse_record_arn(arn, RecordKind::kBackup);
    if (address) {
        const auto row =
            context.txn().get(record_key(address->table, RecordKind::kBackup, address->id));
        if (row) {
            auto backup = decode_backup(*row);
            if (backup && backup->table.name == address->table.name) return *std::move(backup);
        }
    }
    return errors::backup_not_found(arn);
}

void keep_system_backup(OpContext& context, const Table& table) {
    Backup backup;
    backup.id = new_record_id(context.now(), context.rng());
    // Source: Amazon DynamoDB Developer Guide, "Point-in-time recovery".
    backup.name = table.name + "$DeletedTableBackup";
    backup.system = true;
    backup.status = JobStatus::kDone;
    backup.created = context.now();
    backup.expires = context.now() + kSystemBackupKept;
    backup.table = table;
    const auto counter = [&](char which, int64_t pending) {
        const auto value = context.txn().get(statistics_key(table.id, which));
        return (value ? static_cast<int64_t>(ByteReader(*value).u64()) : 0) + pending;
    };
    backup.items = counter('i', table.statistics->items.load());
    backup.bytes = counter('b', table.statistics->bytes.load());
    const TableAddress address{table.account, table.region, table.name};
    context.txn().put(record_key(address, RecordKind::kBackup, backup.id), encode_backup(backup));
}

void delete_backup(store::Txn& txn, const Backup& backup) {
    const TableAddress address{backup.table.account, backup.table.region, backup.table.name};
    txn.erase(record_key(address, RecordKind::kBackup, backup.id));
    txn.put({store::Space::kTables, kDeletedTables, table_id_bytes(backup.table.id)},
            encode_table(backup.table));
}

BackupDetails describe_details(const Backup& backup) {
    BackupDetails out;
    const Table& table = backup.table;
    out.backup_arn =
        record_arn({table.account, table.region, table.name}, RecordKind::kBackup, backup.id);
    out.backup_name = backup.name;
    out.backup_size_bytes = backup.bytes;
    out.backup_status = backup.status == JobStatus::kDone ? "AVAILABLE" : "CREATING";
    out.backup_type = backup.system ? "SYSTEM" : "USER";
    out.backup_creation_date_time = backup.created;
    if (backup.system) out.backup_expiry_date_time = backup.expires;
    return out;
}

BackupDescription describe_backup(const Backup& backup, bool deleted) {
    BackupDescription out;
    out.backup_details = describe_details(backup);
    if (deleted) out.backup_details->backup_status = "DELETED";
    const Table& table = backup.table;
    TableDescription described =
        dynamodb::describe_table(table, "ACTIVE", {backup.items, backup.bytes});
    auto& source = out.source_table_details.emplace();
    source.table_name = table.name;
    source.table_id = table.uuid;
    source.table_arn = table.arn();
    source.table_size_bytes = backup.bytes;
    source.key_schema = described.key_schema;
    source.table_creation_date_time = table.created;
    source.provisioned_throughput.emplace();
    const Throughput provisioned = table.on_demand ? Throughput{} : table.throughput;
    source.provisioned_throughput->read_capacity_units = provisioned.read_units;
    source.provisioned_throughput->write_capacity_units = provisioned.write_units;
    source.on_demand_throughput = described.on_demand_throughput;
    source.item_count = backup.items;
    source.billing_mode = table.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED";
    auto& features = out.source_table_feature_details.emplace();
    if (described.local_secondary_indexes) {
        features.local_secondary_indexes.emplace();
        for (const auto& index : *described.local_secondary_indexes) {
            features.local_secondary_indexes->push_back({.index_name = index.index_name,
                                                         .key_schema = index.key_schema,
                                                         .projection = index.projection});
        }
    }
    if (described.global_secondary_indexes) {
        features.global_secondary_indexes.emplace();
        for (const auto& index : *described.global_secondary_indexes) {
            auto& entry = features.global_secondary_indexes->emplace_back();
            entry.index_name = index.index_name;
            entry.key_schema = index.key_schema;
            entry.projection = index.projection;
            if (!table.on_demand && index.provisioned_throughput) {
                entry.provisioned_throughput.emplace();
                entry.provisioned_throughput->read_capacity_units =
                    index.provisioned_throughput->read_capacity_units;
                entry.provisioned_throughput->write_capacity_units =
                    index.provisioned_throughput->write_capacity_units;
            }
        }
    }
    features.stream_description = described.stream_specification;
    if (table.ttl.enabled) {
        features.time_to_live_description.emplace();
        features.time_to_live_description->time_to_live_status = "ENABLED";
        features.time_to_live_description->attribute_name = table.ttl.attribute;
    }
    return out;
}

std::string_view status_name(JobStatus status) {
    switch (status) {
        case JobStatus::kInProgress:
            return "IN_PROGRESS";
        case JobStatus::kDone:
            return "COMPLETED";
        case JobStatus::kFailed:
            return "FAILED";
    }
    return {};
}

namespace {

std::optional<std::string> given(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
}
std::optional<TimePoint> given(TimePoint time) {
    return time == TimePoint{} ? std::nullopt : std::optional<TimePoint>(time);
}

// What the descriptions of exports and imports have alike.
template <class Description>
void describe_transfer(const Transfer& transfer, Description& out) {
    out.table_arn = transfer.table.arn();
    out.table_id = transfer.table_uuid;
    out.client_token = given(transfer.token);
    out.start_time = transfer.started;
    out.end_time = given(transfer.ended);
    out.failure_code = given(transfer.failure_code);
    out.failure_message = given(transfer.failure_message);
}

}  // namespace

ExportDescription describe_export(const Export& entry) {
    ExportDescription out;
    describe_transfer(entry, out);
    out.export_arn = record_arn(entry.table, RecordKind::kExport, entry.id);
    out.export_status = std::string(status_name(entry.status));
    out.export_manifest = given(entry.manifest);
    out.s3_bucket = entry.place.bucket;
    out.s3_bucket_owner = given(entry.place.owner);
    out.s3_prefix = given(entry.place.prefix);
    out.s3_sse_algorithm = given(entry.sse_algorithm);
    out.export_format = "DYNAMODB_JSON";
    out.export_type = entry.incremental ? "INCREMENTAL_EXPORT" : "FULL_EXPORT";
    if (entry.incremental) {
        auto& range = out.incremental_export_specification.emplace();
        range.export_from_time = entry.from;
        range.export_to_time = entry.time;
        range.export_view_type = entry.old_images ? "NEW_AND_OLD_IMAGES" : "NEW_IMAGE";
    } else {
        out.export_time = entry.time;
    }
    if (entry.status == JobStatus::kDone) {
        out.item_count = entry.items;
        out.billed_size_bytes = entry.bytes;
    }
    return out;
}

ImportTableDescription describe_import(const Import& entry) {
    ImportTableDescription out;
    describe_transfer(entry, out);
    out.import_arn = record_arn(entry.table, RecordKind::kImport, entry.id);
    out.import_status = std::string(status_name(entry.status));
    auto& source = out.s3_bucket_source.emplace();
    source.s3_bucket = entry.place.bucket;
    source.s3_bucket_owner = given(entry.place.owner);
    source.s3_key_prefix = given(entry.place.prefix);
    out.input_format = entry.format == ImportFormat::kCsv ? "CSV" : "DYNAMODB_JSON";
    if (!entry.delimiter.empty() || !entry.headers.empty()) {
        auto& csv = out.input_format_options.emplace().csv.emplace();
        csv.delimiter = given(entry.delimiter);
        if (!entry.headers.empty()) csv.header_list = entry.headers;
    }
    out.input_compression_type = entry.compression.empty() ? "NONE" : entry.compression;
    if (const auto table = decode_table(entry.creation)) {
        const TableDescription described = dynamodb::describe_table(*table, "CREATING");
        auto& creation = out.table_creation_parameters.emplace();
        creation.table_name = table->name;
        creation.attribute_definitions = described.attribute_definitions;
        creation.key_schema = described.key_schema;
        creation.billing_mode = table->on_demand ? "PAY_PER_REQUEST" : "PROVISIONED";
        creation.on_demand_throughput = described.on_demand_throughput;
        if (!table->on_demand) {
            creation.provisioned_throughput.emplace();
            creation.provisioned_throughput->read_capacity_units = table->throughput.read_units;
            creation.provisioned_throughput->write_capacity_units = table->throughput.write_units;
        }
        if (described.global_secondary_indexes) {
            creation.global_secondary_indexes.emplace();
            for (const auto& index : *described.global_secondary_indexes) {
                auto& shown = creation.global_secondary_indexes->emplace_back();
                shown.index_name = index.index_name;
                shown.key_schema = index.key_schema;
                shown.projection = index.projection;
            }
        }
    }
    out.error_count = entry.errors;
    out.processed_size_bytes = entry.processed_bytes;
    out.processed_item_count = entry.processed_items;
    out.imported_item_count = entry.imported_items;
    return out;
}

}  // namespace millrace::dynamodb
