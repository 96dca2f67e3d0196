// The launcher's program (launcher.cc), as bytes of the server's own binary.
#pragma once

#include <string_view>

namespace millrace::sandbox {

std::string_view launcher_image();

}  // namespace millrace::sandbox
