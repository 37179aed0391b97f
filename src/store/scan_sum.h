// ScanSum: adds up scan hits of any number of sources and ports, and says who and what stands out.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/scan_day.h"
#include "store/store.h"

namespace sekisho {

// Exact. Memory: about 60 bytes a source and 16 a pair of source and port.
class ScanSum {
 public:
  ScanSum() : port_hits_(kScanPortKeys) {}
  // Times in seconds since 1970.
  void add(const Address& source, std::string_view label, std::uint32_t port_key, std::uint64_t hits, std::int64_t first_s,
           std::int64_t last_s);
  // From now on come sources that were not there before: the table in which they are found begins anew, and stays small.
  void next_part();
  // Of all of them together; no source may be in two. At most `limit` scanners and ports, most hits first.
  static ScanSummary summary(std::span<const ScanSum> sums, std::size_t limit);

 private:
  struct Source {
    Address address;
    std::uint64_t hits = 0;
    std::int64_t first_s = 0, last_s = 0;
    std::int64_t labelled_s = 0;  // last_s of what had the label
    std::uint16_t label = 0;      // index in labels_
  };
  struct Pair {
    std::uint32_t source = 0, port_key = 0;
    std::uint64_t hits = 0;
  };
  std::uint32_t find(const Address& address);
  void grow();
  std::uint16_t label_number(std::string_view label);

  std::vector<Source> sources_;
  std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(1024);  // open addressing: index in sources_ + 1; 0 = free
  std::vector<Pair> pairs_;
  std::vector<std::uint64_t> port_hits_;  // by port key
  std::vector<std::string> labels_{std::string{}};
  std::uint32_t last_ = 0;        // index + 1 of the source that was added last
  std::uint32_t part_begins_ = 0;          // index of the part's first source
  std::vector<std::size_t> parts_{0};      // where in pairs_ each part begins
  std::vector<std::uint64_t> sources_of_ports() const;
};

}  // namespace sekisho
