// GetObject: an object's content, whole or a range of it.
//
// IAM:     s3:GetObject, s3:GetObjectVersion with a version id.
// Reads:   the cached bucket definition and one row; a blob only by reference.
// Errors:  NoSuchKey, or AccessDenied for who may not list; 304, 412, 416.
// Source:  S3 API Reference, GetObject.
#include "services/s3/operations.h"
#include "services/s3/ops/object_read.h"

namespace millrace::s3 {

Result<void> GetObject::check(const Input& input) { return check_object_settings(input); }

Result<void> GetObject::authorize(S3Service& service, contracts::OpContext& context,
                                  const Input& input, contracts::AuthzRequests& requests) {
    return authorize_read(service, context, input, requests, "s3:GetObject", "s3:GetObjectVersion");
}

contracts::Outcome<GetObject::Output> GetObject::run(S3Service& service,
                                                     contracts::OpContext& context,
                                                     const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    Objects objects(context, *bucket);
    MR_TRY(const ObjectRow row, find_for_read(service, context, *bucket, objects,
                                              input.key.value_or(""), input.version_id, "GET"));
    Output output;
    MR_TRY(const Selection selection, read_object(context, *bucket, input, row, output));
    output.body = objects.load_body(row, selection.range.offset, selection.range.length);
    return output;
}

}  // namespace millrace::s3
