// Objects through the operations: bodies, conditions, ranges, checksums, copies, tags, versions.
#include "services/s3/objects.h"

#include <fmt/format.h>

#include "codec/base64.h"
#include "codec/digest.h"
#include "services/s3/keys.h"
#include "services/s3/test_bed.h"
#include "services/s3/workers/blob_sweeper.h"

namespace millrace::s3 {
namespace {

class Objects_ : public testing::Test {
protected:
    Objects_() { bed.make_bucket("bucket"); }
    TestBed bed;

    CopyObject::Input copy(const std::string& source, const std::string& key) {
        CopyObject::Input input;
        input.bucket = "bucket";
        input.key = key;
        input.copy_source = source;
        return input;
    }
    GetObject::Input read(const std::string& key) {
        GetObject::Input input;
        input.bucket = "bucket";
        input.key = key;
        return input;
    }
};

TEST_F(Objects_, BodiesOfEverySizeComeBack) {
    for (const size_t size : {size_t{0}, size_t{1}, kInlineBytesMax, kInlineBytesMax + 1,
                              kSiblingBytesMax, kSiblingBytesMax + 1}) {
        std::string content(size, 'x');
        if (size > 1) content[size / 2] = 'y';
        bed.put("bucket", "key", content);
        EXPECT_EQ(bed.get("bucket", "key"), content) << size;
        GetObject::Input input = read("key");
        input.range = "bytes=1-";
        const auto answer = bed.call<GetObject>(input);
        if (size < 2) {
            EXPECT_EQ(answer.code(), "InvalidRange");
            continue;
        }
        EXPECT_EQ(bed.content(*answer->body), content.substr(1));
        EXPECT_EQ(answer.http_status, 206);
        EXPECT_EQ(*answer->content_range, fmt::format("bytes 1-{}/{}", size - 1, size));
    }
}

TEST_F(Objects_, AnswersSayWhatWasPut) {
    PutObject::Input input;
    input.bucket = "bucket";
    input.key = "a//b/../c ";
    input.body.emplace().bytes = "hello";
    input.metadata.emplace()["Name"] = " v ";
    input.cache_control = "no-cache";
    input.content_encoding = "aws-chunked,gzip";
    input.tagging = "a=1&b=2";
    const auto put = bed.call<PutObject>(input);
    EXPECT_EQ(*put->e_tag, "\"5d41402abc4b2a76b9719d911017c592\"");
    EXPECT_EQ(*put->server_side_encryption, "AES256");
    EXPECT_EQ(*put->checksum_type, "FULL_OBJECT");
    EXPECT_FALSE(put->version_id);

    HeadObject::Input head;
    head.bucket = "bucket";
    head.key = input.key;
    auto answer = bed.call<HeadObject>(head);
    EXPECT_EQ(*answer->content_length, 5);
    EXPECT_EQ(*answer->content_type, "binary/octet-stream");
    EXPECT_EQ(*answer->content_encoding, "gzip");
    EXPECT_EQ(*answer->metadata, (std::map<std::string, std::string>{{"name", "v"}}));
    EXPECT_EQ(*answer->tag_count, 2);
    EXPECT_FALSE(answer->checksum_crc64nvme);
    head.checksum_mode = "ENABLED";
    EXPECT_TRUE(bed.call<HeadObject>(head)->checksum_crc64nvme);
    EXPECT_EQ(bed.get("bucket", "a/c "), "NoSuchKey");
}

TEST_F(Objects_, RefusesWhatItDoesNotDo) {
    PutObject::Input input;
    input.bucket = "bucket";
    input.key = "k";
    const PutObject::Input plain = input;
    const auto code = [&] { return bed.call<PutObject>(std::exchange(input, plain)).code(); };
    input.ssekms_key_id = "k";
    input.server_side_encryption = "aws:kms";
    EXPECT_EQ(code(), "NotImplemented");
    input.sse_customer_algorithm = "AES256";
    EXPECT_EQ(code(), "NotImplemented");
    input.acl = "public-read";
    EXPECT_EQ(code(), "AccessControlListNotSupported");
    input.acl = "bucket-owner-full-control";
    EXPECT_EQ(code(), "ok");
    input.storage_class = "GLACIER";
    EXPECT_EQ(code(), "NotImplemented");
    input.storage_class = "NOPE";
    EXPECT_EQ(code(), "InvalidStorageClass");
    input.metadata.emplace()["a"] = std::string(2048, 'x');
    EXPECT_EQ(code(), "MetadataTooLarge");
    input.key = std::string(1025, 'k');
    EXPECT_EQ(code(), "KeyTooLongError");
    input.tagging = "aws:x=1";
    EXPECT_EQ(code(), "InvalidTag");
    input.website_redirect_location = "ftp://x";
    EXPECT_EQ(code(), "InvalidArgument");
    input.expected_bucket_owner = "1";
    EXPECT_EQ(code(), "InvalidBucketOwnerAWSAccountID");
    input.expected_bucket_owner = "999999999999";
    EXPECT_EQ(code(), "AccessDenied");
    input.bucket = "Not_A_Bucket";
    EXPECT_EQ(code(), "InvalidBucketName");
    input.bucket = "missing";
    EXPECT_EQ(code(), "NoSuchBucket");
}

TEST_F(Objects_, IntegrityHeaders) {
    PutObject::Input input;
    input.bucket = "bucket";
    input.key = "k";
    input.body.emplace().bytes = "hello";
    const auto with = [&](std::vector<HttpHeader> headers) {
        HttpRequest http;
        http.headers = std::move(headers);
        bed.info.http = &http;
        auto answer = bed.call<PutObject>(input);
        bed.info.http = nullptr;
        return answer.error ? answer.error->message : "ok";
    };
    const std::string md5 = codec::base64_encode(codec::md5("hello"));
    const std::string crc = codec::base64_encode(codec::checksum_bytes(codec::crc32("hello")));
    EXPECT_EQ(with({{"Content-MD5", md5}, {"x-amz-checksum-crc32", crc}}), "ok");
    EXPECT_EQ(with({{"Content-MD5", "AAAA"}}), "The Content-MD5 you specified was invalid.");
    EXPECT_EQ(with({{"Content-MD5", codec::base64_encode(codec::md5("other"))}}),
              "The Content-MD5 you specified did not match what we received.");
    EXPECT_EQ(with({{"x-amz-checksum-crc32", "AAAAAA=="}}),
              "The CRC32 you specified did not match the calculated checksum.");
    EXPECT_EQ(with({{"x-amz-checksum-crc32", "no"}}),
              "Value for x-amz-checksum-crc32 header is invalid.");
    EXPECT_EQ(
        with({{"x-amz-checksum-crc32", crc}, {"x-amz-checksum-sha1", "x"}}),
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
}

TEST_F(Objects_, Conditions) {
    bed.put("bucket", "k", "hello");
    const std::string etag = "\"5d41402abc4b2a76b9719d911017c592\"";
    GetObject::Input input = read("k");
    const GetObject::Input plain = input;
    const auto code = [&] { return bed.call<GetObject>(std::exchange(input, plain)).code(); };
    input.if_match = etag;
    input.if_unmodified_since = bed.clock.now() - std::chrono::hours(1);  // if-match wins
    EXPECT_EQ(code(), "ok");
    input.if_match = "\"other\"";
    EXPECT_EQ(code(), "PreconditionFailed");
    input.if_none_match = etag;
    const auto not_modified = bed.call<GetObject>(std::exchange(input, plain));
    EXPECT_EQ(not_modified.error->http_status, 304);
    EXPECT_EQ(not_modified.header("ETag"), etag);
    input.if_none_match = "\"other\"";
    input.if_modified_since = bed.clock.now();  // none-match wins
    EXPECT_EQ(code(), "ok");
    input.if_modified_since = bed.clock.now();
    EXPECT_EQ(code(), "NotModified");
    input.if_modified_since = bed.clock.now() + std::chrono::hours(1);  // the future is ignored
    EXPECT_EQ(code(), "ok");

    PutObject::Input put;
    put.bucket = "bucket";
    put.key = "k";
    put.if_none_match = "*";
    EXPECT_EQ(bed.call<PutObject>(put).code(), "PreconditionFailed");
    put.if_none_match = "\"x\"";
    EXPECT_EQ(bed.call<PutObject>(put).code(), "NotImplemented");
    put.if_none_match.reset();
    put.if_match = etag;
    EXPECT_EQ(bed.call<PutObject>(put).code(), "ok");
    EXPECT_EQ(bed.call<PutObject>(put).code(), "PreconditionFailed");
    put.key = "missing";
    EXPECT_EQ(bed.call<PutObject>(put).code(), "NoSuchKey");
}

TEST_F(Objects_, Ranges) {
    bed.put("bucket", "k", "0123456789");
    const auto range = [&](const std::string& text) {
        GetObject::Input input = read("k");
        input.range = text;
        const auto answer = bed.call<GetObject>(input);
        return answer.error ? answer.code()
                            : answer.output.body->bytes +
                                  (answer.http_status == 206 ? "|partial" : "|whole");
    };
    EXPECT_EQ(range("bytes=2-4"), "234|partial");
    EXPECT_EQ(range("bytes=-3"), "789|partial");
    EXPECT_EQ(range("bytes=8-99"), "89|partial");
    EXPECT_EQ(range("bytes=0-0,2-2"), "0123456789|whole");
    EXPECT_EQ(range("bytes=5-2"), "0123456789|whole");
    EXPECT_EQ(range("lines=1"), "0123456789|whole");
    EXPECT_EQ(range("bytes=-0"), "InvalidRange");
    EXPECT_EQ(range("bytes=10-"), "InvalidRange");
}

TEST_F(Objects_, MissingKeysTellOnlyWhoMayList) {
    bed.put("bucket", "there", "x");
    bed.make_public("bucket");
    bed.as(anonymous());
    EXPECT_EQ(bed.get("bucket", "there"), "x");
    EXPECT_EQ(bed.get("bucket", "missing"), "AccessDenied");
    bed.as(root_of("123456789012"));
    EXPECT_EQ(bed.get("bucket", "missing"), "NoSuchKey");
    bed.make_public("bucket", true);
    bed.as(anonymous());
    EXPECT_EQ(bed.get("bucket", "missing"), "NoSuchKey");
    GetObject::Input input = read("there");
    input.response_content_type = "text/plain";
    EXPECT_EQ(bed.call<GetObject>(input).code(), "InvalidRequest");
}

TEST_F(Objects_, CopiesShareBlobsAndSurviveTheirSource) {
    const std::string large(kSiblingBytesMax + 10, 'z');
    bed.put("bucket", "source", large);
    bed.put("bucket", "medium", std::string(kInlineBytesMax + 1, 'm'));
    ASSERT_EQ(bed.blobs.blobs.size(), 1U);
    const auto copied = bed.call<CopyObject>(copy("/bucket/source", "copy"));
    EXPECT_EQ(*copied->copy_object_result->e_tag, "\"" + codec::md5_hex(large) + "\"");
    EXPECT_EQ(bed.call<CopyObject>(copy("bucket/medium", "medium2")).code(), "ok");
    EXPECT_EQ(bed.blobs.blobs.size(), 1U);
    bed.remove("bucket", "source");
    bed.remove("bucket", "medium");
    bed.clock.advance(std::chrono::hours(1));
    const auto sweeper = bed.service.make_sweeper();
    for (int i = 0; i < 5; ++i) sweeper->step(bed.clock.now());
    EXPECT_EQ(bed.get("bucket", "copy"), large);
    EXPECT_EQ(bed.get("bucket", "medium2"), std::string(kInlineBytesMax + 1, 'm'));

    // The last reference: kept for readers, then gone.
    bed.remove("bucket", "copy");
    for (int i = 0; i < 5; ++i) sweeper->step(bed.clock.now());
    EXPECT_EQ(bed.blobs.blobs.size(), 1U);
    bed.clock.advance(kBlobGrace + std::chrono::seconds(1));
    for (int i = 0; i < 5; ++i) sweeper->step(bed.clock.now());
    EXPECT_TRUE(bed.blobs.blobs.empty());
}

TEST_F(Objects_, CopyRules) {
    bed.put("bucket", "k", "hello");
    EXPECT_EQ(bed.call<CopyObject>(copy("bucket/k", "k")).code(), "InvalidRequest");
    auto replace = copy("bucket/k", "k");
    replace.metadata_directive = "REPLACE";
    replace.content_type = "text/html";
    EXPECT_EQ(bed.call<CopyObject>(replace).code(), "ok");
    EXPECT_EQ(*bed.call<GetObject>(read("k"))->content_type, "text/html");
    EXPECT_EQ(bed.call<CopyObject>(copy("bucket", "x")).code(), "InvalidArgument");
    EXPECT_EQ(bed.call<CopyObject>(copy("bucket/none", "x")).code(), "NoSuchKey");
    EXPECT_EQ(bed.call<CopyObject>(copy("nowhere/none", "x")).code(), "NoSuchBucket");
    auto conditional = copy("bucket/k", "x");
    conditional.copy_source_if_none_match = "\"5d41402abc4b2a76b9719d911017c592\"";
    EXPECT_EQ(bed.call<CopyObject>(conditional).code(), "PreconditionFailed");
    bed.put("bucket", "a b+?", "odd");
    EXPECT_EQ(bed.call<CopyObject>(copy("bucket/a%20b%2B%3F", "odd")).code(), "ok");
    EXPECT_EQ(bed.get("bucket", "odd"), "odd");
}

TEST_F(Objects_, VersionsAndDeleteMarkers) {
    bed.put("bucket", "k", "null");
    bed.set_versioning("bucket", "Enabled");
    const std::string v1 = bed.put("bucket", "k", "1");
    const std::string v2 = bed.put("bucket", "k", std::string(kInlineBytesMax + 1, '2'));
    EXPECT_EQ(bed.get("bucket", "k", "null"), "null");
    EXPECT_EQ(bed.get("bucket", "k", v1), "1");
    EXPECT_EQ(bed.get("bucket", "k").size(), kInlineBytesMax + 1);
    EXPECT_EQ(bed.get("bucket", "k", "nonsense"), "InvalidArgument");
    EXPECT_EQ(bed.get("bucket", "other", v1), "NoSuchVersion");

    const std::string marker = bed.remove("bucket", "k");
    const auto gone = bed.call<GetObject>(read("k"));
    EXPECT_EQ(gone.code(), "NoSuchKey");
    EXPECT_EQ(gone.header("x-amz-delete-marker"), "true");
    EXPECT_EQ(bed.get("bucket", "k", marker), "MethodNotAllowed");
    // Without its marker the newest version is back, also in listings.
    EXPECT_EQ(bed.remove("bucket", "k", marker), marker);
    EXPECT_EQ(bed.get("bucket", "k").size(), kInlineBytesMax + 1);
    bed.remove("bucket", "k", v2);
    EXPECT_EQ(bed.get("bucket", "k"), "1");
    ListObjectsV2::Input list;
    list.bucket = "bucket";
    EXPECT_EQ(bed.call<ListObjectsV2>(list)->contents->size(), 1U);

    bed.set_versioning("bucket", "Suspended");
    EXPECT_EQ(bed.put("bucket", "k", "new null"), "null");
    EXPECT_EQ(bed.get("bucket", "k", "null"), "new null");
    EXPECT_EQ(bed.get("bucket", "k", v1), "1");
    EXPECT_EQ(bed.remove("bucket", "k"), "null");  // the null version becomes a null marker
    EXPECT_EQ(bed.get("bucket", "k", "null"), "MethodNotAllowed");
    EXPECT_EQ(bed.get("bucket", "k", v1), "1");
    DeleteBucket::Input drop;
    drop.bucket = "bucket";
    EXPECT_EQ(bed.call<DeleteBucket>(drop).error->message,
              "The bucket you tried to delete is not empty. You must delete all versions in the "
              "bucket.");
    bed.remove("bucket", "k", v1);
    bed.remove("bucket", "k", "null");
    EXPECT_EQ(bed.call<DeleteBucket>(drop).code(), "ok");
    EXPECT_EQ(bed.get("bucket", "k"), "NoSuchBucket");
}

TEST_F(Objects_, VersionsAgreeWithANaiveModel) {
    // One key, random operations; the model is a list of versions, newest last.
    struct Version {
        std::string id;
        std::optional<std::string> content;  // nothing: a marker
    };
    std::vector<Version> model;
    SeededRng rng(5);
    bool enabled = false;
    bool ever = false;
    const auto drop_null = [&] {
        std::erase_if(model, [](const Version& v) { return v.id == "null"; });
    };
    for (int i = 0; i < 2'000; ++i) {
        bed.clock.advance(std::chrono::microseconds(rng.next_u64() % 2));
        switch (rng.next_u64() % 8) {
            case 0:
                if (rng.next_u64() % 4 != 0) break;
                enabled = !enabled;
                if (!ever && !enabled) enabled = true;
                ever = true;
                bed.set_versioning("bucket", enabled ? "Enabled" : "Suspended");
                break;
            case 1:
            case 2:
            case 3: {
                std::string id = bed.put("bucket", "k", std::to_string(i));
                if (!enabled) drop_null();
                model.push_back({ever ? id : "null", std::to_string(i)});
                break;
            }
            case 4: {
                const std::string id = bed.remove("bucket", "k");
                if (!enabled) drop_null();
                if (ever) model.push_back({id, std::nullopt});
                break;
            }
            default:
                if (model.empty() || rng.next_u64() % 2 == 0) break;
                const size_t at = rng.next_u64() % model.size();
                bed.remove("bucket", "k", model[at].id);
                model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
        }
        EXPECT_EQ(bed.get("bucket", "k"),
                  model.empty() ? "NoSuchKey" : model.back().content.value_or("NoSuchKey"));
        if (!model.empty()) {
            const Version& version = model[rng.next_u64() % model.size()];
            ASSERT_EQ(bed.get("bucket", "k", version.id),
                      version.content.value_or("MethodNotAllowed"))
                << i;
        }
    }
    ListObjectVersions::Input list;
    list.bucket = "bucket";
    const auto page = bed.call<ListObjectVersions>(list);
    const size_t listed = (page->versions ? page->versions->size() : 0) +
                          (page->delete_markers ? page->delete_markers->size() : 0);
    EXPECT_EQ(listed, std::min<size_t>(model.size(), 1000));
}

TEST_F(Objects_, DeleteObjectsAnswersEachKey) {
    bed.put("bucket", "a", "x");
    DeleteObjects::Input input;
    input.bucket = "bucket";
    auto& list = input.delete_.emplace();
    list.objects.emplace();
    list.objects->emplace_back().key = "a";
    list.objects->emplace_back().key = "missing";
    list.objects->emplace_back().key = std::string(1025, 'x');
    const auto answer = bed.call<DeleteObjects>(input);
    EXPECT_EQ(answer->deleted->size(), 2U);
    EXPECT_EQ(*answer->errors->front().code, "KeyTooLongError");
    bed.put("bucket", "a", "x");
    bed.make_public("bucket");
    bed.as(anonymous());
    const auto denied = bed.call<DeleteObjects>(input);
    EXPECT_FALSE(denied->deleted);
    EXPECT_EQ(denied->errors->size(), 3U);
    EXPECT_EQ(*denied->errors->front().code, "AccessDenied");
}

TEST_F(Objects_, Tags) {
    bed.put("bucket", "k", "x");
    PutObjectTagging::Input input;
    input.bucket = "bucket";
    input.key = "k";
    auto& set = input.tagging.emplace().tag_set.emplace();
    set.emplace_back().key = "a";
    set.back().value = "1";
    EXPECT_EQ(bed.call<PutObjectTagging>(input).code(), "ok");
    GetObjectTagging::Input get;
    get.bucket = "bucket";
    get.key = "k";
    EXPECT_EQ(bed.call<GetObjectTagging>(get)->tag_set->size(), 1U);
    EXPECT_EQ(bed.get("bucket", "k"), "x");
    set.push_back(set.front());
    EXPECT_EQ(bed.call<PutObjectTagging>(input).error->message,
              "Cannot provide multiple Tags with the same key");
    DeleteObjectTagging::Input remove;
    remove.bucket = "bucket";
    remove.key = "k";
    EXPECT_EQ(bed.call<DeleteObjectTagging>(remove).code(), "ok");
    EXPECT_TRUE(bed.call<GetObjectTagging>(get)->tag_set->empty());
}

}  // namespace
}  // namespace millrace::s3
