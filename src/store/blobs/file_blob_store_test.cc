// Blobs: what was written is read back, unfinished ones vanish, ids from outside cannot leave the
// folder.
#include "store/blobs/file_blob_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

namespace millrace::store {
namespace {

class FileBlobStoreTest : public testing::Test {
protected:
    void SetUp() override {
        dir_ = std::filesystem::temp_directory_path() /
               ("millrace-blobs-" + std::to_string(std::random_device{}()));
        auto opened = open_file_blob_store(dir_);
        ASSERT_TRUE(opened);
        blobs_ = std::move(*opened);
    }
    void TearDown() override { std::filesystem::remove_all(dir_); }
    int count() {
        int n = 0;
        blobs_->list([&](std::string_view, TimePoint) { ++n; });
        return n;
    }
    std::filesystem::path dir_;
    std::unique_ptr<BlobStore> blobs_;
};

TEST_F(FileBlobStoreTest, WriteReadRemove) {
    auto writer = *blobs_->create();
    ASSERT_TRUE(writer->write("hello "));
    ASSERT_TRUE(writer->write("world"));
    EXPECT_EQ(count(), 0);
    const auto id = writer->finish();
    ASSERT_TRUE(id);
    EXPECT_EQ(count(), 1);
    const auto reader = *blobs_->open(*id);
    EXPECT_EQ(reader->size(), 11u);
    std::string bytes(20, '\0');
    EXPECT_EQ(reader->read_at(6, bytes).value(), 5u);
    EXPECT_EQ(bytes.substr(0, 5), "world");
    blobs_->remove(*id);
    blobs_->remove(*id);
    EXPECT_FALSE(blobs_->open(*id));
    EXPECT_EQ(reader->read_at(0, bytes).value(), 11u);  // an open reader keeps what it reads
}

TEST_F(FileBlobStoreTest, UnfinishedLeavesNothing) {
    {
        ASSERT_TRUE((*blobs_->create())->write("x"));
    }
    EXPECT_EQ(count(), 0);
    EXPECT_TRUE(std::filesystem::is_empty(dir_ / "tmp"));
}

TEST_F(FileBlobStoreTest, IdsCannotLeaveTheFolder) {
    EXPECT_FALSE(blobs_->open("../../../../../../etc/passwd"));
    blobs_->remove("../tmp");
    EXPECT_TRUE(std::filesystem::exists(dir_ / "tmp"));
}

}  // namespace
}  // namespace millrace::store
