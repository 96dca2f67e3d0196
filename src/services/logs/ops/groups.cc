// CreateLogGroup, DeleteLogGroup, DescribeLogGroups, PutRetentionPolicy, DeleteRetentionPolicy.
// IAM: the actions of these names on the group. Source: CloudWatch Logs API Reference.
#include <algorithm>
#include <array>

#include "codec/base64.h"
#include "services/logs/operations.h"

namespace millrace::logs {
namespace {

constexpr std::array kRetentionDays = {1,    3,    5,    7,    14,   30,  60,  90,
                                       120,  150,  180,  365,  400,  545, 731, 1096,
                                       1827, 2192, 2557, 2922, 3288, 3653};
constexpr size_t kDescribedMax = 50;

}  // namespace

Result<void> CreateLogGroup::check(const Input& input) {
    if (input.kms_key_id) return errors::invalid("Encryption with a key of KMS is not supported.");
    if (input.log_group_class.value_or("STANDARD") != "STANDARD")
        return errors::invalid("Only log groups of the class STANDARD are supported.");
    if (input.deletion_protection_enabled.value_or(false))
        return errors::invalid("Deletion protection is not supported.");
    return {};
}
Result<void> CreateLogGroup::authorize(LogsService&, contracts::OpContext& context,
                                       const Input& input, contracts::AuthzRequests& requests) {
    const GroupName name = name_of(context, input.log_group_name);
    return ask(name, group_resource(name), "CreateLogGroup", requests);
}
contracts::Outcome<CreateLogGroup::Output> CreateLogGroup::run(LogsService& service,
                                                               contracts::OpContext& context,
                                                               const Input& input) {
    const GroupName name = name_of(context, input.log_group_name);
    if (service.find_group(context.txn(), name)) return errors::group_exists();
    Group group = service.create_group(context.txn(), name, context.now());
    if (input.tags) {
        group.tags = *input.tags;
        service.save_group(context.txn(), name, group);
    }
    return Output{};
}

Result<void> DeleteLogGroup::check(const Input&) { return {}; }
Result<void> DeleteLogGroup::authorize(LogsService&, contracts::OpContext& context,
                                       const Input& input, contracts::AuthzRequests& requests) {
    const GroupName name = name_of(context, input.log_group_name);
    return ask(name, group_resource(name), "DeleteLogGroup", requests);
}
contracts::Outcome<DeleteLogGroup::Output> DeleteLogGroup::run(LogsService& service,
                                                               contracts::OpContext& context,
                                                               const Input& input) {
    const GroupName name = name_of(context, input.log_group_name);
    const auto group = service.find_group(context.txn(), name);
    if (!group) return errors::no_group();
    service.remove_group(context.txn(), name, *group);
    return Output{};
}

Result<void> DescribeLogGroups::check(const Input& input) {
    if (input.log_group_name_prefix && input.log_group_name_pattern) {
        return errors::invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
    }
    if (input.log_group_identifiers || input.include_linked_accounts.value_or(false))
        return errors::invalid("logGroupIdentifiers and linked accounts are not supported.");
    return {};
}
Result<void> DescribeLogGroups::authorize(LogsService&, contracts::OpContext& context, const Input&,
                                          contracts::AuthzRequests& requests) {
    const GroupName name = name_of(context, std::nullopt);
    return ask(name, stream_resource(name, std::nullopt), "DescribeLogGroups", requests);
}
contracts::Outcome<DescribeLogGroups::Output> DescribeLogGroups::run(LogsService&,
                                                                     contracts::OpContext& context,
                                                                     const Input& input) {
    Output output;
    output.log_groups.emplace();
    if (input.log_group_class.value_or("STANDARD") != "STANDARD") return output;
    const std::string prefix = input.log_group_name_prefix.value_or("");
    std::string from = prefix;
    if (input.next_token) {
        const auto last = codec::base64_decode(*input.next_token);
        if (!last) return errors::bad_token();
        from = std::max(from, *last + '\0');
    }
    const auto limit =
        static_cast<size_t>(input.limit.value_or(static_cast<int32_t>(kDescribedMax)));
    context.txn().scan(
        {store::Space::kLogGroups, groups_partition(context.account(), context.region()), from, ""},
        [&](std::string_view found, std::string_view row) {
            if (!found.starts_with(prefix)) return false;
            if (input.log_group_name_pattern &&
                found.find(*input.log_group_name_pattern) == std::string_view::npos) {
                return true;
            }
            if (output.log_groups->size() == limit) {
                output.next_token = codec::base64_encode(*output.log_groups->back().log_group_name);
                return false;
            }
            const GroupName name = name_of(context, std::string(found));
            const Group group = decode_group(row, name);
            auto& shown = output.log_groups->emplace_back();
            shown.log_group_name = name.group;
            shown.creation_time = group.created_ms;
            shown.arn = group_arn(name) + ":*";
            shown.log_group_arn = group_arn(name);
            shown.log_group_class = "STANDARD";
            shown.metric_filter_count = 0;
            if (group.retention_days > 0) shown.retention_in_days = group.retention_days;
            return true;
        });
    return output;
}

Result<void> PutRetentionPolicy::check(const Input& input) {
    if (std::find(kRetentionDays.begin(), kRetentionDays.end(), *input.retention_in_days) !=
        kRetentionDays.end()) {
        return {};
    }
    std::string valid;
    for (const int days : kRetentionDays) {
        if (!valid.empty()) valid += ", ";
        valid += std::to_string(days);
    }
    return errors::invalid("Invalid retention value. Valid values are: [" + valid + "]");
}
Result<void> PutRetentionPolicy::authorize(LogsService&, contracts::OpContext& context,
                                           const Input& input, contracts::AuthzRequests& requests) {
    const GroupName name = name_of(context, input.log_group_name);
    return ask(name, group_resource(name), "PutRetentionPolicy", requests);
}
contracts::Outcome<PutRetentionPolicy::Output> PutRetentionPolicy::run(
    LogsService& service, contracts::OpContext& context, const Input& input) {
    const GroupName name = name_of(context, input.log_group_name);
    auto group = service.find_group(context.txn(), name);
    if (!group) return errors::no_group();
    group->retention_days = *input.retention_in_days;
    service.save_group(context.txn(), name, *group);
    return Output{};
}

Result<void> DeleteRetentionPolicy::check(const Input&) { return {}; }
Result<void> DeleteRetentionPolicy::authorize(LogsService&, contracts::OpContext& context,
                                              const Input& input,
                                              contracts::AuthzRequests& requests) {
    const GroupName name = name_of(context, input.log_group_name);
    return ask(name, group_resource(name), "DeleteRetentionPolicy", requests);
}
contracts::Outcome<DeleteRetentionPolicy::Output> DeleteRetentionPolicy::run(
    LogsService& service, contracts::OpContext& context, const Input& input) {
    const GroupName name = name_of(context, input.log_group_name);
    auto group = service.find_group(context.txn(), name);
    if (!group) return errors::no_group();
    group->retention_days = 0;
    service.save_group(context.txn(), name, *group);
    return Output{};
}

}  // namespace millrace::logs
