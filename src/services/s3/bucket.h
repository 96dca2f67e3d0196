// Bucket: a bucket's definition (owner, region, all its settings) as one row of the store, and as
// an immutable snapshot that requests share. Byte layout: docs/formats/s3.md.
// Thread-safety: plain values; a snapshot is never changed after it was made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contracts/caller.h"
#include "core/time.h"

namespace millrace::s3 {

using Tags = std::vector<std::pair<std::string, std::string>>;

struct PublicAccessBlock {
    bool block_public_acls = false;
    bool ignore_public_acls = false;
    bool block_public_policy = false;
    bool restrict_public_buckets = false;
    friend bool operator==(const PublicAccessBlock&, const PublicAccessBlock&) = default;
};

struct WebsiteRule {
    // A condition counts when it was given; an empty prefix is one that matches everything.
    std::optional<std::string> key_prefix;
    std::optional<std::string> http_error_code;
    std::optional<std::string> host_name;
    std::optional<std::string> protocol;
    std::optional<std::string> http_redirect_code;
    std::optional<std::string> replace_key_prefix_with;
    std::optional<std::string> replace_key_with;
    friend bool operator==(const WebsiteRule&, const WebsiteRule&) = default;
};

struct Website {
    std::optional<std::string> index_suffix;
    std::optional<std::string> error_key;
    std::optional<std::string> redirect_all_host;
    std::optional<std::string> redirect_all_protocol;
    std::vector<WebsiteRule> rules;
    friend bool operator==(const Website&, const Website&) = default;
};

struct CorsRule {
    std::string id;  // empty: none
    std::vector<std::string> allowed_headers;
    std::vector<std::string> allowed_methods;
    std::vector<std::string> allowed_origins;
    std::vector<std::string> expose_headers;
    std::optional<int32_t> max_age_seconds;
    friend bool operator==(const CorsRule&, const CorsRule&) = default;
};

// Numbers are on disk.
enum class Versioning : uint8_t { kNever = 0, kEnabled = 1, kSuspended = 2 };
enum class ObjectOwnership : uint8_t {
    kNone = 0,  // the controls were deleted
    kBucketOwnerEnforced = 1,
    kBucketOwnerPreferred = 2,
    kObjectWriter = 3,
};

struct Bucket {
    std::string id;  // kBucketIdBytes bytes
    std::string name;
    std::string owner;  // account, 12 digits
    std::string region;
    TimePoint created{};
    Versioning versioning = Versioning::kNever;
    ObjectOwnership ownership = ObjectOwnership::kBucketOwnerEnforced;
    std::optional<PublicAccessBlock> public_access_block;
    std::optional<std::string> policy;  // JSON, as it was put
    std::optional<Website> website;
    std::vector<CorsRule> cors;  // empty: no configuration
    Tags tags;                   // empty: no tag set

    // Derived, not stored: filled by derive().
    std::shared_ptr<const contracts::PolicyDocument> parsed_policy;
    bool policy_is_public = false;
    bool policy_uses_object_tags = false;

    bool blocks_public_policy() const {
        return public_access_block && public_access_block->block_public_policy;
    }
    bool restricts_public() const {
        return public_access_block && public_access_block->restrict_public_buckets;
    }
};

std::string encode_bucket(const Bucket& bucket);
// Nothing: the row is damaged or of a newer format.
std::optional<Bucket> decode_bucket(std::string_view name, std::string_view row);
// Parses the policy.
void derive(Bucket& bucket);

}  // namespace millrace::s3
