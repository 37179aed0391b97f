// One hash table of sources; everything else are arrays.
#include "store/scan_sum.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "base/hash.h"

namespace sekisho {
namespace {

// Sources choose their addresses, but a long chain only makes one question slow, and that one can be asked again.
std::size_t hash_of(const Address& a) { return keyed_hash(HashKey{}, a.high, a.low); }

}  // namespace

std::uint32_t ScanSum::find(const Address& address) {
  if (last_ && sources_[last_ - 1].address == address) return last_ - 1;
  if ((sources_.size() + 1) * 2 > slots_.size()) grow();
  const auto mask = slots_.size() - 1;
  auto at = hash_of(address) & mask;
  while (slots_[at] && sources_[slots_[at] - 1].address != address) at = (at + 1) & mask;
  if (!slots_[at]) {
    Source fresh;
    fresh.address = address;
    sources_.push_back(fresh);
    slots_[at] = static_cast<std::uint32_t>(sources_.size());
  }
  return (last_ = slots_[at]) - 1;
}

void ScanSum::grow() {
  slots_.assign(slots_.size() * 4, 0);
  const auto mask = slots_.size() - 1;
  for (std::uint32_t i = 0; i < sources_.size(); ++i) {
    auto at = hash_of(sources_[i].address) & mask;
    while (slots_[at]) at = (at + 1) & mask;
    slots_[at] = i + 1;
  }
}

std::uint16_t ScanSum::label_number(std::string_view label) {
  const auto found = std::find(labels_.begin(), labels_.end(), label);  // a handful
  if (found != labels_.end()) return static_cast<std::uint16_t>(found - labels_.begin());
  labels_.emplace_back(label);
  return static_cast<std::uint16_t>(labels_.size() - 1);
}

void ScanSum::add(const Address& source, std::string_view label, std::uint32_t port_key, std::uint64_t hits, std::int64_t first_s,
                  std::int64_t last_s) {
  const auto index = find(source);
  auto& s = sources_[index];
  s.first_s = s.hits ? std::min(s.first_s, first_s) : first_s;
  s.last_s = std::max(s.last_s, last_s);
  s.hits += hits;
  if (!label.empty()) s.label = label_number(label);
  port_hits_[port_key] += hits;
  pairs_.push_back({index, port_key, hits});
}

ScanSummary ScanSum::summary(std::size_t limit) const {
  ScanSummary summary;
  std::vector<std::uint32_t> scanners(sources_.size()), ports;
  std::iota(scanners.begin(), scanners.end(), 0U);
  const auto most = [&](auto& list, auto before) {
    const auto keep = std::min(list.size(), limit);
    std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(keep), list.end(), before);
    list.resize(keep);
  };
  most(scanners, [&](std::uint32_t a, std::uint32_t b) {
    return sources_[a].hits != sources_[b].hits ? sources_[a].hits > sources_[b].hits : sources_[a].address < sources_[b].address;
  });
  for (std::uint32_t key = 0; key < kScanPortKeys; ++key)
    if (port_hits_[key]) ports.push_back(key);
  most(ports, [&](std::uint32_t a, std::uint32_t b) { return port_hits_[a] != port_hits_[b] ? port_hits_[a] > port_hits_[b] : a < b; });

  // Once more over the pairs: the ports of those scanners, the sources of those ports.
  constexpr std::uint32_t kNone = ~0U;
  std::vector<std::uint32_t> scanner_at(sources_.size(), kNone), port_at(kScanPortKeys, kNone);
  for (std::uint32_t i = 0; i < scanners.size(); ++i) scanner_at[scanners[i]] = i;
  for (std::uint32_t i = 0; i < ports.size(); ++i) port_at[ports[i]] = i;
  std::vector<std::unordered_map<std::uint32_t, std::uint64_t>> ports_of(scanners.size());
  std::vector<std::vector<bool>> seen(ports.size(), std::vector<bool>(sources_.size()));
  for (const auto& pair : pairs_) {
    if (const auto at = scanner_at[pair.source]; at != kNone) ports_of[at][pair.port_key] += pair.hits;
    if (const auto at = port_at[pair.port_key]; at != kNone) seen[at][pair.source] = true;
  }
  for (const auto& s : sources_) summary.hits += s.hits, summary.sources += s.address != Address{};
  for (std::uint32_t i = 0; i < scanners.size(); ++i) {
    const auto& s = sources_[scanners[i]];
    ScannerRow row;
    row.source = s.address, row.hits = s.hits, row.label = labels_[s.label];
    row.first = s.first_s * kSecond, row.last = s.last_s * kSecond;
    row.ports = static_cast<std::uint32_t>(ports_of[i].size());
    std::vector<std::pair<std::uint64_t, std::uint32_t>> by_hits;
    for (const auto& [key, hits] : ports_of[i]) by_hits.emplace_back(hits, key);
    std::sort(by_hits.begin(), by_hits.end(),
              [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
    for (std::size_t p = 0; p < std::min<std::size_t>(by_hits.size(), 5); ++p)
      row.top_ports.push_back(static_cast<std::uint16_t>(by_hits[p].second));
    summary.scanners.push_back(std::move(row));
  }
  for (std::uint32_t i = 0; i < ports.size(); ++i)
    summary.ports.push_back({static_cast<std::uint16_t>(ports[i]), static_cast<std::uint8_t>(ports[i] >> 16 ? 17 : 6), port_hits_[ports[i]],
                             static_cast<std::uint64_t>(std::count(seen[i].begin(), seen[i].end(), true))});
  return summary;
}

}  // namespace sekisho
