// PutBucketCors, GetBucketCors, DeleteBucketCors. website/cors.cc evaluates the rules.
//
// IAM:     s3:PutBucketCORS (deleting too), s3:GetBucketCORS.
// Limits:  100 rules.
// Source:  S3 API Reference; User Guide, "Elements of a CORS configuration".
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "services/s3/ops/bucket_settings.h"

namespace millrace::s3 {
namespace {

constexpr size_t kCorsRulesMax = 100;

Result<CorsRule> read_rule(const model::s3::CORSRule& given) {
    CorsRule rule;
    rule.id = given.id.value_or("");
    if (!given.allowed_methods || given.allowed_methods->empty() || !given.allowed_origins ||
        given.allowed_origins->empty() || rule.id.size() > 255) {
        return errors::malformed_xml();
    }
    constexpr std::array<std::string_view, 5> kMethods{"GET", "PUT", "HEAD", "POST", "DELETE"};
    for (const std::string& method : *given.allowed_methods) {
        if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end()) {
            return errors::invalid_request(fmt::format(
                "Found unsupported HTTP method in CORS config. Unsupported method is {}", method));
        }
    }
    for (const std::string& origin : *given.allowed_origins) {
        if (std::count(origin.begin(), origin.end(), '*') > 1) {
            return errors::invalid_request(
                fmt::format("AllowedOrigin \"{}\" can not have more than one wildcard.", origin));
        }
    }
    rule.allowed_methods = *given.allowed_methods;
    rule.allowed_origins = *given.allowed_origins;
    if (given.allowed_headers) rule.allowed_headers = *given.allowed_headers;
    for (const std::string& header : rule.allowed_headers) {
        if (std::count(header.begin(), header.end(), '*') > 1) {
            return errors::invalid_request(
                fmt::format("AllowedHeader \"{}\" can not have more than one wildcard.", header));
        }
    }
    if (given.expose_headers) rule.expose_headers = *given.expose_headers;
    for (const std::string& header : rule.expose_headers) {
        if (header.find('*') != std::string::npos) {
            return errors::invalid_request(
                fmt::format("ExposeHeader \"{}\" contains wildcard. We currently do not support "
                            "wildcard for ExposeHeader.",
                            header));
        }
    }
    rule.max_age_seconds = given.max_age_seconds;
    return rule;
}

}  // namespace

MR_S3_BUCKET_RULES(PutBucketCors, "s3:PutBucketCORS")
MR_S3_BUCKET_RULES(GetBucketCors, "s3:GetBucketCORS")
MR_S3_BUCKET_RULES(DeleteBucketCors, "s3:PutBucketCORS")

contracts::Outcome<PutBucketCors::Output> PutBucketCors::run(S3Service& service,
                                                             contracts::OpContext& context,
                                                             const Input& input) {
    MR_TRY(Bucket bucket, changeable_bucket(service, context, *input.bucket));
    if (!input.cors_configuration || !input.cors_configuration->cors_rules ||
        input.cors_configuration->cors_rules->empty()) {
        return errors::malformed_xml();
    }
    if (input.cors_configuration->cors_rules->size() > kCorsRulesMax) {
        return errors::invalid_request(
            "The number of CORS rules should not exceed allowed limit "
            "of 100 rules.");
    }
    bucket.cors.clear();
    for (const auto& given : *input.cors_configuration->cors_rules) {
        MR_TRY(CorsRule rule, read_rule(given));
        bucket.cors.push_back(std::move(rule));
    }
    service.put_bucket(context.txn(), bucket);
    return Output{};
}

contracts::Outcome<GetBucketCors::Output> GetBucketCors::run(S3Service& service,
                                                             contracts::OpContext& context,
                                                             const Input& input) {
    MR_TRY(const BucketRef bucket, readable_bucket(service, context, *input.bucket));
    if (bucket->cors.empty()) return errors::no_such_cors(bucket->name);
    Output output;
    output.cors_rules.emplace();
    for (const CorsRule& rule : bucket->cors) {
        model::s3::CORSRule& shown = output.cors_rules->emplace_back();
        if (!rule.id.empty()) shown.id = rule.id;
        shown.allowed_methods = rule.allowed_methods;
        shown.allowed_origins = rule.allowed_origins;
        if (!rule.allowed_headers.empty()) shown.allowed_headers = rule.allowed_headers;
        if (!rule.expose_headers.empty()) shown.expose_headers = rule.expose_headers;
        shown.max_age_seconds = rule.max_age_seconds;
    }
    return output;
}

contracts::Outcome<DeleteBucketCors::Output> DeleteBucketCors::run(S3Service& service,
                                                                   contracts::OpContext& context,
                                                                   const Input& input) {
    MR_TRY(Bucket bucket, changeable_bucket(service, context, *input.bucket));
    bucket.cors.clear();
    service.put_bucket(context.txn(), bucket);
    return Output{};
}

}  // namespace millrace::s3
