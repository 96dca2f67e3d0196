#include "services/s3/content.h"

#include <algorithm>

#include "codec/digest.h"
#include "services/s3/errors.h"

namespace millrace::s3 {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

}  // namespace

Result<void> read_body(S3Service& service, const Body& body,
                       const std::function<Result<void>(std::string_view)>& visit) {
    if (body.in_memory()) return visit(body.bytes);
    MR_TRY(const auto reader, service.blobs().open(body.blob_id));
    std::string piece(std::min<uint64_t>(kPieceBytes, body.length), '\0');
    for (uint64_t done = 0; done < body.length;) {
        const size_t wanted = std::min<uint64_t>(piece.size(), body.length - done);
        MR_TRY(const size_t got, reader->read_at(body.offset + done, {piece.data(), wanted}));
        if (got == 0) return errors::internal_error();  // shorter than its row says
        MR_CHECK_OK(visit(std::string_view(piece).substr(0, got)));
        done += got;
    }
    return {};
}

Result<ContentDigests> digest_body(S3Service& service, const Body& body,
                                   ChecksumAlgorithm algorithm) {
    codec::Md5 md5;
    Hasher hasher(algorithm);
    MR_CHECK_OK(read_body(service, body, [&](std::string_view piece) -> Result<void> {
        md5.update(piece);
        hasher.update(piece);
        return {};
    }));
    return ContentDigests{md5.finish(), hasher.finish()};
}

Result<JoinedBody> join_bodies(S3Service& service, const std::vector<Body>& bodies,
                               ChecksumAlgorithm algorithm) {
    JoinedBody joined;
    Hasher hasher(algorithm);
    uint64_t size = 0;
    for (const Body& body : bodies) size += body.size();
    if (size <= kSiblingBytesMax) {
        for (const Body& body : bodies) {
            MR_CHECK_OK(read_body(service, body, [&](std::string_view piece) -> Result<void> {
                hasher.update(piece);
                joined.body.bytes.append(piece);
                return {};
            }));
        }
        joined.checksum = hasher.finish();
        return joined;
    }
    MR_TRY(const auto writer, service.blobs().create());
    for (const Body& body : bodies) {
        MR_CHECK_OK(read_body(service, body, [&](std::string_view piece) -> Result<void> {
            hasher.update(piece);
            return writer->write(piece);
        }));
    }
    MR_TRY(joined.body.blob_id, writer->finish());
    joined.body.length = size;
    joined.checksum = hasher.finish();
    return joined;
}

}  // namespace millrace::s3
