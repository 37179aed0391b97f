// PcapReader: the classic pcap format, the hot path of `sekisho analyze`.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "input/frame_reader.h"

namespace sekisho {

constexpr std::size_t kPcapHeaderBytes = 24;

struct PcapHeader {
  bool swapped = false;  // written on a machine of the other byte order
  bool nanoseconds = false;
  std::uint16_t version_minor = 4;
  std::uint32_t record_header_bytes = 16;  // 24 with Kuznetzov's patch
  std::uint32_t fcs_bytes = 0;             // frame check sequence at the end of every packet
  LinkType link = LinkType::ethernet;
};

// Nothing when `bytes` does not begin with a whole pcap file header.
std::optional<PcapHeader> parse_pcap_header(std::span<const std::uint8_t> bytes);
bool starts_like_pcap(std::span<const std::uint8_t> bytes);  // the magic number is there, the header may be cut
std::string pcap_format(const PcapHeader& header);           // "pcap (microseconds, little-endian)"

class PcapReader final : public FrameReader {
 public:
  // `buffer` stands at the file header.
  PcapReader(std::string name, std::string format, ReadBuffer buffer, std::size_t batch_frames, const PcapHeader& header,
             InterfaceNumbers& interfaces);
  std::span<const Frame> next(const std::stop_token& stop) override;

 private:
  enum class Pause { full, need_bytes, new_header, absurd_length };
  struct Parsed {
    std::size_t frames;
    Pause pause;
    std::size_t wanted;  // bytes needed to go on
  };
  template <bool kSwapped>
  Parsed parse();

  PcapHeader header_;
  InterfaceNumbers& interfaces_;
  std::uint16_t interface_;
  bool finished_ = false;
};

}  // namespace sekisho
