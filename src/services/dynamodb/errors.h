// Every error that DynamoDB answers with, in one place.
// Thread-safety: pure functions. Source of codes and texts: Amazon DynamoDB API Reference and
// recorded answers.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "item/errors.h"
#include "item/item.h"
#include "item/json.h"

namespace millrace::dynamodb::errors {

inline Error make(std::string code, std::string message) {
    Error error;
    error.code = std::move(code);
    error.message = std::move(message);
    return error;
}

inline Error validation(std::string message) { return item::validation_error(std::move(message)); }
// "One or more parameter values were invalid: <what>"
inline Error invalid_parameter(std::string_view what) {
    return validation(fmt::format("One or more parameter values were invalid: {}", what));
}
// "1 validation error detected: Value <value> at '<path>' failed to satisfy constraint: <what>"
inline Error constraint(std::string_view value, std::string_view path, std::string_view what) {
    return validation(fmt::format(
        "1 validation error detected: Value {} at '{}' failed to satisfy constraint: {}", value,
        path, what));
}
inline Error key_mismatch() {
    return validation("The provided key element does not match the schema");
}
inline Error starting_key_invalid(std::string_view why = {}) {
    return validation(why.empty() ? std::string("The provided starting key is invalid")
                                  : fmt::format("The provided starting key is invalid: {}", why));
}
inline Error item_too_large() {
    return validation("Item size has exceeded the maximum allowed size");
}
inline Error updated_item_too_large() {
    return validation("Item size to update has exceeded the maximum allowed size");
}
// Of PutItem and DeleteItem.
inline Error return_values_invalid() {
    return validation("ReturnValues can only be ALL_OLD or NONE");
}
inline Error index_unknown(std::string_view index) {
    return validation(fmt::format("The table does not have the specified index: {}", index));
}
inline Error index_backfilling(std::string_view index) {
    return validation(
        fmt::format("Cannot read from backfilling global secondary index: {}", index));
}
inline Error consistent_read_of_global_index() {
    return validation("Consistent reads are not supported on global secondary indexes");
}
inline Error index_exists() {
    return validation("Attempting to create an index which already exists");
}
inline Error index_not_found(std::string_view index) {
    return make("ResourceNotFoundException",
                fmt::format("Requested resource not found: Index: {} not found", index));
}
inline Error one_index_change_at_once() {
    return make("LimitExceededException",
                "Subscriber limit exceeded: Only 1 online index can be created or deleted "
                "simultaneously per table");
}
inline Error unsupported(std::string_view what) {
    return validation(fmt::format("Unsupported: {} is not supported by this server", what));
}

// Data operations.
inline Error not_found() {
    return make("ResourceNotFoundException", "Requested resource not found");
}
inline Error table_not_found(std::string_view table) {
    return make("ResourceNotFoundException",
                fmt::format("Requested resource not found: Table: {} not found", table));
}
// The spelling is AWS's.
inline Error tagged_not_found(std::string_view arn) {
    return make("ResourceNotFoundException",
                fmt::format("Requested resource not found: ResourcArn: {} not found", arn));
}
inline Error table_exists(std::string_view table) {
    return make("ResourceInUseException", fmt::format("Table already exists: {}", table));
}
inline Error table_being_updated(std::string_view table) {
    return make("ResourceInUseException",
                fmt::format("Attempt to change a resource which is still in use: Table is being "
                            "updated: {}",
                            table));
}
inline Error index_being_deleted(std::string_view table, std::string_view index) {
    return make("ResourceInUseException",
                fmt::format("Attempt to change a resource which is still in use: Index is being "
                            "deleted. Table: {} Index: {}",
                            table, index));
}
inline Error limit_exceeded(std::string message) {
    return make("LimitExceededException", std::move(message));
}
inline Error deletion_protected() {
    return validation(
        "Resource cannot be deleted as it is currently protected against deletion. Disable "
        "deletion protection first.");
}

// More than a table or index is provisioned for, or than its maximum on demand. `what`:
// "TableRead", "IndexWrite", ... Source: DynamoDB API Reference, ThrottlingReason.
Error throttled(std::string_view resource_arn, std::string_view what, bool on_demand);

inline Error collection_too_large() {
    return make("ItemCollectionSizeLimitExceededException", "Collection size exceeded.");
}

inline constexpr std::string_view kConditionFailedText = "The conditional request failed";
// `item`: the item as it was, when the request asked for it and there is one.
inline Error condition_failed(std::string_view item_json = {}) {
    Error error = make("ConditionalCheckFailedException", std::string(kConditionFailedText));
    if (!item_json.empty()) error.json_fields.emplace_back("Item", std::string(item_json));
    return error;
}

inline constexpr std::string_view kDuplicateItemText = "Duplicate primary key exists in table";
inline Error duplicate_item() {
    return make("DuplicateItemException", std::string(kDuplicateItemText));
}

// One action's entry in TransactionCanceledException.
struct CancellationReason {
    std::string code = "None";
    std::string message;
    std::string item_json;  // empty: none
};
// What the entry of an action that was refused for want of capacity or room says. Source: DynamoDB
// API Reference, TransactWriteItems.
inline std::string cancellation_code(const Error& refused) {
    if (refused.code == "ThrottlingException") return "ThrottlingError";
    constexpr std::string_view kSuffix = "Exception";
    return refused.code.substr(0, refused.code.size() - kSuffix.size());
}
Error transaction_canceled(const std::vector<CancellationReason>& reasons);

inline Error transaction_too_large() {
    return validation("Transaction request exceeds the maximum allowed size of 4 MB");
}

// Backups, recovery, exports, imports.
inline Error backup_table_not_found(std::string_view table) {
    return make("TableNotFoundException", fmt::format("Table not found: {}", table));
}
inline Error backup_table_in_use(std::string_view table) {
    return make("TableInUseException", fmt::format("Table is being created: {}", table));
}
inline Error restore_target_exists(std::string_view table) {
    return make("TableAlreadyExistsException", fmt::format("Table already exists: {}", table));
}
inline Error backup_not_found(std::string_view arn) {
    return make("BackupNotFoundException", fmt::format("Backup not found: {}", arn));
}
inline Error backup_in_use(std::string_view arn) {
    return make("BackupInUseException",
                fmt::format("Backup is being created, deleted or restored: {}", arn));
}
inline Error recovery_unavailable(std::string_view table) {
    return make("PointInTimeRecoveryUnavailableException",
                fmt::format("Point in time recovery is not enabled for table '{}'", table));
}
inline Error invalid_restore_time() {
    return make("InvalidRestoreTimeException",
                "An invalid restore time was specified. RestoreDateTime must be between "
                "EarliestRestorableDateTime and LatestRestorableDateTime.");
}
inline Error invalid_export_time(std::string_view what) {
    return make("InvalidExportTimeException",
                fmt::format("{} is outside of the point in time recovery window", what));
}
inline Error export_not_found(std::string_view arn) {
    return make("ExportNotFoundException", fmt::format("Export not found: {}", arn));
}
inline Error import_not_found(std::string_view arn) {
    return make("ImportNotFoundException", fmt::format("Import not found: {}", arn));
}
inline Error export_conflict() {
    return make("ExportConflictException",
                "A different export with this ClientToken was requested less than 8 hours ago");
}
inline Error import_conflict() {
    return make("ImportConflictException",
                "A different import with this ClientToken was requested less than 8 hours ago");
}
// Of a table that is being restored, imported, or read by a backup or export.
inline Error table_busy(std::string_view table, std::string_view why) {
    return make("ResourceInUseException",
                fmt::format("Attempt to change a resource which is still in use: Table is being "
                            "{}: {}",
                            why, table));
}
inline Error policy_not_found(std::string_view arn) {
    return make(
        "PolicyNotFoundException",
        fmt::format("Resource-based policy not found for the provided ResourceArn: {}", arn));
}

inline Error idempotent_mismatch() { return make("IdempotentParameterMismatchException", ""); }

inline Error access_denied(std::string text) {
    Error error = make("AccessDeniedException", std::move(text));
    error.json_namespace = "com.amazon.coral.service";
    error.capital_message = true;
    return error;
}
inline Error unknown_operation() {
    Error error = make("UnknownOperationException", "");
    error.json_namespace = "com.amazon.coral.service";
    return error;
}

}  // namespace millrace::dynamodb::errors
