// CreateLogGroup, DeleteLogGroup, DescribeLogGroups, CreateLogStream, DescribeLogStreams.
// IAM: the actions of these names on the group. Source: CloudWatch Logs API Reference.
#include "codec/base64.h"
#include "core/bytes.h"
#include "services/logs/operations.h"

namespace millrace::logs {
namespace {

GroupName name_of(const contracts::OpContext& context, const std::optional<std::string>& group) {
    return {std::string(context.account()), std::string(context.region()), group.value_or("")};
}

Result<void> ask(contracts::OpContext& context, const std::optional<std::string>& group,
                 std::string_view action, contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "logs:" + std::string(action);
    request.resource_account = context.account();
    request.resource = group_arn(name_of(context, group)) + ":*";
    requests.push_back(std::move(request));
    return {};
}

int64_t created_ms(std::string_view row) {
    ByteReader reader(row);
    reader.u8();
    return static_cast<int64_t>(reader.u64());
}

}  // namespace

Result<void> CreateLogGroup::check(const Input& input) {
    if (input.kms_key_id) return errors::invalid("Encryption with a key of KMS is not supported.");
    return {};
}
Result<void> CreateLogGroup::authorize(LogsService&, contracts::OpContext& context,
                                       const Input& input, contracts::AuthzRequests& requests) {
    return ask(context, input.log_group_name, "CreateLogGroup", requests);
}
contracts::Outcome<CreateLogGroup::Output> CreateLogGroup::run(LogsService& service,
                                                               contracts::OpContext& context,
                                                               const Input& input) {
    const GroupName name = name_of(context, input.log_group_name);
    if (service.group_exists(context.txn(), name)) return errors::group_exists();
    service.create_group(context.txn(), name, context.now());
    return Output{};
}

Result<void> DeleteLogGroup::check(const Input&) { return {}; }
Result<void> DeleteLogGroup::authorize(LogsService&, contracts::OpContext& context,
                                       const Input& input, contracts::AuthzRequests& requests) {
    return ask(context, input.log_group_name, "DeleteLogGroup", requests);
}
contracts::Outcome<DeleteLogGroup::Output> DeleteLogGroup::run(LogsService& service,
                                                               contracts::OpContext& context,
                                                               const Input& input) {
    const GroupName name = name_of(context, input.log_group_name);
    if (!service.group_exists(context.txn(), name)) return errors::no_group();
    context.txn().erase(group_key(name));
    context.txn().erase_range(store::Space::kLogGroups, streams_partition(name), "", "");
    context.txn().erase_range(store::Space::kLogEvents, events_partition(name), "", "");
    return Output{};
}

Result<void> DescribeLogGroups::check(const Input& input) {
    if (input.log_group_name_prefix && input.log_group_name_pattern) {
        return errors::invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
    }
    return {};
}
Result<void> DescribeLogGroups::authorize(LogsService&, contracts::OpContext& context, const Input&,
                                          contracts::AuthzRequests& requests) {
    return ask(context, std::string(""), "DescribeLogGroups", requests);
}
contracts::Outcome<DescribeLogGroups::Output> DescribeLogGroups::run(LogsService&,
                                                                     contracts::OpContext& context,
                                                                     const Input& input) {
    Output output;
    output.log_groups.emplace();
    const std::string prefix = input.log_group_name_prefix.value_or("");
    std::string from = prefix;
    if (input.next_token) {
        const auto last = codec::base64_decode(*input.next_token);
        if (!last) return errors::invalid("The specified nextToken is invalid.");
        from = *last + '\0';
    }
    const auto limit = static_cast<size_t>(input.limit.value_or(50));
    context.txn().scan(
        {store::Space::kLogGroups, groups_partition(context.account(), context.region()), from, ""},
        [&](std::string_view group, std::string_view row) {
            if (!group.starts_with(prefix)) return false;
            if (input.log_group_name_pattern &&
                group.find(*input.log_group_name_pattern) == std::string_view::npos) {
                return true;
            }
            if (output.log_groups->size() == limit) {
                output.next_token = codec::base64_encode(*output.log_groups->back().log_group_name);
                return false;
            }
            auto& shown = output.log_groups->emplace_back();
            const std::string arn = group_arn(name_of(context, std::string(group)));
            shown.log_group_name = std::string(group);
            shown.creation_time = created_ms(row);
            shown.arn = arn + ":*";
            shown.log_group_arn = arn;
            shown.metric_filter_count = 0;
            return true;
        });
    return output;
}

Result<void> CreateLogStream::check(const Input&) { return {}; }
Result<void> CreateLogStream::authorize(LogsService&, contracts::OpContext& context,
                                        const Input& input, contracts::AuthzRequests& requests) {
    return ask(context, input.log_group_name, "CreateLogStream", requests);
}
contracts::Outcome<CreateLogStream::Output> CreateLogStream::run(LogsService& service,
                                                                 contracts::OpContext& context,
                                                                 const Input& input) {
    const GroupName name = name_of(context, input.log_group_name);
    if (!service.group_exists(context.txn(), name)) return errors::no_group();
    if (service.stream_exists(context.txn(), name, *input.log_stream_name))
        return errors::stream_exists();
    service.create_stream(context.txn(), name, *input.log_stream_name, context.now());
    return Output{};
}

Result<void> DescribeLogStreams::check(const Input& input) {
    if (!input.log_group_name)
        return errors::invalid("Either LogGroup name or LogGroup identifier must be specified.");
    if (input.order_by == "LastEventTime")
        return errors::invalid("Ordering by LastEventTime is not supported.");
    return {};
}
Result<void> DescribeLogStreams::authorize(LogsService&, contracts::OpContext& context,
                                           const Input& input, contracts::AuthzRequests& requests) {
    return ask(context, input.log_group_name, "DescribeLogStreams", requests);
}
contracts::Outcome<DescribeLogStreams::Output> DescribeLogStreams::run(
    LogsService& service, contracts::OpContext& context, const Input& input) {
    const GroupName name = name_of(context, input.log_group_name);
    if (!service.group_exists(context.txn(), name)) return errors::no_group();
    const std::string prefix = input.log_stream_name_prefix.value_or("");
    std::string from = prefix;
    std::string to;
    const bool descending = input.descending.value_or(false);
    if (input.next_token) {
        const auto last = codec::base64_decode(*input.next_token);
        if (!last) return errors::invalid("The specified nextToken is invalid.");
        (descending ? to : from) = descending ? *last : *last + '\0';
    }
    Output output;
    output.log_streams.emplace();
    const auto limit = static_cast<size_t>(input.limit.value_or(50));
    context.txn().scan({store::Space::kLogGroups, streams_partition(name), from, to, descending},
                       [&](std::string_view stream, std::string_view row) {
                           if (!stream.starts_with(prefix)) return descending;
                           if (output.log_streams->size() == limit) {
                               output.next_token = codec::base64_encode(
                                   *output.log_streams->back().log_stream_name);
                               return false;
                           }
                           auto& shown = output.log_streams->emplace_back();
                           shown.log_stream_name = std::string(stream);
                           shown.creation_time = created_ms(row);
                           shown.arn = group_arn(name) + ":log-stream:" + std::string(stream);
                           shown.stored_bytes = 0;
                           return true;
                       });
    return output;
}

}  // namespace millrace::logs
