#include "sandbox/process_tree.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace millrace::sandbox {
namespace {

constexpr size_t kBytes = 32 << 20;

// A child that fills memory, forks one that shares it, and says when it is ready.
class Tree {
public:
    explicit Tree(int sharing) {
        int ready[2];
        EXPECT_EQ(::pipe(ready), 0);
        child_ = ::fork();
        if (child_ == 0) {
            void* memory =
                ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
            for (size_t i = 0; i < kBytes; i += 4096) static_cast<char*>(memory)[i] = 1;
            if (::fork() == 0) {
                // Maps every page, as the parent does.
                volatile char sum = 0;
                for (size_t i = 0; i < kBytes; i += 4096)
                    sum = static_cast<char>(sum + static_cast<char*>(memory)[i]);
                (void)!::write(ready[1], "x", 1);
            }
            for (;;) ::pause();
        }
        char byte = 0;
        EXPECT_EQ(::read(ready[0], &byte, 1), 1);
        ::close(ready[0]);
        ::close(ready[1]);
    }
    ~Tree() {
        signal_tree(child_, SIGKILL);
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;

private:
    pid_t child_;
};

TEST(MemoryOfTree, CountsSharedPagesOnce) {
    for (const int sharing : {MAP_PRIVATE, MAP_SHARED}) {
        const Tree tree(sharing);
        EXPECT_GE(memory_of_tree(::getpid(), UINT64_MAX), 2 * kBytes);
        const uint64_t exact = memory_of_tree(::getpid(), 0);
        EXPECT_GE(exact, kBytes);
        EXPECT_LT(exact, 2 * kBytes);
    }
}

// Each thread has a list of its own children.
TEST(MemoryOfTree, FindsTheChildrenOfOtherThreads) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    int end[2];
    ASSERT_EQ(::pipe(end), 0);
    pid_t child = -1;
    std::thread thread([&] {
        child = ::fork();
        if (child == 0) {
            void* memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
            (void)!::write(ready[1], "x", memory != MAP_FAILED ? 1 : 0);
            for (;;) ::pause();
        }
        char byte = 0;
        (void)!::read(end[0], &byte, 1);
    });
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    EXPECT_GE(memory_of_tree(::getpid(), 0), kBytes);
    EXPECT_TRUE(stop_tree(::getpid()));
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, WUNTRACED), child);
    EXPECT_TRUE(WIFSTOPPED(status));
    signal_tree(::getpid(), SIGKILL);
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_EQ(::write(end[1], "x", 1), 1);
    thread.join();
    for (const int fd : {ready[0], ready[1], end[0], end[1]}) ::close(fd);
}

TEST(MemoryOfTree, OfNothingIsNothing) { EXPECT_EQ(memory_of_tree(::getpid(), 0), 0U); }

}  // namespace
}  // namespace millrace::sandbox
