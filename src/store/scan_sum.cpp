// One hash table of sources; everything else are arrays.
#include "store/scan_sum.h"

#include <algorithm>
#include <unordered_map>

#include "base/hash.h"
#include "base/parallel.h"

namespace sekisho {
namespace {

// Sources choose their addresses, but a long chain only makes one question slow, and that one can be asked again.
std::size_t hash_of(const Address& a) { return keyed_hash(HashKey{}, a.high, a.low); }

}  // namespace

std::uint32_t ScanSum::find(const Address& address) {
  if (last_ && sources_[last_ - 1].address == address) return last_ - 1;
  if ((sources_.size() - part_begins_ + 1) * 2 > slots_.size()) grow();
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
  for (std::uint32_t i = part_begins_; i < sources_.size(); ++i) {
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
  if (!label.empty() && last_s >= s.labelled_s) s.label = label_number(label), s.labelled_s = last_s;
  port_hits_[port_key] += hits;
  pairs_.push_back({index, port_key, hits});
}

void ScanSum::next_part() {
  part_begins_ = static_cast<std::uint32_t>(sources_.size());
  last_ = 0;
  std::fill(slots_.begin(), slots_.end(), 0);
  parts_.push_back(pairs_.size());
}

// By port key: different sources.
std::vector<std::uint64_t> ScanSum::sources_of_ports() const {
  std::vector<std::uint64_t> counts(kScanPortKeys), seen;
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    const std::size_t begin = parts_[part], end = part + 1 < parts_.size() ? parts_[part + 1] : pairs_.size();
    if (begin == end) continue;
    std::size_t size = 1024;
    while (size < 2 * (end - begin)) size *= 2;
    seen.assign(size, 0);
    for (auto i = begin; i < end; ++i) {
      const auto& pair = pairs_[i];
      if (sources_[pair.source].address == Address{}) continue;
      const auto key = (std::uint64_t{pair.source} << 17 | pair.port_key) + 1;
      auto at = key * 0x9e3779b97f4a7c15ULL >> 32 & (size - 1);
      while (seen[at] && seen[at] != key) at = (at + 1) & (size - 1);
      counts[pair.port_key] += seen[at] == 0;
      seen[at] = key;
    }
  }
  return counts;
}

ScanSummary ScanSum::summary(std::span<const ScanSum> sums, std::size_t limit) {
  ScanSummary summary;
  struct Place {
    std::uint32_t sum, source;
  };
  const auto at = [&](const Place& p) -> const Source& { return sums[p.sum].sources_[p.source]; };
  const auto before = [&](const Place& a, const Place& b) {
    return at(a).hits != at(b).hits ? at(a).hits > at(b).hits : at(a).address < at(b).address;
  };
  const auto most = [&](auto& list, auto less) {
    const auto keep = std::min(list.size(), limit);
    std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(keep), list.end(), less);
    list.resize(keep);
  };
  // The best of each, then of all.
  std::vector<Place> scanners;
  std::vector<std::uint64_t> port_hits(kScanPortKeys);
  for (std::uint32_t n = 0; n < sums.size(); ++n) {
    std::vector<Place> own(sums[n].sources_.size());
    for (std::uint32_t i = 0; i < own.size(); ++i) own[i] = {n, i};
    for (const auto& s : sums[n].sources_) summary.hits += s.hits, summary.sources += s.address != Address{};
    most(own, before);
    scanners.insert(scanners.end(), own.begin(), own.end());
    for (std::uint32_t key = 0; key < kScanPortKeys; ++key) port_hits[key] += sums[n].port_hits_[key];
  }
  most(scanners, before);
  std::vector<std::uint32_t> ports;
  for (std::uint32_t key = 0; key < kScanPortKeys; ++key)
    if (port_hits[key]) ports.push_back(key);
  most(ports, [&](std::uint32_t a, std::uint32_t b) { return port_hits[a] != port_hits[b] ? port_hits[a] > port_hits[b] : a < b; });

  // Once more over the pairs: the ports of those scanners, the sources of those ports.
  constexpr std::uint32_t kNone = ~0U;
  std::vector<std::unordered_map<std::uint32_t, std::uint64_t>> ports_of(scanners.size());
  std::vector<std::vector<std::uint64_t>> sources_of(sums.size());
  in_parallel(sums.size(), [&](std::size_t, std::size_t n) {
    const auto& sum = sums[n];
    std::vector<std::uint32_t> scanner_at(sum.sources_.size(), kNone);
    for (std::uint32_t i = 0; i < scanners.size(); ++i)
      if (scanners[i].sum == n) scanner_at[scanners[i].source] = i;
    for (const auto& pair : sum.pairs_)
      if (const auto found = scanner_at[pair.source]; found != kNone) ports_of[found][pair.port_key] += pair.hits;
    sources_of[n] = sum.sources_of_ports();
  });
  for (std::uint32_t i = 0; i < scanners.size(); ++i) {
    const auto& s = at(scanners[i]);
    ScannerRow row;
    row.source = s.address, row.hits = s.hits, row.label = sums[scanners[i].sum].labels_[s.label];
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
  for (std::uint32_t i = 0; i < ports.size(); ++i) {
    std::uint64_t sources = 0;
    for (const auto& of : sources_of) sources += of[ports[i]];
    summary.ports.push_back(
        {static_cast<std::uint16_t>(ports[i]), static_cast<std::uint8_t>(ports[i] >> 16 ? 17 : 6), port_hits[ports[i]], sources});
  }
  return summary;
}

}  // namespace sekisho
