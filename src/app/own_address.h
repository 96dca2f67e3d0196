// Which addresses are this host's own. Thread-safety: safe from any thread.
#pragma once

#include <string_view>

namespace millrace::app {

// `ip`: text of an IPv4 or IPv6 address; of an interface here, or a loopback address. Asks the
// kernel each time, since addresses come and go; never waits.
bool is_own_address(std::string_view ip);

}  // namespace millrace::app
