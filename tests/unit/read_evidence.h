// Reads evidence files back, independently of the code that writes them.
#pragma once
#include <gtest/gtest.h>
#include <zstd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace sekisho {

// A tiny reader of pcapng: enough to check what was written; any irregularity fails the test.
struct ReadPacket {
  std::uint32_t interface = 0, wire_bytes = 0, flags = 0;
  TimeNs time = 0;
  std::vector<std::uint8_t> bytes;
  std::string comment;
};
struct ReadFile {
  std::string comment;
  std::vector<std::pair<std::uint16_t, int>> interfaces;  // link type, if_tsresol
  std::vector<std::string> names;                         // of the interfaces
  std::vector<ReadPacket> packets;
  bool whole = false;  // the file ends at the end of a block
};

// All frames of a .zst file; what is not one fails the test.
inline std::vector<char> unpacked(const std::vector<char>& packed) {
  std::vector<char> all, piece(4 << 20);
  for (std::size_t at = 0; at < packed.size();) {
    const auto size = ZSTD_findFrameCompressedSize(packed.data() + at, packed.size() - at);
    if (ZSTD_isError(size)) {
      ADD_FAILURE() << "a torn zstd frame at " << at;
      return all;
    }
    const auto got = ZSTD_decompress(piece.data(), piece.size(), packed.data() + at, size);
    if (ZSTD_isError(got)) {
      ADD_FAILURE() << ZSTD_getErrorName(got);
      return all;
    }
    all.insert(all.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got));
    at += size;
  }
  return all;
}

inline ReadFile read_back(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::vector<char> raw{std::istreambuf_iterator<char>{in}, {}};
  if (path.ends_with(".zst")) raw = unpacked(raw);
  const auto* p = reinterpret_cast<const std::uint8_t*>(raw.data());
  ReadFile file;
  std::size_t at = 0;
  while (at + 12 <= raw.size()) {
    const std::uint32_t type = load_le32(p + at), length = load_le32(p + at + 4);
    EXPECT_EQ(length % 4, 0U);
    if (length < 12 || at + length > raw.size()) return file;
    EXPECT_EQ(load_le32(p + at + length - 4), length);
    const std::size_t end = at + length - 4;
    const auto options = [&](std::size_t from, auto&& see) {
      while (from + 4 <= end) {
        const std::uint16_t code = load_le16(p + from), size = load_le16(p + from + 2);
        if (code == 0) break;
        see(code, std::string_view{raw.data() + from + 4, size}, p + from + 4);
        from += 4 + (size + 3U) / 4 * 4;
      }
    };
    if (type == 0x0a0d0d0a) {
      EXPECT_EQ(load_le32(p + at + 8), 0x1a2b3c4dU);
      options(at + 24, [&](std::uint16_t code, std::string_view text, const std::uint8_t*) {
        if (code == 1) file.comment = text;
      });
    } else if (type == 1) {
      file.interfaces.emplace_back(load_le16(p + at + 8), 6);
      file.names.emplace_back();
      options(at + 16, [&](std::uint16_t code, std::string_view text, const std::uint8_t* value) {
        if (code == 2) file.names.back() = text;
        if (code == 9) file.interfaces.back().second = *value;
      });
    } else if (type == 6) {
      ReadPacket packet;
      packet.interface = load_le32(p + at + 8);
      EXPECT_LT(packet.interface, file.interfaces.size());
      packet.time = static_cast<TimeNs>(std::uint64_t{load_le32(p + at + 12)} << 32 | load_le32(p + at + 16));
      const std::uint32_t captured = load_le32(p + at + 20);
      packet.wire_bytes = load_le32(p + at + 24);
      packet.bytes.assign(p + at + 28, p + at + 28 + captured);
      options(at + 28 + (captured + 3) / 4 * 4, [&](std::uint16_t code, std::string_view text, const std::uint8_t* value) {
        if (code == 1) packet.comment = text;
        if (code == 2) packet.flags = load_le32(value);
      });
      file.packets.push_back(std::move(packet));
    } else {
      ADD_FAILURE() << "block type " << type;
    }
    at += length;
  }
  file.whole = at == raw.size();
  return file;
}

}  // namespace sekisho
