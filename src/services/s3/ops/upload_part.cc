// UploadPart, UploadPartCopy: one part of an upload, from the request or from an object's range.
// A part uploaded again replaces the former.
//
// IAM:     s3:PutObject; UploadPartCopy also s3:GetObject on the source.
// Limits:  part numbers 1..10000, 5 GiB.
// Source:  S3 API Reference, UploadPart, UploadPartCopy.
#include <fmt/format.h>

#include <charconv>

#include "codec/base64.h"
#include "codec/hex.h"
#include "services/s3/content.h"
#include "services/s3/keys.h"
#include "services/s3/operations.h"
#include "services/s3/ops/copy_source.h"
#include "services/s3/uploads.h"

namespace millrace::s3 {
namespace {

Result<void> check_part_number(const std::optional<int32_t>& number) {
    if (number && *number >= 1 && *number <= kPartNumberMax) return {};
    return errors::invalid_argument("Part number must be an integer between 1 and 10000, inclusive",
                                    "partNumber", number ? std::to_string(*number) : "");
}

std::string lower_name(ChecksumAlgorithm algorithm) {
    std::string name(algorithm_name(algorithm));
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return name.empty() ? "null" : name;
}

void put_part(contracts::OpContext& context, const Bucket& bucket, const std::string& upload_id,
              int32_t number, const PartRow& part) {
    const store::Key key = part_key(bucket.id, upload_id, number);
    if (const auto old = context.txn().get(key)) {
        if (const auto row = decode_part(*old)) release_part(context.txn(), *row, context.now());
    }
    context.txn().put(key, encode_part(part));
}

// "bytes=first-last", both of them, inside the source.
Result<ByteRange> parse_source_range(const std::string& header, uint64_t size) {
    const Error malformed = errors::invalid_argument(
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and "
        "last are the zero-based offsets of the first and last bytes to copy",
        "x-amz-copy-source-range", header);
    std::string_view text = header;
    if (!text.starts_with("bytes=")) return malformed;
    text.remove_prefix(6);
    const size_t dash = text.find('-');
    if (dash == std::string_view::npos) return malformed;
    uint64_t first = 0;
    uint64_t last = 0;
    const auto number = [](std::string_view digits, uint64_t& value) {
        const auto [end, status] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return !digits.empty() && status == std::errc() && end == digits.data() + digits.size();
    };
    if (!number(text.substr(0, dash), first) || !number(text.substr(dash + 1), last) ||
        last < first) {
        return malformed;
    }
    if (last >= size) {
        return errors::invalid_argument(
            fmt::format("Range specified is not valid for source object of size: {}", size),
            "x-amz-copy-source-range", header);
    }
    return ByteRange{first, last - first + 1};
}

}  // namespace

Result<void> UploadPart::check(const Input& input) {
    MR_CHECK_OK(check_object_settings(input));
    MR_CHECK_OK(check_part_number(input.part_number));
    const uint64_t size = input.body ? input.body->size() : 0;
    if (size > kPartBytesMax) return errors::entity_too_large(size, kPartBytesMax);
    return {};
}

Result<void> UploadPart::authorize(S3Service& service, contracts::OpContext& context,
                                   const Input& input, contracts::AuthzRequests& requests) {
    return authorize_object(service, context, input, requests, "s3:PutObject");
}

contracts::Outcome<UploadPart::Output> UploadPart::run(S3Service& service,
                                                       contracts::OpContext& context,
                                                       const Input& input) {
    const BucketRef bucket = service.find_bucket_for_write(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    const std::string upload_id = input.upload_id.value_or("");
    const auto upload = find_upload(context.txn(), bucket->id, input.key.value_or(""), upload_id);
    if (!upload) return errors::no_such_upload(upload_id);
    const Body empty;
    const Body& body = input.body ? *input.body : empty;
    MR_TRY(const BodyDigests digests, check_body(context, body.bytes, false));
    const ChecksumAlgorithm sent =
        digests.client_sent_checksum ? digests.checksum.algorithm : ChecksumAlgorithm::kNone;
    // CRC64NVME is what the server computes by itself.
    if (upload->checksum_algorithm != ChecksumAlgorithm::kNone &&
        upload->checksum_algorithm != digests.checksum.algorithm) {
        return errors::invalid_request(
            fmt::format("Checksum Type mismatch occurred, expected checksum Type: {}, actual "
                        "checksum Type: {}",
                        lower_name(upload->checksum_algorithm), lower_name(sent)));
    }
    PartRow part;
    part.size = body.size();
    part.modified = context.now();
    part.etag = codec::hex_encode(digests.md5);
    part.checksum = digests.checksum;
    part.body = body;
    if (body.in_memory() && body.bytes.size() > kSiblingBytesMax) {
        MR_TRY(const auto writer, service.blobs().create());
        MR_CHECK_OK(writer->write(body.bytes));
        MR_TRY(part.body.blob_id, writer->finish());
        part.body.length = body.bytes.size();
        part.body.bytes.clear();
    }
    if (!part.body.in_memory()) reference_blob(context.txn(), part.body.blob_id);
    put_part(context, *bucket, upload_id, *input.part_number, part);

    Output output;
    output.e_tag = quoted(part.etag);
    output.server_side_encryption = "AES256";
    show_checksum(output, part.checksum);
    return output;
}

Result<void> UploadPartCopy::check(const Input& input) {
    MR_CHECK_OK(check_object_settings(input));
    if (input.copy_source_sse_customer_algorithm || input.copy_source_sse_customer_key) {
        return errors::not_implemented_header(
            "x-amz-copy-source-server-side-encryption-customer-algorithm");
    }
    return check_part_number(input.part_number);
}

Result<void> UploadPartCopy::authorize(S3Service& service, contracts::OpContext& context,
                                       const Input& input, contracts::AuthzRequests& requests) {
    MR_CHECK_OK(authorize_object(service, context, input, requests, "s3:PutObject"));
    return authorize_source(service, context, input.copy_source, input.expected_source_bucket_owner,
                            false, requests);
}

contracts::Outcome<UploadPartCopy::Output> UploadPartCopy::run(S3Service& service,
                                                               contracts::OpContext& context,
                                                               const Input& input) {
    const BucketRef bucket = service.find_bucket_for_write(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    const std::string upload_id = input.upload_id.value_or("");
    const auto upload = find_upload(context.txn(), bucket->id, input.key.value_or(""), upload_id);
    if (!upload) return errors::no_such_upload(upload_id);
    MR_TRY(const OpenedSource source,
           open_source(service, context, input.copy_source.value_or(""), source_conditions(input)));
    ByteRange range{0, source.row.size};
    if (input.copy_source_range) {
        MR_TRY(range, parse_source_range(*input.copy_source_range, source.row.size));
    }
    if (range.length > kPartBytesMax) {
        return errors::entity_too_large(range.length, kPartBytesMax);
    }
    PartRow part;
    part.size = range.length;
    part.modified = context.now();
    part.body = Objects(context, *source.bucket).load_body(source.row, range.offset, range.length);
    const ChecksumAlgorithm algorithm = upload->checksum_algorithm != ChecksumAlgorithm::kNone
                                            ? upload->checksum_algorithm
                                            : ChecksumAlgorithm::kCrc64Nvme;
    MR_TRY(const ContentDigests digests, digest_body(service, part.body, algorithm));
    part.etag = codec::hex_encode(digests.md5);
    part.checksum = {algorithm, ChecksumType::kFullObject, codec::base64_encode(digests.checksum)};
    if (!part.body.in_memory()) reference_blob(context.txn(), part.body.blob_id);
    put_part(context, *bucket, upload_id, *input.part_number, part);

    Output output;
    auto& result = output.copy_part_result.emplace();
    result.e_tag = quoted(part.etag);
    result.last_modified = whole_seconds(part.modified);
    if (upload->checksum_algorithm != ChecksumAlgorithm::kNone) {
        show_checksum(result, part.checksum);
    }
    output.server_side_encryption = "AES256";
    if (source.bucket->versioning != Versioning::kNever) {
        output.copy_source_version_id = shown_version(source.row);
    }
    return output;
}

}  // namespace millrace::s3
