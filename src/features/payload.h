// PayloadView: the captured start of a packet's payload, and comparisons that work when only its first bytes were captured.
#pragma once
#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/bytes.h"
#include "model/packet.h"

namespace sekisho {

struct PayloadView {
  const std::uint8_t* at = nullptr;
  std::size_t captured = 0;  // bytes that may be read
  std::size_t length = 0;    // bytes on the wire
};
inline PayloadView payload_of(const Packet& packet) { return {packet.payload, packet.payload_captured, packet.payload_bytes}; }

// Starts with `text`, as far as it was captured; at least `least` bytes must have been.
inline bool starts_with(const PayloadView& p, std::string_view text, std::size_t least = 4) {
  const auto visible = std::min(p.captured, text.size());
  return p.length >= text.size() && visible >= std::min(least, text.size()) && std::memcmp(p.at, text.data(), visible) == 0;
}
// Is `text` among the first bytes (bounded, since a flood may make us look at every packet)?
inline bool contains(const PayloadView& p, std::string_view text) {
  constexpr std::size_t kMostSearched = 512;
  return std::string_view(reinterpret_cast<const char*>(p.at), std::min(p.captured, kMostSearched)).find(text) != std::string_view::npos;
}

}  // namespace sekisho
