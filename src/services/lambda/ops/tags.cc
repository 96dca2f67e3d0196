// TagResource, UntagResource, ListTags: of functions and event source mappings.
//
// IAM:     lambda:<operation> on the resource.
// Source:  Lambda API Reference.
#include "services/lambda/operations.h"

namespace millrace::lambda {
namespace {

constexpr size_t kTagsMax = 50;
constexpr std::string_view kMappingPart = ":event-source-mapping:";

// The resource's tags, for `change` to read or change; it returns whether they are to be written.
Result<void> with_tags(
    LambdaService& service, contracts::OpContext& context, const std::string& arn,
    const std::function<Result<bool>(std::map<std::string, std::string>&)>& change) {
    const size_t mapping_at = arn.find(kMappingPart);
    if (mapping_at != std::string::npos) {
        const std::string uuid = arn.substr(mapping_at + kMappingPart.size());
        const auto row = context.txn().get(mapping_key(context.account(), context.region(), uuid));
        if (!row) return errors::mapping_not_found();
        Mapping mapping = decode_mapping(*row);
        MR_TRY(const bool changed, change(mapping.tags));
        if (changed) service.put(context.txn(), mapping);
        return {};
    }
    MR_TRY(const FunctionName name, name_function(context, arn));
    MR_TRY(Function function, need_function(service, context, name));
    MR_TRY(const bool changed, change(function.tags));
    if (changed) service.put(context.txn(), function);
    return {};
}

Result<void> ask_resource(LambdaService& service, contracts::OpContext& context,
                          const std::optional<std::string>& arn, std::string_view action,
                          contracts::AuthzRequests& requests) {
    const std::string resource = arn.value_or("");
    if (resource.find(kMappingPart) == std::string::npos) {
        MR_TRY(const FunctionName name, name_function(context, resource));
        ask_function(service, context, name, action, requests);
        return {};
    }
    contracts::AuthzRequest request;
    request.action = "lambda:" + std::string(action);
    request.resource = resource;
    request.resource_account = account_of_arn(resource);
    requests.push_back(std::move(request));
    return {};
}

}  // namespace

#define MR_LAMBDA_ON_RESOURCE(Name)                                                        \
    Result<void> Name::check(const Input&) { return {}; }                                  \
    Result<void> Name::authorize(LambdaService& service, contracts::OpContext& context,    \
                                 const Input& input, contracts::AuthzRequests& requests) { \
        return ask_resource(service, context, input.resource, #Name, requests);            \
    }

MR_LAMBDA_ON_RESOURCE(TagResource)
contracts::Outcome<TagResource::Output> TagResource::run(LambdaService& service,
                                                         contracts::OpContext& context,
                                                         const Input& input) {
    MR_CHECK_OK(with_tags(service, context, *input.resource,
                          [&](std::map<std::string, std::string>& tags) -> Result<bool> {
                              for (const auto& [key, value] : *input.tags) tags[key] = value;
                              if (tags.size() > kTagsMax) {
                                  return errors::invalid_parameter(
                                      "The number of tags on a resource must not exceed 50.");
                              }
                              return true;
                          }));
    return Output{};
}

MR_LAMBDA_ON_RESOURCE(UntagResource)
contracts::Outcome<UntagResource::Output> UntagResource::run(LambdaService& service,
                                                             contracts::OpContext& context,
                                                             const Input& input) {
    MR_CHECK_OK(with_tags(service, context, *input.resource,
                          [&](std::map<std::string, std::string>& tags) -> Result<bool> {
                              for (const std::string& key : *input.tag_keys) tags.erase(key);
                              return true;
                          }));
    return Output{};
}

MR_LAMBDA_ON_RESOURCE(ListTags)
contracts::Outcome<ListTags::Output> ListTags::run(LambdaService& service,
                                                   contracts::OpContext& context,
                                                   const Input& input) {
    Output output;
    MR_CHECK_OK(with_tags(service, context, *input.resource,
                          [&](std::map<std::string, std::string>& tags) -> Result<bool> {
                              output.tags = tags;
                              return false;
                          }));
    return output;
}
#undef MR_LAMBDA_ON_RESOURCE

}  // namespace millrace::lambda
