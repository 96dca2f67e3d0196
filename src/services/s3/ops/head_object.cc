// HeadObject: GetObject without the content; errors have no body either.
//
// IAM:     s3:GetObject, s3:GetObjectVersion with a version id.
// Source:  S3 API Reference, HeadObject.
#include "services/s3/operations.h"
#include "services/s3/ops/object_read.h"

namespace millrace::s3 {

Result<void> HeadObject::check(const Input& input) { return check_object_settings(input); }

Result<void> HeadObject::authorize(S3Service& service, contracts::OpContext& context,
                                   const Input& input, contracts::AuthzRequests& requests) {
    return authorize_read(service, context, input, requests, "s3:GetObject", "s3:GetObjectVersion");
}

contracts::Outcome<HeadObject::Output> HeadObject::run(S3Service& service,
                                                       contracts::OpContext& context,
                                                       const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    Objects objects(context, *bucket);
    MR_TRY(const ObjectRow row, find_for_read(service, context, *bucket, objects,
                                              input.key.value_or(""), input.version_id, "HEAD"));
    Output output;
    MR_CHECK_OK(read_object(context, *bucket, input, row, output));
    return output;
}

}  // namespace millrace::s3
