// A day's scan hits in one piece: every source with its ports, so that questions about months read a few hundred rows, not millions.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/address.h"

namespace sekisho {

struct ScanDaySource {
  Address source;
  std::string_view label;
  std::uint32_t first_s = 0, last_s = 0;  // within the day
  struct Port {
    std::uint32_t key = 0;  // scan_port_key()
    std::uint64_t hits = 0;
  };
  std::vector<Port> ports;
};

// Port and IP protocol in 17 bits: all but UDP count as TCP.
constexpr std::uint32_t scan_port_key(std::uint16_t port, std::int64_t protocol) { return port | (protocol == 17 ? 0x10000U : 0U); }
constexpr std::uint32_t kScanPortKeys = 0x20000;

// An index first: 255, 2, its length, and for every 32nd source its address (16 bytes) and how far it lies behind the labels (4 bytes, both
// big-endian). Labels: their count, then each with its length. Then for each source, in order of address: 4 or 6 and the address in that
// many or 16 bytes, the label's number (0: none), first, last, the number of ports, and for each port its key and hits. Numbers are LEB128.
// Days of before have no index and another order.
std::vector<std::uint8_t> pack_scan_day(std::vector<ScanDaySource> sources);

// Reads one source after the other. Bytes that are cut short or damaged end the reading.
class ScanDayReader {
 public:
  explicit ScanDayReader(std::span<const std::uint8_t> bytes);  // must outlive the reader
  bool next(ScanDaySource& into);                               // false: there are no more
  bool sorted() const { return !index_.empty() || left_.empty(); }
  // Sorted: goes on with a source that is not behind the first one at or above `from`: some below may come before.
  void seek(const Address& from);
  // Sorted: some of the addresses, in order and evenly spread.
  std::vector<Address> samples() const;

 private:
  Address sample(std::size_t number) const;
  std::span<const std::uint8_t> index_, sources_;
  std::span<const std::uint8_t> left_;
  std::vector<std::string_view> labels_{std::string_view{}};
};

}  // namespace sekisho
