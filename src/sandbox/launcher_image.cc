#include "sandbox/launcher_image.h"

// MR_LAUNCHER_PATH: where the build left the program.
asm(".section .rodata.millrace_launcher, \"a\"\n"
    ".balign 16\n"
    "millrace_launcher_begin:\n"
    ".incbin \"" MR_LAUNCHER_PATH
    "\"\n"
    "millrace_launcher_end:\n"
    ".previous\n");

extern "C" {
extern const char millrace_launcher_begin[] __attribute__((visibility("hidden")));
extern const char millrace_launcher_end[] __attribute__((visibility("hidden")));
}

namespace millrace::sandbox {

std::string_view launcher_image() {
    return {millrace_launcher_begin,
            static_cast<size_t>(millrace_launcher_end - millrace_launcher_begin)};
}

}  // namespace millrace::sandbox
