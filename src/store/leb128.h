// Numbers in as few bytes as they need: seven bits a byte, the lowest first (LEB128, DWARF 5 section 7.6).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace sekisho {

inline void put_number(std::vector<std::uint8_t>& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

// Takes a number off the front; false when the bytes end within it or it has more than 64 bits.
inline bool take_number(std::span<const std::uint8_t>& from, std::uint64_t& value) {
  if (!from.empty() && from.front() < 0x80) [[likely]] {
    value = from.front();
    from = from.subspan(1);
    return true;
  }
  value = 0;
  for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
    const auto byte = from.front();
    from = from.subspan(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace sekisho
