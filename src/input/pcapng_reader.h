// PcapngReader: the block format of Wireshark; sections of either byte order, each with its own interfaces.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "input/frame_reader.h"

namespace sekisho {

constexpr std::size_t kPcapngHeaderBytes = 28;  // the smallest section header block

bool starts_like_pcapng(std::span<const std::uint8_t> bytes);  // a section header block and a byte-order mark, as far as bytes go

// From an interface's ticks to nanoseconds: ((ticks * multiplier) >> shift) / divisor + offset.
struct TickClock {
  std::uint64_t multiplier = 1'000;  // microseconds unless an option says otherwise
  std::uint64_t divisor = 1;
  unsigned shift = 0;
  std::int64_t offset_s = 0;
};
TickClock tick_clock(std::uint8_t resolution, std::int64_t offset_s);  // the value of the option if_tsresol, if_tsoffset
TimeNs to_time(const TickClock& clock, std::uint64_t ticks);           // clamped to 1970..kLastTime

class PcapngReader final : public FrameReader {
 public:
  // `buffer` stands at the first section header.
  PcapngReader(std::string name, std::string format, ReadBuffer buffer, std::size_t batch_frames, InterfaceNumbers& interfaces);
  std::span<const Frame> next(const std::stop_token& stop) override;

 private:
  struct Interface {
    TickClock clock;
    std::uint32_t snap_length = 0;  // 0 = unlimited
    std::uint32_t fcs_bytes = 0;
    LinkType link = LinkType::ethernet;
    std::uint16_t number = 0;
  };
  enum class Pause { full, need_bytes, other_block, bad_length };
  struct Parsed {
    std::size_t frames;
    Pause pause;
    std::uint32_t value;  // bytes needed, or the bad length
  };
  template <bool kSwapped>
  Parsed parse();
  template <bool kSwapped>
  bool parse_packet(const std::uint8_t* block, std::uint32_t length, std::uint64_t ahead, Frame& frame);
  bool other_block(const std::stop_token& stop);
  bool section(const std::stop_token& stop);
  void interface_description(const std::uint8_t* block, std::uint32_t length);
  bool have(std::uint32_t bytes, const std::stop_token& stop);
  bool cut_inside(std::uint32_t length, const std::stop_token& stop);
  std::uint16_t get16(const std::uint8_t* p) const;
  std::uint32_t get32(const std::uint8_t* p) const;

  InterfaceNumbers& numbers_;
  std::vector<Interface> interfaces_;  // of the current section
  bool swapped_ = false;
  bool finished_ = false;
};

}  // namespace sekisho
