// Offender: a source that went on with what a detector holds against it, told in the step in which it did, whether or not there is a new
// finding: whom a block list is asked about.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/packet.h"

namespace sekisho {

struct Offender {
  std::string_view label;  // an id of the label table (static storage)
  std::string merge_key;   // of the finding that it belongs to
  Address source;          // a remote one; the direction is ingress
  std::uint64_t hits = 0;  // failed logins, requests or packets that count against it now
};

// What came since take(); bounded: nobody has to take it.
class Offenders {
 public:
  void add(std::string_view label, const std::string& merge_key, const Address& source, std::uint64_t hits) {
    if (list_.size() < kMost) list_.push_back({label, merge_key, source, hits});
  }
  void take(std::vector<Offender>& out) {
    out.insert(out.end(), list_.begin(), list_.end());
    list_.clear();
  }

 private:
  static constexpr std::size_t kMost = 1024;
  std::vector<Offender> list_;
};

}  // namespace sekisho
