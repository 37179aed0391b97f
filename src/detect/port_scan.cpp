// One source, many TCP ports of a host, nearly all unanswered or refused (FACTS section 9: threshold random walk).
#include <fmt/format.h>

#include "base/text.h"
#include "detect/scan_detector.h"

namespace sekisho {
namespace {

class PortScan final : public ScanDetector {
 public:
  struct Settings {
    std::int64_t min_ports = 4;
    double max_rate_pps = 5'000;
  };
  static constexpr Field<Settings> fields[] = {
      {"min_ports", &Settings::min_ports, 2, 500, "distinct ports that one source has tried"},
      {"max_rate_pps", &Settings::max_rate_pps, 10, 1e7, "above it one source's SYNs are a flood, whatever their ports"}};
  explicit PortScan(const Settings& s) : ScanDetector("port_scan", {.single = Severity::low}, kScanProbation), settings_{s} {}

 private:
  bool claims(const SourceFact& fact, const ScanContext& context) const override {
    return fact.distinct_ports >= settings_.min_ports && tcp_scan_label(fact, context) == "port_scan";
  }
  bool explained_by_flood(const SourceFact& f, const ScanContext& context) const override {
    const double own = syn_rate_pps(f);
    if (own > settings_.max_rate_pps) return true;
    if (f.distinct_ports < 250 && f.syns > 8U * f.distinct_ports) return true;  // the same few ports again and again
    // Random ports from very many sources: each of them is a small part of what this host receives.
    const double flood = context.syn_flood_pps(f.last_local);
    return flood >= kSynFloodPps && own < flood / 4;
  }
  void judge(const Campaign& c, const ScanContext& context, Finding& f) const override {
    const auto& t = c.totals();
    f.confidence = context.answers_seen() ? (c.most_ports() >= 20 ? 95 : 85) : (c.most_ports() >= 20 ? 80 : 65);
    f.evidence.insert(f.evidence.begin(),
                      fmt::format("one source tried about {} ports at up to {}; of its first contacts {} failed and {} succeeded "
                                  "(threshold random walk: a scanner at odds of 99 to 1)",
                                  c.most_ports(), format_rate_pps(c.fastest_pps()), c.most_failures(), c.its_successes()));
    if (t.refused != 0) f.evidence.push_back("closed ports answered with RST or ICMP unreachable");
    add_ports_clause(c, false, f);
    if (t.completed != 0)
      f.counter_evidence.push_back(
          fmt::format("{} of the sources also completed handshakes: a client that probes, or an open port", t.completed));
    f.counter_evidence.push_back(silence_clause(context));
  }
  Settings settings_;
};

const Register<DetectorSpec> reg{detector<PortScan>("port_scan", "one source tries many ports of a host")};

}  // namespace
}  // namespace sekisho
