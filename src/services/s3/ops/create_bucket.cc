// CreateBucket: a new, empty, private bucket: Block Public Access on, ACLs disabled.
//
// IAM:     s3:CreateBucket on the bucket's ARN.
// Writes:  the definition and the owner's list, one transaction.
// Errors:  InvalidBucketName, InvalidLocationConstraint, IllegalLocationConstraintException,
//          BucketAlreadyExists, BucketAlreadyOwnedByYou.
// Source:  S3 API Reference, CreateBucket.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "services/s3/keys.h"
#include "services/s3/operations.h"
#include "services/s3/ops/object_input.h"

namespace millrace::s3 {
namespace {

// Region names as the service model lists them ("EU" is eu-west-1 of old).
bool is_region(std::string_view name) {
    constexpr std::array<std::string_view, 38> kRegions{
        "af-south-1",     "ap-east-1",      "ap-east-2",      "ap-northeast-1", "ap-northeast-2",
        "ap-northeast-3", "ap-south-1",     "ap-south-2",     "ap-southeast-1", "ap-southeast-2",
        "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
        "ca-central-1",   "ca-west-1",      "cn-north-1",     "cn-northwest-1", "EU",
        "eu-central-1",   "eu-central-2",   "eu-north-1",     "eu-south-1",     "eu-south-2",
        "eu-west-1",      "eu-west-2",      "eu-west-3",      "il-central-1",   "me-central-1",
        "me-south-1",     "mx-central-1",   "sa-east-1",      "us-east-2",      "us-gov-east-1",
        "us-gov-west-1",  "us-west-1",      "us-west-2"};
    return std::find(kRegions.begin(), kRegions.end(), name) != kRegions.end();
}

Result<std::string> choose_region(std::string_view endpoint_region,
                                  const std::optional<std::string>& constraint) {
    constexpr std::string_view kClassic = "us-east-1";
    if (!constraint) {
        if (endpoint_region != kClassic) return errors::illegal_location_constraint("unspecified");
        return std::string(kClassic);
    }
    if (!is_region(*constraint)) return errors::invalid_location_constraint(*constraint);
    const std::string region = *constraint == "EU" ? "eu-west-1" : *constraint;
    // The classic endpoint makes buckets everywhere, a regional one only at home.
    if (endpoint_region != kClassic && endpoint_region != region) {
        return errors::illegal_location_constraint(*constraint);
    }
    return region;
}

}  // namespace

Result<void> CreateBucket::check(const Input& input) {
    if (input.object_lock_enabled_for_bucket.value_or(false)) {
        return errors::not_implemented_header("x-amz-bucket-object-lock-enabled");
    }
    if (const auto& configuration = input.create_bucket_configuration) {
        // Directory buckets.
        if (configuration->bucket || configuration->location) return errors::not_implemented();
    }
    return {};
}

Result<void> CreateBucket::authorize(S3Service&, contracts::OpContext& context, const Input& input,
                                     contracts::AuthzRequests& requests) {
    if (!is_valid_bucket_name(*input.bucket)) return errors::invalid_bucket_name(*input.bucket);
    Bucket bucket;
    bucket.name = *input.bucket;
    bucket.owner = std::string(context.account());
    contracts::AuthzRequest request = make_request(context, bucket, "s3:CreateBucket", nullptr);
    if (input.acl) add_condition(request, "s3:x-amz-acl", *input.acl);
    if (input.object_ownership) {
        add_condition(request, "s3:x-amz-object-ownership", *input.object_ownership);
    }
    if (input.create_bucket_configuration &&
        input.create_bucket_configuration->location_constraint) {
        add_condition(request, "s3:locationconstraint",
                      *input.create_bucket_configuration->location_constraint);
    }
    requests.push_back(std::move(request));
    return {};
}

contracts::Outcome<CreateBucket::Output> CreateBucket::run(S3Service& service,
                                                           contracts::OpContext& context,
                                                           const Input& input) {
    Bucket bucket;
    bucket.name = *input.bucket;
    bucket.owner = std::string(context.account());
    bucket.created = context.now();
    bucket.public_access_block = PublicAccessBlock{true, true, true, true};
    std::optional<std::string> constraint;
    if (const auto& configuration = input.create_bucket_configuration) {
        constraint = configuration->location_constraint;
        if (configuration->tags) {
            MR_TRY(bucket.tags, check_tags(configuration->tags, kBucketTagsMax));
        }
    }
    MR_TRY(bucket.region, choose_region(context.region(), constraint));
    if (input.object_ownership) {
        if (*input.object_ownership == "BucketOwnerEnforced") {
            bucket.ownership = ObjectOwnership::kBucketOwnerEnforced;
        } else if (*input.object_ownership == "BucketOwnerPreferred") {
            bucket.ownership = ObjectOwnership::kBucketOwnerPreferred;
        } else if (*input.object_ownership == "ObjectWriter") {
            bucket.ownership = ObjectOwnership::kObjectWriter;
        } else {
            return errors::invalid_argument("Invalid x-amz-object-ownership header",
                                            "x-amz-object-ownership", *input.object_ownership);
        }
    }
    const bool grants = input.grant_full_control || input.grant_read || input.grant_read_acp ||
                        input.grant_write || input.grant_write_acp;
    if (grants || (input.acl && *input.acl != "private")) {
        if (bucket.ownership == ObjectOwnership::kBucketOwnerEnforced) {
            return errors::invalid_bucket_acl_with_ownership();
        }
        if (input.acl && input.acl->starts_with("public-")) {
            return errors::invalid_bucket_acl_with_public_access_block();
        }
        return errors::not_implemented_header(grants ? "x-amz-grant-read" : "x-amz-acl");
    }
    if (const BucketRef old = service.find_bucket_for_write(context.txn(), bucket.name)) {
        if (old->owner != bucket.owner) return errors::bucket_already_exists(bucket.name);
        // The classic endpoint answers the owner with success, and changes nothing.
        if (context.region() == "us-east-1" && old->region == "us-east-1") {
            Output output;
            output.location = "/" + bucket.name;
            return output;
        }
        return errors::bucket_already_owned_by_you(bucket.name);
    }
    bucket.id.resize(kBucketIdBytes);
    context.rng().fill({reinterpret_cast<uint8_t*>(bucket.id.data()), bucket.id.size()});
    service.put_bucket(context.txn(), bucket);
    std::string entry;
    append_u8(entry, 1);
    append_u64(entry, static_cast<uint64_t>(bucket.created.time_since_epoch().count()));
    append_bytes(entry, bucket.region);
    context.txn().put({store::Space::kBuckets, owner_partition(bucket.owner), bucket.name}, entry);

    Output output;
    output.location = bucket.region == "us-east-1"
                          ? "/" + bucket.name
                          : fmt::format("{}/{}", context.request().endpoint_url, bucket.name);
    output.bucket_arn = "arn:aws:s3:::" + bucket.name;
    return output;
}

}  // namespace millrace::s3
