// Addresses and ranges of them, IPv4 and IPv6. Thread-safety: plain values, pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::ec2 {

struct Address {
    bool v6 = false;
    std::array<uint8_t, 16> bytes{};  // network order; IPv4: the first four

    friend bool operator==(const Address&, const Address&) = default;
};
// "10.0.0.1", "::1"; an IPv4 address written as IPv6 ("::ffff:10.0.0.1") is the IPv4 address.
std::optional<Address> parse_address(std::string_view text);

struct Cidr {
    Address network;
    int bits = 0;  // of the prefix

    // Canonical: no bits behind the prefix, IPv6 in its shortest form.
    std::string text() const;
    bool contains(const Address& address) const;
    bool contains(const Cidr& other) const;
    bool overlaps(const Cidr& other) const { return contains(other) || other.contains(*this); }
    friend bool operator==(const Cidr&, const Cidr&) = default;
};
// "100.68.0.18/18" is 100.68.0.0/18. Nothing: it is no range, or has no prefix length.
std::optional<Cidr> parse_cidr(std::string_view text);

}  // namespace millrace::ec2
