#include "sandbox/code_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
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
    EXPECT_EQ(mode(*code), 0755U);
    EXPECT_EQ(mode(*code + "/bootstrap"), 0755U);
    EXPECT_EQ(mode(*code + "/a/b"), 0755U);
    EXPECT_EQ(mode(*code + "/a/b/m.py"), 0644U);
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

TEST_F(CodeCacheTest, RefusesWhatIsNoZip) {
    EXPECT_FALSE(check_zip(""));
    EXPECT_FALSE(check_zip("PK\x03\x04 but no zip"));
    EXPECT_FALSE(check_zip(zip_of({})));
    EXPECT_TRUE(check_zip(zip_of({{"a", "x", 0644, ""}})));
}

}  // namespace
}  // namespace millrace::sandbox
