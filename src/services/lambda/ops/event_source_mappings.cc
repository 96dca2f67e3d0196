// CreateEventSourceMapping, GetEventSourceMapping, ListEventSourceMappings,
// UpdateEventSourceMapping, DeleteEventSourceMapping, for SQS queues and DynamoDB streams. Lanes
// follow by themselves once a change is durable (mapping_lanes.h).
//
// IAM:     the actions of these names, with the condition key lambda:FunctionArn.
// Source:  Lambda API Reference; recorded answers.
#include "services/lambda/destinations.h"
#include "services/lambda/filter.h"
#include "services/lambda/mapping_lanes.h"
#include "services/lambda/operations.h"

namespace millrace::lambda {
namespace {

// A mapping's own account and the function's are one.
void ask_mapping(contracts::OpContext& context, std::string_view action, const std::string& uuid,
                 const std::optional<std::string>& function, contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "lambda:" + std::string(action);
    request.resource_account = context.account();
    request.resource = "*";
    if (!uuid.empty()) {
        request.resource = "arn:aws:lambda:" + std::string(context.region()) + ":" +
                           std::string(context.account()) + ":event-source-mapping:" + uuid;
    }
    if (function) {
        const FunctionName name =
            parse_function_name(*function, context.account(), context.region());
        request.resource_account = name.account;
        request.conditions.push_back({"lambda:functionarn", {name.arn()}});
    }
    requests.push_back(std::move(request));
}

// The function of a stored mapping, for the condition key.
std::optional<std::string> function_of(contracts::OpContext& context,
                                       const std::optional<std::string>& uuid) {
    const auto row =
        context.txn().get(mapping_key(context.account(), context.region(), uuid.value_or("")));
    if (!row) return std::nullopt;
    return decode_mapping(*row).function_arn();
}

model::lambda::EventSourceMappingConfiguration shown(contracts::OpContext& context,
                                                     const Mapping& mapping, std::string state) {
    model::lambda::EventSourceMappingConfiguration out;
    out.uuid = mapping.uuid;
    out.event_source_mapping_arn = mapping.arn();
    out.event_source_arn = mapping.source_arn;
    out.function_arn = mapping.function_arn();
    out.batch_size = mapping.batch_size;
    out.maximum_batching_window_in_seconds = mapping.window_s;
    out.last_modified = from_epoch_ms(mapping.modified_ms);
    out.state = std::move(state);
    out.state_transition_reason = mapping.of_queue() ? "USER_INITIATED" : "User action";
    out.function_response_types.emplace();
    if (mapping.partial_failures) out.function_response_types->push_back("ReportBatchItemFailures");
    if (!mapping.filters.empty()) {
        auto& filters = out.filter_criteria.emplace().filters.emplace();
        for (const std::string& pattern : mapping.filters) filters.emplace_back().pattern = pattern;
    }
    if (mapping.concurrency_max > 0)
        out.scaling_config.emplace().maximum_concurrency = mapping.concurrency_max;
    if (mapping.of_queue()) return out;
    out.starting_position = mapping.starting_position;
    const auto result = context.txn().get(result_key(mapping));
    out.last_processing_result = result ? result->substr(1) : "No records processed";
    out.parallelization_factor = mapping.parallelization;
    out.maximum_retry_attempts = mapping.retries_max;
    out.maximum_record_age_in_seconds = mapping.age_max_s;
    out.bisect_batch_on_function_error = mapping.bisect;
    out.tumbling_window_in_seconds = 0;
    auto& failure = out.destination_config.emplace().on_failure.emplace();
    if (!mapping.on_failure.empty()) failure.destination = mapping.on_failure;
    return out;
}

// Settings that are accepted nowhere, so that none is stored and not obeyed.
template <class Input>
Result<void> refuse_unsupported(const Input& input) {
    if (input.tumbling_window_in_seconds.value_or(0) != 0)
        return errors::unsupported("TumblingWindowInSeconds");
    if (input.kms_key_arn && !input.kms_key_arn->empty()) return errors::unsupported("KMSKeyArn");
    if (input.metrics_config) return errors::unsupported("MetricsConfig");
    if (input.logging_config) return errors::unsupported("LoggingConfig");
    if (input.provisioned_poller_config) return errors::unsupported("ProvisionedPollerConfig");
    if (input.source_access_configurations && !input.source_access_configurations->empty())
        return errors::unsupported("SourceAccessConfigurations");
    if (input.document_db_event_source_config)
        return errors::unsupported("DocumentDBEventSourceConfig");
    if (input.amazon_managed_kafka_event_source_config ||
        input.self_managed_kafka_event_source_config)
        return errors::unsupported("An event source other than SQS and DynamoDB");
    return {};
}

Error not_for_this_source(std::string_view parameter) {
    return errors::invalid_parameter(
        fmt::format("Unsupported {} parameter for given event source mapping type.", parameter));
}

// What belongs to the other kind of source.
template <class Input>
Result<void> check_kind(const Input& input, const Mapping& mapping) {
    if (!mapping.of_queue()) {
        if (input.scaling_config) return not_for_this_source("ScalingConfig");
        return {};
    }
    if (input.maximum_retry_attempts) return not_for_this_source("MaximumRetryAttempts");
    if (input.maximum_record_age_in_seconds)
        return not_for_this_source("MaximumRecordAgeInSeconds");
    if (input.bisect_batch_on_function_error)
        return not_for_this_source("BisectBatchOnFunctionError");
    if (input.parallelization_factor) return not_for_this_source("ParallelizationFactor");
    if (input.destination_config) return not_for_this_source("DestinationConfig");
    return {};
}

Result<void> apply_filters(const std::optional<model::lambda::FilterCriteria>& criteria,
                           Mapping& mapping) {
    if (!criteria) return {};
    mapping.filters.clear();
    if (!criteria->filters) return {};
    if (criteria->filters->size() > kFiltersMax) {
        return errors::invalid_parameter(
            fmt::format("The number of filters must not exceed {}.", kFiltersMax));
    }
    for (const auto& filter : *criteria->filters)
        mapping.filters.push_back(filter.pattern.value_or(""));
    MR_TRY(const Filter compiled, Filter::make(mapping.filters));
    return {};
}

// The request's settings on top of the mapping's.
template <class Input>
Result<void> apply(const Input& input, Mapping& mapping) {
    MR_CHECK_OK(check_kind(input, mapping));
    mapping.batch_size = input.batch_size.value_or(mapping.batch_size);
    mapping.window_s = input.maximum_batching_window_in_seconds.value_or(mapping.window_s);
    mapping.retries_max = input.maximum_retry_attempts.value_or(mapping.retries_max);
    mapping.age_max_s = input.maximum_record_age_in_seconds.value_or(mapping.age_max_s);
    mapping.parallelization = input.parallelization_factor.value_or(mapping.parallelization);
    mapping.bisect = input.bisect_batch_on_function_error.value_or(mapping.bisect);
    mapping.enabled = input.enabled.value_or(mapping.enabled);
    if (input.function_response_types)
        mapping.partial_failures = !input.function_response_types->empty();
    if (input.scaling_config)
        mapping.concurrency_max = input.scaling_config->maximum_concurrency.value_or(0);
    if (input.destination_config) {
        if (input.destination_config->on_success) return not_for_this_source("OnSuccess");
        mapping.on_failure = input.destination_config->on_failure
                                 ? input.destination_config->on_failure->destination.value_or("")
                                 : "";
    }
    MR_CHECK_OK(apply_filters(input.filter_criteria, mapping));
    if (mapping.age_max_s != -1 && mapping.age_max_s < 60) {
        return errors::invalid_parameter(
            "MaximumRecordAgeInSeconds must be -1 or between 60 and 604800.");
    }
    if (!mapping.of_queue()) return {};
    if (mapping.of_fifo_queue() && mapping.window_s > 0) {
        return errors::invalid_parameter("Batching window is not supported for FIFO queues.");
    }
    if (mapping.of_fifo_queue() && mapping.batch_size > 10) {
        return errors::invalid_parameter("Batch size must be between 1 and 10 for FIFO queues.");
    }
    if (mapping.batch_size > 10 && mapping.window_s == 0) {
        return errors::invalid_parameter(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            "greater than 10");
    }
    return {};
}

Result<Mapping> need_mapping(contracts::OpContext& context, const std::string& uuid) {
    const auto row = context.txn().get(mapping_key(context.account(), context.region(), uuid));
    if (!row) return errors::mapping_not_found();
    return decode_mapping(*row);
}

// No other mapping of this source and function.
Result<void> check_unique(contracts::OpContext& context, const Mapping& mapping) {
    std::string other;
    context.txn().scan({store::Space::kMappings,
                        mapping_key(mapping.account, mapping.region, "").partition, "", ""},
                       [&](std::string_view uuid, std::string_view row) {
                           const Mapping there = decode_mapping(row);
                           if (there.source_arn == mapping.source_arn &&
                               there.function_arn() == mapping.function_arn() &&
                               uuid != mapping.uuid) {
                               other = uuid;
                           }
                           return other.empty();
                       });
    if (other.empty()) return {};
    return errors::conflict(fmt::format(
        fmt::runtime(mapping.of_queue()
                         ? "An event source mapping with SQS arn (\" {} \") and function (\" {} "
                           "\") already exists. Please update or delete the existing mapping with "
                           "UUID {}"
                         : "The event source arn (\" {} \") and function (\" {} \") provided "
                           "mapping already exists. Please update or delete the existing mapping "
                           "with UUID {}"),
        mapping.source_arn, mapping.function, other));
}

// The source is there, and the function's role may do what its lanes do.
Result<void> check_source(LambdaService& service, const Mapping& mapping,
                          const Function& function) {
    if (mapping.of_queue()) {
        const auto queue = service.parts().queues.describe(mapping.source_arn);
        if (!queue) {
            return errors::invalid_parameter(
                "Error occurred while ReceiveMessage. SQS Error Code: "
                "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue "
                "does not exist.");
        }
        for (const char* action :
             {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}) {
            if (!service.role_may(function, mapping.source_arn, {action}, queue->policy)) {
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
    if (!service.role_may(
            function, mapping.source_arn,
            {"dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"})) {
        return errors::invalid_parameter(
            "Cannot access stream " + mapping.source_arn +
            ". Please ensure the role can perform the GetRecords, GetShardIterator, "
            "DescribeStream, and ListStreams Actions on your stream in IAM.");
    }
    if (mapping.on_failure.empty()) return {};
    return check_destination(service, function, mapping.on_failure, "DestinationConfig", false);
}

// LATEST is the end of the stream at the moment of the answer.
void start_at_end(LambdaService& service, contracts::OpContext& context, const Mapping& mapping) {
    const auto shards = service.parts().streams.shards(mapping.source_arn);
    if (!shards) return;
    for (const contracts::StreamShard& shard : *shards) {
        const auto end = service.parts().streams.latest(mapping.source_arn, shard.shard_id);
        if (!end) continue;
        for (int lane = 0; lane < mapping.parallelization; ++lane) {
            context.txn().put(position_key(mapping, shard.shard_id, lane, mapping.parallelization),
                              encode_position(*end));
        }
    }
}

// The function that a mapping is to invoke, with its qualifier.
Result<Target> set_function(LambdaService& service, contracts::OpContext& context,
                            const std::string& text, Mapping& mapping) {
    MR_TRY(const FunctionName name, name_function(context, text));
    MR_TRY(Target target, need_target(service, context, name));
    mapping.function = name.name;
    mapping.qualifier = name.qualifier;
    return target;
}

void save(LambdaService& service, contracts::OpContext& context, Mapping& mapping) {
    mapping.generation += 1;
    mapping.modified_ms = epoch_ms(context.now());
    service.put(context.txn(), mapping);
    context.wake(std::string(MappingLanes::kWakeKey));
    context.http_status = 202;
}

}  // namespace

Result<void> CreateEventSourceMapping::check(const Input& input) {
    MR_CHECK_OK(refuse_unsupported(input));
    if (input.topics || input.queues || input.self_managed_event_source)
        return errors::unsupported("An event source other than SQS and DynamoDB");
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
                                                 const Input& input,
                                                 contracts::AuthzRequests& requests) {
    ask_mapping(context, "CreateEventSourceMapping", "", input.function_name.value_or(""),
                requests);
    return {};
}

contracts::Outcome<CreateEventSourceMapping::Output> CreateEventSourceMapping::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    Mapping mapping;
    MR_TRY(const Target target, set_function(service, context, *input.function_name, mapping));
    mapping.uuid = context.rng().uuid();
    mapping.account = context.account();
    mapping.region = context.region();
    mapping.source_arn = *input.event_source_arn;
    if (!mapping.of_queue()) {
        mapping.batch_size = 100;
        mapping.starting_position = *input.starting_position;
    }
    if (input.tags) mapping.tags = *input.tags;
    MR_CHECK_OK(apply(input, mapping));
    MR_CHECK_OK(check_unique(context, mapping));
    MR_CHECK_OK(check_source(service, mapping, target.function));
    if (mapping.starting_position == "LATEST") start_at_end(service, context, mapping);
    save(service, context, mapping);
    return shown(context, mapping, "Creating");
}

Result<void> GetEventSourceMapping::check(const Input&) { return {}; }
Result<void> GetEventSourceMapping::authorize(LambdaService&, contracts::OpContext& context,
                                              const Input& input,
                                              contracts::AuthzRequests& requests) {
    ask_mapping(context, "GetEventSourceMapping", input.uuid.value_or(""),
                function_of(context, input.uuid), requests);
    return {};
}
contracts::Outcome<GetEventSourceMapping::Output> GetEventSourceMapping::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const Mapping mapping, need_mapping(context, *input.uuid));
    std::string state = "Enabled";
    if (!mapping.enabled)
        state = service.mapping_lanes().busy(mapping.uuid) ? "Disabling" : "Disabled";
    return shown(context, mapping, std::move(state));
}

Result<void> ListEventSourceMappings::check(const Input&) { return {}; }
Result<void> ListEventSourceMappings::authorize(LambdaService&, contracts::OpContext& context,
                                                const Input&, contracts::AuthzRequests& requests) {
    ask_account(context, "ListEventSourceMappings", requests);
    return {};
}
contracts::Outcome<ListEventSourceMappings::Output> ListEventSourceMappings::run(
    LambdaService&, contracts::OpContext& context, const Input& input) {
    Output output;
    auto& listed = output.event_source_mappings.emplace();
    std::optional<FunctionName> function;
    if (input.function_name) {
        MR_TRY(function, name_function(context, *input.function_name));
    }
    const auto most = static_cast<size_t>(input.max_items.value_or(100));
    std::vector<Mapping> mappings;
    context.txn().scan(
        {store::Space::kMappings, mapping_key(context.account(), context.region(), "").partition,
         input.marker ? *input.marker + '\0' : "", ""},
        [&](std::string_view, std::string_view row) {
            Mapping mapping = decode_mapping(row);
            if (function &&
                (mapping.function != function->name || mapping.qualifier != function->qualifier)) {
                return true;
            }
            if (input.event_source_arn && mapping.source_arn != *input.event_source_arn)
                return true;
            if (mappings.size() == most) {
                output.next_marker = mappings.back().uuid;
                return false;
            }
            mappings.push_back(std::move(mapping));
            return true;
        });
    for (const Mapping& mapping : mappings)
        listed.push_back(shown(context, mapping, mapping.enabled ? "Enabled" : "Disabled"));
    return output;
}

Result<void> UpdateEventSourceMapping::check(const Input& input) {
    return refuse_unsupported(input);
}
Result<void> UpdateEventSourceMapping::authorize(LambdaService&, contracts::OpContext& context,
                                                 const Input& input,
                                                 contracts::AuthzRequests& requests) {
    const std::string uuid = input.uuid.value_or("");
    ask_mapping(context, "UpdateEventSourceMapping", uuid, function_of(context, uuid), requests);
    if (input.function_name)
        ask_mapping(context, "UpdateEventSourceMapping", uuid, input.function_name, requests);
    return {};
}
contracts::Outcome<UpdateEventSourceMapping::Output> UpdateEventSourceMapping::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Mapping mapping, need_mapping(context, *input.uuid));
    const bool was_enabled = mapping.enabled;
    const std::string function = input.function_name.value_or(mapping.function_arn());
    // Who only disables a mapping need not repair its function or source first.
    std::optional<Target> target;
    if (input.function_name || input.enabled.value_or(true)) {
        MR_TRY(target, set_function(service, context, function, mapping));
    }
    MR_CHECK_OK(apply(input, mapping));
    MR_CHECK_OK(check_unique(context, mapping));
    if (target) MR_CHECK_OK(check_source(service, mapping, target->function));
    save(service, context, mapping);
    return shown(context, mapping,
                 mapping.enabled == was_enabled ? "Updating"
                 : mapping.enabled              ? "Enabling"
                                                : "Disabling");
}

Result<void> DeleteEventSourceMapping::check(const Input&) { return {}; }
Result<void> DeleteEventSourceMapping::authorize(LambdaService&, contracts::OpContext& context,
                                                 const Input& input,
                                                 contracts::AuthzRequests& requests) {
    ask_mapping(context, "DeleteEventSourceMapping", input.uuid.value_or(""),
                function_of(context, input.uuid), requests);
    return {};
}
contracts::Outcome<DeleteEventSourceMapping::Output> DeleteEventSourceMapping::run(
    LambdaService&, contracts::OpContext& context, const Input& input) {
    MR_TRY(const Mapping mapping, need_mapping(context, *input.uuid));
    const auto answer = shown(context, mapping, "Deleting");
    context.txn().erase(mapping_key(mapping.account, mapping.region, mapping.uuid));
    context.txn().erase(result_key(mapping));
    context.txn().erase_range(store::Space::kMappings, position_partition(mapping), "", "");
    context.wake(std::string(MappingLanes::kWakeKey));
    context.http_status = 202;
    return answer;
}

}  // namespace millrace::lambda
