#include "services/ec2/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace millrace::ec2 {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// The bits of byte `index` that belong to a prefix of `bits` bits.
uint8_t mask(int bits, size_t index) {
    const int inside = std::clamp(bits - static_cast<int>(index) * 8, 0, 8);
    return static_cast<uint8_t>(0xff00 >> inside);
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
    const std::string terminated(text);
    Address address;
    if (::inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
    address.v6 = true;
    if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) != 1) return std::nullopt;
    if (std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin())) {
        Address v4;
        std::copy(address.bytes.begin() + 12, address.bytes.end(), v4.bytes.begin());
        return v4;
    }
    return address;
}

std::string Cidr::text() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    ::inet_ntop(network.v6 ? AF_INET6 : AF_INET, network.bytes.data(), buffer.data(),
                static_cast<socklen_t>(buffer.size()));
    return std::string(buffer.data()) + "/" + std::to_string(bits);
}

bool Cidr::contains(const Address& address) const {
    if (address.v6 != network.v6) return false;
    for (size_t i = 0; i < address.bytes.size(); ++i) {
        if (((address.bytes[i] ^ network.bytes[i]) & mask(bits, i)) != 0) return false;
    }
    return true;
}

bool Cidr::contains(const Cidr& other) const {
    return other.bits >= bits && contains(other.network);
}

std::optional<Cidr> parse_cidr(std::string_view text) {
    const size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::optional<Address> address = parse_address(text.substr(0, slash));
    if (!address) return std::nullopt;
    const std::string_view length = text.substr(slash + 1);
    Cidr cidr{.network = *address};
    const auto [end, error] =
        std::from_chars(length.data(), length.data() + length.size(), cidr.bits);
    if (error != std::errc() || end != length.data() + length.size() || cidr.bits < 0 ||
        cidr.bits > (address->v6 ? 128 : 32))
        return std::nullopt;
    for (size_t i = 0; i < cidr.network.bytes.size(); ++i)
        cidr.network.bytes[i] &= mask(cidr.bits, i);
    return cidr;
}

}  // namespace millrace::ec2
