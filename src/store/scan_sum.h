// ScanSum: adds up scan hits of any number of sources and ports, and says who and what stands out.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/scan_day.h"
#include "store/store.h"

namespace sekisho {

// Exact. What is added comes in parts, and no source is in two of them: of a part that ended only its largest sources are kept.
class ScanSum {
 public:
  explicit ScanSum(std::size_t limit) : limit_(limit), ports_(kScanPortKeys) {}
  // Rows of one source that differ in port, protocol and hits alone.
  void add(std::span<const ScanRow> rows);
  void end_part();
  // Of all of them together. At most `limit` scanners and ports, most hits first.
  static ScanSummary summary(std::span<const ScanSum> sums, std::size_t limit);

 private:
  struct Source {
    Address address;
    std::uint64_t hits = 0;
    TimeNs first = 0, last = 0, labelled = 0;  // labelled: when what has the label was seen last
    std::uint16_t label = 0;                   // index in labels_
  };
  struct Pair {
    std::uint32_t source = 0, port_key = 0;
    std::uint64_t hits = 0;
  };
  struct Best {
    Source source;
    std::string_view label;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> ports;  // hits and key, most first
  };
  struct Port {
    std::uint64_t hits = 0, sources = 0;
  };
  static bool before(const Source& a, const Source& b) { return a.hits != b.hits ? a.hits > b.hits : a.address < b.address; }
  std::uint32_t find(const Address& address);
  void grow();
  std::uint16_t label_number(std::string_view label);
  void merge_pairs();
  void keep_best();

  const std::size_t limit_;
  // Of the part.
  std::vector<Source> sources_;
  std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(1024);  // open addressing: index in sources_ + 1; 0 = free
  std::vector<Pair> pairs_;                                              // as they come; once each after merge_pairs()
  std::vector<std::uint32_t> pair_slots_;                                // index in pairs_ + 1
  // Of all of it.
  std::vector<Best> best_;
  std::vector<Port> ports_;  // by port key
  std::vector<std::string> labels_{std::string{}};
  std::uint64_t hits_ = 0, source_count_ = 0;
};

}  // namespace sekisho
