#include "services/s3/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "codec/digest.h"
#include "codec/url.h"
#include "services/s3/errors.h"

namespace millrace::s3 {
namespace {

bool is_ip_address(std::string_view name) {
    int dots = 0;
    for (const char c : name) {
        if (c == '.') {
            ++dots;
        } else if (c < '0' || c > '9') {
            return false;
        }
    }
    return dots == 3;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

// How the request was signed, from the raw request: header, query or not at all.
void add_signature_conditions(const contracts::OpContext& context,
                              contracts::AuthzRequest& request) {
    const contracts::RequestInfo& info = context.request();
    if (info.http == nullptr || context.caller().kind == contracts::PrincipalKind::kAnonymous) {
        return;
    }
    add_condition(request, "s3:authtype", info.presigned ? "REST-QUERY-STRING" : "REST-HEADER");
    add_condition(request, "s3:signatureversion", "AWS4-HMAC-SHA256");
}

}  // namespace

bool is_valid_bucket_name(std::string_view name) {
    if (name.size() < 3 || name.size() > 63) return false;
    const auto letter_or_digit = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    };
    if (!letter_or_digit(name.front()) || !letter_or_digit(name.back())) return false;
    for (size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (!letter_or_digit(c) && c != '-' && c != '.') return false;
        if (c == '.' && name[i + 1] == '.') return false;
    }
    if (is_ip_address(name)) return false;
    if (name.starts_with("xn--") || name.starts_with("sthree-")) return false;
    return !name.ends_with("-s3alias") && !name.ends_with("--ol-s3");
}

Result<void> check_key(std::string_view key) {
    if (key.size() > kKeyBytesMax) return errors::key_too_long(key.size());
    return {};
}

Result<BucketRef> open_bucket(S3Service& service, contracts::OpContext& context,
                              const std::optional<std::string>& name,
                              const std::optional<std::string>& expected_owner) {
    const std::string_view bucket_name = name ? std::string_view(*name) : std::string_view();
    if (expected_owner) {
        const bool digits = expected_owner->size() == 12 &&
                            std::all_of(expected_owner->begin(), expected_owner->end(),
                                        [](char c) { return c >= '0' && c <= '9'; });
        if (!digits) return errors::invalid_bucket_owner(*expected_owner);
    }
    BucketRef bucket;
    if (is_valid_bucket_name(bucket_name)) {
        bucket = service.find_bucket(context.txn(), bucket_name);
        if (!bucket) return errors::no_such_bucket(bucket_name);
    } else {
        return errors::invalid_bucket_name(bucket_name);
    }
    if (expected_owner && *expected_owner != bucket->owner) return errors::access_denied();
    return bucket;
}

contracts::AuthzRequest make_request(const contracts::OpContext& context, const Bucket& bucket,
                                     std::string_view action, const std::string* key) {
    contracts::AuthzRequest request;
    request.action = std::string(action);
    request.resource = key != nullptr ? fmt::format("arn:aws:s3:::{}/{}", bucket.name, *key)
                                      : fmt::format("arn:aws:s3:::{}", bucket.name);
    request.resource_account = bucket.owner;
    // RestrictPublicBuckets: what a public policy allows is only for the owner's account and for
    // AWS services. Others then have nothing that allows them, so its Deny statements need not
    // count.
    const contracts::Caller& caller = context.caller();
    const bool outsider =
        caller.kind != contracts::PrincipalKind::kService && caller.account_id != bucket.owner;
    if (!(bucket.policy_is_public && bucket.restricts_public() && outsider)) {
        request.resource_policy = bucket.parsed_policy;
    }
    add_signature_conditions(context, request);
    add_condition(request, "s3:resourceaccount", bucket.owner);
    return request;
}

void add_condition(contracts::AuthzRequest& request, std::string name, std::string value) {
    request.conditions.emplace_back(std::move(name), std::vector<std::string>{std::move(value)});
}

void add_tag_conditions(contracts::AuthzRequest& request, std::string_view prefix,
                        const Tags& tags) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : tags) {
        add_condition(request, fmt::format("{}/{}", prefix, lower(key)), value);
        keys.push_back(key);
    }
    if (prefix == "s3:requestobjecttag" && !keys.empty()) {
        request.conditions.emplace_back("s3:requestobjecttagkeys", std::move(keys));
    }
}

contracts::RequestFacts facts_of(const contracts::OpContext& context) {
    contracts::RequestFacts facts;
    if (const HttpRequest* http = context.request().http) {
        facts.source_ip = http->source_ip;
        facts.secure = http->secure;
        facts.user_agent = http->header("user-agent");
        facts.referer = http->header("referer");
    }
    facts.region = context.region();
    facts.now = context.now();
    return facts;
}

bool is_allowed(const S3Service& service, const contracts::OpContext& context,
                const contracts::Caller& caller, const contracts::AuthzRequest& request) {
    return service.authorizer().decide(caller, request, facts_of(context)).allowed();
}

bool is_allowed(const S3Service& service, const contracts::OpContext& context,
                const contracts::AuthzRequest& request) {
    return is_allowed(service, context, context.caller(), request);
}

bool may_list(const S3Service& service, const contracts::OpContext& context, const Bucket& bucket,
              std::string_view key) {
    contracts::AuthzRequest request = make_request(context, bucket, "s3:ListBucket", nullptr);
    add_condition(request, "s3:prefix", std::string(key));
    return is_allowed(service, context, request);
}

bool needs_object_tags(const contracts::OpContext& context, const Bucket& bucket) {
    return bucket.policy_uses_object_tags || !context.caller().identity_policies.empty();
}

std::string canonical_id(std::string_view account) {
    return codec::sha256_hex(fmt::format("canonical user of {}", account));
}

}  // namespace millrace::s3
