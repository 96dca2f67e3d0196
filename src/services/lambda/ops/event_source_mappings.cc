// CreateEventSourceMapping, GetEventSourceMapping, ListEventSourceMappings,
// UpdateEventSourceMapping, DeleteEventSourceMapping, for SQS queues and DynamoDB streams. IAM: the
// actions of these names. Source: Lambda API Reference; recorded answers.
#include "services/lambda/operations.h"
#include "services/lambda/pollers.h"

namespace millrace::lambda {
namespace {

void ask_mapping(contracts::OpContext& context, std::string_view action,
                 contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "lambda:" + std::string(action);
    request.resource = "*";
    request.resource_account = context.account();
    requests.push_back(std::move(request));
}

model::lambda::EventSourceMappingConfiguration shown(const Mapping& mapping, std::string state) {
    model::lambda::EventSourceMappingConfiguration out;
    out.uuid = mapping.uuid;
    out.event_source_mapping_arn = "arn:aws:lambda:" + mapping.region + ":" + mapping.account +
                                   ":event-source-mapping:" + mapping.uuid;
    out.event_source_arn = mapping.source_arn;
    out.function_arn = mapping.function_arn();
    out.batch_size = mapping.batch_size;
    out.maximum_batching_window_in_seconds = mapping.window_s;
    out.last_modified = from_epoch_ms(mapping.modified_ms);
    out.state = std::move(state);
    out.state_transition_reason = mapping.of_queue() ? "USER_INITIATED" : "User action";
    if (mapping.partial_failures)
        out.function_response_types = std::vector<std::string>{"ReportBatchItemFailures"};
    if (!mapping.of_queue()) {
        out.starting_position = mapping.starting_position;
        out.last_processing_result = mapping.last_result;
        out.parallelization_factor = 1;
        out.maximum_retry_attempts = mapping.retries_max;
        out.maximum_record_age_in_seconds = mapping.age_max_s;
        out.bisect_batch_on_function_error = mapping.bisect;
        out.tumbling_window_in_seconds = 0;
    }
    return out;
}

// Settings that are accepted nowhere, so that none is stored and not obeyed.
template <class Input>
Result<void> refuse_unsupported(const Input& input) {
    if (input.filter_criteria) return errors::unsupported("FilterCriteria");
    if (input.destination_config) return errors::unsupported("DestinationConfig");
    if (input.parallelization_factor.value_or(1) != 1)
        return errors::unsupported("ParallelizationFactor");
    if (input.tumbling_window_in_seconds.value_or(0) != 0)
        return errors::unsupported("TumblingWindowInSeconds");
    if (input.scaling_config) return errors::unsupported("ScalingConfig");
    return {};
}

template <class Input>
Result<void> apply(const Input& input, Mapping& mapping) {
    mapping.batch_size = input.batch_size.value_or(mapping.batch_size);
    mapping.window_s = input.maximum_batching_window_in_seconds.value_or(mapping.window_s);
    mapping.retries_max = input.maximum_retry_attempts.value_or(mapping.retries_max);
    mapping.age_max_s = input.maximum_record_age_in_seconds.value_or(mapping.age_max_s);
    mapping.bisect = input.bisect_batch_on_function_error.value_or(mapping.bisect);
    mapping.enabled = input.enabled.value_or(mapping.enabled);
    if (input.function_response_types)
        mapping.partial_failures = !input.function_response_types->empty();
    if (mapping.of_queue()) {
        if (input.maximum_retry_attempts || input.maximum_record_age_in_seconds ||
            input.bisect_batch_on_function_error) {
            return errors::invalid_parameter(
                "Unsupported parameter for given event source mapping type.");
        }
        const bool fifo = mapping.source_arn.ends_with(".fifo");
        if (fifo && (mapping.batch_size > 10 || mapping.window_s > 0)) {
            return errors::invalid_parameter(
                "Unsupported batch size or batching window for given event source mapping type.");
        }
        if (mapping.batch_size > 10 && mapping.window_s == 0) {
            return errors::invalid_parameter(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
                "greater than 10");
        }
    }
    return {};
}

// Lanes follow once the change is committed.
void follow(LambdaService& service, contracts::OpContext& context, const Mapping& mapping,
            bool exists) {
    context.txn().on_commit(
        [&service, mapping, exists](store::Version) { service.refresh(mapping, exists); });
}

Result<Mapping> need_mapping(contracts::OpContext& context, const std::string& uuid) {
    const auto row = context.txn().get(mapping_key(context.account(), context.region(), uuid));
    if (!row) return errors::mapping_not_found();
    return decode_mapping(*row);
}

Result<void> check_source(LambdaService& service, const Mapping& mapping,
                          const Function& function) {
    if (mapping.of_queue()) {
        const auto queue = service.parts().queues.describe(mapping.source_arn);
        if (!queue) {
            return errors::invalid_parameter(
                "Error occurred while ReceiveMessage. SQS Error Code: "
                "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue "
                "does "
                "not exist.");
        }
        for (const char* action :
             {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}) {
            if (!role_may(service, function.role, function.name, mapping.source_arn, {action})) {
                return errors::invalid_parameter(fmt::format(
                    "The provided execution role does not have permissions to call {} on SQS",
                    std::string_view(action).substr(4)));
            }
        }
        if (queue->visibility_timeout_seconds < function.timeout_s) {
            return errors::invalid_parameter(fmt::format(
                "Queue visibility timeout: {} seconds is less than Function timeout: {} seconds",
                queue->visibility_timeout_seconds, function.timeout_s));
        }
        return {};
    }
    if (!service.parts().streams.shards(mapping.source_arn)) {
        return errors::invalid_parameter("Stream not found: " + mapping.source_arn);
    }
    if (!role_may(
            service, function.role, function.name, mapping.source_arn,
            {"dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"})) {
        return errors::invalid_parameter(
            "Cannot access stream " + mapping.source_arn +
            ". Please ensure the role can perform the GetRecords, GetShardIterator, "
            "DescribeStream, and ListStreams Actions on "
            "your stream in IAM.");
    }
    return {};
}

}  // namespace

Result<void> CreateEventSourceMapping::check(const Input& input) {
    MR_CHECK_OK(refuse_unsupported(input));
    const std::string arn = input.event_source_arn.value_or("");
    const bool stream =
        arn.starts_with("arn:aws:dynamodb:") && arn.find("/stream/") != std::string::npos;
    if (!stream && !arn.starts_with("arn:aws:sqs:"))
        return errors::invalid_parameter("Unrecognized event source.");
    if (stream && !input.starting_position) {
        return errors::make(
            "ValidationException", 400,
            "1 validation error detected: Value null at 'startingPosition' failed to "
            "satisfy constraint: Member must not be null.");
    }
    if (stream && *input.starting_position == "AT_TIMESTAMP") {
        return errors::invalid_parameter("Unsupported starting position for arn type: " + arn);
    }
    if (!stream && input.starting_position) {
        return errors::invalid_parameter("StartingPosition is not valid for SQS event sources.");
    }
    return {};
}

Result<void> CreateEventSourceMapping::authorize(LambdaService&, contracts::OpContext& context,
                                                 const Input&, contracts::AuthzRequests& requests) {
    ask_mapping(context, "CreateEventSourceMapping", requests);
    return {};
}

contracts::Outcome<CreateEventSourceMapping::Output> CreateEventSourceMapping::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const Function function, need_function(service, context, *input.function_name));
    Mapping mapping;
    mapping.uuid = context.rng().uuid();
    mapping.account = function.account;
    mapping.region = function.region;
    mapping.function = function.name;
    mapping.source_arn = *input.event_source_arn;
    mapping.modified_ms = epoch_ms(context.now());
    if (!mapping.of_queue()) {
        mapping.batch_size = 100;
        mapping.starting_position = *input.starting_position;
        mapping.last_result = "No records processed";
    }
    MR_CHECK_OK(apply(input, mapping));
    std::optional<Error> conflict;
    context.txn().scan(
        {store::Space::kMappings, mapping_key(mapping.account, mapping.region, "").partition, "",
         ""},
        [&](std::string_view, std::string_view row) {
            const Mapping other = decode_mapping(row);
            if (other.source_arn != mapping.source_arn || other.function != mapping.function)
                return true;
            conflict = errors::make(
                "ResourceConflictException", 409,
                mapping.of_queue()
                    ? fmt::format(
                          "An event source mapping with SQS arn (\" {} \") and function (\" {} \") "
                          "already "
                          "exists. Please update or delete the existing mapping with UUID {}",
                          mapping.source_arn, mapping.function, other.uuid)
                    : fmt::format(
                          "The event source arn (\" {} \") and function (\" {} \") provided "
                          "mapping already "
                          "exists. Please update or delete the existing mapping with UUID {}",
                          mapping.source_arn, mapping.function, other.uuid));
            return false;
        });
    if (conflict) return *conflict;
    MR_CHECK_OK(check_source(service, mapping, function));
    service.put(context.txn(), mapping);
    follow(service, context, mapping, true);
    context.http_status = 202;
    return shown(mapping, "Creating");
}

Result<void> GetEventSourceMapping::check(const Input&) { return {}; }
Result<void> GetEventSourceMapping::authorize(LambdaService&, contracts::OpContext& context,
                                              const Input&, contracts::AuthzRequests& requests) {
    ask_mapping(context, "GetEventSourceMapping", requests);
    return {};
}
contracts::Outcome<GetEventSourceMapping::Output> GetEventSourceMapping::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const Mapping mapping, need_mapping(context, *input.uuid));
    std::string state = "Enabled";
    if (!mapping.enabled) state = service.busy(mapping) ? "Disabling" : "Disabled";
    return shown(mapping, std::move(state));
}

Result<void> ListEventSourceMappings::check(const Input&) { return {}; }
Result<void> ListEventSourceMappings::authorize(LambdaService&, contracts::OpContext& context,
                                                const Input&, contracts::AuthzRequests& requests) {
    ask_mapping(context, "ListEventSourceMappings", requests);
    return {};
}
contracts::Outcome<ListEventSourceMappings::Output> ListEventSourceMappings::run(
    LambdaService&, contracts::OpContext& context, const Input& input) {
    Output output;
    output.event_source_mappings.emplace();
    const std::string function =
        input.function_name ? parse_function_name(*input.function_name, context.account()).name
                            : std::string();
    const auto most = static_cast<size_t>(input.max_items.value_or(100));
    const std::string from = input.marker ? *input.marker + '\0' : "";
    context.txn().scan(
        {store::Space::kMappings, mapping_key(context.account(), context.region(), "").partition,
         from, ""},
        [&](std::string_view, std::string_view row) {
            const Mapping mapping = decode_mapping(row);
            if (!function.empty() && mapping.function != function) return true;
            if (input.event_source_arn && mapping.source_arn != *input.event_source_arn)
                return true;
            if (output.event_source_mappings->size() == most) {
                output.next_marker = output.event_source_mappings->back().uuid;
                return false;
            }
            output.event_source_mappings->push_back(
                shown(mapping, mapping.enabled ? "Enabled" : "Disabled"));
            return true;
        });
    return output;
}

Result<void> UpdateEventSourceMapping::check(const Input& input) {
    return refuse_unsupported(input);
}
Result<void> UpdateEventSourceMapping::authorize(LambdaService&, contracts::OpContext& context,
                                                 const Input&, contracts::AuthzRequests& requests) {
    ask_mapping(context, "UpdateEventSourceMapping", requests);
    return {};
}
contracts::Outcome<UpdateEventSourceMapping::Output> UpdateEventSourceMapping::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Mapping mapping, need_mapping(context, *input.uuid));
    if (input.function_name) {
        MR_TRY(const Function function, need_function(service, context, *input.function_name));
        mapping.function = function.name;
    }
    const bool was_enabled = mapping.enabled;
    MR_CHECK_OK(apply(input, mapping));
    mapping.modified_ms = epoch_ms(context.now());
    service.put(context.txn(), mapping);
    follow(service, context, mapping, true);
    context.http_status = 202;
    return shown(mapping, mapping.enabled == was_enabled ? "Updating"
                          : mapping.enabled              ? "Enabling"
                                                         : "Disabling");
}

Result<void> DeleteEventSourceMapping::check(const Input&) { return {}; }
Result<void> DeleteEventSourceMapping::authorize(LambdaService&, contracts::OpContext& context,
                                                 const Input&, contracts::AuthzRequests& requests) {
    ask_mapping(context, "DeleteEventSourceMapping", requests);
    return {};
}
contracts::Outcome<DeleteEventSourceMapping::Output> DeleteEventSourceMapping::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const Mapping mapping, need_mapping(context, *input.uuid));
    context.txn().erase(mapping_key(mapping.account, mapping.region, mapping.uuid));
    context.txn().erase_range(store::Space::kMappings, "position", mapping.uuid + "/",
                              mapping.uuid + "0");
    follow(service, context, mapping, false);
    context.http_status = 202;
    return shown(mapping, "Deleting");
}

}  // namespace millrace::lambda
