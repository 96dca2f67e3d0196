// CreateTags, DeleteTags, DescribeTags.
// Source: EC2 API Reference; EC2 User Guide, "Tag restrictions".
#include "services/ec2/operations.h"

namespace millrace::ec2 {
namespace {

constexpr std::array<std::string_view, 4> kFilters = {"key", "resource-id", "resource-type",
                                                      "value"};

struct Tagged {
    Tags* tags;
    std::string row;  // that has them: a rule's are in its group's
};

Result<Tagged> find_tagged(Region& region, const std::string& id) {
    const std::string_view type = resource_type(id);
    if (type == "vpc") {
        const auto vpc = region.vpcs.find(id);
        if (vpc == region.vpcs.end()) return errors::no_vpc(id);
        return Tagged{&vpc->second.tags, id};
    }
    if (type == "subnet") {
        const auto subnet = region.subnets.find(id);
        if (subnet == region.subnets.end()) return errors::no_subnet(id);
        return Tagged{&subnet->second.tags, id};
    }
    if (type == "security-group") {
        const auto group = region.groups.find(id);
        if (group == region.groups.end()) return errors::no_group(id);
        return Tagged{&group->second.tags, id};
    }
    if (type.empty()) return errors::no_resource(id);
    for (auto& [group_id, group] : region.groups) {
        for (Rule& rule : group.rules) {
            if (rule.id == id) return Tagged{&rule.tags, group_id};
        }
    }
    return errors::no_rule(id);
}

// Changes the tags of each resource in one transaction.
template <class Change>
Result<void> change_tags(Ec2Service& service, OpContext& context,
                         const std::vector<std::string>& resources, const Change& change) {
    if (resources.size() > kIdsMax) return errors::too_many_ids(kIdsMax);
    Region region = service.load(context);
    std::vector<std::string> rows;
    for (const std::string& id : resources) {
        MR_TRY(const Tagged tagged, find_tagged(region, id));
        MR_CHECK_OK(change(*tagged.tags));
        rows.push_back(tagged.row);
    }
    service.save(context, region, rows);
    return {};
}

template <class Op>
Result<void> authorize_tags(Ec2Service& service, OpContext& context,
                            const typename Op::Input& input, AuthzRequests& requests) {
    if (!input.resources || input.resources->empty()) return errors::missing("resourceIdSet");
    const Region region = service.load(context);
    for (const std::string& id : *input.resources) {
        ask_known(context, region, Op::kTraits.name, id, requests);
        add_request_tags(requests.back(), input.tags);
    }
    return {};
}

}  // namespace

Result<void> CreateTags::authorize(Ec2Service& service, OpContext& context, const Input& input,
                                   AuthzRequests& requests) {
    return authorize_tags<CreateTags>(service, context, input, requests);
}

Outcome<CreateTags::Output> CreateTags::run(Ec2Service& service, OpContext& context,
                                            const Input& input) {
    if (!input.tags || input.tags->empty()) return errors::missing("tagSet");
    MR_CHECK_OK(change_tags(service, context, *input.resources,
                            [&](Tags& tags) { return add_tags(tags, input.tags); }));
    return Output{};
}

Result<void> DeleteTags::authorize(Ec2Service& service, OpContext& context, const Input& input,
                                   AuthzRequests& requests) {
    return authorize_tags<DeleteTags>(service, context, input, requests);
}

Outcome<DeleteTags::Output> DeleteTags::run(Ec2Service& service, OpContext& context,
                                            const Input& input) {
    MR_CHECK_OK(change_tags(service, context, *input.resources, [&](Tags& tags) -> Result<void> {
        if (!input.tags || input.tags->empty()) tags.clear();
        for (const auto& tag : input.tags.value_or(std::vector<model::ec2::Tag>())) {
            const auto found = tags.find(tag.key.value_or(""));
            if (found != tags.end() && (!tag.value || *tag.value == found->second))
                tags.erase(found);
        }
        return {};
    }));
    return Output{};
}

Result<void> DescribeTags::authorize(Ec2Service&, OpContext& context, const Input&,
                                     AuthzRequests& requests) {
    ask_all(context, kTraits.name, requests);
    return {};
}

Outcome<DescribeTags::Output> DescribeTags::run(Ec2Service& service, OpContext& context,
                                                const Input& input) {
    MR_TRY(Query query, Query::make(input.filters, kFilters, input.max_results, input.next_token));
    const Region region = service.load(context);
    std::map<std::string_view, const Tags*> resources;
    for (const auto& [id, vpc] : region.vpcs) resources[id] = &vpc.tags;
    for (const auto& [id, subnet] : region.subnets) resources[id] = &subnet.tags;
    for (const auto& [id, group] : region.groups) {
        resources[id] = &group.tags;
        for (const Rule& rule : group.rules) resources[rule.id] = &rule.tags;
    }
    Output output;
    output.tags.emplace();
    for (const auto& resource : resources) {
        const std::string id(resource.first);
        for (const auto& tag : *resource.second) {
            const auto values = [&](std::string_view filter) -> std::vector<std::string> {
                if (filter == "key") return {tag.first};
                if (filter == "resource-id") return {id};
                if (filter == "resource-type") return {std::string(resource_type(id))};
                return {tag.second};  // value
            };
            // Ids have one length within a type, so this is the order of the loops.
            if (!query.matches({tag}, values) ||
                !query.take(id + "/" + tag.first, output.next_token))
                continue;
            auto& out = output.tags->emplace_back();
            out.key = tag.first;
            out.value = tag.second;
            out.resource_id = id;
            out.resource_type = resource_type(id);
        }
    }
    return output;
}

}  // namespace millrace::ec2
