// UpdateContinuousBackups and DescribeContinuousBackups: point-in-time recovery of a table. From
// the commit that enables it every write keeps what was there before; see backup/history.h.
// IAM: the actions of these names. Source: DynamoDB API Reference.
#include "services/dynamodb/backup/backups.h"

namespace millrace::dynamodb {

Result<void> UpdateContinuousBackups::check(const Input& input) {
    const auto& wanted = *input.point_in_time_recovery_specification;
    if (!wanted.point_in_time_recovery_enabled.value_or(false) && wanted.recovery_period_in_days) {
        return errors::validation(
            "RecoveryPeriodInDays can be specified only when PointInTimeRecoveryEnabled is true");
    }
    return {};
}

Result<void> UpdateContinuousBackups::authorize(DynamoDbService& service, OpContext& context,
                                                const Input& input, AuthzRequests& requests) {
    ask(service, context, input.table_name, "UpdateContinuousBackups", requests);
    return {};
}

Outcome<UpdateContinuousBackups::Output> UpdateContinuousBackups::run(DynamoDbService& service,
                                                                      OpContext& context,
                                                                      const Input& input) {
    MR_TRY(const TableRef found, need_source(service, context, *input.table_name));
    const auto& wanted = *input.point_in_time_recovery_specification;
    Table table = *found;
    TableHistory& history = table.history;
    const bool enable = wanted.point_in_time_recovery_enabled.value_or(false);
    if (enable) {
        const auto days =
            static_cast<uint8_t>(wanted.recovery_period_in_days.value_or(kRecoveryDaysMax));
        // A longer period cannot bring back what was trimmed.
        if (!history.recovery) {
            history.recovery_since = context.now();
        } else if (days > history.recovery_days) {
            history.recovery_since =
                std::max(history.recovery_since,
                         context.now() - std::chrono::hours(24 * history.recovery_days));
        }
        history.recovery_days = days;
    }
    history.recovery = enable;
    service.catalog().put(context.txn(), table);
    context.wake("dynamodb/history");
    Output output;
    output.continuous_backups_description = describe_recovery(table, context.now());
    return output;
}

Result<void> DescribeContinuousBackups::check(const Input&) { return {}; }

Result<void> DescribeContinuousBackups::authorize(DynamoDbService& service, OpContext& context,
                                                  const Input& input, AuthzRequests& requests) {
    ask(service, context, input.table_name, "DescribeContinuousBackups", requests);
    return {};
}

Outcome<DescribeContinuousBackups::Output> DescribeContinuousBackups::run(DynamoDbService& service,
                                                                          OpContext& context,
                                                                          const Input& input) {
    MR_TRY(const TableRef table, need_source(service, context, *input.table_name));
    Output output;
    output.continuous_backups_description = describe_recovery(*table, context.now());
    return output;
}

}  // namespace millrace::dynamodb
