// SYNs with ZMap's marks: IP ID 54321, window 65535, no options.
#include <fmt/format.h>

#include "detect/scan_detector.h"

namespace sekisho {
namespace {

class ZmapScan final : public ScanDetector {
 public:
  struct Settings {
    std::int64_t wave_sources = 30;
    Milliseconds wave_window{60'000};
  };
  static constexpr Field<Settings> fields[] = {
      {"wave_sources", &Settings::wave_sources, 2, 100'000, "distinct sources within wave_window that make a scan wave (medium)"},
      {"wave_window", &Settings::wave_window, 10'000, 3'600'000, "over how long the sources of a wave are counted"}};
  explicit ZmapScan(const Settings& s)
      : ScanDetector("zmap_scan",
                     {.wave_sources = static_cast<std::uint64_t>(s.wave_sources), .wave_window = s.wave_window.count * kMillisecond},
                     kScanProbation) {}

 private:
  bool claims(const SourceFact& fact, const ScanContext& context) const override { return tcp_scan_label(fact, context) == "zmap_scan"; }
  // Among thousands of SYNs with random fields some carry the marks by chance.
  bool explained_by_flood(const SourceFact& fact, const ScanContext& context) const override {
    return fact.syns < 3 && context.syn_flood_pps(fact.last_local) >= kSynFloodPps;
  }
  void judge(const Campaign& c, const ScanContext& context, Finding& f) const override {
    f.confidence = c.totals().syns >= 3 ? 85 : 75;
    f.evidence.insert(f.evidence.begin(), "IP ID 54321, window 65535 and no TCP options: the marks of ZMap");
    add_ports_clause(c, false, f);
    f.counter_evidence.push_back("ZMap serves surveys of universities and companies as well as attackers; newer versions hide these marks");
    f.counter_evidence.push_back(silence_clause(context));
  }
};

const Register<DetectorSpec> reg{detector<ZmapScan>("zmap_scan", "SYNs with ZMap's marks")};

}  // namespace
}  // namespace sekisho
