// One hash table of a part's sources, which fits into a processor's cache; everything else are arrays.
#include "store/scan_sum.h"

#include <algorithm>

#include "base/hash.h"

namespace sekisho {
namespace {

// Sources choose their addresses, but a long chain only makes one question slow, and that one can be asked again.
std::size_t hash_of(const Address& a) { return keyed_hash(HashKey{}, a.high, a.low); }

template <class List, class Less>
void most(List& list, std::size_t limit, Less less) {
  const auto keep = std::min(list.size(), limit);
  std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(keep), list.end(), less);
  list.resize(keep);
}

}  // namespace

std::uint32_t ScanSum::find(const Address& address) {
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
  return slots_[at] - 1;
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

void ScanSum::add(std::span<const ScanRow> rows) {
  const auto& one = rows.front();
  const auto index = find(one.source);
  auto& s = sources_[index];
  s.first = s.hits ? std::min(s.first, one.first) : one.first;
  s.last = std::max(s.last, one.last);
  if (!one.label.empty() && one.last >= s.labelled) s.label = label_number(one.label), s.labelled = one.last;
  for (const auto& row : rows) {
    s.hits += row.hits;
    pairs_.push_back({index, scan_port_key(row.port, row.protocol), row.hits});
  }
}

// Each source and port once.
void ScanSum::merge_pairs() {
  std::size_t size = 1024;
  while (size < 2 * pairs_.size()) size *= 2;
  pair_slots_.assign(size, 0);
  std::size_t kept = 0;
  for (const auto& pair : pairs_) {
    const auto key = std::uint64_t{pair.source} << 17 | pair.port_key;
    auto at = key * 0x9e3779b97f4a7c15ULL >> 32 & (size - 1);
    const auto is_other = [&](const Pair& p) { return p.source != pair.source || p.port_key != pair.port_key; };
    while (pair_slots_[at] && is_other(pairs_[pair_slots_[at] - 1])) at = (at + 1) & (size - 1);
    if (pair_slots_[at]) {
      pairs_[pair_slots_[at] - 1].hits += pair.hits;
    } else {
      pairs_[kept++] = pair;
      pair_slots_[at] = static_cast<std::uint32_t>(kept);
    }
  }
  pairs_.resize(kept);
}

void ScanSum::end_part() {
  if (sources_.empty()) return;
  merge_pairs();
  for (const auto& pair : pairs_) {
    auto& port = ports_[pair.port_key];
    port.hits += pair.hits;
    port.sources += sources_[pair.source].address != Address{};
  }
  for (const auto& s : sources_) hits_ += s.hits, source_count_ += s.address != Address{};
  std::vector<std::uint32_t> own(sources_.size());
  for (std::uint32_t i = 0; i < own.size(); ++i) own[i] = i;
  // Who is not among the best so far is not among the best of all.
  if (best_.size() == limit_ && limit_ > 0) std::erase_if(own, [&](std::uint32_t i) { return !before(sources_[i], best_.back().source); });
  most(own, limit_, [&](std::uint32_t a, std::uint32_t b) { return before(sources_[a], sources_[b]); });
  if (!own.empty()) {
    std::vector<std::uint32_t> place(sources_.size());  // in best_ + 1
    for (const auto i : own) {
      best_.push_back({sources_[i], labels_[sources_[i].label], {}});
      place[i] = static_cast<std::uint32_t>(best_.size());
    }
    for (const auto& pair : pairs_)
      if (const auto at = place[pair.source]) best_[at - 1].ports.emplace_back(pair.hits, pair.port_key);
    most(best_, limit_, [](const Best& a, const Best& b) { return before(a.source, b.source); });
  }
  sources_.clear(), pairs_.clear();
  std::fill(slots_.begin(), slots_.end(), 0);
}

ScanSummary ScanSum::summary(std::span<const ScanSum> sums, std::size_t limit) {
  ScanSummary summary;
  std::vector<const Best*> scanners;
  std::vector<Port> totals(kScanPortKeys);
  for (const auto& sum : sums) {
    summary.hits += sum.hits_, summary.sources += sum.source_count_;
    for (const auto& best : sum.best_) scanners.push_back(&best);
    for (std::uint32_t key = 0; key < kScanPortKeys; ++key)
      totals[key].hits += sum.ports_[key].hits, totals[key].sources += sum.ports_[key].sources;
  }
  most(scanners, limit, [](const Best* a, const Best* b) { return before(a->source, b->source); });
  std::vector<std::uint32_t> ports;
  for (std::uint32_t key = 0; key < kScanPortKeys; ++key)
    if (totals[key].hits) ports.push_back(key);
  most(ports, limit,
       [&](std::uint32_t a, std::uint32_t b) { return totals[a].hits != totals[b].hits ? totals[a].hits > totals[b].hits : a < b; });
  for (const auto* best : scanners) {
    const auto& s = best->source;
    ScannerRow row;
    row.source = s.address, row.hits = s.hits, row.label = best->label, row.first = s.first, row.last = s.last;
    row.ports = static_cast<std::uint32_t>(best->ports.size());
    auto by_hits = best->ports;
    most(by_hits, 5, [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
    for (const auto& [hits, key] : by_hits) row.top_ports.push_back(static_cast<std::uint16_t>(key));
    summary.scanners.push_back(std::move(row));
  }
  for (const auto key : ports)
    summary.ports.push_back(
        {static_cast<std::uint16_t>(key), static_cast<std::uint8_t>(key >> 16 ? 17 : 6), totals[key].hits, totals[key].sources});
  return summary;
}

}  // namespace sekisho
