// Who may do what to a bucket: building the requests that the authorizer decides, Block Public
// Access, and the checks that every operation begins with.
// Thread-safety: functions over const state; safe from any thread.
// Source: Amazon S3 User Guide, "Actions, resources, and condition keys" and "Blocking public
// access".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "contracts/operation.h"
#include "services/s3/service.h"

namespace millrace::s3 {

bool is_valid_bucket_name(std::string_view name);
inline constexpr size_t kKeyBytesMax = 1024;
Result<void> check_key(std::string_view key);

// The bucket that an operation addresses. Errors: InvalidBucketName, NoSuchBucket,
// InvalidBucketOwnerAWSAccountID, AccessDenied (another owner than expected).
Result<BucketRef> open_bucket(S3Service& service, contracts::OpContext& context,
                              const std::optional<std::string>& name,
                              const std::optional<std::string>& expected_owner);

// `key`: null for the bucket itself. Without the service's own condition keys, but with those that
// every request has.
contracts::AuthzRequest make_request(const contracts::OpContext& context, const Bucket& bucket,
                                     std::string_view action, const std::string* key);
void add_condition(contracts::AuthzRequest& request, std::string name, std::string value);
void add_tag_conditions(contracts::AuthzRequest& request, std::string_view prefix,
                        const Tags& tags);
contracts::RequestFacts facts_of(const contracts::OpContext& context);
bool is_allowed(const S3Service& service, const contracts::OpContext& context,
                const contracts::AuthzRequest& request);
bool is_allowed(const S3Service& service, const contracts::OpContext& context,
                const contracts::Caller& caller, const contracts::AuthzRequest& request);
// Whether the caller may learn that a key does not exist.
bool may_list(const S3Service& service, const contracts::OpContext& context, const Bucket& bucket,
              std::string_view key);
// True when some policy may look at s3:ExistingObjectTag, so that the object must be read first.
bool needs_object_tags(const contracts::OpContext& context, const Bucket& bucket);

// An account's canonical user id: 64 hexadecimal digits.
std::string canonical_id(std::string_view account);

template <class Input>
Result<void> authorize_bucket(S3Service& service, contracts::OpContext& context, const Input& input,
                              contracts::AuthzRequests& requests, std::string_view action) {
    std::optional<std::string> owner;
    if constexpr (requires { input.expected_bucket_owner; }) owner = input.expected_bucket_owner;
    MR_TRY(const BucketRef bucket, open_bucket(service, context, input.bucket, owner));
    requests.push_back(make_request(context, *bucket, action, nullptr));
    return {};
}

template <class Input>
Result<void> authorize_object(S3Service& service, contracts::OpContext& context, const Input& input,
                              contracts::AuthzRequests& requests, std::string_view action) {
    MR_TRY(const BucketRef bucket,
           open_bucket(service, context, input.bucket, input.expected_bucket_owner));
    const std::string key = input.key.value_or("");
    MR_CHECK_OK(check_key(key));
    requests.push_back(make_request(context, *bucket, action, &key));
    return {};
}

}  // namespace millrace::s3
