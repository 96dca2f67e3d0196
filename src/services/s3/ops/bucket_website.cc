// PutBucketWebsite, GetBucketWebsite, DeleteBucketWebsite.
// IAM: s3:PutBucketWebsite, s3:GetBucketWebsite, s3:DeleteBucketWebsite.
// Source: S3 API Reference; recorded texts of the refusals.
#include "services/s3/ops/bucket_settings.h"

namespace millrace::s3 {
namespace {

constexpr size_t kRulesMax = 50;

Error invalid_argument(std::string message) {
    return errors::make("InvalidArgument", 400, std::move(message));
}
Error invalid_request(std::string message) {
    return errors::make("InvalidRequest", 400, std::move(message));
}

Result<void> check_protocol(const std::optional<std::string>& protocol) {
    if (!protocol || *protocol == "http" || *protocol == "https") return {};
    return invalid_request(
        "Invalid protocol, protocol can be http or https. If not defined the protocol will be "
        "selected "
        "automatically.");
}

Result<Website> read_website(const model::s3::WebsiteConfiguration& given) {
    Website website;
    if (given.redirect_all_requests_to) {
        if (given.index_document || given.error_document || given.routing_rules) {
            return invalid_argument(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing "
                "Rules.");
        }
        MR_CHECK_OK(check_protocol(given.redirect_all_requests_to->protocol));
        website.redirect_all_host = given.redirect_all_requests_to->host_name;
        website.redirect_all_protocol = given.redirect_all_requests_to->protocol;
        if (!website.redirect_all_host) return errors::malformed_xml();
        return website;
    }
    if (!given.index_document) {
        return invalid_argument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty");
    }
    website.index_suffix = given.index_document->suffix.value_or("");
    if (website.index_suffix->empty() || website.index_suffix->find('/') != std::string::npos) {
        return invalid_argument("The IndexDocument Suffix is not well formed");
    }
    if (given.error_document) website.error_key = given.error_document->key;
    if (!given.routing_rules) return website;
    if (given.routing_rules->size() > kRulesMax) {
        return invalid_request(
            "51 routing rules provided, the number of routing rules in a website configuration is "
            "limited to 50.");
    }
    for (const auto& rule : *given.routing_rules) {
        WebsiteRule read;
        if (rule.condition) {
            read.key_prefix = rule.condition->key_prefix_equals;
            read.http_error_code = rule.condition->http_error_code_returned_equals;
            if (!read.key_prefix && !read.http_error_code) {
                return invalid_request(
                    "Condition cannot be empty. To redirect all requests without a condition, the "
                    "condition "
                    "element shouldn't be present.");
            }
        }
        if (!rule.redirect) return errors::malformed_xml();
        MR_CHECK_OK(check_protocol(rule.redirect->protocol));
        if (rule.redirect->replace_key_prefix_with && rule.redirect->replace_key_with) {
            return invalid_request(
                "You can only define ReplaceKeyPrefix or ReplaceKey but not both.");
        }
        read.host_name = rule.redirect->host_name;
        read.protocol = rule.redirect->protocol;
        read.http_redirect_code = rule.redirect->http_redirect_code;
        read.replace_key_prefix_with = rule.redirect->replace_key_prefix_with;
        read.replace_key_with = rule.redirect->replace_key_with;
        const std::string code = read.http_redirect_code.value_or("301");
        if (code.size() != 3 || code[0] != '3' ||
            code.find_first_not_of("0123456789") != std::string::npos) {
            return invalid_request("The provided HTTP redirect code (" + code +
                                   ") is not valid. Valid codes are 3XX except 300.");
        }
        website.rules.push_back(std::move(read));
    }
    return website;
}

}  // namespace

#define MR_S3_WEBSITE_RULES(Name)                                                          \
    Result<void> Name::check(const Input&) { return {}; }                                  \
    Result<void> Name::authorize(S3Service& service, contracts::OpContext& context,        \
                                 const Input& input, contracts::AuthzRequests& requests) { \
        return authorize_bucket(service, context, input, requests, "s3:" #Name);           \
    }
MR_S3_WEBSITE_RULES(PutBucketWebsite)
MR_S3_WEBSITE_RULES(GetBucketWebsite)
MR_S3_WEBSITE_RULES(DeleteBucketWebsite)
#undef MR_S3_WEBSITE_RULES

contracts::Outcome<PutBucketWebsite::Output> PutBucketWebsite::run(S3Service& service,
                                                                   contracts::OpContext& context,
                                                                   const Input& input) {
    MR_TRY(Bucket bucket, changeable_bucket(service, context, *input.bucket));
    if (!input.website_configuration) return errors::malformed_xml();
    MR_TRY(bucket.website, read_website(*input.website_configuration));
    service.put_bucket(context.txn(), bucket);
    return Output{};
}

contracts::Outcome<GetBucketWebsite::Output> GetBucketWebsite::run(S3Service& service,
                                                                   contracts::OpContext& context,
                                                                   const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    if (!bucket->website) return errors::no_such_website(*input.bucket);
    const Website& website = *bucket->website;
    Output output;
    if (website.redirect_all_host) {
        auto& redirect = output.redirect_all_requests_to.emplace();
        redirect.host_name = website.redirect_all_host;
        redirect.protocol = website.redirect_all_protocol;
    }
    if (website.index_suffix) output.index_document.emplace().suffix = website.index_suffix;
    if (website.error_key) output.error_document.emplace().key = website.error_key;
    for (const WebsiteRule& rule : website.rules) {
        if (!output.routing_rules) output.routing_rules.emplace();
        auto& shown = output.routing_rules->emplace_back();
        if (rule.key_prefix || rule.http_error_code) {
            shown.condition.emplace().key_prefix_equals = rule.key_prefix;
            shown.condition->http_error_code_returned_equals = rule.http_error_code;
        }
        auto& redirect = shown.redirect.emplace();
        redirect.host_name = rule.host_name;
        redirect.protocol = rule.protocol;
        redirect.http_redirect_code = rule.http_redirect_code;
        redirect.replace_key_prefix_with = rule.replace_key_prefix_with;
        redirect.replace_key_with = rule.replace_key_with;
    }
    return output;
}

contracts::Outcome<DeleteBucketWebsite::Output> DeleteBucketWebsite::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Bucket bucket, changeable_bucket(service, context, *input.bucket));
    bucket.website.reset();
    service.put_bucket(context.txn(), bucket);
    return Output{};
}

}  // namespace millrace::s3
