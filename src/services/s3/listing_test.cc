// Listings against a naive model: random keys, prefixes, delimiters, page sizes.
#include "services/s3/listing.h"

#include <algorithm>
#include <set>

#include "services/s3/test_bed.h"

namespace millrace::s3 {
namespace {

struct Naive {
    std::vector<std::string> names;  // keys and common prefixes, in order
};

Naive naive_listing(const std::set<std::string>& keys, const std::string& prefix,
                    const std::string& delimiter) {
    Naive out;
    for (const std::string& key : keys) {
        if (!key.starts_with(prefix)) continue;
        std::string name = key;
        if (!delimiter.empty()) {
            const size_t found = key.find(delimiter, prefix.size());
            if (found != std::string::npos) name = key.substr(0, found + delimiter.size());
        }
        if (out.names.empty() || out.names.back() != name) out.names.push_back(name);
    }
    return out;
}

TEST(Listing, PagesAgreeWithANaiveModel) {
    TestBed bed;
    bed.make_bucket("bucket");
    SeededRng rng(11);
    std::set<std::string> keys;
    const std::vector<std::string> alphabet{
        "a", "b", "/", "//", "ä", "\xf0\x9f\x92\xa1", std::string("\0", 1), "\x01", "-"};
    const auto random_text = [&](size_t max) {
        std::string text;
        for (size_t n = rng.next_u64() % (max + 1); n > 0; --n) {
            text += alphabet[rng.next_u64() % alphabet.size()];
        }
        return text;
    };
    for (int i = 0; i < 400; ++i) {
        const std::string key = random_text(7);
        if (key.empty()) continue;
        keys.insert(key);
        bed.put("bucket", key, "x");
    }
    for (int round = 0; round < 300; ++round) {
        ListObjectsV2::Input input;
        input.bucket = "bucket";
        input.prefix = random_text(2);
        if (rng.next_u64() % 3 != 0) input.delimiter = alphabet[rng.next_u64() % 5];
        input.max_keys = static_cast<int32_t>(1 + rng.next_u64() % 40);
        std::vector<std::string> names;
        for (int pages = 0; pages < 500; ++pages) {
            const auto page = bed.call<ListObjectsV2>(input);
            ASSERT_EQ(page.code(), "ok");
            std::vector<std::string> here;
            if (page->contents) {
                for (const auto& object : *page->contents) here.push_back(*object.key);
            }
            if (page->common_prefixes) {
                for (const auto& common : *page->common_prefixes) here.push_back(*common.prefix);
            }
            std::sort(here.begin(), here.end());
            EXPECT_EQ(static_cast<size_t>(*page->key_count), here.size());
            EXPECT_LE(here.size(), static_cast<size_t>(*input.max_keys));
            names.insert(names.end(), here.begin(), here.end());
            if (!*page->is_truncated) break;
            EXPECT_EQ(here.size(), static_cast<size_t>(*input.max_keys));
            input.continuation_token = page->next_continuation_token;
        }
        EXPECT_EQ(names, naive_listing(keys, *input.prefix, input.delimiter.value_or("")).names);
    }
}

TEST(Listing, MarkerInsideACommonPrefixSkipsIt) {
    TestBed bed;
    bed.make_bucket("bucket");
    for (const char* key : {"a/1", "a/2", "b", "c/1"}) bed.put("bucket", key, "x");
    ListObjects::Input input;
    input.bucket = "bucket";
    input.delimiter = "/";
    input.marker = "a/1";
    const auto page = bed.call<ListObjects>(input);
    ASSERT_EQ(page->contents->size(), 1U);
    ASSERT_EQ(page->common_prefixes->size(), 1U);
    EXPECT_EQ(*page->common_prefixes->front().prefix, "c/");
}

TEST(Listing, MaxKeysZeroAndRefusals) {
    TestBed bed;
    bed.make_bucket("bucket");
    bed.put("bucket", "a", "x");
    ListObjectsV2::Input input;
    input.bucket = "bucket";
    input.max_keys = 0;
    auto page = bed.call<ListObjectsV2>(input);
    EXPECT_FALSE(*page->is_truncated);
    EXPECT_EQ(*page->key_count, 0);
    input.max_keys = -1;
    EXPECT_EQ(bed.call<ListObjectsV2>(input).code(), "InvalidArgument");
    input.max_keys.reset();
    input.encoding_type = "base64";
    EXPECT_EQ(bed.call<ListObjectsV2>(input).code(), "InvalidArgument");
    input.encoding_type = "url";
    input.continuation_token = "?";
    EXPECT_EQ(bed.call<ListObjectsV2>(input).error->message,
              "The continuation token provided is incorrect");
}

TEST(Listing, VersionsPageOneByOne) {
    TestBed bed;
    bed.make_bucket("bucket");
    bed.put("bucket", "a", "0");  // the null version
    bed.set_versioning("bucket", "Enabled");
    std::vector<std::pair<std::string, std::string>> expected;
    const std::string a1 = bed.put("bucket", "a", "1");
    const std::string b1 = bed.put("bucket", "b", "1");
    const std::string a2 = bed.put("bucket", "a", "2");
    const std::string b2 = bed.remove("bucket", "b");
    const std::string c1 = bed.put("bucket", "c/d", "1");
    expected = {{"a", a2}, {"a", a1}, {"a", "null"}, {"b", b2}, {"b", b1}, {"c/d", c1}};
    ListObjectVersions::Input input;
    input.bucket = "bucket";
    input.max_keys = 1;
    std::vector<std::pair<std::string, std::string>> seen;
    std::vector<bool> latest;
    for (int i = 0; i < 20; ++i) {
        const auto page = bed.call<ListObjectVersions>(input);
        ASSERT_EQ(page.code(), "ok");
        if (page->versions) {
            seen.emplace_back(*page->versions->front().key, *page->versions->front().version_id);
            latest.push_back(*page->versions->front().is_latest);
        }
        if (page->delete_markers) {
            seen.emplace_back(*page->delete_markers->front().key,
                              *page->delete_markers->front().version_id);
            latest.push_back(*page->delete_markers->front().is_latest);
        }
        if (!*page->is_truncated) break;
        input.key_marker = page->next_key_marker;
        input.version_id_marker = page->next_version_id_marker;
    }
    EXPECT_EQ(seen, expected);
    EXPECT_EQ(latest, (std::vector<bool>{true, false, false, true, false, true}));
}

}  // namespace
}  // namespace millrace::s3
