// LEB128, both ways.
#include "store/class_counts.h"

#include <optional>

namespace sekisho {
namespace {

void put(std::vector<std::uint8_t>& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

std::optional<std::uint64_t> take(std::span<const std::uint8_t>& from) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
    const auto byte = from.front();
    from = from.subspan(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::uint8_t> pack_classes(const StoredClasses& classes) {
  std::vector<std::uint8_t> out;
  for (const auto& [key, count] : classes) {
    put(out, std::uint64_t{key.second} * 2 + static_cast<std::uint64_t>(key.first));
    put(out, count.packets);
    put(out, count.bytes);
  }
  return out;
}

void add_classes(std::span<const std::uint8_t> packed, StoredClasses& into) {
  while (!packed.empty()) {
    const auto key = take(packed), packets = take(packed), bytes = take(packed);
    if (!key || !packets || !bytes) return;
    auto& count = into[{static_cast<Direction>(*key & 1), static_cast<std::uint32_t>(*key >> 1)}];
    count.packets += *packets, count.bytes += *bytes;
  }
}

}  // namespace sekisho
