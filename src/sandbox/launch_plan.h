// LaunchPlan: what the launcher is told of the process that it isolates, and the bytes that carry
// it (to a program of the same build, never stored). Shared by the server and the launcher, which
// links nothing but libc: no other room here. Thread-safety: a plain value.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sandbox {

inline constexpr int kRuntimeApiPort = 9001;
inline constexpr int kAwsPort = 4566;

struct Bind {
    std::string source;  // of the host; must be there
    std::string target;  // absolute
};

struct LaunchPlan {
    // As whom the function runs. With `user_namespace` these are names for the server's own user.
    uid_t uid = 0;
    gid_t gid = 0;
    bool user_namespace = false;
    // Memory files are in no process's resident memory: refused where only that is watched.
    bool memory_files = true;
    uint64_t tmp_bytes = 0;
    std::vector<Bind> binds;  // read-only
    std::vector<std::string> arguments;
    std::vector<std::string> environment;  // NAME=value
};

std::string encode(const LaunchPlan& plan);
// False when the bytes are no plan.
bool decode(std::string_view bytes, LaunchPlan& plan);

// A packet that the launcher takes: a function's settings are at most 4 KB.
inline constexpr size_t kPlanBytesMax = 64 * 1024;
// The launcher's messages to the server, one a packet: a letter and its content.
inline constexpr char kPidMessage = 'p';      // the pid of the namespace's first process, 4 bytes
inline constexpr char kSocketsMessage = 's';  // with two listening sockets: Runtime API, AWS
inline constexpr char kErrorMessage = 'e';    // text

}  // namespace millrace::sandbox
