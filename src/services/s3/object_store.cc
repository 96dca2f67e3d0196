#include "services/s3/object_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/digest.h"
#include "codec/hex.h"
#include "services/s3/access.h"
#include "services/s3/errors.h"
#include "services/s3/listing.h"
#include "services/s3/objects.h"

namespace millrace::s3 {

contracts::AuthzRequest S3ObjectStore::ask(contracts::OpContext& context, std::string_view action,
                                           std::string_view bucket, std::string_view key) {
    const std::string key_text(key);
    if (const BucketRef found = service_.find_bucket(context.txn(), bucket))
        return make_request(context, *found, action, key.empty() ? nullptr : &key_text);
    // Nobody's policy: the caller's own decides, then the bucket is found missing.
    contracts::AuthzRequest request;
    request.action = action;
    request.resource = key.empty() ? fmt::format("arn:aws:s3:::{}", bucket)
                                   : fmt::format("arn:aws:s3:::{}/{}", bucket, key);
    request.resource_account = context.account();
    return request;
}

Result<void> S3ObjectStore::check_bucket(contracts::OpContext& context, std::string_view bucket,
                                         std::string_view owner) {
    const BucketRef found = service_.find_bucket(context.txn(), bucket);
    if (!found) return errors::no_such_bucket(bucket);
    if (!owner.empty() && owner != found->owner) return errors::access_denied();
    return {};
}

Result<contracts::NewObject> S3ObjectStore::prepare(std::string content,
                                                    std::string_view content_type) {
    contracts::NewObject object;
    object.md5 = codec::md5(content);
    object.content_type = content_type;
    if (content.size() <= kSiblingBytesMax) {
        object.body.bytes = std::move(content);
        return object;
    }
    MR_TRY(const auto writer, service_.blobs().create());
    MR_CHECK_OK(writer->write(content));
    MR_TRY(object.body.blob_id, writer->finish());
    object.body.length = content.size();
    return object;
}

Result<void> S3ObjectStore::put(contracts::OpContext& context, std::string_view bucket,
                                std::string_view key, const contracts::NewObject& object) {
    const BucketRef found = service_.find_bucket_for_write(context.txn(), bucket);
    if (!found) return errors::no_such_bucket(bucket);
    MR_CHECK_OK(check_key(key));
    Objects objects(context, *found);
    ObjectRow row;
    row.headers.content_type = object.content_type;
    row.etag = codec::hex_encode(object.md5);
    MR_CHECK_OK(objects.store_body(service_, row, object.body));
    objects.put(key, row);
    return {};
}

Result<contracts::StoredObject> S3ObjectStore::next(contracts::OpContext& context,
                                                    std::string_view bucket,
                                                    std::string_view prefix,
                                                    std::string_view after) {
    const BucketRef found = service_.find_bucket(context.txn(), bucket);
    if (!found) return errors::no_such_bucket(bucket);
    ListQuery query;
    query.prefix = prefix;
    query.after = after;
    query.max = 1;
    const ListPage page = list_objects(context.txn(), found->id, query);
    if (page.objects.empty()) return contracts::StoredObject{};
    return find(context, bucket, page.objects.front().key);
}

Result<contracts::StoredObject> S3ObjectStore::find(contracts::OpContext& context,
                                                    std::string_view bucket, std::string_view key) {
    const BucketRef found = service_.find_bucket(context.txn(), bucket);
    if (!found) return errors::no_such_bucket(bucket);
    Objects objects(context, *found);
    const auto row = objects.current(key);
    if (!row) return errors::no_such_key(key);
    return contracts::StoredObject{std::string(key), row->etag,
                                   objects.load_body(*row, 0, row->size)};
}

Result<std::string> S3ObjectStore::read(const Body& body, uint64_t offset, size_t bytes_max) {
    if (offset >= body.size()) return std::string();
    const size_t wanted = std::min<uint64_t>(bytes_max, body.size() - offset);
    if (body.in_memory()) return body.bytes.substr(offset, wanted);
    MR_TRY(const auto reader, service_.blobs().open(body.blob_id));
    std::string out(wanted, '\0');
    MR_TRY(const size_t got, reader->read_at(body.offset + offset, {out.data(), out.size()}));
    if (got == 0) return errors::internal_error();  // shorter than its row says
    out.resize(got);
    return out;
}

}  // namespace millrace::s3
