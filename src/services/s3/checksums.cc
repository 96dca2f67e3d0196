#include "services/s3/checksums.h"

#include <array>
#include <memory>

#include "codec/base64.h"
#include "codec/digest.h"
#include "services/s3/errors.h"

namespace millrace::s3 {
namespace {

struct AlgorithmInfo {
    ChecksumAlgorithm algorithm;
    std::string_view name;
    std::string_view header;
    size_t size;
};
constexpr std::array<AlgorithmInfo, 5> kAlgorithms{{
    {ChecksumAlgorithm::kCrc32, "CRC32", "x-amz-checksum-crc32", 4},
    {ChecksumAlgorithm::kCrc32c, "CRC32C", "x-amz-checksum-crc32c", 4},
    {ChecksumAlgorithm::kCrc64Nvme, "CRC64NVME", "x-amz-checksum-crc64nvme", 8},
    {ChecksumAlgorithm::kSha1, "SHA1", "x-amz-checksum-sha1", 20},
    {ChecksumAlgorithm::kSha256, "SHA256", "x-amz-checksum-sha256", 32},
}};
// Algorithms of newer SDKs that are not offered.
constexpr std::array<std::string_view, 5> kUnsupportedHeaders{
    "x-amz-checksum-sha512", "x-amz-checksum-md5", "x-amz-checksum-xxhash64",
    "x-amz-checksum-xxhash3", "x-amz-checksum-xxhash128"};

const AlgorithmInfo* info_of(ChecksumAlgorithm algorithm) {
    for (const AlgorithmInfo& info : kAlgorithms) {
        if (info.algorithm == algorithm) return &info;
    }
    return nullptr;
}

std::string computed_by_gateway(const contracts::BodyFacts& facts, ChecksumAlgorithm algorithm) {
    switch (algorithm) {
        case ChecksumAlgorithm::kNone:
            return {};
        case ChecksumAlgorithm::kCrc32:
            return facts.crc32;
        case ChecksumAlgorithm::kCrc32c:
            return facts.crc32c;
        case ChecksumAlgorithm::kCrc64Nvme:
            return facts.crc64nvme;
        case ChecksumAlgorithm::kSha1:
            return facts.sha1;
        case ChecksumAlgorithm::kSha256:
            return facts.sha256;
    }
    return {};
}

}  // namespace

std::string_view algorithm_name(ChecksumAlgorithm algorithm) {
    const AlgorithmInfo* info = info_of(algorithm);
    return info != nullptr ? info->name : std::string_view();
}

ChecksumAlgorithm parse_algorithm(std::string_view name) {
    for (const AlgorithmInfo& info : kAlgorithms) {
        if (equals_ignore_case(info.name, name)) return info.algorithm;
    }
    return ChecksumAlgorithm::kNone;
}

std::string_view checksum_header(ChecksumAlgorithm algorithm) {
    const AlgorithmInfo* info = info_of(algorithm);
    return info != nullptr ? info->header : std::string_view();
}

std::string_view type_name(ChecksumType type) {
    return type == ChecksumType::kComposite ? "COMPOSITE" : "FULL_OBJECT";
}

size_t digest_size(ChecksumAlgorithm algorithm) {
    const AlgorithmInfo* info = info_of(algorithm);
    return info != nullptr ? info->size : 0;
}

struct Hasher::State {
    ChecksumAlgorithm algorithm;
    uint32_t crc32 = 0;
    uint64_t crc64 = 0;
    std::optional<codec::Digest> digest;
};

Hasher::Hasher(ChecksumAlgorithm algorithm) : state_(std::make_unique<State>()) {
    state_->algorithm = algorithm;
    if (algorithm == ChecksumAlgorithm::kSha1) state_->digest = codec::Sha1();
    if (algorithm == ChecksumAlgorithm::kSha256) state_->digest = codec::Sha256();
}

Hasher::~Hasher() = default;

void Hasher::update(std::string_view bytes) {
    switch (state_->algorithm) {
        case ChecksumAlgorithm::kNone:
            break;
        case ChecksumAlgorithm::kCrc32:
            state_->crc32 = codec::crc32(bytes, state_->crc32);
            break;
        case ChecksumAlgorithm::kCrc32c:
            state_->crc32 = codec::crc32c(bytes, state_->crc32);
            break;
        case ChecksumAlgorithm::kCrc64Nvme:
            state_->crc64 = codec::crc64nvme(bytes, state_->crc64);
            break;
        case ChecksumAlgorithm::kSha1:
        case ChecksumAlgorithm::kSha256:
            state_->digest->update(bytes);
            break;
    }
}

std::string Hasher::finish() {
    switch (state_->algorithm) {
        case ChecksumAlgorithm::kNone:
            return {};
        case ChecksumAlgorithm::kCrc32:
        case ChecksumAlgorithm::kCrc32c:
            return codec::checksum_bytes(state_->crc32);
        case ChecksumAlgorithm::kCrc64Nvme:
            return codec::checksum_bytes(state_->crc64);
        case ChecksumAlgorithm::kSha1:
        case ChecksumAlgorithm::kSha256:
            return state_->digest->finish();
    }
    return {};
}

std::string hash(ChecksumAlgorithm algorithm, std::string_view bytes) {
    Hasher hasher(algorithm);
    hasher.update(bytes);
    return hasher.finish();
}

Result<BodyDigests> check_body(const contracts::OpContext& context, std::string_view body,
                               bool required) {
    const HttpRequest* http = context.request().http;
    const contracts::BodyFacts* facts = context.request().body;
    BodyDigests out;
    out.md5 = facts != nullptr ? facts->md5 : codec::md5(body);

    bool integrity = false;
    ChecksumAlgorithm algorithm = ChecksumAlgorithm::kNone;
    std::string_view sent;
    if (http != nullptr) {
        if (http->has_header("content-md5")) {
            const std::string_view value = http->header("content-md5");
            const auto digest = codec::base64_decode(value);
            if (!digest || digest->size() != 16) return errors::invalid_md5(value);
            if (*digest != out.md5) return errors::bad_md5();
            integrity = true;
        }
        for (const std::string_view header : kUnsupportedHeaders) {
            if (http->has_header(header)) return errors::unsupported_checksum_algorithm();
        }
        for (const AlgorithmInfo& info : kAlgorithms) {
            std::string_view value = http->header(info.header);
            bool present = http->has_header(info.header);
            if (!present && facts != nullptr && !facts->trailer(info.header).empty()) {
                value = facts->trailer(info.header);
                present = true;
            }
            if (!present) continue;
            if (algorithm != ChecksumAlgorithm::kNone) return errors::multiple_checksums();
            algorithm = info.algorithm;
            sent = value;
        }
        const std::string_view named = http->header("x-amz-sdk-checksum-algorithm");
        if (!named.empty()) {
            const ChecksumAlgorithm wanted = parse_algorithm(named);
            if (wanted == ChecksumAlgorithm::kNone) return errors::unsupported_checksum_algorithm();
            if (algorithm == ChecksumAlgorithm::kNone && !integrity) {
                return errors::invalid_request(
                    "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* "
                    "or x-amz-trailer headers were found.");
            }
            if (algorithm != ChecksumAlgorithm::kNone && wanted != algorithm) {
                return errors::invalid_checksum_header("x-amz-sdk-checksum-algorithm");
            }
        }
        if (required && !integrity && algorithm == ChecksumAlgorithm::kNone) {
            return errors::missing_checksum();
        }
    }
    out.client_sent_checksum = algorithm != ChecksumAlgorithm::kNone;
    if (!out.client_sent_checksum) algorithm = ChecksumAlgorithm::kCrc64Nvme;
    std::string digest;
    if (facts != nullptr) digest = computed_by_gateway(*facts, algorithm);
    if (digest.empty() && (facts == nullptr || body.size() == facts->length)) {
        digest = hash(algorithm, body);
    }
    if (out.client_sent_checksum) {
        const auto expected = codec::base64_decode(sent);
        if (!expected || expected->size() != digest_size(algorithm)) {
            return errors::invalid_checksum_header(checksum_header(algorithm));
        }
        if (*expected != digest) return errors::bad_checksum(algorithm_name(algorithm));
    }
    if (!digest.empty()) {
        out.checksum = {algorithm, ChecksumType::kFullObject, codec::base64_encode(digest)};
    }
    return out;
}

}  // namespace millrace::s3
