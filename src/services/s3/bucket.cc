#include "services/s3/bucket.h"

#include "core/bytes.h"
#include "services/s3/keys.h"

namespace millrace::s3 {
namespace {

constexpr uint8_t kFormat = 1;

// Sections behind the fixed head: tag byte, varint length, content. Numbers are on disk.
enum Section : uint8_t {
    kPolicy = 1,
    kWebsite = 2,
    kCors = 3,
    kTags = 4,
    kPublicAccessBlock = 5,
};

void append_section(std::string& out, Section section, std::string_view content) {
    append_u8(out, section);
    append_bytes(out, content);
}

void append_optional(std::string& out, const std::optional<std::string>& value) {
    append_u8(out, value ? 1 : 0);
    if (value) append_bytes(out, *value);
}

std::optional<std::string> read_optional(ByteReader& in) {
    if (in.u8() == 0) return std::nullopt;
    return std::string(in.bytes());
}

void append_list(std::string& out, const std::vector<std::string>& list) {
    append_varint(out, list.size());
    for (const std::string& item : list) append_bytes(out, item);
}

std::vector<std::string> read_list(ByteReader& in) {
    std::vector<std::string> list;
    for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) list.emplace_back(in.bytes());
    return list;
}

std::string encode_website(const Website& website) {
    std::string out;
    append_optional(out, website.index_suffix);
    append_optional(out, website.error_key);
    append_optional(out, website.redirect_all_host);
    append_optional(out, website.redirect_all_protocol);
    append_varint(out, website.rules.size());
    for (const WebsiteRule& rule : website.rules) {
        append_optional(out, rule.key_prefix);
        append_optional(out, rule.http_error_code);
        append_optional(out, rule.host_name);
        append_optional(out, rule.protocol);
        append_optional(out, rule.http_redirect_code);
        append_optional(out, rule.replace_key_prefix_with);
        append_optional(out, rule.replace_key_with);
    }
    return out;
}

Website decode_website(ByteReader& in) {
    Website website;
    website.index_suffix = read_optional(in);
    website.error_key = read_optional(in);
    website.redirect_all_host = read_optional(in);
    website.redirect_all_protocol = read_optional(in);
    for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) {
        WebsiteRule rule;
        rule.key_prefix = read_optional(in);
        rule.http_error_code = read_optional(in);
        rule.host_name = read_optional(in);
        rule.protocol = read_optional(in);
        rule.http_redirect_code = read_optional(in);
        rule.replace_key_prefix_with = read_optional(in);
        rule.replace_key_with = read_optional(in);
        website.rules.push_back(std::move(rule));
    }
    return website;
}

std::string encode_cors(const std::vector<CorsRule>& rules) {
    std::string out;
    append_varint(out, rules.size());
    for (const CorsRule& rule : rules) {
        append_bytes(out, rule.id);
        append_list(out, rule.allowed_headers);
        append_list(out, rule.allowed_methods);
        append_list(out, rule.allowed_origins);
        append_list(out, rule.expose_headers);
        append_u8(out, rule.max_age_seconds ? 1 : 0);
        if (rule.max_age_seconds) append_u32(out, static_cast<uint32_t>(*rule.max_age_seconds));
    }
    return out;
}

std::vector<CorsRule> decode_cors(ByteReader& in) {
    std::vector<CorsRule> rules;
    for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) {
        CorsRule rule;
        rule.id = std::string(in.bytes());
        rule.allowed_headers = read_list(in);
        rule.allowed_methods = read_list(in);
        rule.allowed_origins = read_list(in);
        rule.expose_headers = read_list(in);
        if (in.u8() != 0) rule.max_age_seconds = static_cast<int32_t>(in.u32());
        rules.push_back(std::move(rule));
    }
    return rules;
}

}  // namespace

std::string encode_bucket(const Bucket& bucket) {
    std::string out;
    append_u8(out, kFormat);
    out.append(bucket.id);
    append_bytes(out, bucket.owner);
    append_bytes(out, bucket.region);
    append_u64(out, static_cast<uint64_t>(bucket.created.time_since_epoch().count()));
    append_u8(out, static_cast<uint8_t>(bucket.versioning));
    append_u8(out, static_cast<uint8_t>(bucket.ownership));
    if (bucket.policy) append_section(out, kPolicy, *bucket.policy);
    if (bucket.website) append_section(out, kWebsite, encode_website(*bucket.website));
    if (!bucket.cors.empty()) append_section(out, kCors, encode_cors(bucket.cors));
    if (!bucket.tags.empty()) {
        std::string tags;
        append_varint(tags, bucket.tags.size());
        for (const auto& [key, value] : bucket.tags) {
            append_bytes(tags, key);
            append_bytes(tags, value);
        }
        append_section(out, kTags, tags);
    }
    if (const auto& block = bucket.public_access_block) {
        const int bits = (block->block_public_acls ? 1 : 0) | (block->ignore_public_acls ? 2 : 0) |
                         (block->block_public_policy ? 4 : 0) |
                         (block->restrict_public_buckets ? 8 : 0);
        append_section(out, kPublicAccessBlock, std::string(1, static_cast<char>(bits)));
    }
    return out;
}

std::optional<Bucket> decode_bucket(std::string_view name, std::string_view row) {
    ByteReader in(row);
    if (in.u8() != kFormat) return std::nullopt;
    Bucket bucket;
    bucket.name = std::string(name);
    bucket.id = std::string(in.take(kBucketIdBytes));
    bucket.owner = std::string(in.bytes());
    bucket.region = std::string(in.bytes());
    bucket.created = TimePoint(Duration(static_cast<int64_t>(in.u64())));
    bucket.versioning = static_cast<Versioning>(in.u8());
    bucket.ownership = static_cast<ObjectOwnership>(in.u8());
    while (in.ok() && !in.at_end()) {
        const uint8_t section = in.u8();
        ByteReader content(in.bytes());
        switch (section) {
            case kPolicy:
                bucket.policy = std::string(content.rest());
                break;
            case kWebsite:
                bucket.website = decode_website(content);
                break;
            case kCors:
                bucket.cors = decode_cors(content);
                break;
            case kTags:
                for (uint64_t n = content.varint(); n > 0 && content.ok(); --n) {
                    std::string key(content.bytes());
                    bucket.tags.emplace_back(std::move(key), content.bytes());
                }
                break;
            case kPublicAccessBlock: {
                const uint8_t bits = content.u8();
                bucket.public_access_block = PublicAccessBlock{(bits & 1) != 0, (bits & 2) != 0,
                                                               (bits & 4) != 0, (bits & 8) != 0};
                break;
            }
            default:  // a setting that cannot be honoured must not be dropped silently
                return std::nullopt;
        }
        if (!content.ok()) return std::nullopt;
    }
    if (!in.ok()) return std::nullopt;
    return bucket;
}

}  // namespace millrace::s3
