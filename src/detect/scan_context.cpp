// Floods beside scans, and the shape of a source's contacts.
#include "detect/scan_context.h"

#include <algorithm>
#include <cmath>

#include "detect/port_table.h"

namespace sekisho {
namespace {

constexpr DurationNs kFloodRemembered = 2 * kSecond;
constexpr DurationNs kSlowGap = 30 * kSecond;
constexpr std::uint32_t kFailuresWithoutAnswers = 6;

double per_second(std::uint64_t count, DurationNs window) {
  return static_cast<double>(count) * static_cast<double>(kSecond) / static_cast<double>(std::max<DurationNs>(window, kMillisecond));
}

// Half-open SYNs to device ports, without options, of a source that never got further.
bool device_probe(const SourceFact& f) {
  if (f.device_port_syns == 0 || f.handshakes != 0 || f.bare_syns * 10 < f.syns * 8) return false;
  return std::any_of(f.ports.begin(), f.ports.end(), [](const SourcePort& p) {
    const auto* entry = find_port(p.port);
    return entry != nullptr && entry->weight >= kTellingWeight;
  });
}

}  // namespace

void ScanContext::on_step(const Step& step) {
  now_ = step.time;
  for (const auto& s : step.seconds) {
    if (s.direction == Direction::egress) {
      answers_seen_ = true;
      continue;
    }
    if (s.reverse_ever) answers_seen_ = true;
    if (s.all) continue;
    const auto syns = packets(s, TrafficClass::tcp_syn) + packets(s, TrafficClass::tcp_syn_bare);
    const auto completed = fact(s, Fact::handshakes_completed);
    const double syn_pps = completed * 2 > syns ? 0 : per_second(syns - std::min(syns, completed), s.window);
    const double udp_pps = per_second(packets(s, TrafficClass::udp), s.window);
    if (syn_pps < kSynFloodPps && udp_pps < kUdpFloodPps) continue;
    if (s.host >= floods_.size()) floods_.resize(s.host + 1U);
    auto& flood = floods_[s.host];
    if (flood.until < now_ || flood.local != s.address) flood = {};
    flood.local = s.address;
    flood.until = now_ + kFloodRemembered;
    flood.syn_pps = std::max(flood.syn_pps, syn_pps);
    flood.udp_pps = std::max(flood.udp_pps, udp_pps);
  }
}

const ScanContext::Flood* ScanContext::flood_of(const Address& local) const {
  const auto found = std::find_if(floods_.begin(), floods_.end(), [&](const Flood& f) { return f.local == local && f.until >= now_; });
  return found == floods_.end() ? nullptr : &*found;
}
double ScanContext::syn_flood_pps(const Address& local) const {
  const auto* flood = flood_of(local);
  return flood == nullptr ? 0 : flood->syn_pps;
}
double ScanContext::udp_flood_pps(const Address& local) const {
  const auto* flood = flood_of(local);
  return flood == nullptr ? 0 : flood->udp_pps;
}

double syn_rate_pps(const SourceFact& f) {
  return per_second(std::max(f.syns, f.udp_contacts), std::max(f.last_seen - f.first_seen, kSecond));
}

bool walk_decided(const SourceFact& f, const ScanContext& context) {
  if (f.walk < std::log(99.0)) return false;
  return context.answers_seen() || f.failures >= kFailuresWithoutAnswers;
}

std::string_view tcp_scan_label(const SourceFact& f, const ScanContext& context) {
  if (f.fingerprint_syns != 0) return "mirai_scan";
  if (f.tool == ScannerTool::zmap) return "zmap_scan";
  if (f.tool == ScannerTool::masscan) return "masscan_scan";
  if (walk_decided(f, context) && (f.distinct_ports > 1 || f.distinct_locals > 1)) {
    const auto contacts = std::max<std::uint32_t>({f.distinct_ports, f.distinct_locals, 2});
    if (f.last_seen - f.first_seen >= kSlowGap * (contacts - 1)) return "slow_scan";
    return f.distinct_ports > f.distinct_locals ? "port_scan" : "address_scan";
  }
  return device_probe(f) ? "iot_scan" : std::string_view{};
}

}  // namespace sekisho
