// Starts a process in a sandbox of its own (launcher.cc) and says what the server holds of it.
// Thread-safety: safe from any thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "sandbox/launch_plan.h"

namespace millrace::sandbox {

// A file descriptor that is closed with its owner.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    ~Fd() { reset(); }
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        reset(std::exchange(other.fd_, -1));
        return *this;
    }
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }
    void reset(int fd = -1);

private:
    int fd_ = -1;
};

// A launcher that runs, in its control groups, and waits for its plan.
struct Prepared {
    pid_t launcher = -1;
    Fd output;  // of the function, both streams; not blocking
    Fd life;    // closing it ends whatever became of it
};

struct Launched {
    pid_t pid = -1;  // the namespace's first process, a child of this one: all end with it
    Fd process;      // a pidfd of it, readable when it ended
    Fd runtime_api;  // listening inside
    Fd aws;          // listening inside
    Fd output;       // of Prepared
    Fd life;         // of Prepared
};

// `groups`: files of control groups to which the sandbox is added, which takes the kernel up to
// 20 ms. The sandbox ends with the thread that called this.
Result<Prepared> prepare(const std::vector<std::string>& groups);
// Ends a launcher that gets no plan.
void abandon(Prepared prepared);
// Takes some milliseconds. An error says what the kernel refused.
Result<Launched> launch(Prepared prepared, const LaunchPlan& plan);

// As whom functions run in the server's n-th environment, and whether a user namespace is needed
// for it.
void choose_identity(size_t n, LaunchPlan& plan);

// Whether sandboxes can be made here: an error says what is missing.
Result<void> check_isolation(const std::vector<std::string>& groups);

}  // namespace millrace::sandbox
