// The first program inside a sandbox (`millrace sandbox-init`): listens on the sandbox's own
// loopback, passes the sockets out, becomes the function's runtime. Source: docs/adr/0006.
#pragma once

namespace millrace::sandbox {

inline constexpr int kRuntimeApiPort = 9001;
inline constexpr int kAwsPort = 4566;

// argv: socket fd, program, arguments. Returns only on failure.
int run_init(int argc, char** argv);

// Receives the two listening sockets from the other end; false when the sandbox did not start.
bool receive_sockets(int fd, int& runtime_api, int& aws, int timeout_ms);

}  // namespace millrace::sandbox
