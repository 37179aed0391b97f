// From cumulative facts of sources to hits by port.
#include "app/scan_hits.h"

#include <algorithm>

namespace sekisho {
namespace {

constexpr std::size_t kSources = 65'536, kWaiting = 8'192;

std::string_view label_of(const SourceFact& s) {
  switch (s.tool) {
    case ScannerTool::mirai: return "mirai_scan";
    case ScannerTool::zmap: return "zmap_scan";
    case ScannerTool::masscan: return "masscan_scan";
    default: break;
  }
  return s.device_port_syns > 0 ? "iot_scan" : s.distinct_ports >= 8 ? "port_scan" : "";
}

}  // namespace

ScanHits::Seen& ScanHits::seen(const SourceFact& source) {
  const auto key = keyed_hash(key_, source.remote.high, source.remote.low);
  if (const auto found = young_.find(key); found != young_.end()) return found->second;
  if (young_.size() >= kSources) old_ = std::move(young_), young_.clear();
  Seen entry;
  if (const auto found = old_.find(key); found != old_.end()) entry = found->second;
  return young_[key] = entry;
}

void ScanHits::add(const Address& source, std::uint8_t protocol, std::uint16_t port, std::string_view label, std::uint64_t hits,
                   TimeNs time) {
  auto at = waiting_.find({source, protocol, port});
  if (at == waiting_.end() && waiting_.size() >= kWaiting && source != Address{}) return add({}, protocol, port, "", hits, time);
  if (at == waiting_.end())
    at = waiting_.emplace(std::tuple{source, protocol, port}, ScanHit{source, protocol, port, label, 0, time, time}).first;
  auto& hit = at->second;
  hit.hits += hits;
  hit.first = std::min(hit.first, time), hit.last = std::max(hit.last, time);
  if (!label.empty()) hit.label = label;
}

void ScanHits::on_step(const Step& step, bool flooded) {
  for (const auto& s : step.sources) {
    const auto total = std::max<std::uint64_t>(s.fingerprint_syns, std::uint64_t{s.failures} + s.udp_failures);
    if (total == 0) continue;
    auto& before = seen(s);
    if (before.first_seen != s.first_seen) before = {s.first_seen, 0, {}};
    auto left = total > before.hits ? total - before.hits : 0;
    before.hits = std::max(before.hits, total);
    const auto label = label_of(s);
    const bool told_apart = s.tool != ScannerTool::unknown && s.tool != ScannerTool::stack;
    const Address source = flooded && !told_apart ? Address{} : s.remote;
    const auto udp = s.syns == 0 && s.udp_contacts > 0;
    for (std::size_t i = 0; i < s.ports.size(); ++i) {
      const auto now = s.ports[i].syns;
      const auto here = std::min<std::uint64_t>(left, now > before.port_syns[i] ? now - before.port_syns[i] : 0);
      if (here == 0) continue;
      before.port_syns[i] += static_cast<std::uint32_t>(here);
      add(source, kTcp, s.ports[i].port, label, here, s.last_seen);
      left -= here;
    }
    // Contacts beyond the first eight ports, and over UDP, whose ports are not kept.
    if (left > 0) add(source, udp ? kUdp : kTcp, 0, label, left, s.last_seen);
  }
}

std::vector<ScanHit> ScanHits::take() {
  std::vector<ScanHit> hits;
  hits.reserve(waiting_.size());
  for (const auto& [key, hit] : waiting_) hits.push_back(hit);
  waiting_.clear();
  return hits;
}

}  // namespace sekisho
