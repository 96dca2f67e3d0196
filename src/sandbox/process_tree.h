// What /proc tells of a sandbox's processes, where there is no control group to ask.
// Thread-safety: safe from any thread. Cost: O(processes). Source: proc(5).
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace millrace::sandbox {

// Bytes of memory that the processes below `first` have for themselves, shared memory included.
// Exact only when it may be more than `enough`, since exactness costs; otherwise an upper bound.
uint64_t memory_of_tree(pid_t first, uint64_t enough);

// Sends a signal to all processes below `first`, not to itself.
void signal_tree(pid_t first, int signal);

// Stops them, and what they start meanwhile. False: they start more than can be stopped.
bool stop_tree(pid_t first);

}  // namespace millrace::sandbox
