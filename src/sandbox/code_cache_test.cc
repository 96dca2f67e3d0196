#include "sandbox/code_cache.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "sandbox/testing.h"

namespace millrace::sandbox {
namespace {

namespace fs = std::filesystem;

class CodeCacheTest : public testing::Test {
protected:
    CodeCacheTest() {
        std::string pattern = (fs::temp_directory_path() / "code-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~CodeCacheTest() override { fs::remove_all(folder_); }
    std::string file(const std::string& bytes) {
        std::ofstream(folder_ + "/a.zip", std::ios::binary) << bytes;
        return folder_ + "/a.zip";
    }
    static mode_t mode(const std::string& path) {
        struct stat there{};
        EXPECT_EQ(::stat(path.c_str(), &there), 0) << path;
        return there.st_mode & 0777;
    }
    std::string folder_;
};

TEST_F(CodeCacheTest, UnpacksOnceReadableByAll) {
    const mode_t before = ::umask(077);
    CodeCache cache(folder_ + "/cache");
    const std::string zip =
        file(zip_of({{"bootstrap", "#!", 0755, ""}, {"a/b/m.py", "x = 1", 0600, ""}}));
    const auto code = cache.unpack("abc", zip);
    ::umask(before);
    ASSERT_TRUE(code) << code.error().message;
    EXPECT_EQ(mode(**code), 0755U);
    EXPECT_EQ(mode(**code + "/bootstrap"), 0755U);
    EXPECT_EQ(mode(**code + "/a/b"), 0755U);
    EXPECT_EQ(mode(**code + "/a/b/m.py"), 0644U);
    fs::remove(zip);
    EXPECT_EQ(*cache.unpack("abc", zip), *code);
}

TEST_F(CodeCacheTest, RefusesEntriesThatLeaveTheFolder) {
    CodeCache cache(folder_ + "/cache");
    for (const Entry& entry : std::vector<Entry>{{"../evil", "x", 0644, ""},
                                                 {"a/../../evil", "x", 0644, ""},
                                                 {"/evil", "x", 0644, ""},
                                                 {"link", "", 0777, "/etc"},
                                                 {"link", "", 0777, "../.."}}) {
        const std::string zip = zip_of({{"m.py", "x", 0644, ""}, entry});
        const auto checked = check_zip(zip);
        EXPECT_FALSE(checked) << entry.path;
        const auto code = cache.unpack("evil", file(zip));
        ASSERT_FALSE(code) << entry.path;
        EXPECT_EQ(code.error().code, "InvalidParameterValueException");
        EXPECT_FALSE(fs::exists(folder_ + "/evil"));
        EXPECT_FALSE(fs::exists(folder_ + "/cache/evil"));
    }
}

// The same compressed zeros again and again.
std::string bomb(size_t entries) {
    const std::string zip = zip_of({{"zeros", std::string(4 << 20, '\0'), 0644, ""}});
    const size_t directory = zip.find("PK\x01\x02");
    const size_t end = zip.find("PK\x05\x06");
    std::string bytes;
    std::string list;
    const auto number = [](size_t value) {
        std::string text;
        for (int i = 0; i < 4; ++i) text += static_cast<char>(value >> 8 * i);
        return text;
    };
    for (size_t n = 0; n < entries; ++n) {
        list += zip.substr(directory, end - directory).replace(42, 4, number(bytes.size()));
        bytes += zip.substr(0, directory);
    }
    const std::string count = number(entries).substr(0, 2);
    return bytes + list + std::string("PK\x05\x06\0\0\0\0", 8) + count + count +
           number(list.size()) + number(bytes.size()) + std::string(2, '\0');
}

TEST_F(CodeCacheTest, CountsBytesThatComeOut) {
    CodeCache cache(folder_ + "/cache");
    EXPECT_TRUE(check_zip(bomb(62)));
    const std::string zip = bomb(63);
    ASSERT_FALSE(check_zip(zip));
    EXPECT_EQ(check_zip(zip).error().message, "Unzipped size must be smaller than 262144000 bytes");
    const auto code = cache.unpack("bomb", file(zip));
    ASSERT_FALSE(code);
    EXPECT_EQ(code.error().message, "Unzipped size must be smaller than 262144000 bytes");
    EXPECT_TRUE(fs::is_empty(folder_ + "/cache"));
}

TEST_F(CodeCacheTest, RefusesTooManyFilesAndFolders) {
    const auto checked =
        check_zip(zip_of(std::vector<Entry>(kZipEntriesMax + 1, {"a", "", 0644, ""})));
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().message, "The zip has more than 100000 files and folders");
    std::string deep = "a";
    for (int n = 0; n < 100; ++n) deep += "/a";
    EXPECT_FALSE(check_zip(zip_of({{deep, "", 0644, ""}})));
}

TEST_F(CodeCacheTest, OneUnpacksAndTheOthersWaitForIt) {
    CodeCache cache(folder_ + "/cache");
    const std::string zip = file(zip_of({{"m.py", std::string(1 << 20, 'x'), 0644, ""}}));
    std::vector<CodeLease> leases(8);
    std::vector<std::thread> threads;
    for (CodeLease& lease : leases) {
        threads.emplace_back([&, n = threads.size()] {
            const auto code = cache.unpack(n < 6 ? "same" : "other", zip);
            if (code) lease = *code;
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (size_t n = 0; n < leases.size(); ++n) {
        ASSERT_NE(leases[n], nullptr);
        EXPECT_EQ(leases[n], leases[n < 6 ? 0 : 6]);
        EXPECT_EQ(fs::file_size(*leases[n] + "/m.py"), 1U << 20);
    }
}

TEST_F(CodeCacheTest, KeepsWhatIsHeldAndTheMostRecentlyUsed) {
    CodeCache cache(folder_ + "/cache");
    const std::string zip = file(zip_of({{"m.py", "x", 0644, ""}}));
    const CodeLease held = *cache.unpack("held", zip);
    for (size_t n = 0; n < CodeCache::kUnusedMax + 3; ++n)
        EXPECT_TRUE(cache.unpack(std::to_string(n), zip));
    EXPECT_TRUE(fs::exists(*held + "/m.py"));
    const auto left = std::distance(fs::directory_iterator(folder_ + "/cache"), {});
    // One more: the newest is held while room for it is made.
    EXPECT_LE(static_cast<size_t>(left), CodeCache::kUnusedMax + 2);
    EXPECT_FALSE(fs::exists(folder_ + "/cache/0"));
    EXPECT_TRUE(cache.unpack("0", zip));
}

TEST_F(CodeCacheTest, RefusesWhatIsNoZip) {
    EXPECT_FALSE(check_zip(""));
    EXPECT_FALSE(check_zip("PK\x03\x04 but no zip"));
    EXPECT_FALSE(check_zip(zip_of({})));
    const std::string zip = zip_of({{"a", "x", 0644, ""}});
    EXPECT_TRUE(check_zip(zip));
    // Entries without a directory are a stream, whose end is nowhere.
    EXPECT_FALSE(check_zip(zip.substr(0, zip.find("PK\x01\x02"))));
    // Damaged content.
    std::string damaged = zip;
    damaged[damaged.find("PK\x01\x02") - 17] ^= 1;
    EXPECT_FALSE(check_zip(damaged));
}

}  // namespace
}  // namespace millrace::sandbox
