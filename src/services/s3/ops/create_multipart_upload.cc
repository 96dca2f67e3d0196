// CreateMultipartUpload: begins an upload in parts; its settings become the object's.
//
// IAM:     s3:PutObject; with tags s3:PutObjectTagging.
// Source:  S3 API Reference, CreateMultipartUpload.
#include <fmt/format.h>

#include "services/s3/keys.h"
#include "services/s3/operations.h"
#include "services/s3/ops/object_input.h"
#include "services/s3/uploads.h"

namespace millrace::s3 {
namespace {

// Which type an algorithm has by itself, and whether another one is possible for it.
Result<ChecksumType> choose_type(ChecksumAlgorithm algorithm,
                                 const std::optional<std::string>& wanted) {
    const bool crc64 =
        algorithm == ChecksumAlgorithm::kCrc64Nvme || algorithm == ChecksumAlgorithm::kNone;
    const bool sha =
        algorithm == ChecksumAlgorithm::kSha1 || algorithm == ChecksumAlgorithm::kSha256;
    if (!wanted) return crc64 ? ChecksumType::kFullObject : ChecksumType::kComposite;
    if (algorithm == ChecksumAlgorithm::kNone) {
        return errors::invalid_request(
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm "
            "header.");
    }
    const bool full = *wanted == "FULL_OBJECT";
    if (!full && *wanted != "COMPOSITE") {
        return errors::invalid_checksum_header("x-amz-checksum-type");
    }
    if ((full && sha) || (!full && crc64)) {
        return errors::invalid_request(
            fmt::format("The {} checksum type cannot be used with the {} checksum algorithm.",
                        *wanted, algorithm_name(algorithm)));
    }
    return full ? ChecksumType::kFullObject : ChecksumType::kComposite;
}

}  // namespace

Result<void> CreateMultipartUpload::check(const Input& input) {
    return check_object_settings(input);
}

Result<void> CreateMultipartUpload::authorize(S3Service& service, contracts::OpContext& context,
                                              const Input& input,
                                              contracts::AuthzRequests& requests) {
    return authorize_new_object(service, context, input, requests);
}

contracts::Outcome<CreateMultipartUpload::Output> CreateMultipartUpload::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    const BucketRef bucket = service.find_bucket_for_write(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    MR_CHECK_OK(check_object_acl(*bucket, input.acl, has_grants(input)));
    UploadRow row;
    row.key = input.key.value_or("");
    MR_TRY(row.headers, read_headers(input));
    MR_TRY(row.metadata, read_metadata(input.metadata));
    if (input.tagging) {
        MR_TRY(row.tags, parse_tagging_header(*input.tagging));
    }
    if (input.checksum_algorithm) {
        row.checksum_algorithm = parse_algorithm(*input.checksum_algorithm);
        if (row.checksum_algorithm == ChecksumAlgorithm::kNone) {
            return errors::unsupported_checksum_algorithm();
        }
    }
    MR_TRY(row.checksum_type, choose_type(row.checksum_algorithm, input.checksum_type));
    row.upload_id = make_upload_id(context.now(), context.rng());
    row.initiated = context.now();
    row.initiator = context.caller().arn;
    context.txn().put(upload_key(bucket->id, row.key, row.upload_id), encode_upload(row));

    Output output;
    output.bucket = bucket->name;
    output.key = row.key;
    output.upload_id = row.upload_id;
    output.server_side_encryption = "AES256";
    if (row.checksum_algorithm != ChecksumAlgorithm::kNone) {
        output.checksum_algorithm = std::string(algorithm_name(row.checksum_algorithm));
        output.checksum_type = std::string(type_name(row.checksum_type));
    }
    return output;
}

}  // namespace millrace::s3
