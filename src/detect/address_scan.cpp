// One source, the same few ports on many local addresses, nearly all unanswered or refused.
#include <fmt/format.h>

#include "base/text.h"
#include "detect/scan_detector.h"

namespace sekisho {
namespace {

class AddressScan final : public ScanDetector {
 public:
  struct Settings {
    std::int64_t min_addresses = 4;
    std::int64_t wave_sources = 30;
    Milliseconds wave_window{60'000};
  };
  static constexpr Field<Settings> fields[] = {
      {"min_addresses", &Settings::min_addresses, 2, 250, "distinct local addresses that one source has tried"},
      {"wave_sources", &Settings::wave_sources, 2, 100'000, "distinct sources within wave_window that make a scan wave (medium)"},
      {"wave_window", &Settings::wave_window, 10'000, 3'600'000, "over how long the sources of a wave are counted"}};
  explicit AddressScan(const Settings& s)
      : ScanDetector("address_scan",
                     {.single = Severity::low,
                      .wave_sources = static_cast<std::uint64_t>(s.wave_sources),
                      .wave_window = s.wave_window.count * kMillisecond},
                     kScanProbation),
        settings_{s} {}

 private:
  bool claims(const SourceFact& fact, const ScanContext& context) const override {
    return fact.distinct_locals >= settings_.min_addresses && tcp_scan_label(fact, context) == "address_scan";
  }
  // A carpet of SYNs over many addresses repeats itself; a scan does not come back.
  bool explained_by_flood(const SourceFact& f, const ScanContext& context) const override {
    return context.syn_flood_pps(f.last_local) >= kSynFloodPps && f.distinct_locals < 60 && f.syns > 8U * f.distinct_locals;
  }
  void judge(const Campaign& c, const ScanContext& context, Finding& f) const override {
    f.confidence = context.answers_seen() ? (c.most_locals() >= 20 ? 95 : 85) : (c.most_locals() >= 20 ? 80 : 65);
    f.evidence.insert(f.evidence.begin(),
                      fmt::format("one source tried about {} addresses at up to {}; of its first contacts {} failed and {} succeeded "
                                  "(threshold random walk: a scanner at odds of 99 to 1)",
                                  c.most_locals(), format_rate_pps(c.fastest_pps()), c.most_failures(), c.its_successes()));
    add_ports_clause(c, false, f);
    if (c.totals().completed != 0)
      f.counter_evidence.push_back(
          fmt::format("{} of the sources also completed handshakes: a client that probes, or an open port", c.totals().completed));
    f.counter_evidence.push_back(silence_clause(context));
  }
  Settings settings_;
};

const Register<DetectorSpec> reg{detector<AddressScan>("address_scan", "one source tries the same port on many local addresses")};

}  // namespace
}  // namespace sekisho
