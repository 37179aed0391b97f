// The special-purpose registries of IANA (RFC 6890), and IPv4 addresses inside IPv6 ones.
#include "alert/target_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace sekisho {
namespace {

struct Block {
  std::uint32_t base;
  int bits;
};
constexpr std::array<Block, 10> kPrivate{{{0x00000000, 8},    // this network
                                          {0x0a000000, 8},    // private
                                          {0x64400000, 10},   // carrier's own
                                          {0x7f000000, 8},    // loopback
                                          {0xa9fe0000, 16},   // link-local, and metadata of clouds
                                          {0xac100000, 12},   // private
                                          {0xc0000000, 24},   // protocol assignments
                                          {0xc0a80000, 16},   // private
                                          {0xc6120000, 15},   // benchmarks
                                          {0xe0000000, 3}}};  // multicast, reserved, broadcast

bool is_private_v4(std::uint32_t address) {
  for (const auto& block : kPrivate)
    if ((address ^ block.base) >> (32 - block.bits) == 0) return true;
  return false;
}

std::uint32_t v4_at(const std::uint8_t* b) {
  return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
}

bool is_private_v6(const std::uint8_t* b) {
  static constexpr std::uint8_t zero[16] = {};
  if (std::memcmp(b, zero, 10) == 0) {
    if (b[10] == 0xff && b[11] == 0xff) return is_private_v4(v4_at(b + 12));
    if (b[10] == 0 && b[11] == 0) return true;  // ::, ::1, IPv4-compatible
  }
  if ((b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0x80) == 0x80) || b[0] == 0xff)
    return true;  // unique local, link- and site-local, multicast
  if (b[0] == 0x00 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b) return b[4] != 0 || b[5] != 0 || is_private_v4(v4_at(b + 12));  // NAT64
  if (b[0] == 0x20 && b[1] == 0x02) return is_private_v4(v4_at(b + 2));                                                             // 6to4
  return false;
}

}  // namespace

bool is_private_target(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return is_private_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) return true;
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof v6);
  return is_private_v6(v6.sin6_addr.s6_addr);
}

std::string target_text(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return text;
}

}  // namespace sekisho
