// Every error that SQS answers with. `code` is the JSON protocol's shape, `query_code` what the
// Query protocol and x-amzn-query-error say. Thread-safety: pure functions. Source: SQS API
// Reference, and recorded answers.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "core/error.h"

namespace millrace::sqs::errors {

inline Error make(std::string code, std::string query_code, std::string message, int status = 400) {
    Error error;
    error.code = std::move(code);
    error.query_code = std::move(query_code);
    error.message = std::move(message);
    error.http_status = status;
    return error;
}

inline Error queue_does_not_exist() {
    return make("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
                "The specified queue does not exist.");
}
inline Error queue_name_exists(std::string_view attribute) {
    return make(
        "QueueNameExists", "QueueAlreadyExists",
        fmt::format(
            "A queue already exists with the same name and a different value for attribute {}",
            attribute));
}
inline Error queue_deleted_recently() {
    return make("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently",
                "You must wait 60 seconds after deleting a queue before you can create another "
                "with the same name.");
}
inline Error purge_in_progress(std::string_view name) {
    return make(
        "PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress",
        fmt::format("Only one PurgeQueue operation on {} is allowed every 60 seconds.", name), 403);
}
inline Error empty_batch(std::string_view entry) {
    return make("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest",
                fmt::format("There should be at least one {} in the request.", entry));
}
inline Error too_many_entries(size_t sent) {
    return make(
        "TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        fmt::format("Maximum number of entries per request are 10. You have sent {}.", sent));
}
inline Error ids_not_distinct(std::string_view id) {
    return make("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
                fmt::format("Id {} repeated.", id));
}
inline Error invalid_batch_entry_id() {
    return make("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and "
                "underscores. It can be at "
                "most 80 letters long.");
}
inline Error batch_too_long(size_t bytes) {
    return make(
        "BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong",
        fmt::format("Batch requests cannot be longer than 1048576 bytes. You have sent {} bytes.",
                    bytes));
}
inline Error missing_parameter(std::string_view name) {
    return make("MissingRequiredParameterException", "MissingParameter",
                fmt::format("The request must contain the parameter {}.", name));
}
inline Error invalid_parameter(std::string message) {
    return make("InvalidParameterValueException", "InvalidParameterValue", std::move(message));
}
inline Error invalid_value(std::string_view value, std::string_view parameter,
                           std::string_view reason) {
    return invalid_parameter(
        fmt::format("Value {} for parameter {} is invalid. Reason: {}", value, parameter, reason));
}
inline Error message_too_long(int64_t bytes_max) {
    return invalid_parameter(fmt::format(
        "One or more parameters are invalid. Reason: Message must be shorter than {} bytes.",
        bytes_max));
}
inline Error invalid_message_contents() {
    return make("InvalidMessageContents", "InvalidMessageContents",
                "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to "
                "#xD7FF | #xE000 to "
                "#xFFFD | #x10000 to #x10FFFF");
}
inline Error missing_deduplication() {
    return invalid_parameter(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
        "provided explicitly");
}
inline Error receipt_handle_invalid(std::string_view handle) {
    return make(
        "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid",
        fmt::format("The input receipt handle \"{}\" is not a valid receipt handle.", handle));
}
inline Error receipt_handle_expired(std::string_view handle) {
    return invalid_value(handle, "ReceiptHandle", "The receipt handle has expired.");
}
inline Error message_not_inflight(std::string_view handle) {
    return make("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight",
                fmt::format("Value {} for parameter ReceiptHandle is invalid. Reason: Message does "
                            "not exist or is not "
                            "available for visibility timeout change.",
                            handle));
}
inline Error over_limit() {
    return make("OverLimit", "OverLimit", "Too many messages in flight; the maximum is 120000.",
                403);
}
inline Error unknown_attribute(std::string_view name) {
    return make("InvalidAttributeName", "InvalidAttributeName",
                fmt::format("Unknown Attribute {}.", name));
}
inline Error invalid_attribute_name(std::string message) {
    return make("InvalidAttributeName", "InvalidAttributeName", std::move(message));
}
inline Error invalid_attribute_value(std::string_view name, std::string_view reason = {}) {
    return make("InvalidAttributeValue", "InvalidAttributeValue",
                reason.empty()
                    ? fmt::format("Invalid value for the parameter {}.", name)
                    : fmt::format("Invalid value for the parameter {}. Reason: {}", name, reason));
}
inline Error visibility_beyond_limit(int seconds) {
    return invalid_value(std::to_string(seconds), "VisibilityTimeout",
                         "Total VisibilityTimeout for the message is beyond the limit [43200 "
                         "seconds].");
}
inline Error bad_redrive_policy(std::string_view policy, std::string_view reason) {
    return invalid_value(policy, "RedrivePolicy", reason);
}
inline Error resource_not_found(std::string message) {
    return make("ResourceNotFoundException", "ResourceNotFoundException", std::move(message), 404);
}
inline Error no_such_resource(std::string_view parameter) {
    return resource_not_found(fmt::format(
        "The resource that you specified for the {} parameter doesn't exist.", parameter));
}
inline Error not_a_dead_letter_queue() {
    return invalid_parameter("Source queue must be configured as a Dead Letter Queue.");
}
inline Error move_task_running() {
    return invalid_parameter(
        "There is already a task running. Only one active task is allowed for a source queue arn "
        "at a given time.");
}
inline Error invalid_task_handle() {
    return invalid_parameter("Value for parameter TaskHandle is invalid.");
}
inline Error no_such_task() { return resource_not_found("Task does not exist."); }
inline Error access_denied(std::string message) {
    return make("AccessDenied", "AccessDenied", std::move(message), 403);
}
inline Error unsupported_operation(std::string message) {
    return make("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation",
                std::move(message));
}
inline Error unknown_operation(std::string_view operation) {
    return make("UnknownOperationException", "InvalidAction",
                fmt::format("The action {} is not valid for this endpoint.", operation));
}

}  // namespace millrace::sqs::errors
