// RestoreTableToPointInTime: makes a table of what another was at a second of its recovery window.
// UseLatestRestorableTime means the moment of the request, to the last commit.
//
// IAM:     dynamodb:RestoreTableToPointInTime on both tables, and what writes items.
// Errors:  TableNotFoundException, PointInTimeRecoveryUnavailableException,
//          InvalidRestoreTimeException, TableAlreadyExistsException.
// Source:  DynamoDB API Reference, RestoreTableToPointInTime.
#include "services/dynamodb/backup/backups.h"

namespace millrace::dynamodb {

Result<void> RestoreTableToPointInTime::check(const Input& input) {
    if (!input.source_table_name && !input.source_table_arn) {
        return errors::validation(
            "Either SourceTableName or SourceTableArn must be specified in the request");
    }
    if (input.source_table_name && input.source_table_arn) {
        return errors::validation(
            "SourceTableName and SourceTableArn cannot both be specified in the request");
    }
    if (input.restore_date_time.has_value() == input.use_latest_restorable_time.value_or(false)) {
        return errors::validation(
            "Exactly one of RestoreDateTime and UseLatestRestorableTime must be specified");
    }
    return check_overrides(overrides_of(input));
}

Result<void> RestoreTableToPointInTime::authorize(DynamoDbService& service, OpContext& context,
                                                  const Input& input, AuthzRequests& requests) {
    const auto& name = input.source_table_arn ? input.source_table_arn : input.source_table_name;
    const auto address =
        parse_table_address(name.value_or(""), context.account(), context.region());
    if (!name || !address) return {};
    ask_for_restore(context, address->arn(), address->account, input.target_table_name,
                    "RestoreTableToPointInTime", requests);
    const TableRef source = service.catalog().find(context.txn(), *address);
    if (source) requests.front().resource_policy = source->parsed_policy;
    return {};
}

Outcome<RestoreTableToPointInTime::Output> RestoreTableToPointInTime::run(DynamoDbService& service,
                                                                          OpContext& context,
                                                                          const Input& input) {
    MR_TRY(const TableRef table, need_source(service, context,
                                             input.source_table_arn ? *input.source_table_arn
                                                                    : *input.source_table_name));
    if (!table->history.recovery) return errors::recovery_unavailable(table->name);
    TableOrigin origin{"", table->arn(), context.now()};
    TimePoint time = Cut::kNow;
    if (input.restore_date_time) {
        time = origin.time = std::chrono::floor<std::chrono::seconds>(*input.restore_date_time);
        const RecoveryWindow window = recovery_window(*table, context.now());
        if (time < window.earliest || time > window.latest) return errors::invalid_restore_time();
    }
    const Cut cut = cut_table(service, context, *table, time);
    Output output;
    MR_TRY(output.table_description,
           start_restore(service, context, *table, *input.target_table_name, overrides_of(input),
                         std::move(origin), cut));
    return output;
}

}  // namespace millrace::dynamodb
