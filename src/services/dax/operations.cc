#include "services/dax/operations.h"

#include "auth/evaluate.h"
#include "codec/base64.h"
#include "codec/utf8.h"

namespace millrace::dax_control {
namespace {

constexpr size_t kClusterNameMax = 20;
constexpr size_t kGroupNameMax = 255;
constexpr size_t kDescriptionMax = 1000;
constexpr size_t kTagsMax = 50;
constexpr size_t kTagKeyMax = 128;    // characters
constexpr size_t kTagValueMax = 256;  // characters
constexpr int kPageMin = 20;
constexpr int kPageMax = 100;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

contracts::ServiceEntry DaxControlService::entry() {
    contracts::ServiceEntry entry;
    entry.model = &model::dax::kService;
    entry.check_order = contracts::CheckOrder::kAuthorizeThenValidate;
#define MR_DAX_ENTRY(Name, cost, access) \
    entry.operations.push_back(contracts::make_operation<Name>(*this, model::dax::kService));
    MR_DAX_OPERATIONS(MR_DAX_ENTRY)
#undef MR_DAX_ENTRY
    entry.denied = [](const contracts::Caller& caller, const contracts::AuthzRequest& request,
                      const contracts::Decision& decision) {
        return errors::access_denied(auth::denied_text(caller, request, decision));
    };
    entry.unknown_operation = [](std::string_view) { return errors::unknown_operation(); };
    return entry;
}

void ask(contracts::OpContext& context, std::string_view action, std::string resource,
         contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "dax:" + std::string(action);
    request.resource = std::move(resource);
    request.resource_account = context.account();
    requests.push_back(std::move(request));
}

std::string arn_of(const contracts::OpContext& context, std::string_view cluster_name) {
    Cluster cluster;
    cluster.account = context.account();
    cluster.region = context.region();
    cluster.name = lower(cluster_name);
    return cluster.arn();
}

std::string lower(std::string_view name) {
    std::string out(name);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return out;
}

Result<void> check_cluster_name(const std::optional<std::string>& name) {
    const std::string text = name.value_or("");
    bool good = !text.empty() && text.size() <= kClusterNameMax && is_letter(text.front()) &&
                text.back() != '-' && text.find("--") == std::string::npos;
    for (const char c : text) good = good && (is_letter(c) || is_digit(c) || c == '-');
    if (!good) return errors::bad_cluster_name();
    return {};
}

Result<void> check_group_name(std::string_view what, const std::optional<std::string>& name) {
    const std::string text = name.value_or("");
    bool good = !text.empty() && text.size() <= kGroupNameMax && is_letter(text.front());
    for (const char c : text)
        good = good && (is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.');
    if (good) return {};
    return errors::invalid_value(fmt::format(
        "The {} name {} is not valid. Names must begin with a letter and contain only ASCII "
        "letters, digits, hyphens, underscores and periods, at most 255.",
        what, text));
}

Result<void> check_description(const std::optional<std::string>& description) {
    if (description && description->size() > kDescriptionMax) {
        return errors::invalid_value(
            fmt::format("The description must not be longer than {} bytes.", kDescriptionMax));
    }
    return {};
}

Result<Page> page_of(const std::optional<int32_t>& max_results,
                     const std::optional<std::string>& next_token) {
    Page page;
    if (max_results && (*max_results < kPageMin || *max_results > kPageMax)) {
        return errors::invalid_value(
            fmt::format("MaxResults must be between {} and {}.", kPageMin, kPageMax));
    }
    page.most = static_cast<size_t>(max_results.value_or(kPageMax));
    if (next_token) {
        const auto last = codec::base64_decode(*next_token);
        if (!last || last->empty()) return errors::invalid_value("NextToken is not valid.");
        page.after = *last;
    }
    return page;
}

std::string token_of(std::string_view last) { return codec::base64_encode(last); }

Result<std::map<std::string, std::string>> tags_of(
    const std::optional<std::vector<model::dax::Tag>>& tags) {
    std::map<std::string, std::string> out;
    if (!tags) return out;
    for (const model::dax::Tag& tag : *tags) {
        const std::string key = tag.key.value_or("");
        if (key.empty() || codec::utf16_length(key) > kTagKeyMax)
            return errors::invalid_value("Tag keys must have between 1 and 128 characters.");
        if (lower(key).starts_with("aws:"))
            return errors::invalid_value("Tag keys that begin with aws: are reserved.");
        std::string value = tag.value.value_or("");
        if (codec::utf16_length(value) > kTagValueMax)
            return errors::invalid_value("Tag values must have at most 256 characters.");
        out[key] = std::move(value);
    }
    if (out.size() > kTagsMax) return errors::too_many_tags();
    return out;
}

std::vector<model::dax::Tag> show_tags(const std::map<std::string, std::string>& tags) {
    std::vector<model::dax::Tag> out;
    for (const auto& [key, value] : tags) out.push_back({key, value});
    return out;
}

Result<Cluster> need_cluster(contracts::OpContext& context,
                             const std::optional<std::string>& name) {
    auto cluster =
        find_cluster(context.txn(), context.account(), context.region(), lower(name.value_or("")));
    if (!cluster) return errors::no_cluster();
    return *std::move(cluster);
}

Result<Cluster> need_available(contracts::OpContext& context,
                               const std::optional<std::string>& name) {
    MR_TRY(Cluster cluster, need_cluster(context, name));
    if (cluster.status != ClusterStatus::kAvailable)
        return errors::cluster_state(cluster.name, status_text(cluster.status));
    return cluster;
}

Result<void> check_parameter_group(contracts::OpContext& context, const std::string& name) {
    if (!find_parameter_group(context.txn(), context.account(), context.region(), name))
        return errors::no_parameter_group(name);
    return {};
}

void change_cluster(contracts::OpContext& context, Cluster& cluster) {
    cluster.generation += 1;
    put_cluster(context.txn(), cluster);
    context.wake(std::string(kWakeKey));
}

}  // namespace millrace::dax_control
