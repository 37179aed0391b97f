// pcapng: blocks of type, length, body, and the length again.
#include "input/pcapng_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::uint32_t kSection = 0x0a0d0d0a, kByteOrderMark = 0x1a2b3c4d;
constexpr std::uint32_t kInterface = 1, kObsoletePacket = 2, kSimplePacket = 3, kNames = 4, kStatistics = 5, kEnhancedPacket = 6,
                        kSecrets = 10;
constexpr std::uint32_t kMinBlock = 12;
constexpr std::uint32_t kMaxBlock = 512 * 1024;  // of blocks that are looked into: the largest packet and as much of options
constexpr std::size_t kMaxInterfaces = 65'536;   // in one section

bool is_packet(std::uint32_t type) { return type == kEnhancedPacket || type == kSimplePacket || type == kObsoletePacket; }
bool sound_length(std::uint32_t length) { return length >= kMinBlock && length % 4 == 0; }

template <bool kSwapped>
std::uint32_t load32(const std::uint8_t* p) {
  return kSwapped ? load_be32(p) : load_le32(p);
}
template <bool kSwapped>
std::uint16_t load16(const std::uint8_t* p) {
  return kSwapped ? load_be16(p) : load_le16(p);
}

}  // namespace

bool starts_like_pcapng(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 4 || load_le32(bytes.data()) != kSection) return false;
  return bytes.size() < 12 || load_le32(bytes.data() + 8) == kByteOrderMark || load_be32(bytes.data() + 8) == kByteOrderMark;
}

TickClock tick_clock(std::uint8_t resolution, std::int64_t offset_s) {
  TickClock clock;
  clock.offset_s = offset_s;
  const unsigned exponent = resolution & 0x7f;
  if (resolution & 0x80) {  // 2^-exponent seconds
    clock.multiplier = kSecond;
    clock.shift = exponent;
    return clock;
  }
  clock.multiplier = 1;
  for (unsigned i = exponent; i < 9; ++i) clock.multiplier *= 10;
  for (unsigned i = 9; i < exponent; ++i) {
    if (i >= 9 + 19) {  // finer than any 64-bit number of ticks can reach a nanosecond with
      clock.multiplier = 0;
      break;
    }
    clock.divisor *= 10;
  }
  return clock;
}

TimeNs to_time(const TickClock& clock, std::uint64_t ticks) {
  unsigned __int128 ns = (static_cast<unsigned __int128>(ticks) * clock.multiplier) >> clock.shift;
  if (clock.divisor != 1) ns /= clock.divisor;
  const __int128 time = static_cast<__int128>(ns) + static_cast<__int128>(clock.offset_s) * kSecond;
  return time < 0 ? 0 : time > kLastTime ? kLastTime : static_cast<TimeNs>(time);
}

PcapngReader::PcapngReader(std::string name, std::string format, ReadBuffer buffer, std::size_t batch_frames, InterfaceNumbers& interfaces)
    : FrameReader(std::move(name), std::move(format), std::move(buffer), batch_frames), numbers_(interfaces) {}

std::uint16_t PcapngReader::get16(const std::uint8_t* p) const { return swapped_ ? load_be16(p) : load_le16(p); }
std::uint32_t PcapngReader::get32(const std::uint8_t* p) const { return swapped_ ? load_be32(p) : load_le32(p); }

// One packet block that is whole in the buffer. False when its body is damaged; the block's length still leads past it.
template <bool kSwapped>
bool PcapngReader::parse_packet(const std::uint8_t* block, std::uint32_t length, std::uint64_t ahead, Frame& frame) {
  const std::uint32_t type = load32<kSwapped>(block);
  const bool simple = type == kSimplePacket;
  const std::uint32_t head = simple ? 12 : 28;
  if (length < head + 4) {
    damaged(fmt::format("the packet block's length {} is too short for its type", length), ahead);
    return false;
  }
  const std::uint32_t index = simple                    ? 0
                              : type == kObsoletePacket ? std::uint32_t{load16<kSwapped>(block + 8)}
                                                        : load32<kSwapped>(block + 8);
  if (index >= interfaces_.size()) {
    damaged(fmt::format("the packet belongs to interface {}, which was not described", index), ahead);
    return false;
  }
  const Interface& interface = interfaces_[index];
  std::uint32_t captured = 0, wire = 0;
  if (simple) {  // says neither when it was seen nor how much of it was captured
    wire = load32<kSwapped>(block + 8);
    captured = std::min(wire, length - head - 4);
    if (interface.snap_length != 0) captured = std::min(captured, interface.snap_length);
    frame.time = previous_;
  } else {
    captured = load32<kSwapped>(block + 20);
    wire = std::max(load32<kSwapped>(block + 24), captured);
    const std::uint64_t ticks = std::uint64_t{load32<kSwapped>(block + 12)} << 32 | load32<kSwapped>(block + 16);
    frame.time = to_time(interface.clock, ticks);
  }
  if (captured > length - head - 4 || captured > kMaxPacketBytes) {
    damaged(fmt::format("the packet's length {} does not fit into its block of {}", format_count(captured), format_count(length)), ahead);
    return false;
  }
  frame.wire_bytes = wire - std::min(wire, interface.fcs_bytes);
  frame.bytes = {block + head, std::min(captured, frame.wire_bytes)};
  frame.link = interface.link;
  frame.interface = interface.number;
  if (!simple) count_step(frame.time);
  ++tally_.packets;
  tally_.wire_bytes += frame.wire_bytes;
  tally_.captured_bytes += frame.bytes.size();
  return true;
}

// Frames from the packet blocks that the buffer holds, up to a block of another kind.
template <bool kSwapped>
PcapngReader::Parsed PcapngReader::parse() {
  const std::uint8_t* const begin = buffer_.data();
  const std::size_t available = buffer_.available();
  std::size_t at = 0, frames = 0;
  Pause pause = Pause::full;
  std::uint32_t value = 0;
  while (frames != frames_.size()) {
    if (available - at < 8) {
      pause = Pause::need_bytes, value = 8;
      break;
    }
    const std::uint8_t* block = begin + at;
    if (!is_packet(load32<kSwapped>(block))) {
      pause = Pause::other_block;
      break;
    }
    const std::uint32_t length = load32<kSwapped>(block + 4);
    if (!sound_length(length) || length > kMaxBlock) {
      pause = Pause::bad_length, value = length;
      break;
    }
    if (available - at < length) {
      pause = Pause::need_bytes, value = length;
      break;
    }
    if (load32<kSwapped>(block + length - 4) != length) {
      pause = Pause::bad_length, value = length;
      break;
    }
    Frame frame;
    const bool time_was_known = time_known_;
    if (parse_packet<kSwapped>(block, length, at, frame)) {
      // Packets without a time that come first get the time of the first one that has it, not 1970.
      if (!time_was_known && time_known_) [[unlikely]]
        for (std::size_t i = 0; i < frames; ++i) frames_[i].time = frame.time;
      frames_[frames++] = frame;
    }
    at += length;
  }
  buffer_.consume(at);
  return {frames, pause, value};
}

std::span<const Frame> PcapngReader::next(const std::stop_token& stop) {
  while (!finished_) {
    const Parsed parsed = swapped_ ? parse<true>() : parse<false>();
    if (parsed.frames != 0) return std::span(frames_).first(parsed.frames);
    switch (parsed.pause) {
      case Pause::full: break;
      case Pause::need_bytes: finished_ = !have(parsed.value, stop); break;
      case Pause::other_block: finished_ = !other_block(stop); break;
      case Pause::bad_length:
        damaged(fmt::format("the block's length {} is damaged; the rest of the file is not read", format_count(parsed.value)));
        finished_ = true;
        break;
    }
  }
  return {};
}

// Whether so many bytes are there; if not, how the file ends is recorded.
bool PcapngReader::have(std::uint32_t bytes, const std::stop_token& stop) {
  const bool there = buffer_.ensure(bytes, stop);
  if (!there) ended("a block", bytes, stop);
  return there;
}

// The end came inside a block that is passed over. Always false.
bool PcapngReader::cut_inside(std::uint32_t length, const std::stop_token& stop) {
  const std::string& failure = buffer_.stream().failure();
  if (failure.empty() && stop.stop_requested()) return false;
  damaged(failure.empty() ? fmt::format("the file is cut off inside a block of {} bytes", format_count(length)) : failure,
          buffer_.available());
  return false;
}

// A block that holds no packet; at least 8 bytes of it are in the buffer. False ends the file.
bool PcapngReader::other_block(const std::stop_token& stop) {
  const std::uint32_t type = get32(buffer_.data());
  if (type == kSection) return section(stop);  // reads the same in both byte orders
  const std::uint32_t length = get32(buffer_.data() + 4);
  if (!sound_length(length)) {
    damaged(fmt::format("the block's length {} is damaged; the rest of the file is not read", format_count(length)));
    return false;
  }
  if (type != kInterface || length > kMaxBlock) {
    if (type == kInterface) damaged(fmt::format("the interface description's length {} is absurd", format_count(length)));
    if (type != kInterface && type != kNames && type != kStatistics && type != kSecrets) ++tally_.unknown_blocks;
    // The last bytes are looked at too: a length that is not repeated there leads astray.
    if (!buffer_.skip(length - 4, stop) || !buffer_.ensure(4, stop)) return cut_inside(length, stop);
  } else {
    if (!have(length, stop)) return false;
    interface_description(buffer_.data(), length);
    buffer_.consume(length - 4);
  }
  if (get32(buffer_.data()) != length) {
    damaged(fmt::format("the block's length {} is not repeated at its end; the rest of the file is not read", format_count(length)));
    return false;
  }
  buffer_.consume(4);
  return true;
}

bool PcapngReader::section(const std::stop_token& stop) {
  if (!have(kPcapngHeaderBytes, stop)) return false;
  const std::uint8_t* block = buffer_.data();
  if (load_le32(block + 8) != kByteOrderMark && load_be32(block + 8) != kByteOrderMark) {
    damaged("the section's byte-order mark is damaged; the rest of the file is not read");
    return false;
  }
  swapped_ = load_be32(block + 8) == kByteOrderMark;
  const std::uint32_t length = get32(block + 4);
  const std::uint16_t major = get16(block + 12);
  if (!sound_length(length) || length < kPcapngHeaderBytes || major != 1) {
    damaged(major != 1 ? fmt::format("the section is of version {}, only 1 is known; the rest of the file is not read", major)
                       : fmt::format("the section's length {} is damaged; the rest of the file is not read", format_count(length)));
    return false;
  }
  interfaces_.clear();
  return buffer_.skip(length, stop) || cut_inside(length, stop);
}

void PcapngReader::interface_description(const std::uint8_t* block, std::uint32_t length) {
  if (length < 20 || interfaces_.size() >= kMaxInterfaces) {
    damaged(length < 20 ? "an interface description is too short" : "the section describes more than 65,536 interfaces");
    return;
  }
  Interface interface;
  interface.link = static_cast<LinkType>(get16(block + 8));
  interface.snap_length = get32(block + 12);
  interface.number = numbers_.take();
  std::uint8_t resolution = 6;
  std::int64_t offset_s = 0;
  constexpr std::uint16_t end_of_options = 0, ts_resolution = 9, fcs_length = 13, ts_offset = 14;
  const std::uint32_t end = length - 4;
  for (std::uint32_t at = 16; end - at >= 4;) {
    const std::uint16_t code = get16(block + at), size = get16(block + at + 2);
    const std::uint8_t* value = block + at + 4;
    if (code == end_of_options || size > end - at - 4) break;
    if (code == ts_resolution && size >= 1) resolution = *value;
    // The specification counts bits but gives "4" as its example, and writers put bytes there.
    if (code == fcs_length && size >= 1) interface.fcs_bytes = *value <= 8 ? *value : *value / 8;
    if (code == ts_offset && size >= 8) {
      const std::uint64_t raw = swapped_ ? load_be64(value) : load_le64(value);
      offset_s = static_cast<std::int64_t>(raw);
    }
    at += 4 + (size + 3u) / 4 * 4;
    if (at > end) break;
  }
  interface.clock = tick_clock(resolution, offset_s);
  interfaces_.push_back(interface);
}

}  // namespace sekisho
