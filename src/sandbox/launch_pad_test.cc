// With folders that look like control groups, since the machine's own may be missing.
#include "sandbox/launch_pad.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace millrace::sandbox {
namespace {

namespace fs = std::filesystem;

class LaunchPadTest : public testing::Test {
protected:
    LaunchPadTest() {
        std::string pattern = (fs::temp_directory_path() / "pad-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
        fs::create_directories(root_ + "/proc/self");
        make_groups();
        std::ofstream(root_ + "/proc/self/cgroup") << "4:memory:/\n";
        std::ofstream(root_ + "/proc/self/mountinfo")
            << "31 30 0:27 / /g/memory rw - cgroup cgroup rw,memory\n";
    }
    ~LaunchPadTest() override { fs::remove_all(root_); }
    // With the files that the kernel would make.
    void make_groups() const {
        for (const char* name : {"check", "function-0", "function-1", "function-2"}) {
            const std::string folder =
                root_ + "/g/memory/millrace-" + std::to_string(::getpid()) + "/" + name;
            fs::create_directories(folder);
            std::ofstream(folder + "/cgroup.procs") << "";
        }
    }
    static void end(Place place, LaunchPad& pad) {
        abandon(std::move(place.prepared));
        pad.give_back(place.number);
    }
    std::string root_;
};

TEST_F(LaunchPadTest, FailsAStartWithoutItsControlGroup) {
    LaunchPad pad(root_);
    auto place = pad.take();
    ASSERT_TRUE(place) << place.error().message;
    ASSERT_NE(place->group, nullptr);
    EXPECT_TRUE(place->group->limit({1 << 20, 10, 128}));
    end(*std::move(place), pad);
    fs::remove_all(root_ + "/g");
    // Some were ready before.
    auto next = pad.take();
    for (size_t n = 0; next && n < LaunchPad::kReadyMax; ++n) {
        EXPECT_NE(next->group, nullptr);
        end(*std::move(next), pad);
        next = pad.take();
    }
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().message, "the function's control group cannot be made");
    // A failure is not kept for whoever comes later.
    make_groups();
    auto later = pad.take();
    ASSERT_TRUE(later) << later.error().message;
    EXPECT_NE(later->group, nullptr);
    end(*std::move(later), pad);
}

TEST_F(LaunchPadTest, DecidesAtTheStartThatThereAreNone) {
    fs::remove_all(root_ + "/g");
    LaunchPad pad(root_);
    auto place = pad.take();
    ASSERT_TRUE(place) << place.error().message;
    EXPECT_EQ(place->group, nullptr);
    end(*std::move(place), pad);
}

}  // namespace
}  // namespace millrace::sandbox
