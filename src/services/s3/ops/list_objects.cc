// ListObjects and ListObjectsV2: keys in byte order with prefix, delimiter and paging.
//
// IAM:     s3:ListBucket with s3:prefix, s3:delimiter and s3:max-keys.
// Cost:    O(entries of the page).
// Source:  S3 API Reference, ListObjects and ListObjectsV2.
#include "codec/base64.h"
#include "codec/url.h"
#include "services/s3/access.h"
#include "services/s3/errors.h"
#include "services/s3/listing.h"
#include "services/s3/operations.h"

namespace millrace::s3 {
namespace {

Result<void> check_listing(const std::optional<int32_t>& max_keys,
                           const std::optional<std::string>& encoding_type) {
    if (max_keys && *max_keys < 0) {
        return errors::invalid_argument(
            "Argument maxKeys must be an integer between 0 and 2147483647", "maxKeys",
            std::to_string(*max_keys));
    }
    if (encoding_type && *encoding_type != "url") {
        return errors::invalid_argument("Invalid Encoding Method specified in Request",
                                        "encoding-type", *encoding_type);
    }
    return {};
}

template <class Input>
Result<void> authorize_listing(S3Service& service, contracts::OpContext& context,
                               const Input& input, contracts::AuthzRequests& requests) {
    MR_CHECK_OK(authorize_bucket(service, context, input, requests, "s3:ListBucket"));
    if (input.prefix) add_condition(requests.back(), "s3:prefix", *input.prefix);
    if (input.delimiter) add_condition(requests.back(), "s3:delimiter", *input.delimiter);
    if (input.max_keys)
        add_condition(requests.back(), "s3:max-keys", std::to_string(*input.max_keys));
    return {};
}

// What both operations answer alike. `encoded`: texts are percent-encoded (encoding-type=url).
class Shown {
public:
    Shown(const ListPage& page, bool encoded) : page_(page), encoded_(encoded) {}
    std::string text(std::string_view raw) const {
        return encoded_ ? codec::url_encode_path(raw) : std::string(raw);
    }
    std::optional<std::vector<model::s3::Object>> objects() const {
        if (page_.objects.empty()) return std::nullopt;
        std::vector<model::s3::Object> objects;
        for (const ListedObject& listed : page_.objects) {
            model::s3::Object object;
            object.key = text(listed.key);
            object.last_modified = TimePoint(std::chrono::seconds(epoch_seconds(listed.modified)));
            object.e_tag = '"' + listed.etag + '"';
            object.size = static_cast<int64_t>(listed.size);
            object.storage_class = listed.storage_class.empty() ? "STANDARD" : listed.storage_class;
            objects.push_back(std::move(object));
        }
        return objects;
    }
    std::optional<std::vector<model::s3::CommonPrefix>> common_prefixes() const {
        if (page_.common_prefixes.empty()) return std::nullopt;
        std::vector<model::s3::CommonPrefix> prefixes;
        for (const std::string& prefix : page_.common_prefixes)
            prefixes.emplace_back().prefix = text(prefix);
        return prefixes;
    }

private:
    const ListPage& page_;
    bool encoded_;
};

}  // namespace

Result<void> ListObjectsV2::check(const Input& input) {
    return check_listing(input.max_keys, input.encoding_type);
}

Result<void> ListObjectsV2::authorize(S3Service& service, contracts::OpContext& context,
                                      const Input& input, contracts::AuthzRequests& requests) {
    return authorize_listing(service, context, input, requests);
}

contracts::Outcome<ListObjectsV2::Output> ListObjectsV2::run(S3Service& service,
                                                             contracts::OpContext& context,
                                                             const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    ListQuery query;
    query.prefix = input.prefix.value_or("");
    query.delimiter = input.delimiter.value_or("");
    query.after = input.start_after.value_or("");
    query.max = std::min(input.max_keys.value_or(kListKeysMax), kListKeysMax);
    if (input.continuation_token) {
        const auto last = codec::base64_decode(*input.continuation_token);
        if (!last || last->empty()) {
            return errors::invalid_argument("The continuation token provided is incorrect",
                                            "continuation-token", *input.continuation_token);
        }
        query.after = *last;
    }
    const ListPage page = list_objects(context.txn(), bucket->id, query);
    const Shown shown(page, input.encoding_type.has_value());
    Output output;
    output.name = *input.bucket;
    output.prefix = shown.text(query.prefix);
    if (input.delimiter) output.delimiter = shown.text(query.delimiter);
    output.max_keys = query.max;
    output.encoding_type = input.encoding_type;
    output.key_count = static_cast<int32_t>(page.objects.size() + page.common_prefixes.size());
    output.is_truncated = page.truncated;
    output.continuation_token = input.continuation_token;
    if (input.start_after) output.start_after = shown.text(*input.start_after);
    if (page.truncated) output.next_continuation_token = codec::base64_encode(page.last);
    output.contents = shown.objects();
    if (output.contents && input.fetch_owner.value_or(false)) {
        for (auto& object : *output.contents)
            object.owner.emplace().id = canonical_id(bucket->owner);
    }
    output.common_prefixes = shown.common_prefixes();
    return output;
}

Result<void> ListObjects::check(const Input& input) {
    return check_listing(input.max_keys, input.encoding_type);
}

Result<void> ListObjects::authorize(S3Service& service, contracts::OpContext& context,
                                    const Input& input, contracts::AuthzRequests& requests) {
    return authorize_listing(service, context, input, requests);
}

contracts::Outcome<ListObjects::Output> ListObjects::run(S3Service& service,
                                                         contracts::OpContext& context,
                                                         const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    ListQuery query;
    query.prefix = input.prefix.value_or("");
    query.delimiter = input.delimiter.value_or("");
    query.after = input.marker.value_or("");
    query.max = std::min(input.max_keys.value_or(kListKeysMax), kListKeysMax);
    const ListPage page = list_objects(context.txn(), bucket->id, query);
    const Shown shown(page, input.encoding_type.has_value());
    Output output;
    output.name = *input.bucket;
    output.prefix = shown.text(query.prefix);
    output.marker = shown.text(query.after);
    if (input.delimiter) output.delimiter = shown.text(query.delimiter);
    output.max_keys = query.max;
    output.encoding_type = input.encoding_type;
    output.is_truncated = page.truncated;
    // Without a delimiter clients take the last key.
    if (page.truncated && input.delimiter) output.next_marker = shown.text(page.last);
    output.contents = shown.objects();
    if (output.contents) {
        for (auto& object : *output.contents)
            object.owner.emplace().id = canonical_id(bucket->owner);
    }
    output.common_prefixes = shown.common_prefixes();
    return output;
}

}  // namespace millrace::s3
