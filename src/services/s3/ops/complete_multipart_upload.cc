// CompleteMultipartUpload: joins parts into the object, which appears at once and as a whole.
// AbortMultipartUpload: drops them.
//
// IAM:     s3:PutObject; s3:AbortMultipartUpload.
// Writes:  object row, the parts' and the upload's rows: one transaction. Several large parts are
//          copied into one blob before it commits, so that reading stays one file: O(size).
// Errors:  NoSuchUpload, InvalidPartOrder, InvalidPart, EntityTooSmall, PreconditionFailed,
// BadDigest. Source:  S3 API Reference, CompleteMultipartUpload.
#include <fmt/format.h>

#include "codec/base64.h"
#include "codec/digest.h"
#include "codec/hex.h"
#include "services/s3/conditions.h"
#include "services/s3/content.h"
#include "services/s3/keys.h"
#include "services/s3/operations.h"
#include "services/s3/ops/object_input.h"
#include "services/s3/uploads.h"

namespace millrace::s3 {
namespace {

std::string_view unquoted(std::string_view etag) {
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
        return etag.substr(1, etag.size() - 2);
    }
    return etag;
}

// The checksum that the client says the whole object has, of the given algorithm.
template <class T>
const std::optional<std::string>& sent_checksum(const T& from, ChecksumAlgorithm algorithm) {
    static const std::optional<std::string> kNone;
    switch (algorithm) {
        case ChecksumAlgorithm::kNone:
            return kNone;
        case ChecksumAlgorithm::kCrc32:
            return from.checksum_crc32;
        case ChecksumAlgorithm::kCrc32c:
            return from.checksum_crc32c;
        case ChecksumAlgorithm::kCrc64Nvme:
            return from.checksum_crc64nvme;
        case ChecksumAlgorithm::kSha1:
            return from.checksum_sha1;
        case ChecksumAlgorithm::kSha256:
            return from.checksum_sha256;
    }
    return kNone;
}

using ChosenParts = std::vector<std::pair<int32_t, PartRow>>;

Result<ChosenParts> choose_parts(contracts::OpContext& context, const Bucket& bucket,
                                 const std::string& upload_id,
                                 const std::vector<model::s3::CompletedPart>& listed) {
    ChosenParts chosen;
    for (const auto& part : listed) {
        const int32_t number = part.part_number.value_or(0);
        if (!chosen.empty() && number <= chosen.back().first) {
            return errors::invalid_part_order(upload_id);
        }
        if (number < 1 || number > kPartNumberMax) {
            return errors::invalid_argument(
                "Part number must be an integer between 1 and 10000, inclusive", "partNumber",
                std::to_string(number));
        }
        const std::string_view etag = part.e_tag ? unquoted(*part.e_tag) : std::string_view();
        const auto bytes = context.txn().get(part_key(bucket.id, upload_id, number));
        auto row = bytes ? decode_part(*bytes) : std::nullopt;
        if (!row || row->etag != etag) return errors::invalid_part(upload_id, number, etag);
        const auto& checksum = sent_checksum(part, row->checksum.algorithm);
        if (checksum && *checksum != row->checksum.value) {
            return errors::invalid_part(upload_id, number, etag);
        }
        chosen.emplace_back(number, std::move(*row));
    }
    for (size_t i = 0; i + 1 < chosen.size(); ++i) {
        if (chosen[i].second.size < kPartBytesMin) {
            return errors::entity_too_small(chosen[i].second.size, chosen[i].first,
                                            chosen[i].second.etag);
        }
    }
    return chosen;
}

// The object's body and, when `algorithm` is one, the raw checksum of the whole.
Result<JoinedBody> join(S3Service& service, contracts::OpContext& context,
                        const std::string& upload_id, const ChosenParts& parts,
                        ChecksumAlgorithm algorithm, const std::string& etag) {
    if (parts.size() == 1 && parts[0].second.body.offset == 0) {
        const PartRow& part = parts[0].second;
        JoinedBody joined;
        joined.body = part.body;
        if (algorithm == part.checksum.algorithm) {
            joined.checksum = codec::base64_decode(part.checksum.value).value_or("");
        } else if (algorithm != ChecksumAlgorithm::kNone) {
            MR_TRY(ContentDigests digests, digest_body(service, part.body, algorithm));
            joined.checksum = std::move(digests.checksum);
        }
        return joined;
    }
    constexpr size_t kBlobIdBytes = 32;
    const std::string memo = upload_id + ":" + etag;
    if (const auto before = service.joined_blob(memo)) {
        JoinedBody joined;
        joined.body.blob_id = before->substr(0, kBlobIdBytes);
        for (const auto& [number, part] : parts) joined.body.length += part.size;
        joined.checksum = before->substr(kBlobIdBytes);
        return joined;
    }
    std::vector<Body> bodies;
    for (const auto& [number, part] : parts) bodies.push_back(part.body);
    MR_TRY(JoinedBody joined, join_bodies(service, bodies, algorithm));
    if (!joined.body.in_memory()) {
        service.remember_joined_blob(memo, joined.body.blob_id + joined.checksum);
        context.txn().on_commit(
            [&service, memo](store::Version) { service.forget_joined_blob(memo); });
    }
    return joined;
}

}  // namespace

Result<void> CompleteMultipartUpload::check(const Input& input) {
    MR_CHECK_OK(check_object_settings(input));
    if (!input.multipart_upload || !input.multipart_upload->parts ||
        input.multipart_upload->parts->empty()) {
        return errors::invalid_request("You must specify at least one part");
    }
    if (input.multipart_upload->parts->size() > static_cast<size_t>(kPartNumberMax)) {
        return errors::malformed_xml();
    }
    return {};
}

Result<void> CompleteMultipartUpload::authorize(S3Service& service, contracts::OpContext& context,
                                                const Input& input,
                                                contracts::AuthzRequests& requests) {
    MR_CHECK_OK(authorize_object(service, context, input, requests, "s3:PutObject"));
    if (input.if_none_match) {
        add_condition(requests.back(), "s3:if-none-match", *input.if_none_match);
    }
    if (input.if_match) add_condition(requests.back(), "s3:if-match", *input.if_match);
    return {};
}

contracts::Outcome<CompleteMultipartUpload::Output> CompleteMultipartUpload::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    const BucketRef bucket = service.find_bucket_for_write(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    const std::string key = input.key.value_or("");
    const std::string upload_id = input.upload_id.value_or("");
    const auto& listed = *input.multipart_upload->parts;

    const auto answer = [&](const CompletedRow& row) {
        Output output;
        output.location =
            fmt::format("{}/{}/{}", context.request().endpoint_url, bucket->name, key);
        output.bucket = bucket->name;
        output.key = key;
        output.e_tag = quoted(row.etag);
        output.server_side_encryption = "AES256";
        show_checksum(output, row.checksum);
        if (!row.version_id.empty()) output.version_id = row.version_id;
        return output;
    };

    // "<md5 of the parts' md5s>-<n>": also tells whether a repeated call names the same parts.
    std::string digests;
    for (const auto& part : listed) {
        const std::string_view etag = part.e_tag ? unquoted(*part.e_tag) : std::string_view();
        digests += codec::hex_decode(etag).value_or("");
    }
    const std::string etag = fmt::format("{}-{}", codec::md5_hex(digests), listed.size());

    const auto upload = find_upload(context.txn(), bucket->id, key, upload_id);
    if (!upload) {
        if (is_upload_id(upload_id)) {
            const auto bytes = context.txn().get(completed_key(bucket->id, upload_id));
            const auto row = bytes ? decode_completed(*bytes) : std::nullopt;
            if (row && row->key == key && row->etag == etag) return answer(*row);
        }
        return errors::no_such_upload(upload_id);
    }
    if (input.checksum_type && *input.checksum_type != type_name(upload->checksum_type)) {
        return errors::invalid_request(
            fmt::format("The upload was created using the {} checksum mode. The complete request "
                        "must use the same checksum mode.",
                        type_name(upload->checksum_type)));
    }
    MR_TRY(const ChosenParts parts, choose_parts(context, *bucket, upload_id, listed));
    uint64_t size = 0;
    for (const auto& [number, part] : parts) size += part.size;
    if (input.mpu_object_size && static_cast<uint64_t>(*input.mpu_object_size) != size) {
        return errors::invalid_request(
            fmt::format("The provided 'x-amz-mp-object-size' header value {} does not match what "
                        "was computed: {}",
                        *input.mpu_object_size, size));
    }
    Objects objects(context, *bucket);
    if (input.if_match || input.if_none_match) {
        const auto old = objects.current(key);
        const auto old_etag = old ? std::optional<std::string>(old->etag) : std::nullopt;
        MR_CHECK_OK(check_write(input.if_match, input.if_none_match, old_etag, key));
    }

    const ChecksumAlgorithm algorithm = upload->checksum_algorithm != ChecksumAlgorithm::kNone
                                            ? upload->checksum_algorithm
                                            : ChecksumAlgorithm::kCrc64Nvme;
    const bool composite = upload->checksum_type == ChecksumType::kComposite;
    ObjectRow row;
    row.headers = upload->headers;
    row.metadata = upload->metadata;
    row.tags = upload->tags;
    row.etag = etag;
    MR_TRY(const JoinedBody joined, join(service, context, upload_id, parts,
                                         composite ? ChecksumAlgorithm::kNone : algorithm, etag));
    std::string part_checksums;
    for (const auto& [number, part] : parts) {
        ObjectPart entry{number, part.size, {}};
        if (composite) {
            entry.checksum = part.checksum.value;
            part_checksums += codec::base64_decode(part.checksum.value).value_or("");
        }
        row.parts.push_back(std::move(entry));
    }
    row.checksum.algorithm = algorithm;
    row.checksum.type = upload->checksum_type;
    row.checksum.value =
        composite ? fmt::format("{}-{}", codec::base64_encode(hash(algorithm, part_checksums)),
                                parts.size())
                  : codec::base64_encode(joined.checksum);
    if (const auto& sent = sent_checksum(input, algorithm)) {
        const std::string plain = fmt::format("{}-{}", *sent, parts.size());
        if (*sent != row.checksum.value && !(composite && plain == row.checksum.value)) {
            return errors::bad_checksum(algorithm_name(algorithm));
        }
    }
    MR_CHECK_OK(objects.store_body(service, row, joined.body));
    objects.put(key, row);
    remove_upload(context.txn(), bucket->id, key, upload_id, context.now());

    CompletedRow completed{key, etag, {}, row.checksum};
    if (bucket->versioning != Versioning::kNever) completed.version_id = shown_version(row);
    context.txn().put(completed_key(bucket->id, upload_id), encode_completed(completed));
    put_garbage(context.txn(), context.now() + kCompletedUploadKept, GarbageKind::kCompletedUpload,
                bucket->id + upload_id);
    return answer(completed);
}

Result<void> AbortMultipartUpload::check(const Input&) { return {}; }

Result<void> AbortMultipartUpload::authorize(S3Service& service, contracts::OpContext& context,
                                             const Input& input,
                                             contracts::AuthzRequests& requests) {
    return authorize_object(service, context, input, requests, "s3:AbortMultipartUpload");
}

contracts::Outcome<AbortMultipartUpload::Output> AbortMultipartUpload::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    const BucketRef bucket = service.find_bucket_for_write(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    const std::string key = input.key.value_or("");
    const std::string upload_id = input.upload_id.value_or("");
    const auto upload = find_upload(context.txn(), bucket->id, key, upload_id);
    if (!upload) return errors::no_such_upload(upload_id);
    if (input.if_match_initiated_time &&
        epoch_seconds(*input.if_match_initiated_time) != epoch_seconds(upload->initiated)) {
        return errors::precondition_failed("x-amz-if-match-initiated-time");
    }
    remove_upload(context.txn(), bucket->id, key, upload_id, context.now());
    return Output{};
}

}  // namespace millrace::s3
