// CreateParameterGroup, DescribeParameterGroups, UpdateParameterGroup, DeleteParameterGroup,
// DescribeParameters, DescribeDefaultParameters. A group that a cluster uses is neither changed nor
// deleted. IAM: the actions of these names on "*". Source: API Reference; "Configuring TTL
// settings" in the developer guide; the AWS CLI's examples (parameters, deletion's message).
#include <charconv>

#include "services/dax/operations.h"

namespace millrace::dax_control {
namespace {

// Besides the default one, per account and region.
constexpr size_t kGroupsMax = 20;
constexpr size_t kParametersOfRequestMax = 20;
// A hundred years: what a time point can be added to.
constexpr int64_t kTtlMsMax = int64_t{36'500} * 86'400'000;

struct ParameterField {
    std::string_view name;
    int64_t ParameterGroup::* value;
    std::string_view description;
};
constexpr ParameterField kParameters[] = {
    {"query-ttl-millis", &ParameterGroup::query_ttl_ms,
     "Duration in milliseconds for queries to remain cached"},
    {"record-ttl-millis", &ParameterGroup::record_ttl_ms,
     "Duration in milliseconds for records to remain valid in cache (Default: 0 = infinite)"},
};
// Every parameter can be set by the user.
constexpr std::string_view kSource = "user";

std::map<std::string, model::dax::Parameter> show_parameters(const ParameterGroup& group) {
    std::map<std::string, model::dax::Parameter> all;
    for (const ParameterField& field : kParameters) {
        model::dax::Parameter& out = all[std::string(field.name)];
        out.parameter_name = field.name;
        out.parameter_type = "DEFAULT";
        out.parameter_value = std::to_string(group.*field.value);
        out.node_type_specific_values.emplace();
        out.description = field.description;
        out.source = kSource;
        out.data_type = "integer";
        out.allowed_values = "0-";
        out.is_modifiable = "TRUE";
        out.change_type = "IMMEDIATE";
    }
    return all;
}

// Adds a page of the group's parameters to either answer.
template <class Output>
Result<void> add_parameters(const ParameterGroup& group, const Page& page, Output& output) {
    output.parameters.emplace();
    return describe(
        show_parameters(group), std::nullopt, page, output.next_token,
        [&](const model::dax::Parameter& one) { output.parameters->push_back(one); },
        [](const std::string& name) { return errors::no_parameter_group(name); });
}

Result<int64_t> read_ttl(const ParameterField& field, const std::string& text) {
    int64_t value = -1;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end || value < 0 || value > kTtlMsMax) {
        return errors::invalid_value(
            fmt::format("The value {} of the parameter {} must be an integer between 0 and {}.",
                        text, field.name, kTtlMsMax));
    }
    return value;
}

Result<void> set_parameter(const model::dax::ParameterNameValue& setting, ParameterGroup& group) {
    const std::string name = setting.parameter_name.value_or("");
    for (const ParameterField& field : kParameters) {
        if (field.name != name) continue;
        MR_TRY(group.*field.value, read_ttl(field, setting.parameter_value.value_or("")));
        return {};
    }
    return errors::invalid_value(fmt::format("There is no parameter {}.", name));
}

Result<ParameterGroup> need_group(contracts::OpContext& context, const std::string& name) {
    auto group = find_parameter_group(context.txn(), context.account(), context.region(), name);
    if (!group) return errors::no_parameter_group(name);
    return *std::move(group);
}

// A group that may be changed or deleted.
Result<ParameterGroup> need_free_group(contracts::OpContext& context, const std::string& name) {
    MR_TRY(ParameterGroup group, need_group(context, name));
    if (name == kDefaultParameterGroup) {
        return errors::parameter_group_state(
            fmt::format("The default parameter group {} cannot be changed or deleted.", name));
    }
    for (const auto& [cluster_name, cluster] :
         read_clusters(context.txn(), context.account(), context.region())) {
        if (cluster.parameter_group == name) {
            return errors::parameter_group_state(fmt::format(
                "The parameter group {} is in use by the cluster {}.", name, cluster_name));
        }
    }
    return group;
}

store::Key key_of(const contracts::OpContext& context, const std::string& name) {
    return row_key(kParameterGroups, context.account(), context.region(), name);
}

void note_group(contracts::OpContext& context, const std::string& name, std::string message) {
    note(context.txn(), context.account(), context.region(),
         {SourceType::kParameterGroup, name, std::move(message)}, context.now());
}

model::dax::ParameterGroup show(const ParameterGroup& group) {
    model::dax::ParameterGroup out;
    out.parameter_group_name = group.name;
    if (!group.description.empty()) out.description = group.description;
    return out;
}

}  // namespace

Result<void> CreateParameterGroup::check(const Input& input) {
    MR_CHECK_OK(check_group_name("parameter group", input.parameter_group_name));
    return check_description(input.description);
}
MR_DAX_ON_ACCOUNT(CreateParameterGroup)
contracts::Outcome<CreateParameterGroup::Output> CreateParameterGroup::run(
    DaxControlService&, contracts::OpContext& context, const Input& input) {
    const auto groups = read_parameter_groups(context.txn(), context.account(), context.region());
    if (groups.contains(*input.parameter_group_name))
        return errors::parameter_group_exists(*input.parameter_group_name);
    if (groups.size() > kGroupsMax) return errors::too_many_parameter_groups();
    ParameterGroup group;
    group.name = *input.parameter_group_name;
    group.description = input.description.value_or("");
    context.txn().put(key_of(context, group.name), encode(group));
    note_group(context, group.name, "Parameter group created.");
    Output output;
    output.parameter_group = show(group);
    return output;
}

Result<void> DescribeParameterGroups::check(const Input& input) {
    MR_TRY(const Page page, page_of(input.max_results, input.next_token));
    return {};
}
MR_DAX_ON_ACCOUNT(DescribeParameterGroups)
contracts::Outcome<DescribeParameterGroups::Output> DescribeParameterGroups::run(
    DaxControlService&, contracts::OpContext& context, const Input& input) {
    MR_TRY(const Page page, page_of(input.max_results, input.next_token));
    Output output;
    output.parameter_groups.emplace();
    MR_CHECK_OK(describe(
        read_parameter_groups(context.txn(), context.account(), context.region()),
        input.parameter_group_names, page, output.next_token,
        [&](const ParameterGroup& group) { output.parameter_groups->push_back(show(group)); },
        [](const std::string& name) { return errors::no_parameter_group(name); }));
    return output;
}

Result<void> UpdateParameterGroup::check(const Input& input) {
    if (input.parameter_name_values->empty())
        return errors::invalid_value("ParameterNameValues must not be empty.");
    if (input.parameter_name_values->size() > kParametersOfRequestMax) {
        return errors::invalid_value(
            fmt::format("A request can change at most {} parameters.", kParametersOfRequestMax));
    }
    ParameterGroup ignored;
    for (const auto& setting : *input.parameter_name_values)
        MR_CHECK_OK(set_parameter(setting, ignored));
    return {};
}
MR_DAX_ON_ACCOUNT(UpdateParameterGroup)
contracts::Outcome<UpdateParameterGroup::Output> UpdateParameterGroup::run(
    DaxControlService&, contracts::OpContext& context, const Input& input) {
    MR_TRY(ParameterGroup group, need_free_group(context, *input.parameter_group_name));
    for (const auto& setting : *input.parameter_name_values)
        MR_CHECK_OK(set_parameter(setting, group));
    context.txn().put(key_of(context, group.name), encode(group));
    note_group(context, group.name, "Parameter group updated.");
    Output output;
    output.parameter_group = show(group);
    return output;
}

Result<void> DeleteParameterGroup::check(const Input&) { return {}; }
MR_DAX_ON_ACCOUNT(DeleteParameterGroup)
contracts::Outcome<DeleteParameterGroup::Output> DeleteParameterGroup::run(
    DaxControlService&, contracts::OpContext& context, const Input& input) {
    MR_TRY(const ParameterGroup group, need_free_group(context, *input.parameter_group_name));
    context.txn().erase(key_of(context, group.name));
    note_group(context, group.name, "Parameter group deleted.");
    Output output;
    output.deletion_message = fmt::format("Parameter group {} has been deleted.", group.name);
    return output;
}

Result<void> DescribeParameters::check(const Input& input) {
    MR_TRY(const Page page, page_of(input.max_results, input.next_token));
    return {};
}
MR_DAX_ON_ACCOUNT(DescribeParameters)
contracts::Outcome<DescribeParameters::Output> DescribeParameters::run(
    DaxControlService&, contracts::OpContext& context, const Input& input) {
    MR_TRY(const Page page, page_of(input.max_results, input.next_token));
    MR_TRY(const ParameterGroup group, need_group(context, *input.parameter_group_name));
    Output output;
    MR_CHECK_OK(add_parameters(group, page, output));
    if (input.source && *input.source != kSource) output.parameters->clear();
    return output;
}

Result<void> DescribeDefaultParameters::check(const Input& input) {
    MR_TRY(const Page page, page_of(input.max_results, input.next_token));
    return {};
}
MR_DAX_ON_ACCOUNT(DescribeDefaultParameters)
contracts::Outcome<DescribeDefaultParameters::Output> DescribeDefaultParameters::run(
    DaxControlService&, contracts::OpContext&, const Input& input) {
    MR_TRY(const Page page, page_of(input.max_results, input.next_token));
    Output output;
    MR_CHECK_OK(add_parameters(ParameterGroup(), page, output));
    return output;
}

}  // namespace millrace::dax_control
