// Text forms and well-known ranges of addresses.
#include "model/address.h"

#include <arpa/inet.h>

#include <charconv>

namespace sekisho {
namespace {

constexpr bool v4_in(std::uint32_t a, std::uint32_t base, unsigned bits) {
  return bits == 0 || (a >> (32 - bits)) == (base >> (32 - bits));
}
constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c = 0, unsigned d = 0) { return a << 24 | b << 16 | c << 8 | d; }

}  // namespace

std::string to_string(const Address& a) {
  char text[INET6_ADDRSTRLEN];
  if (is_v4(a)) {
    const std::uint32_t network_order = htonl(v4_value(a));
    inet_ntop(AF_INET, &network_order, text, sizeof text);
  } else {
    const std::uint64_t words[2] = {__builtin_bswap64(a.high), __builtin_bswap64(a.low)};
    inet_ntop(AF_INET6, words, text, sizeof text);
  }
  return text;
}

std::optional<Address> parse_address(std::string_view text) {
  const std::string zero_ended{text};
  std::uint32_t four;
  if (inet_pton(AF_INET, zero_ended.c_str(), &four) == 1) return address_from_v4(ntohl(four));
  std::uint64_t words[2];
  if (inet_pton(AF_INET6, zero_ended.c_str(), words) == 1) return Address{__builtin_bswap64(words[0]), __builtin_bswap64(words[1])};
  return std::nullopt;
}

std::string to_string(const Network& n) {
  if (n.prefix_bits == 128) return to_string(n.base);
  const bool four = is_v4(n.base) && n.prefix_bits >= 96;
  return to_string(n.base) + "/" + std::to_string(four ? n.prefix_bits - 96 : n.prefix_bits);
}

std::optional<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return host_network(*address);
  const auto digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty()) return std::nullopt;
  const bool four = is_v4(*address) && text.substr(0, slash).find(':') == std::string_view::npos;
  if (bits > (four ? 32U : 128U)) return std::nullopt;
  if (four) bits += 96;
  return Network{masked(*address, bits), static_cast<std::uint8_t>(bits)};
}

bool is_private(const Address& a) {
  if (is_v4(a)) {
    const auto v = v4_value(a);
    return v4_in(v, v4(10, 0), 8) || v4_in(v, v4(172, 16), 12) || v4_in(v, v4(192, 168), 16) || v4_in(v, v4(100, 64), 10) ||
           v4_in(v, v4(169, 254), 16);
  }
  return (a.high >> 57) == 0xfc >> 1 || (a.high >> 54) == 0xfe80 >> 6;
}

bool is_multicast(const Address& a) {
  if (is_v4(a)) return v4_in(v4_value(a), v4(224, 0), 4) || v4_value(a) == 0xffffffff;
  return (a.high >> 56) == 0xff;
}

bool is_bogon(const Address& a) {
  if (is_v4(a)) {
    const auto v = v4_value(a);
    return v4_in(v, v4(0, 0), 8) || v4_in(v, v4(127, 0), 8) || v4_in(v, v4(192, 0, 0), 24) || v4_in(v, v4(224, 0), 3);
  }
  return (a.high >> 61) != 1 && !is_private(a);  // 2000::/3 is all that IANA has allocated
}

}  // namespace sekisho
