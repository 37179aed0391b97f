// pcap: a 24-byte file header, then records of a 16-byte header and the captured bytes.
#include "input/pcap_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/text.h"

namespace sekisho {
namespace {

struct Magic {
  std::uint32_t value;
  bool nanoseconds;
  std::uint32_t record_header_bytes;
};
constexpr std::array kMagics{Magic{0xa1b2c3d4, false, 16}, Magic{0xa1b23c4d, true, 16}, Magic{0xa1b2cd34, false, 24}};

template <bool kSwapped>
std::uint32_t load32(const std::uint8_t* p) {
  return kSwapped ? load_be32(p) : load_le32(p);
}

}  // namespace

bool starts_like_pcap(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 4) return false;
  const std::uint32_t little = load_le32(bytes.data()), big = load_be32(bytes.data());
  return std::any_of(kMagics.begin(), kMagics.end(), [&](const Magic& m) { return m.value == little || m.value == big; });
}

std::optional<PcapHeader> parse_pcap_header(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kPcapHeaderBytes || !starts_like_pcap(bytes)) return std::nullopt;
  const std::uint8_t* p = bytes.data();
  PcapHeader header;
  for (const Magic& m : kMagics) {
    if (load_le32(p) != m.value && load_be32(p) != m.value) continue;
    header.swapped = load_be32(p) == m.value;
    header.nanoseconds = m.nanoseconds;
    header.record_header_bytes = m.record_header_bytes;
  }
  header.version_minor = header.swapped ? load_be16(p + 6) : load_le16(p + 6);
  // The snap length at 16 is not used: 0 means unlimited, and writers are known to exceed their own.
  const std::uint32_t network = header.swapped ? load_be32(p + 20) : load_le32(p + 20);
  // Bits 28-31: length of the frame check sequence in 16-bit words, valid when bit 26 is set.
  if (network & 0x04000000) header.fcs_bytes = (network >> 28) * 2;
  header.link = static_cast<LinkType>((network & 0x03ff0000) ? UINT16_MAX : network & 0xffff);
  return header;
}

std::string pcap_format(const PcapHeader& header) {
  return fmt::format("pcap ({}{}, {}-endian)", header.record_header_bytes == 24 ? "modified, " : "",
                     header.nanoseconds ? "nanoseconds" : "microseconds", header.swapped ? "big" : "little");
}

PcapReader::PcapReader(std::string name, std::string format, ReadBuffer buffer, std::size_t batch_frames, const PcapHeader& header,
                       InterfaceNumbers& interfaces)
    : FrameReader(std::move(name), std::move(format), std::move(buffer), batch_frames),
      header_(header),
      interfaces_(interfaces),
      interface_(interfaces.take()) {
  buffer_.consume(kPcapHeaderBytes);
}

// Frames from what the buffer holds. Kept tight: this loop meets every packet.
template <bool kSwapped>
PcapReader::Parsed PcapReader::parse() {
  const std::uint8_t* const begin = buffer_.data();
  const std::uint8_t* const end = begin + buffer_.available();
  const std::uint8_t* at = begin;
  const std::size_t head = header_.record_header_bytes;
  const std::int64_t fraction_ns = header_.nanoseconds ? 1 : 1'000;
  Frame frame;
  frame.link = header_.link;
  frame.interface = interface_;
  Frame* out = frames_.data();
  Frame* const full = out + frames_.size();
  std::uint64_t wire_bytes = 0, captured_bytes = 0;
  Parsed result{0, Pause::full, 0};

  while (out != full) {
    const auto left = static_cast<std::size_t>(end - at);
    if (left < head) {
      result = {0, Pause::need_bytes, head};
      break;
    }
    std::uint32_t captured = load32<kSwapped>(at + 8);
    std::uint32_t wire = load32<kSwapped>(at + 12);
    if (captured > wire || header_.version_minor < 3) [[unlikely]] {
      // Files before 2.3, and some of 2.3, have the two lengths the other way round; some writers leave the second one 0.
      if (header_.version_minor <= 3) std::swap(captured, wire);
      wire = std::max(wire, captured);
    }
    if (captured > kMaxPacketBytes) [[unlikely]] {
      result = {0, Pause::absurd_length, captured};
      break;
    }
    if (captured == 0 && starts_like_pcap({at, 4})) [[unlikely]] {
      if (left < kPcapHeaderBytes) {
        result = {0, Pause::need_bytes, kPcapHeaderBytes};
        break;
      }
      result = {0, Pause::new_header, 0};
      break;
    }
    if (left - head < captured) {
      result = {0, Pause::need_bytes, head + captured};
      break;
    }
    frame.time = std::int64_t{load32<kSwapped>(at)} * kSecond + load32<kSwapped>(at + 4) * fraction_ns;
    frame.bytes = {at + head, captured};
    frame.wire_bytes = wire;
    if (header_.fcs_bytes != 0) [[unlikely]] {
      frame.wire_bytes -= std::min(header_.fcs_bytes, wire);
      frame.bytes = frame.bytes.first(std::min(captured, frame.wire_bytes));
    }
    count_step(frame.time);
    wire_bytes += frame.wire_bytes;
    captured_bytes += frame.bytes.size();
    *out++ = frame;
    at += head + captured;
  }
  result.frames = static_cast<std::size_t>(out - frames_.data());
  tally_.packets += result.frames;
  tally_.wire_bytes += wire_bytes;
  tally_.captured_bytes += captured_bytes;
  buffer_.consume(static_cast<std::size_t>(at - begin));
  return result;
}

std::span<const Frame> PcapReader::next(const std::stop_token& stop) {
  while (!finished_) {
    const Parsed parsed = header_.swapped ? parse<true>() : parse<false>();
    if (parsed.frames != 0) return std::span(frames_).first(parsed.frames);
    switch (parsed.pause) {
      case Pause::full: break;
      case Pause::need_bytes:
        if (buffer_.ensure(parsed.wanted, stop)) break;
        ended(parsed.wanted == header_.record_header_bytes ? "a packet's header" : "a packet", parsed.wanted, stop);
        finished_ = true;
        break;
      case Pause::new_header:  // several captures in a row, as `cat` makes them
        header_ = *parse_pcap_header({buffer_.data(), buffer_.available()});
        interface_ = interfaces_.take();
        buffer_.consume(kPcapHeaderBytes);
        break;
      case Pause::absurd_length:
        damaged(fmt::format("the packet's length {} is absurd (at most {}); the rest of the file is not read", format_count(parsed.wanted),
                            format_count(kMaxPacketBytes)));
        finished_ = true;
        break;
    }
  }
  return {};
}

}  // namespace sekisho
