// The system calls that a function never needs and that have broken sandboxes: they answer EPERM
// (clone3 ENOSYS, so that libc uses clone, whose flags can be looked at). Part of the launcher.
#pragma once

namespace millrace::sandbox {

// For this process and all it starts; needs no_new_privs. False, with errno, when refused.
bool install_seccomp_filter(bool memory_files);

}  // namespace millrace::sandbox
