// Recognising captures by content, and what all readers share.
#include "input/frame_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "input/pcap_reader.h"
#include "input/pcapng_reader.h"
#include "input/unpack.h"

namespace sekisho {
namespace {

struct Foreign {
  std::string_view magic;
  std::string_view why, way_out;
};

constexpr std::string_view kConvert = "Convert it first: editcap -F pcap FILE OUT (from Wireshark).";

// Things that are given to the program by mistake, with what to do about it.
constexpr std::array kForeign{
    Foreign{"BZh", "packed with bzip2", "Unpack it on the way: bzip2 -dc FILE | sekisho analyze -"},
    Foreign{"\x04\x22\x4d\x18", "packed with lz4", "Unpack it on the way: lz4 -dc FILE | sekisho analyze -"},
    Foreign{"\x1f\x9d", "packed with compress", "Unpack it on the way: gzip -dc FILE | sekisho analyze -"},
    Foreign{"PK\x03\x04", "a ZIP archive", "Unpack it on the way: unzip -p FILE | sekisho analyze -"},
    Foreign{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it on the way: 7z x -so FILE | sekisho analyze -"},
    Foreign{"snoop", "a snoop capture", kConvert},
    Foreign{"GMBU", "a Network Monitor capture", kConvert},
    Foreign{"RTSS", "a Network Monitor capture", kConvert},
    Foreign{"TRSNIFF", "a Sniffer capture", kConvert},
    Foreign{"XCP", "a NetXRay capture", kConvert},
};

Unreadable foreign(std::span<const std::uint8_t> first) {
  const std::string_view text(reinterpret_cast<const char*>(first.data()), first.size());
  for (const Foreign& f : kForeign)
    if (text.starts_with(f.magic)) return {std::string(f.why) + ", not a pcap or pcapng capture", std::string(f.way_out)};
  std::string hex;
  for (const std::uint8_t byte : first.first(std::min<std::size_t>(first.size(), 8))) hex += fmt::format(" {:02x}", byte);
  return {"not a capture: it starts with" + hex, "Give a pcap or pcapng file, plain or packed with gzip, zstd or xz."};
}

}  // namespace

void FrameReader::damaged(std::string what, std::uint64_t ahead) {
  if (tally_.damage.size() >= kMaxListedDamage) {
    ++tally_.damage_not_listed;
    return;
  }
  tally_.damage.push_back({name_, buffer_.offset() + ahead, tally_.packets + 1, std::move(what)});
}

void FrameReader::ended(const std::string& thing, std::uint64_t wanted, const std::stop_token& stop) {
  const std::string& failure = buffer_.stream().failure();
  if (stop.stop_requested() && failure.empty()) return;
  const std::size_t there = buffer_.available();
  const std::string cut = there == 0 ? "" : fmt::format("{} of {} bytes of {} are there", format_count(there), format_count(wanted), thing);
  if (!failure.empty())
    damaged(cut.empty() ? failure : failure + "; " + cut, there);
  else if (there != 0)
    damaged("the file is cut off: " + cut, there);
}

void FrameReader::count_odd_step(DurationNs step) {
  if (!time_known_) return;
  if (step < 0)
    ++tally_.backward_steps;
  else
    ++tally_.forward_jumps;
}

OpenReader open_reader(const std::string& name, std::unique_ptr<ByteStream> stream, ReaderSize size, InterfaceNumbers& interfaces,
                       const std::stop_token& stop) {
  Unpacked unpacked = unpack(std::move(stream), stop);
  ReadBuffer buffer(std::move(unpacked.stream), size.buffer_bytes);
  buffer.ensure(kPcapHeaderBytes, stop);
  if (starts_like_pcapng({buffer.data(), buffer.available()})) buffer.ensure(kPcapngHeaderBytes, stop);
  const std::span<const std::uint8_t> first(buffer.data(), buffer.available());
  const std::string packing = unpacked.packing.empty() ? "" : ", " + std::string(unpacked.packing);
  if (const auto header = parse_pcap_header(first))
    return {std::make_unique<PcapReader>(name, pcap_format(*header) + packing, std::move(buffer), size.batch_frames, *header, interfaces),
            {}};
  if (starts_like_pcapng(first) && first.size() >= kPcapngHeaderBytes)
    return {std::make_unique<PcapngReader>(name, "pcapng" + packing, std::move(buffer), size.batch_frames, interfaces), {}};

  if (!buffer.stream().failure().empty()) return {{}, {buffer.stream().failure(), ""}};
  if (stop.stop_requested()) return {{}, {"stopped before anything came", ""}};
  if (first.empty())
    return {{}, {packing.empty() ? "empty (0 bytes)" : "empty inside its packing", "Check that the capture ran and was allowed to write."}};
  if (starts_like_pcap(first) || starts_like_pcapng(first))
    return {{}, {fmt::format("cut off inside the file header (only {} bytes are there)", first.size()), "There is nothing to save."}};
  return {{}, foreign(first)};
}

}  // namespace sekisho
