// One source, many UDP ports, nearly all refused or silent.
#include <fmt/format.h>

#include "detect/scan_detector.h"

namespace sekisho {
namespace {

class UdpScan final : public ScanDetector {
 public:
  struct Settings {
    std::int64_t min_contacts = 8;
    double max_rate_pps = 5'000;
    std::int64_t max_mean_bytes = 200;
  };
  static constexpr Field<Settings> fields[] = {
      {"min_contacts", &Settings::min_contacts, 4, 500, "distinct (address, port) pairs that one source has tried"},
      {"max_rate_pps", &Settings::max_rate_pps, 10, 1e7, "above it one source's packets are a flood"},
      {"max_mean_bytes", &Settings::max_mean_bytes, 60, 1'500, "probes are small: above this mean size the packets are data or a flood"}};
  explicit UdpScan(const Settings& s) : ScanDetector("udp_scan", {.single = Severity::low}, kScanProbation), settings_{s} {}

 private:
  bool claims(const SourceFact& f, const ScanContext& context) const override {
    const auto asked = static_cast<std::uint32_t>(settings_.min_contacts) * (context.answers_seen() ? 1 : 2);
    return f.udp_contacts >= asked && f.udp_failures * 10 >= f.udp_contacts * 8 && f.udp_failures >= 4;
  }
  bool explained_by_flood(const SourceFact& f, const ScanContext& context) const override {
    const auto seconds = static_cast<double>(std::max(f.last_seen - f.first_seen, kSecond)) / kSecond;
    if (static_cast<double>(f.packets) / seconds > settings_.max_rate_pps) return true;
    if (f.packets > 0 && f.bytes / f.packets > static_cast<std::uint64_t>(settings_.max_mean_bytes)) return true;
    if (f.distinct_ports < 250 && f.packets > 8U * std::max<std::uint32_t>(f.udp_contacts, 1))
      return true;  // dialogue or flood: many packets a port
    return context.udp_flood_pps(f.last_local) >= kUdpFloodPps &&
           static_cast<double>(f.packets) / seconds < context.udp_flood_pps(f.last_local) / 4;
  }
  void judge(const Campaign& c, const ScanContext& context, Finding& f) const override {
    const bool refused = c.totals().refused != 0;
    f.confidence = refused ? 85 : context.answers_seen() ? 65 : 50;
    f.evidence.insert(f.evidence.begin(),
                      fmt::format("one source tried about {} UDP ports on {} addresses; {}", c.most_ports(), c.most_locals(),
                                  refused ? "this host refused them with ICMP unreachable" : "none of them was answered"));
    f.selector.classes.set(index_of(TrafficClass::udp));
    f.selector.classes.set(index_of(TrafficClass::udp_vse));
    f.selector.classes.set(index_of(TrafficClass::dns_query));
    if (!refused) f.counter_evidence.push_back("an open UDP port may stay silent: no answer is weaker proof than over TCP");
    f.counter_evidence.push_back("UDP sources are easily forged: the address is unproven");
  }
  Settings settings_;
};

const Register<DetectorSpec> reg{detector<UdpScan>("udp_scan", "one source tries many UDP ports")};

}  // namespace
}  // namespace sekisho
