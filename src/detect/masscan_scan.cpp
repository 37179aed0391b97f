// SYNs with masscan's marks: IP ID = low 16 bits of (destination ^ port ^ sequence number), window 1024.
#include <fmt/format.h>

#include "detect/scan_detector.h"

namespace sekisho {
namespace {

class MasscanScan final : public ScanDetector {
 public:
  struct Settings {
    std::int64_t wave_sources = 30;
    Milliseconds wave_window{60'000};
  };
  static constexpr Field<Settings> fields[] = {
      {"wave_sources", &Settings::wave_sources, 2, 100'000, "distinct sources within wave_window that make a scan wave (medium)"},
      {"wave_window", &Settings::wave_window, 10'000, 3'600'000, "over how long the sources of a wave are counted"}};
  explicit MasscanScan(const Settings& s)
      : ScanDetector("masscan_scan",
                     {.wave_sources = static_cast<std::uint64_t>(s.wave_sources), .wave_window = s.wave_window.count * kMillisecond},
                     kScanProbation) {}

 private:
  bool claims(const SourceFact& fact, const ScanContext& context) const override { return tcp_scan_label(fact, context) == "masscan_scan"; }
  // Among thousands of SYNs with random fields some carry the marks by chance.
  bool explained_by_flood(const SourceFact& fact, const ScanContext& context) const override {
    return fact.syns < 3 && context.syn_flood_pps(fact.last_local) >= kSynFloodPps;
  }
  void judge(const Campaign& c, const ScanContext& context, Finding& f) const override {
    f.confidence = c.totals().syns >= 3 ? 90 : 80;
    f.evidence.insert(f.evidence.begin(),
                      "IP ID equals address ^ port ^ sequence number (1 in 65,536 by chance) and the window is 1024: the marks of masscan");
    add_ports_clause(c, false, f);
    f.counter_evidence.push_back("masscan serves surveys as well as attackers: its marks name the tool, not the intent");
    f.counter_evidence.push_back(silence_clause(context));
  }
};

const Register<DetectorSpec> reg{detector<MasscanScan>("masscan_scan", "SYNs with masscan's marks")};

}  // namespace
}  // namespace sekisho
