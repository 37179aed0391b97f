// Cursor: a place in a frame that knows how many bytes were captured from here and how many were on the wire.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "model/packet.h"

namespace sekisho {

struct Cursor {  // 16 bytes, so that it travels in two registers
  const std::uint8_t* at = nullptr;
  std::uint32_t captured = 0;  // bytes that may be read
  std::uint32_t length = 0;    // bytes that the packet has from here on; never below `captured`
};

inline Cursor skip(Cursor c, std::uint32_t bytes) { return {c.at + bytes, c.captured - bytes, c.length - bytes}; }
// The same place, but the packet ends after `length` bytes: what follows is padding or another layer's trailer.
inline Cursor limit(Cursor c, std::uint32_t length) { return {c.at, std::min(c.captured, length), std::min(c.length, length)}; }

// The first reason stays: what follows a broken header is a consequence.
inline void note(Packet& packet, Malformed why) {
  if (packet.malformed == Malformed::none) packet.malformed = why;
}

// Are the next `bytes` bytes readable? If not: cut by the snap length (a fact about the capture) or missing (`why`, about the packet).
inline bool has(Cursor c, std::uint32_t bytes, Malformed why, Packet& packet) {
  if (c.captured >= bytes) [[likely]]
    return true;
  if (c.length >= bytes)
    packet.truncated = true;
  else
    note(packet, why);
  return false;
}

}  // namespace sekisho
