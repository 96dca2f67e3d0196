// TagResource, UntagResource, ListTagsForResource, and their older forms by a group's name.
// IAM: the actions of these names on the group. Source: CloudWatch Logs API Reference.
#include "services/logs/operations.h"

namespace millrace::logs {
namespace {

constexpr size_t kTagsMax = 50;
using Tags = std::map<std::string, std::string>;

Result<GroupName> tagged(const std::optional<std::string>& arn) {
    const auto name = parse_group_arn(arn.value_or(""));
    if (!name) return errors::no_resource();
    return *name;
}

Result<void> check_tags(const std::optional<Tags>& tags) {
    for (const auto& [key, value] : tags.value_or(Tags())) {
        if (key.starts_with("aws:"))
            return errors::invalid("Tag keys that begin with aws: are reserved.");
    }
    return {};
}

Result<void> tag(LogsService& service, store::Txn& txn, const GroupName& name, const Tags& tags,
                 const Error& missing) {
    auto group = service.find_group(txn, name);
    if (!group) return missing;
    for (const auto& [key, value] : tags) group->tags[key] = value;
    if (group->tags.size() > kTagsMax) return errors::too_many_tags();
    service.save_group(txn, name, *group);
    return {};
}

Result<void> untag(LogsService& service, store::Txn& txn, const GroupName& name,
                   const std::vector<std::string>& keys, const Error& missing) {
    auto group = service.find_group(txn, name);
    if (!group) return missing;
    for (const std::string& key : keys) group->tags.erase(key);
    service.save_group(txn, name, *group);
    return {};
}

}  // namespace

Result<void> TagResource::check(const Input& input) { return check_tags(input.tags); }
Result<void> TagResource::authorize(LogsService&, contracts::OpContext&, const Input& input,
                                    contracts::AuthzRequests& requests) {
    MR_TRY(const GroupName name, tagged(input.resource_arn));
    return ask(name, group_arn(name), "TagResource", requests);
}
contracts::Outcome<TagResource::Output> TagResource::run(LogsService& service,
                                                         contracts::OpContext& context,
                                                         const Input& input) {
    MR_TRY(const GroupName name, tagged(input.resource_arn));
    MR_CHECK_OK(tag(service, context.txn(), name, *input.tags, errors::no_resource()));
    return Output{};
}

Result<void> UntagResource::check(const Input&) { return {}; }
Result<void> UntagResource::authorize(LogsService&, contracts::OpContext&, const Input& input,
                                      contracts::AuthzRequests& requests) {
    MR_TRY(const GroupName name, tagged(input.resource_arn));
    return ask(name, group_arn(name), "UntagResource", requests);
}
contracts::Outcome<UntagResource::Output> UntagResource::run(LogsService& service,
                                                             contracts::OpContext& context,
                                                             const Input& input) {
    MR_TRY(const GroupName name, tagged(input.resource_arn));
    MR_CHECK_OK(untag(service, context.txn(), name, *input.tag_keys, errors::no_resource()));
    return Output{};
}

Result<void> ListTagsForResource::check(const Input&) { return {}; }
Result<void> ListTagsForResource::authorize(LogsService&, contracts::OpContext&, const Input& input,
                                            contracts::AuthzRequests& requests) {
    MR_TRY(const GroupName name, tagged(input.resource_arn));
    return ask(name, group_arn(name), "ListTagsForResource", requests);
}
contracts::Outcome<ListTagsForResource::Output> ListTagsForResource::run(
    LogsService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const GroupName name, tagged(input.resource_arn));
    const auto group = service.find_group(context.txn(), name);
    if (!group) return errors::no_resource();
    Output output;
    output.tags = group->tags;
    return output;
}

Result<void> TagLogGroup::check(const Input& input) { return check_tags(input.tags); }
Result<void> TagLogGroup::authorize(LogsService&, contracts::OpContext& context, const Input& input,
                                    contracts::AuthzRequests& requests) {
    const GroupName name = name_of(context, input.log_group_name);
    return ask(name, group_arn(name), "TagLogGroup", requests);
}
contracts::Outcome<TagLogGroup::Output> TagLogGroup::run(LogsService& service,
                                                         contracts::OpContext& context,
                                                         const Input& input) {
    MR_CHECK_OK(tag(service, context.txn(), name_of(context, input.log_group_name), *input.tags,
                    errors::no_group()));
    return Output{};
}

Result<void> UntagLogGroup::check(const Input&) { return {}; }
Result<void> UntagLogGroup::authorize(LogsService&, contracts::OpContext& context,
                                      const Input& input, contracts::AuthzRequests& requests) {
    const GroupName name = name_of(context, input.log_group_name);
    return ask(name, group_arn(name), "UntagLogGroup", requests);
}
contracts::Outcome<UntagLogGroup::Output> UntagLogGroup::run(LogsService& service,
                                                             contracts::OpContext& context,
                                                             const Input& input) {
    MR_CHECK_OK(untag(service, context.txn(), name_of(context, input.log_group_name), *input.tags,
                      errors::no_group()));
    return Output{};
}

Result<void> ListTagsLogGroup::check(const Input&) { return {}; }
Result<void> ListTagsLogGroup::authorize(LogsService&, contracts::OpContext& context,
                                         const Input& input, contracts::AuthzRequests& requests) {
    const GroupName name = name_of(context, input.log_group_name);
    return ask(name, group_arn(name), "ListTagsLogGroup", requests);
}
contracts::Outcome<ListTagsLogGroup::Output> ListTagsLogGroup::run(LogsService& service,
                                                                   contracts::OpContext& context,
                                                                   const Input& input) {
    const auto group = service.find_group(context.txn(), name_of(context, input.log_group_name));
    if (!group) return errors::no_group();
    Output output;
    output.tags = group->tags;
    return output;
}

}  // namespace millrace::logs
