// MR_ASSERT: aborts on a bug, in every build. MR_DCHECK: the same for hot loops, only in builds
// without NDEBUG. Never for input from a client.
#pragma once

namespace millrace {
// Logs "file:line: expression" to standard error and aborts.
[[noreturn]] void assertion_failed(const char* file, int line, const char* expression);
}  // namespace millrace

#define MR_ASSERT(condition)            \
    ((condition) ? static_cast<void>(0) \
                 : ::millrace::assertion_failed(__FILE__, __LINE__, #condition))
#ifdef NDEBUG
#define MR_DCHECK(condition) static_cast<void>(0)
#else
#define MR_DCHECK(condition) MR_ASSERT(condition)
#endif
