// ScanTotals: what all scanning sources of the input did together; for the report.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "app/analysis.h"
#include "base/huge_pages.h"
#include "model/source_fact.h"

namespace sekisho {

// Remembers the latest totals of each source in 64 bytes: facts are cumulative, and start anew when a source was pushed out of its table.
// At most kMostSources; those that come later are left out.
class ScanTotals {
 public:
  static constexpr std::size_t kMostSources = 65'536;
  void add(std::span<const SourceFact> facts);
  void report(Background& background) const;

 private:
  struct alignas(64) Source {
    std::uint64_t tag = 0;  // keyed hash of the address; 0 = free
    std::uint32_t syns = 0, fingerprint_syns = 0;
    std::array<std::uint32_t, 8> port_syns{};
    std::array<std::uint16_t, 8> ports{};
  };
  std::size_t home_of(std::uint64_t tag) const { return tag >> 32 & (slots_.size() - 1); }
  Source& find(std::uint64_t tag);
  void grow();

  HugeVector<Source> slots_ = HugeVector<Source>(1024);  // open addressing, at most half full
  std::size_t used_ = 0;
};

}  // namespace sekisho
