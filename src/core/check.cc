#include "core/check.h"

#include <cstdio>
#include <cstdlib>

namespace millrace {

void assertion_failed(const char* file, int line, const char* expression) {
    std::fprintf(stderr, "millrace: %s:%d: assertion failed: %s\n", file, line, expression);
    std::fflush(stderr);
    std::abort();
}

}  // namespace millrace
