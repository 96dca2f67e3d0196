// ListBuckets: the account's buckets by name.
//
// IAM:     s3:ListAllMyBuckets on *.
// Cost:    O(buckets of the account up to the page's end).
// Source:  S3 API Reference, ListBuckets.
#include <algorithm>

#include "codec/base64.h"
#include "core/bytes.h"
#include "services/s3/keys.h"
#include "services/s3/operations.h"
#include "services/s3/ops/object_input.h"

namespace millrace::s3 {
namespace {

constexpr int32_t kListBucketsMax = 10'000;

}  // namespace

Result<void> ListBuckets::check(const Input& input) {
    if (input.max_buckets && (*input.max_buckets < 1 || *input.max_buckets > kListBucketsMax)) {
        return errors::invalid_argument(
            "Argument max-buckets must be an integer between 1 and 10000", "max-buckets",
            std::to_string(*input.max_buckets));
    }
    return {};
}

Result<void> ListBuckets::authorize(S3Service&, contracts::OpContext& context, const Input&,
                                    contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "s3:ListAllMyBuckets";
    request.resource = "arn:aws:s3:::*";
    request.resource_account = std::string(context.account());
    requests.push_back(std::move(request));
    return {};
}

contracts::Outcome<ListBuckets::Output> ListBuckets::run(S3Service&, contracts::OpContext& context,
                                                         const Input& input) {
    const std::string prefix = input.prefix.value_or("");
    std::string from = prefix;
    if (input.continuation_token) {
        const auto after = codec::base64_decode(*input.continuation_token);
        if (!after) {
            return errors::invalid_argument("The continuation token provided is incorrect",
                                            "continuation-token", *input.continuation_token);
        }
        from = std::max(from, *after + '\0');
    }
    const size_t max = static_cast<size_t>(input.max_buckets.value_or(kListBucketsMax));
    std::vector<model::s3::Bucket> buckets;
    Output output;
    const std::string partition = owner_partition(context.account());
    context.txn().scan({store::Space::kBuckets, partition, from, {}}, [&](std::string_view sort,
                                                                          std::string_view value) {
        if (!sort.starts_with(prefix)) return false;
        ByteReader in(value);
        in.u8();
        const TimePoint created(Duration(static_cast<int64_t>(in.u64())));
        std::string region(in.bytes());
        if (input.bucket_region && *input.bucket_region != region) return true;
        if (buckets.size() == max) {
            output.continuation_token = codec::base64_encode(*buckets.back().name);
            return false;
        }
        model::s3::Bucket bucket;
        bucket.name = std::string(sort);
        bucket.creation_date = whole_seconds(created);
        if (input.max_buckets || input.bucket_region) bucket.bucket_region = std::move(region);
        buckets.push_back(std::move(bucket));
        return true;
    });
    output.buckets = std::move(buckets);
    model::s3::Owner owner;
    owner.id = canonical_id(context.account());
    output.owner = std::move(owner);
    if (input.prefix && !input.prefix->empty()) output.prefix = input.prefix;
    return output;
}

}  // namespace millrace::s3
