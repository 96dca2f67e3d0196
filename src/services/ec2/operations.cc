#include "services/ec2/operations.h"

#include <algorithm>

#include "auth/evaluate.h"

namespace millrace::ec2 {
namespace {

constexpr size_t kTagsMax = 50;
constexpr size_t kTagKeyMax = 128;  // characters
constexpr size_t kTagValueMax = 256;

size_t characters(std::string_view text) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return out;
}

}  // namespace

contracts::ServiceEntry Ec2Service::entry() {
    contracts::ServiceEntry entry;
    entry.model = &model::ec2::kService;
    entry.check_order = contracts::CheckOrder::kAuthorizeThenValidate;
#define MR_EC2_ENTRY(Name, access) \
    entry.operations.push_back(contracts::make_operation<Name>(*this, model::ec2::kService));
    MR_EC2_OPERATIONS(MR_EC2_ENTRY)
#undef MR_EC2_ENTRY
    entry.denied = [](const contracts::Caller& caller, const contracts::AuthzRequest& request,
                      const contracts::Decision& decision) {
        return errors::unauthorized(auth::denied_text(caller, request, decision));
    };
    entry.unknown_operation = errors::invalid_action;
    return entry;
}

void ask_all(OpContext& context, std::string_view action, AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "ec2:" + std::string(action);
    request.resource_account = context.account();
    request.resource = "*";
    requests.push_back(std::move(request));
}

void ask(OpContext& context, std::string_view action, std::string_view type, std::string_view id,
         AuthzRequests& requests, const Tags* tags, std::string_view vpc_id) {
    ask_all(context, action, requests);
    contracts::AuthzRequest& request = requests.back();
    request.resource = arn_of(context.account(), context.region(), type, id);
    request.conditions.emplace_back("ec2:region", std::vector{std::string(context.region())});
    if (!vpc_id.empty()) {
        request.conditions.emplace_back(
            "ec2:vpc", std::vector{arn_of(context.account(), context.region(), "vpc", vpc_id)});
    }
    if (tags == nullptr) return;
    for (const auto& [key, value] : *tags) {
        request.conditions.emplace_back("aws:resourcetag/" + lower(key), std::vector{value});
        request.conditions.emplace_back("ec2:resourcetag/" + lower(key), std::vector{value});
    }
}

void ask_known(OpContext& context, const Region& region, std::string_view action,
               std::string_view id, AuthzRequests& requests) {
    const Tags* tags = nullptr;
    std::string_view vpc_id;
    if (const auto vpc = region.vpcs.find(id); vpc != region.vpcs.end()) tags = &vpc->second.tags;
    if (const auto subnet = region.subnets.find(id); subnet != region.subnets.end()) {
        tags = &subnet->second.tags;
        vpc_id = subnet->second.vpc_id;
    }
    if (const auto group = region.groups.find(id); group != region.groups.end()) {
        tags = &group->second.tags;
        vpc_id = group->second.vpc_id;
    }
    ask(context, action, resource_type(id), id, requests, tags, vpc_id);
}

void add_request_tags(contracts::AuthzRequest& request, const TagList& tags) {
    if (!tags) return;
    std::vector<std::string> keys;
    for (const model::ec2::Tag& tag : *tags) {
        keys.push_back(tag.key.value_or(""));
        request.conditions.emplace_back("aws:requesttag/" + lower(keys.back()),
                                        std::vector{tag.value.value_or("")});
    }
    request.conditions.emplace_back("aws:tagkeys", std::move(keys));
}

void ask_tags(OpContext& context, const TagSpecifications& specifications, std::string_view type,
              AuthzRequests& requests) {
    if (!specifications || specifications->empty()) return;
    contracts::AuthzRequest made = requests.back();
    ask(context, "CreateTags", type, "*", requests);
    contracts::AuthzRequest& request = requests.back();
    request.conditions.emplace_back("ec2:createaction",
                                    std::vector{made.action.substr(made.action.find(':') + 1)});
    for (const auto& specification : *specifications) add_request_tags(request, specification.tags);
}

Result<Tags> tags_of(const TagSpecifications& specifications, std::string_view type) {
    Tags tags;
    if (!specifications) return tags;
    for (const auto& specification : *specifications) {
        const std::string named = specification.resource_type.value_or("");
        if (named.empty())
            return errors::invalid("Tag specification resource type must have a value");
        if (named != type) {
            return errors::invalid(fmt::format(
                "'{}' is not a valid taggable resource type for this operation.", named));
        }
        const size_t before = tags.size();
        MR_CHECK_OK(add_tags(tags, specification.tags));
        const size_t given = specification.tags ? specification.tags->size() : 0;
        if (given == 0) return errors::invalid("Tag specification must have at least one tag");
        if (tags.size() != before + given) return errors::invalid("Duplicate tag key specified.");
    }
    return tags;
}

Result<void> add_tags(Tags& tags, const TagList& more) {
    if (!more) return {};
    for (const model::ec2::Tag& tag : *more) {
        const std::string key = tag.key.value_or("");
        const std::string value = tag.value.value_or("");
        if (key.empty()) return errors::invalid("Tag key cannot be null or empty");
        if (key.starts_with("aws:"))
            return errors::invalid("Tag keys starting with 'aws:' are reserved for internal use");
        if (characters(key) > kTagKeyMax) {
            return errors::invalid(
                fmt::format("Tag key exceeds the maximum length of {} characters", kTagKeyMax));
        }
        if (characters(value) > kTagValueMax) {
            return errors::invalid(
                fmt::format("Tag value exceeds the maximum length of {} characters", kTagValueMax));
        }
        tags[key] = value;
    }
    if (tags.size() > kTagsMax) return errors::limit_exceeded("TagLimitExceeded", "tags");
    return {};
}

std::vector<model::ec2::Tag> shown_tags(const Tags& tags) {
    std::vector<model::ec2::Tag> all;
    for (const auto& [key, value] : tags) {
        auto& tag = all.emplace_back();
        tag.key = key;
        tag.value = value;
    }
    return all;
}

Result<std::string> group_of(const Region& region, const std::optional<std::string>& id,
                             const std::optional<std::string>& name) {
    if (id && name) return errors::not_together("groupName", "groupId");
    if (id) {
        if (!region.groups.contains(*id)) return errors::no_group(*id);
        return *id;
    }
    if (!name) return errors::missing("groupName or groupId");
    const std::string vpc_id = region.default_vpc();
    if (vpc_id.empty()) return errors::no_default_vpc();
    std::string found = region.find_group(vpc_id, *name);
    if (found.empty()) return errors::no_group_of_name(*name, vpc_id);
    return found;
}

}  // namespace millrace::ec2
