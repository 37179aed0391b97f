// Address: an IPv4 or IPv6 address in 16 bytes (IPv4 is ::ffff:a.b.c.d). Network: a CIDR prefix.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho {

struct Address {
  std::uint64_t high = 0;  // first eight bytes, in network order as a big-endian number
  std::uint64_t low = 0;
  friend auto operator<=>(const Address&, const Address&) = default;
};

constexpr Address address_from_v4(std::uint32_t host_order) { return {0, 0x0000ffff00000000ULL | host_order}; }
constexpr bool is_v4(const Address& a) { return a.high == 0 && (a.low >> 32) == 0xffff; }
constexpr bool is_v6(const Address& a) { return !is_v4(a) && a != Address{}; }                    // an unset address is of no family
constexpr std::uint32_t v4_value(const Address& a) { return static_cast<std::uint32_t>(a.low); }  // host order; is_v4 holds

std::string to_string(const Address& a);  // "203.0.113.5", "2001:db8::1" (RFC 5952)
std::optional<Address> parse_address(std::string_view text);

struct Network {
  Address base;                    // host bits are zero
  std::uint8_t prefix_bits = 128;  // 0-128, counted in the 128-bit form (an IPv4 /24 is 120)
  friend auto operator<=>(const Network&, const Network&) = default;
};
constexpr Address masked(const Address& a, unsigned prefix_bits) {
  const auto mask = [](unsigned bits) { return bits == 0 ? 0 : bits >= 64 ? ~0ULL : ~0ULL << (64 - bits); };
  return {a.high & mask(prefix_bits), prefix_bits <= 64 ? 0 : a.low & mask(prefix_bits - 64)};
}
constexpr bool contains(const Network& n, const Address& a) { return masked(a, n.prefix_bits) == n.base; }
constexpr Network host_network(const Address& a) { return {a, 128}; }
std::string to_string(const Network& n);                      // "203.0.113.0/24"; a single host without a slash
std::optional<Network> parse_network(std::string_view text);  // "203.0.113.5", "203.0.113.0/24", "2001:db8::/32"

bool is_private(const Address& a);    // RFC 1918, RFC 6598 (CGNAT), link-local, unique local
bool is_multicast(const Address& a);  // also 255.255.255.255
// An address that no host anywhere can have (IANA special-purpose registries): as a source it proves spoofing. Private ranges
// are judged by the caller, who knows whether the network is private; documentation ranges are left out (tests live in them).
bool is_bogon(const Address& a);

}  // namespace sekisho
