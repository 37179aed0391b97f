// Packing and adding up.
#include "store/class_counts.h"

#include "store/leb128.h"

namespace sekisho {

std::vector<std::uint8_t> pack_classes(const StoredClasses& classes) {
  std::vector<std::uint8_t> out;
  for (const auto& [key, count] : classes) {
    put_number(out, std::uint64_t{key.second} * 2 + static_cast<std::uint64_t>(key.first));
    put_number(out, count.packets);
    put_number(out, count.bytes);
  }
  return out;
}

void add_classes(std::span<const std::uint8_t> packed, StoredClasses& into) {
  for (std::uint64_t key = 0, packets = 0, bytes = 0;
       take_number(packed, key) && take_number(packed, packets) && take_number(packed, bytes);) {
    auto& count = into[{static_cast<Direction>(key & 1), static_cast<std::uint32_t>(key >> 1)}];
    count.packets += packets, count.bytes += bytes;
  }
}

}  // namespace sekisho
