// One source whose first contacts keep failing, half a minute and more apart, for a long time.
#include <fmt/format.h>

#include "detect/scan_detector.h"

namespace sekisho {
namespace {

class SlowScan final : public ScanDetector {
 public:
  struct Settings {
    Milliseconds min_span{600'000};
  };
  static constexpr Field<Settings> fields[] = {
      {"min_span", &Settings::min_span, 60'000, 86'400'000, "time between a source's first and last contact from which on it counts"}};
  explicit SlowScan(const Settings& s)
      : ScanDetector("slow_scan", {.single = Severity::low, .idle = 2 * 60 * kMinute}, kScanProbation),
        min_span_{s.min_span.count * kMillisecond} {}

 private:
  bool claims(const SourceFact& fact, const ScanContext& context) const override {
    return fact.last_seen - fact.first_seen >= min_span_ && tcp_scan_label(fact, context) == "slow_scan";
  }
  void judge(const Campaign& c, const ScanContext& context, Finding& f) const override {
    const auto ports = c.most_ports(), locals = c.most_locals();
    f.confidence = (ports + locals >= 16 ? 80 : 70) - (context.answers_seen() ? 0 : 10);
    f.evidence.insert(
        f.evidence.begin(),
        fmt::format("one source tried about {} addresses and {} ports over {}, half a minute and more apart, and nearly all failed", locals,
                    ports, format_duration(f.time - c.totals().first_seen)));
    add_ports_clause(c, false, f);
    f.counter_evidence.push_back("a client with an old address list retries as patiently: the pace alone is no proof");
    f.counter_evidence.push_back(silence_clause(context));
  }
  DurationNs min_span_;
};

const Register<DetectorSpec> reg{detector<SlowScan>("slow_scan", "one source whose first contacts keep failing over a long time")};

}  // namespace
}  // namespace sekisho
