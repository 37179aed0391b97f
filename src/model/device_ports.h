// The TCP ports of telnet and of devices that bots of the Mirai family probe (FACTS section 4), as a set for the packet path.
// What each port stands for is in detect/port_table.cpp; a test holds the two together.
#pragma once
#include <array>
#include <cstdint>

namespace sekisho {

inline constexpr std::array<std::uint16_t, 46> kDevicePorts{
    22,   23,   26,    80,    81,    82,    83,    84,    88,    1900,  2222,  2323,  2601,  4567,  5358, 5431,
    5555, 6001, 6789,  7547,  7574,  8080,  8081,  8088,  8181,  8291,  8443,  8728,  8888,  9000,  9034, 9527,
    9530, 9999, 17000, 17001, 19058, 20000, 23231, 34567, 37215, 37777, 48101, 49152, 52869, 60001,
};

// Those among them that say little, because ordinary clients use them too (weight below 25 in the port table).
inline constexpr std::array<std::uint16_t, 14> kCommonPorts{80,   4567, 6001, 8080,  8081,  8088,  8181,
                                                            8728, 8888, 9000, 17000, 17001, 20000, 48101};

namespace device_ports_detail {
using Bits = std::array<std::uint64_t, 1024>;
constexpr Bits make(bool telling) {
  Bits bits{};
  for (const auto port : kDevicePorts) bits[port >> 6] |= 1ULL << (port & 63);
  for (const auto port : kCommonPorts)
    if (telling) bits[port >> 6] &= ~(1ULL << (port & 63));
  return bits;
}
inline constexpr Bits kBits = make(false), kTelling = make(true);
}  // namespace device_ports_detail

constexpr bool is_device_port(std::uint16_t port) { return device_ports_detail::kBits[port >> 6] >> (port & 63) & 1; }

constexpr bool is_telling_port(std::uint16_t port) { return device_ports_detail::kTelling[port >> 6] >> (port & 63) & 1; }

}  // namespace sekisho
