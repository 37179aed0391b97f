// The latest facts of all sources, and their sums.
#include "app/scan_totals.h"

#include <algorithm>
#include <unordered_map>

namespace sekisho {

ScanTotals::Source& ScanTotals::find(std::uint64_t tag) {
  std::size_t at = home_of(tag);
  while (slots_[at].tag != 0 && slots_[at].tag != tag) at = (at + 1) & (slots_.size() - 1);
  return slots_[at];
}

void ScanTotals::grow() {
  HugeVector<Source> old(slots_.size() * 2);
  old.swap(slots_);
  for (const auto& s : old)
    if (s.tag != 0) find(s.tag) = s;
}

void ScanTotals::add(std::span<const SourceFact> facts) {
  constexpr std::size_t kAhead = 8;  // the table is larger than the cache
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (i + kAhead < facts.size()) __builtin_prefetch(&slots_[home_of(facts[i + kAhead].hash)], 1);
    const auto& fact = facts[i];
    if (fact.syns == 0) continue;
    const auto tag = fact.hash | 1;
    Source* s = &find(tag);
    if (s->tag == 0) {
      if (used_ >= kMostSources) continue;
      if (++used_ * 2 > slots_.size()) grow(), s = &find(tag);
    }
    s->tag = tag;
    s->syns = fact.syns;
    s->fingerprint_syns = fact.fingerprint_syns;
    for (std::size_t p = 0; p < fact.ports.size(); ++p) s->ports[p] = fact.ports[p].port, s->port_syns[p] = fact.ports[p].syns;
  }
}

void ScanTotals::report(Background& b) const {
  std::unordered_map<std::uint16_t, std::uint64_t> ports;
  for (const auto& s : slots_) {
    if (s.tag == 0) continue;
    ++b.sources;
    b.syns += s.syns;
    b.fingerprint_syns += s.fingerprint_syns;
    b.fingerprint_sources += s.fingerprint_syns > 0;
    for (std::size_t p = 0; p < s.ports.size(); ++p)
      if (s.port_syns[p]) ports[s.ports[p]] += s.port_syns[p];
  }
  for (const auto& [port, syns] : ports) b.top_ports.push_back({port, syns});
  std::sort(b.top_ports.begin(), b.top_ports.end(),
            [](const auto& x, const auto& y) { return x.syns != y.syns ? x.syns > y.syns : x.port < y.port; });
  if (b.top_ports.size() > 20) b.top_ports.resize(20);
}

}  // namespace sekisho
