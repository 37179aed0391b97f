// Frame by frame, block by block; the first one that is not whole ends it.
#include "evidence/recovery.h"

#include <zstd.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace sekisho {
namespace {

constexpr unsigned long long kMaxFrameBytes = 4 << 20;  // larger ones are none of ours
constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a, kEnhancedPacket = 6;

// An enhanced packet block's comment begins with "context"?
bool is_context(std::span<const std::uint8_t> block) {
  const std::size_t captured = load_le32(&block[20]), end = block.size() - 4;
  std::size_t at = 28;
  if (captured > end - at) return false;
  at += (captured + 3) / 4 * 4;
  while (at + 4 <= end) {
    const std::uint16_t code = load_le16(&block[at]), size = load_le16(&block[at + 2]);
    if (code == 0 || size > end - at - 4) return false;
    if (code == 1) return std::string_view{reinterpret_cast<const char*>(&block[at + 4]), size}.starts_with("context");
    at += 4 + (size + 3U) / 4 * 4;
  }
  return false;
}

// False when the bytes are not whole blocks.
bool read_blocks(std::span<const std::uint8_t> data, bool first_of_file, Readable& seen) {
  for (std::size_t at = 0; at < data.size();) {
    if (data.size() - at < 12) return false;
    const std::uint32_t type = load_le32(&data[at]), length = load_le32(&data[at + 4]);
    if (length < 12 || length % 4 != 0 || length > data.size() - at || load_le32(&data[at + length - 4]) != length) return false;
    if (first_of_file && at == 0 && type != kSectionHeader) return false;
    if (type == kEnhancedPacket) {
      if (length < 32) return false;
      const auto time = static_cast<TimeNs>(std::uint64_t{load_le32(&data[at + 12])} << 32 | load_le32(&data[at + 16]));
      seen.first = seen.packets ? std::min(seen.first, time) : time;
      seen.last = seen.packets ? std::max(seen.last, time) : time;
      ++seen.packets;
      seen.context_packets += is_context(data.subspan(at, length));
    }
    at += length;
  }
  return true;
}

}  // namespace

Readable readable_part(std::span<const std::uint8_t> file) {
  Readable readable;
  std::vector<std::uint8_t> out;
  while (readable.bytes < file.size()) {
    const auto rest = file.subspan(readable.bytes);
    const auto packed = ZSTD_findFrameCompressedSize(rest.data(), rest.size());
    if (ZSTD_isError(packed) || packed == 0 || packed > rest.size()) break;
    const auto size = ZSTD_getFrameContentSize(rest.data(), packed);
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size == 0 || size > kMaxFrameBytes) break;
    out.resize(size);
    const auto got = ZSTD_decompress(out.data(), out.size(), rest.data(), packed);
    if (ZSTD_isError(got) || got != size) break;
    Readable with = readable;
    if (!read_blocks(out, readable.bytes == 0, with)) break;
    with.bytes = readable.bytes + packed;
    readable = with;
  }
  return readable;
}

}  // namespace sekisho
