// DataFolder: one server at a time, known formats only, secrets kept with tight permissions.
#include "app/data_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

namespace millrace::app {
namespace {

class DataFolderTest : public ::testing::Test {
protected:
    DataFolderTest()
        : path_(::testing::TempDir() + "data_folder_test_" + std::to_string(::getpid())) {
        std::filesystem::remove_all(path_);
    }
    ~DataFolderTest() override { std::filesystem::remove_all(path_); }
    void write(const std::string& name, const std::string& text) {
        std::ofstream(path_ + "/" + name) << text;
    }
    std::string refusal() {
        const auto opened = DataFolder::open(path_);
        return opened ? "opened" : opened.error().message;
    }
    std::string path_;
    SeededRng rng_{1};
};

TEST_F(DataFolderTest, IsLockedWhileOpen) {
    {
        auto folder = DataFolder::open(path_);
        ASSERT_TRUE(folder);
        EXPECT_NE(refusal().find("in use"), std::string::npos);
        DataFolder moved = std::move(*folder);
        EXPECT_NE(refusal().find("in use"), std::string::npos);
    }
    EXPECT_EQ(refusal(), "opened");
}

TEST_F(DataFolderTest, KnowsItsFormat) {
    EXPECT_EQ(refusal(), "opened");
    write("format", std::to_string(DataFolder::kFormat + 1) + "\n");
    EXPECT_NE(refusal().find("newer version"), std::string::npos);
    write("format", "1\n");
    EXPECT_NE(refusal().find("earlier version"), std::string::npos);
    for (const char* text : {"", "x", "0", "-1"}) {
        write("format", text);
        EXPECT_NE(refusal().find("no format file"), std::string::npos) << text;
    }
}

TEST_F(DataFolderTest, KeepsItsKeys) {
    std::string seal;
    RootKey root;
    {
        auto folder = DataFolder::open(path_);
        ASSERT_TRUE(folder);
        seal = *folder->seal_key(rng_);
        EXPECT_EQ(seal.size(), 32u);
        root = *folder->root_key(rng_);
    }
    auto folder = DataFolder::open(path_);
    ASSERT_TRUE(folder);
    EXPECT_EQ(*folder->seal_key(rng_), seal);
    EXPECT_EQ(folder->root_key(rng_)->access_key_id, root.access_key_id);
    EXPECT_EQ(folder->root_key(rng_)->secret_access_key, root.secret_access_key);
    for (const char* name : {"seal-key", "root-credentials"}) {
        struct stat status{};
        ASSERT_EQ(::stat(folder->path(name).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
    }
    ASSERT_TRUE(folder->keep_root_key({"AKIAGIVEN", "given"}));
    EXPECT_EQ(folder->root_key(rng_)->access_key_id, "AKIAGIVEN");
}

TEST_F(DataFolderTest, DamagedKeysAreNotReplaced) {
    auto folder = DataFolder::open(path_);
    ASSERT_TRUE(folder);
    write("seal-key", "short");
    EXPECT_FALSE(folder->seal_key(rng_));
    write("root-credentials", "nothing");
    EXPECT_FALSE(folder->root_key(rng_));
}

TEST_F(DataFolderTest, AFolderThatCannotBeMade) {
    const auto opened = DataFolder::open("/proc/no/such");
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("/proc/no/such"), std::string::npos);
}

}  // namespace
}  // namespace millrace::app
