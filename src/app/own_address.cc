#include "app/own_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <cstring>
#include <string>

namespace millrace::app {
namespace {

bool is_address_of(const ifaddrs& interface, const in6_addr* v6, const in_addr* v4) {
    if (interface.ifa_addr == nullptr) return false;
    if (v4 != nullptr && interface.ifa_addr->sa_family == AF_INET) {
        const auto* address = reinterpret_cast<const sockaddr_in*>(interface.ifa_addr);
        return address->sin_addr.s_addr == v4->s_addr;
    }
    if (v6 != nullptr && interface.ifa_addr->sa_family == AF_INET6) {
        const auto* address = reinterpret_cast<const sockaddr_in6*>(interface.ifa_addr);
        return std::memcmp(&address->sin6_addr, v6, sizeof(*v6)) == 0;
    }
    return false;
}

}  // namespace

bool is_own_address(std::string_view ip) {
    constexpr std::string_view kMapped = "::ffff:";
    if (ip.starts_with(kMapped) && ip.find('.') != std::string_view::npos)
        ip.remove_prefix(kMapped.size());
    const std::string text(ip);
    in_addr v4{};
    in6_addr v6{};
    const bool is_v4 = ::inet_pton(AF_INET, text.c_str(), &v4) == 1;
    const bool is_v6 = !is_v4 && ::inet_pton(AF_INET6, text.c_str(), &v6) == 1;
    if (is_v4 && (ntohl(v4.s_addr) >> 24) == IN_LOOPBACKNET) return true;
    if (!is_v4 && !is_v6) return false;
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return false;
    bool own = false;
    for (const ifaddrs* one = all; one != nullptr && !own; one = one->ifa_next)
        own = is_address_of(*one, is_v6 ? &v6 : nullptr, is_v4 ? &v4 : nullptr);
    ::freeifaddrs(all);
    return own;
}

}  // namespace millrace::app
