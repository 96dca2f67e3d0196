// The bytes on disk: what is written today must be read for ever.
#include <gtest/gtest.h>

#include <array>

#include "codec/hex.h"
#include "core/random.h"
#include "services/s3/bucket.h"
#include "services/s3/keys.h"
#include "services/s3/object_row.h"
#include "services/s3/uploads.h"

namespace millrace::s3 {
namespace {

using codec::hex_encode;

const TimePoint kTime = from_epoch_ms(1'767'225'600'000);

TEST(Keys, EscapingKeepsOrderAndPrefixes) {
    SeededRng rng(3);
    const auto random_key = [&] {
        std::string key(rng.next_u64() % 5, '\0');
        for (char& c : key)
            c = static_cast<char>(std::array{0, 1, 2, 0xfe, 0xff}[rng.next_u64() % 5]);
        return key;
    };
    for (int i = 0; i < 20'000; ++i) {
        const std::string a = random_key();
        const std::string b = random_key();
        EXPECT_EQ(a < b, key_sort(a) < key_sort(b));
        EXPECT_EQ(b.starts_with(a), escape_key(b).starts_with(escape_key(a)));
        const std::string sort = key_sort(a) + "suffix";
        std::string_view rest = sort;
        std::string back;
        ASSERT_TRUE(unescape_key(rest, back));
        EXPECT_EQ(back, a);
        EXPECT_EQ(rest, "suffix");
    }
}

TEST(Keys, Golden) {
    const std::string id(16, '\x11');
    const store::Key key = version_key(id, std::string("a\0b", 3), 5);
    EXPECT_EQ(key.space, store::Space::kObjects);
    EXPECT_EQ(hex_encode(key.partition), "1111111111111111111111111111111176");
    EXPECT_EQ(hex_encode(key.sort), "6100ff620001fffffffffffffffa");
    EXPECT_EQ(hex_encode(current_key(id, "k").sort), "6b0001");
    EXPECT_EQ(hex_encode(part_key(id, "00ff", 258).partition),
              "111111111111111111111111111111117000ff");
    EXPECT_EQ(hex_encode(part_key(id, "00ff", 258).sort), "0102");
    EXPECT_LE(part_key(id, std::string(48, 'a'), 1).partition.size(), store::kPartitionBytesMax);
    EXPECT_LE(version_key(id, std::string(1024, '\0'), 1).sort.size(), store::kSortBytesMax);
    EXPECT_EQ(bucket_key("b").partition, "d");
    EXPECT_EQ(blob_reference_key("0a").partition, "r0a");
}

TEST(Keys, VersionIdsCarryTheirSequence) {
    SeededRng rng(1);
    for (const uint64_t sequence :
         {uint64_t{0}, uint64_t{1}, uint64_t{1'767'225'600'000'000}, UINT64_MAX}) {
        const std::string id = make_version_id(sequence, rng);
        EXPECT_EQ(id.size(), 32U);
        uint64_t back = 0;
        ASSERT_TRUE(parse_version_id(id, back));
        EXPECT_EQ(back, sequence);
    }
    uint64_t ignored = 0;
    EXPECT_FALSE(parse_version_id("null", ignored));
    EXPECT_FALSE(parse_version_id(std::string(32, '!'), ignored));
}

ObjectRow example_object() {
    ObjectRow row;
    row.sequence = 7;
    row.version_id = "v";
    row.modified = kTime;
    row.size = 3;
    row.etag = "e";
    row.headers.content_type = "t";
    row.headers.storage_class = "STANDARD_IA";
    row.metadata = {{"a", "1"}};
    row.tags = {{"k", "v"}};
    row.checksum = {ChecksumAlgorithm::kCrc32, ChecksumType::kFullObject, "c"};
    row.parts = {{1, 3, "p"}};
    row.body = "xyz";
    return row;
}

TEST(Formats, ObjectRow) {
    const std::string bytes = encode_object(example_object());
    EXPECT_EQ(hex_encode(bytes),
              "0100000000000000000700064748462040000176030165010"
              "00b5354414e444152445f4941"
              "010174"
              "09050101610131"
              "0a0501016b0176"
              "0b0163"
              "0c05010103"
              "0170"
              "000078797a");
    EXPECT_EQ(decode_object(bytes), example_object());
    for (size_t n = 0; n + 3 < bytes.size(); ++n) {
        EXPECT_FALSE(decode_object(std::string_view(bytes).substr(0, n))) << n;
    }
    EXPECT_FALSE(decode_object("\x02" + bytes.substr(1)));
    const auto summary = summarize_object(std::string_view(bytes).substr(0, 60));
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->storage_class, "STANDARD_IA");
}

TEST(Formats, Bucket) {
    Bucket bucket;
    bucket.id = std::string(16, '\x22');
    bucket.name = "name";
    bucket.owner = "1";
    bucket.region = "r";
    bucket.created = kTime;
    bucket.versioning = Versioning::kEnabled;
    bucket.public_access_block = PublicAccessBlock{true, false, true, false};
    bucket.policy = "{}";
    bucket.tags = {{"k", "v"}};
    const std::string bytes = encode_bucket(bucket);
    EXPECT_EQ(hex_encode(bytes),
              "0122222222222222222222222222222222"
              "0131"
              "0172"
              "0006474846204000"
              "01"
              "01"
              "01027b7d"
              "0405"
              "01016b0176"
              "050105");
    bucket.website.emplace().index_suffix = "index.html";
    bucket.website->rules.emplace_back().key_prefix = "a/";
    bucket.cors.emplace_back().allowed_methods = {"GET"};
    bucket.cors[0].max_age_seconds = 5;
    const auto back = decode_bucket("name", encode_bucket(bucket));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->website, bucket.website);
    EXPECT_EQ(back->cors, bucket.cors);
    EXPECT_EQ(back->tags, bucket.tags);
    EXPECT_EQ(back->public_access_block, bucket.public_access_block);
    EXPECT_EQ(back->versioning, Versioning::kEnabled);
    EXPECT_FALSE(decode_bucket("name", bytes.substr(0, 30)));
}

TEST(Formats, UploadAndPart) {
    UploadRow upload;
    upload.key = "k";
    upload.upload_id = "u";
    upload.initiated = kTime;
    upload.initiator = "arn";
    upload.headers.content_type = "t";
    upload.checksum_algorithm = ChecksumAlgorithm::kSha256;
    EXPECT_EQ(decode_upload(encode_upload(upload)), upload);
    PartRow part;
    part.size = 5;
    part.modified = kTime;
    part.etag = "e";
    part.checksum = {ChecksumAlgorithm::kCrc32c, ChecksumType::kFullObject, "c"};
    part.body.bytes = "hello";
    EXPECT_EQ(hex_encode(encode_part(part)),
              "01050006474846204000"
              "0165"
              "0200"
              "0163"
              "00"
              "00"
              "00"
              "68656c6c6f");
    EXPECT_EQ(decode_part(encode_part(part)), part);
}

}  // namespace
}  // namespace millrace::s3
