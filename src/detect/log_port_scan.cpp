// One source, many ports, in firewall LOG lines.
#include "detect/log_detector.h"
#include "detect/log_scan_campaign.h"

namespace sekisho {
namespace {

class LogPortScan final : public LogDetector {
 public:
  struct Settings {
    std::int64_t ports = 10, ports_slow = 30;
  };
  static constexpr Field<Settings> fields[] = {
      {"ports", &Settings::ports, 3, 500, "distinct ports that one source tries within a minute or two"},
      {"ports_slow", &Settings::ports_slow, 3, 500, "distinct ports that one source tries in any time"}};
  explicit LogPortScan(const Settings& s) : settings_{s} {}

  void on_step(const LogStep& step, std::vector<Finding>& out) override {
    for (const LogScanFact& f : step.scans)
      if (f.direction == Direction::ingress && f.fingerprint == 0 && (f.ports_minute >= settings_.ports || f.ports >= settings_.ports_slow))
        campaign_.add(f);
    if (!campaign_.touched(step)) return;
    const auto& t = campaign_.totals();
    campaign_.tell(step, Severity::low, out, [&](Finding& f) {
      f.confidence = std::min(90, 60 + static_cast<int>(t.most_ports));
      f.evidence.push_back(fmt::format("about {} different ports from one source", t.most_ports));
    });
  }
  void take_offenders(std::vector<Offender>& out) override { campaign_.take_offenders(out); }

 private:
  Settings settings_;
  LogScanCampaign campaign_{"port_scan"};
};

const Register<LogDetectorSpec> reg{log_detector<LogPortScan>("log_port_scan", "one source, many ports, in firewall LOG lines")};

}  // namespace
}  // namespace sekisho
