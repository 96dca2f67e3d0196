// Multipart uploads through the operations.
#include "codec/base64.h"
#include "codec/digest.h"
#include "services/s3/test_bed.h"
#include "services/s3/uploads.h"

namespace millrace::s3 {
namespace {

class Multipart : public testing::Test {
protected:
    Multipart() { bed.make_bucket("bucket"); }

    std::string begin(std::optional<std::string> algorithm = {}) {
        CreateMultipartUpload::Input input;
        input.bucket = "bucket";
        input.key = "key";
        input.content_type = "text/plain";
        input.checksum_algorithm = std::move(algorithm);
        return *bed.call<CreateMultipartUpload>(input)->upload_id;
    }
    std::string part(const std::string& id, int32_t number, Body body) {
        UploadPart::Input input;
        input.bucket = "bucket";
        input.key = "key";
        input.upload_id = id;
        input.part_number = number;
        input.body = std::move(body);
        const auto answer = bed.call<UploadPart>(input);
        return answer.error ? answer.code() : *answer.output.e_tag;
    }
    std::string part(const std::string& id, int32_t number, std::string content) {
        Body body;
        body.bytes = std::move(content);
        return part(id, number, std::move(body));
    }
    CompleteMultipartUpload::Input completion(
        const std::string& id, const std::vector<std::pair<int32_t, std::string>>& parts) {
        CompleteMultipartUpload::Input input;
        input.bucket = "bucket";
        input.key = "key";
        input.upload_id = id;
        auto& list = input.multipart_upload.emplace().parts.emplace();
        for (const auto& [number, etag] : parts) {
            list.emplace_back().part_number = number;
            list.back().e_tag = etag;
        }
        return input;
    }
    TestBed bed;
};

TEST_F(Multipart, JoinsPartsAtomically) {
    const std::string first(kPartBytesMin, 'a');
    const std::string second = "tail";
    const std::string id = begin();
    const std::string etag1 = part(id, 2, bed.blobs.spool(first));
    const std::string dropped = part(id, 3, "not listed later");
    const std::string etag2 = part(id, 7, second);
    EXPECT_EQ(bed.get("bucket", "key"), "NoSuchKey");

    ListParts::Input list;
    list.bucket = "bucket";
    list.key = "key";
    list.upload_id = id;
    list.max_parts = 2;
    auto page = bed.call<ListParts>(list);
    EXPECT_EQ(page->parts->size(), 2U);
    EXPECT_TRUE(*page->is_truncated);
    EXPECT_EQ(*page->next_part_number_marker, 3);

    const auto input = completion(id, {{2, etag1}, {7, etag2.substr(1, 32)}});
    const auto done = bed.call<CompleteMultipartUpload>(input);
    const std::string expected =
        "\"" + codec::md5_hex(codec::md5(first) + codec::md5(second)) + "-2\"";
    EXPECT_EQ(*done->e_tag, expected);
    EXPECT_EQ(*done->checksum_type, "FULL_OBJECT");
    EXPECT_EQ(*done->checksum_crc64nvme,
              codec::base64_encode(codec::checksum_bytes(codec::crc64nvme(first + second))));
    EXPECT_EQ(bed.get("bucket", "key"), first + second);

    // Again: the same answer; other parts: no such upload any more.
    EXPECT_EQ(*bed.call<CompleteMultipartUpload>(input)->e_tag, expected);
    EXPECT_EQ(bed.call<CompleteMultipartUpload>(completion(id, {{2, etag1}})).code(),
              "NoSuchUpload");
    EXPECT_EQ(bed.call<ListParts>(list).code(), "NoSuchUpload");

    GetObject::Input read;
    read.bucket = "bucket";
    read.key = "key";
    read.part_number = 2;
    const auto tail = bed.call<GetObject>(read);
    EXPECT_EQ(bed.content(*tail->body), "tail");
    EXPECT_EQ(*tail->parts_count, 2);
    EXPECT_EQ(*tail->content_type, "text/plain");
    read.part_number = 3;
    EXPECT_EQ(bed.call<GetObject>(read).code(), "InvalidPartNumber");

    // The parts' blobs go, the joined one stays.
    bed.clock.advance(std::chrono::hours(48));
    auto sweeper = bed.service.make_sweeper([](std::string_view) { return false; });
    for (int i = 0; i < 5; ++i) sweeper->step(bed.clock.now());
    EXPECT_EQ(bed.blobs.blobs.size(), 1U);
    EXPECT_EQ(bed.get("bucket", "key"), first + second);
    EXPECT_EQ(bed.call<CompleteMultipartUpload>(input).code(), "NoSuchUpload");
}

TEST_F(Multipart, Refusals) {
    const std::string id = begin();
    const std::string small1 = part(id, 1, "small");
    const std::string small2 = part(id, 2, "small");
    const auto code = [&](const CompleteMultipartUpload::Input& input) {
        return bed.call<CompleteMultipartUpload>(input).code();
    };
    EXPECT_EQ(code(completion(id, {})), "InvalidRequest");
    EXPECT_EQ(code(completion(id, {{2, small2}, {1, small1}})), "InvalidPartOrder");
    EXPECT_EQ(code(completion(id, {{1, small1}, {3, small2}})), "InvalidPart");
    EXPECT_EQ(code(completion(id, {{1, "\"00\""}})), "InvalidPart");
    EXPECT_EQ(code(completion(id, {{1, small1}, {2, small2}})), "EntityTooSmall");
    EXPECT_EQ(code(completion("nonsense", {{1, small1}})), "NoSuchUpload");
    EXPECT_EQ(part(id, 0, "x"), "InvalidArgument");
    EXPECT_EQ(part(id, 10'001, "x"), "InvalidArgument");
    EXPECT_EQ(part("nonsense", 1, "x"), "NoSuchUpload");
    bed.put("bucket", "key", "there");
    auto conditional = completion(id, {{1, small1}});
    conditional.if_none_match = "*";
    EXPECT_EQ(code(conditional), "PreconditionFailed");
    EXPECT_EQ(bed.get("bucket", "key"), "there");

    AbortMultipartUpload::Input abort;
    abort.bucket = "bucket";
    abort.key = "key";
    abort.upload_id = id;
    EXPECT_EQ(bed.call<AbortMultipartUpload>(abort).code(), "ok");
    EXPECT_EQ(bed.call<AbortMultipartUpload>(abort).code(), "NoSuchUpload");
    EXPECT_EQ(part(id, 1, "x"), "NoSuchUpload");
    EXPECT_EQ(code(completion(id, {{1, small1}})), "NoSuchUpload");
}

TEST_F(Multipart, CompositeChecksums) {
    const std::string id = begin("SHA256");
    UploadPart::Input input;
    input.bucket = "bucket";
    input.key = "key";
    input.upload_id = id;
    input.part_number = 1;
    input.body.emplace().bytes = "hello";
    EXPECT_EQ(bed.call<UploadPart>(input).error->message,
              "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum "
              "Type: null");
    const std::string sha = codec::base64_encode(codec::sha256("hello"));
    HttpRequest http;
    http.headers = {{"x-amz-checksum-sha256", sha}};
    bed.info.http = &http;
    const auto uploaded = bed.call<UploadPart>(input);
    bed.info.http = nullptr;
    EXPECT_EQ(*uploaded->checksum_sha256, sha);
    auto complete = completion(id, {{1, *uploaded->e_tag}});
    complete.multipart_upload->parts->front().checksum_sha256 = "wrong";
    EXPECT_EQ(bed.call<CompleteMultipartUpload>(complete).code(), "InvalidPart");
    complete.multipart_upload->parts->front().checksum_sha256 = sha;
    const auto done = bed.call<CompleteMultipartUpload>(complete);
    EXPECT_EQ(*done->checksum_sha256,
              codec::base64_encode(codec::sha256(codec::sha256("hello"))) + "-1");
    EXPECT_EQ(*done->checksum_type, "COMPOSITE");
    GetObjectAttributes::Input attributes;
    attributes.bucket = "bucket";
    attributes.key = "key";
    attributes.object_attributes = {"ObjectParts", "ObjectSize", "Checksum", "ETag"};
    const auto shown = bed.call<GetObjectAttributes>(attributes);
    EXPECT_EQ(*shown->object_size, 5);
    EXPECT_EQ(*shown->object_parts->total_parts_count, 1);
    EXPECT_EQ(*shown->object_parts->parts->front().checksum_sha256, sha);
}

TEST_F(Multipart, PartsFromObjects) {
    const std::string large(kPartBytesMin + 100, 'q');
    PutObject::Input put;
    put.bucket = "bucket";
    put.key = "source";
    put.body = bed.blobs.spool(large);
    ASSERT_EQ(bed.call<PutObject>(put).code(), "ok");
    const std::string id = begin();
    UploadPartCopy::Input input;
    input.bucket = "bucket";
    input.key = "key";
    input.upload_id = id;
    input.part_number = 1;
    input.copy_source = "bucket/source";
    input.copy_source_range = "bytes=10-" + std::to_string(kPartBytesMin + 9);
    const auto copied = bed.call<UploadPartCopy>(input);
    ASSERT_EQ(copied.code(), "ok");
    bed.remove("bucket", "source");
    const std::string tail = part(id, 2, "tail");
    EXPECT_EQ(bed.call<CompleteMultipartUpload>(
                     completion(id, {{1, *copied->copy_part_result->e_tag}, {2, tail}}))
                  .code(),
              "ok");
    EXPECT_EQ(bed.get("bucket", "key"), large.substr(10, kPartBytesMin) + "tail");
    input.copy_source_range = "bytes=5-";
    EXPECT_EQ(bed.call<UploadPartCopy>(input).code(), "NoSuchUpload");
}

TEST_F(Multipart, UploadsAreListedByKeyAndStart) {
    const std::string first = begin();
    bed.clock.advance(std::chrono::seconds(1));
    const std::string second = begin();
    ListMultipartUploads::Input input;
    input.bucket = "bucket";
    input.max_uploads = 1;
    auto page = bed.call<ListMultipartUploads>(input);
    EXPECT_EQ(*page->uploads->front().upload_id, first);
    EXPECT_TRUE(*page->is_truncated);
    input.key_marker = page->next_key_marker;
    input.upload_id_marker = page->next_upload_id_marker;
    page = bed.call<ListMultipartUploads>(input);
    EXPECT_EQ(*page->uploads->front().upload_id, second);
    EXPECT_FALSE(*page->is_truncated);

    // A bucket goes with its uploads; the sweeper removes them.
    part(first, 1, bed.blobs.spool(std::string(100'000, 'x')));
    DeleteBucket::Input drop;
    drop.bucket = "bucket";
    EXPECT_EQ(bed.call<DeleteBucket>(drop).code(), "ok");
    auto sweeper = bed.service.make_sweeper();
    for (int i = 0; i < 5; ++i) sweeper->step(bed.clock.now());
    bed.clock.advance(std::chrono::hours(1));
    for (int i = 0; i < 5; ++i) sweeper->step(bed.clock.now());
    EXPECT_TRUE(bed.blobs.blobs.empty());
}

TEST_F(Multipart, OrphansGoOnlyWhenOldAndUnused) {
    bed.blobs.spool("crashed before its row");
    const std::string code = bed.blobs.spool("function code").blob_id;
    bed.clock.advance(std::chrono::hours(12));
    auto careful = bed.service.make_sweeper([&](std::string_view id) { return id == code; });
    auto blind = bed.service.make_sweeper();
    careful->step(bed.clock.now());
    EXPECT_EQ(bed.blobs.blobs.size(), 2U);
    bed.clock.advance(std::chrono::hours(24));
    blind->step(bed.clock.now());
    EXPECT_EQ(bed.blobs.blobs.size(), 2U);
    careful->step(bed.clock.now());
    EXPECT_EQ(bed.blobs.blobs.size(), 1U);
    EXPECT_TRUE(bed.blobs.blobs.contains(code));
}

}  // namespace
}  // namespace millrace::s3
