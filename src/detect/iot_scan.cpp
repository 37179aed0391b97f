// Half-open SYNs to telnet and device ports without the Mirai fingerprint (FACTS sections 2 and 4).
#include <fmt/format.h>

#include <algorithm>

#include "detect/port_table.h"
#include "detect/scan_detector.h"

namespace sekisho {
namespace {

class IotScan final : public ScanDetector {
 public:
  struct Settings {
    std::int64_t wave_sources = 30;
    Milliseconds wave_window{60'000};
  };
  static constexpr Field<Settings> fields[] = {
      {"wave_sources", &Settings::wave_sources, 2, 100'000, "distinct sources within wave_window that make a scan wave (medium)"},
      {"wave_window", &Settings::wave_window, 10'000, 3'600'000, "over how long the sources of a wave are counted"}};
  explicit IotScan(const Settings& s)
      : ScanDetector("iot_scan",
                     {.wave_sources = static_cast<std::uint64_t>(s.wave_sources), .wave_window = s.wave_window.count * kMillisecond},
                     kScanProbation) {}

 private:
  bool claims(const SourceFact& fact, const ScanContext& context) const override { return tcp_scan_label(fact, context) == "iot_scan"; }
  // Bots meet one host seconds to minutes apart, each with a SYN or two. At the rate of a flood the sources are its (spoofed) sources.
  bool explained_by_flood(const SourceFact& fact, const ScanContext& context) const override {
    return context.syn_flood_pps(fact.last_local) >= kSynFloodPps;
  }
  void judge(const Campaign& c, const ScanContext& context, Finding& f) const override;
};

void IotScan::judge(const Campaign& c, const ScanContext& context, Finding& f) const {
  const auto& t = c.totals();
  int weight = 0;
  for (const auto port : c.port_numbers())
    if (const auto* entry = find_port(port)) weight = std::max<int>(weight, entry->weight);
  const auto sources = c.distinct_sources();
  f.confidence = std::min(70, 35 + weight / 2 + (sources >= 100 ? 10 : sources >= 30 ? 7 : sources >= 10 ? 4 : 0));
  f.evidence.insert(f.evidence.begin(),
                    fmt::format("{} of {} SYNs carry no TCP options, to ports of telnet and devices, and no handshake was completed",
                                t.bare_syns, t.syns));
  add_ports_clause(c, false, f);
  f.counter_evidence.push_back("the sequence numbers are not the destination's address: not the Mirai fingerprint");
  if (!context.answers_seen()) f.counter_evidence.push_back("only one direction was captured: handshakes could not be seen");
}

const Register<DetectorSpec> reg{detector<IotScan>("iot_scan", "half-open SYNs to device ports without the Mirai fingerprint")};

}  // namespace
}  // namespace sekisho
