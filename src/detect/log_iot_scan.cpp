// Logged SYNs to telnet and device ports without the Mirai fingerprint.
#include "detect/log_detector.h"
#include "detect/log_scan_campaign.h"

namespace sekisho {
namespace {

class LogIotScan final : public LogDetector {
 public:
  struct Settings {
    std::int64_t lines = 3, wave_sources = 30;
    Milliseconds wave_window{300'000};
  };
  static constexpr Field<Settings> fields[] = {
      {"lines", &Settings::lines, 1, 100'000, "logged SYNs of one source to device ports that are noted (severity info)"},
      {"wave_sources", &Settings::wave_sources, 2, 100'000, "distinct sources within wave_window that make a scan wave (medium)"},
      {"wave_window", &Settings::wave_window, 10'000, 3'600'000, "over how long the sources of a wave are counted"}};
  explicit LogIotScan(const Settings& s) : settings_{s} {}

  void on_step(const LogStep& step, std::vector<Finding>& out) override {
    for (const LogScanFact& f : step.scans) {
      if (f.direction != Direction::ingress || f.fingerprint > 0 || f.device_port_syns == 0) continue;
      if (f.device_port_syns >= settings_.lines) {
        campaign_.add(f);
      } else {
        // One or two probes a source are what a botnet sends: they count once many sources do it.
        quiet_.push_back(f);
        quiet_.back().prefix = {};
      }
    }
    if (!quiet_.empty()) {
      std::erase_if(quiet_, [&](const LogScanFact& f) { return f.last_seen + settings_.wave_window.count * kMillisecond < step.time; });
      if (quiet_.size() > 4096) quiet_.erase(quiet_.begin(), quiet_.begin() + 2048);
      if (quiet_.size() >= static_cast<std::size_t>(settings_.wave_sources)) {
        for (const auto& f : quiet_) campaign_.add(f);
        quiet_.clear();
      }
    }
    if (!campaign_.touched(step)) return;
    const auto recent = campaign_.sources_within(step.time, settings_.wave_window.count * kMillisecond);
    const bool wave = recent >= static_cast<std::size_t>(settings_.wave_sources);
    const auto& t = campaign_.totals();
    campaign_.tell(step, wave ? Severity::medium : Severity::info, out, [&](Finding& f) {
      f.confidence = std::min(70, 40 + (wave ? 15 : 0) + (t.device_port_syns >= 20 ? 10 : 0));
      f.evidence.push_back(fmt::format("{} of {} logged SYNs went to ports of telnet and devices", t.device_port_syns, t.syns));
      if (wave)
        f.evidence.push_back(
            fmt::format("a wave: {} sources within {}", recent, format_duration(settings_.wave_window.count * kMillisecond)));
      f.counter_evidence.push_back(
          t.with_seq ? "the sequence numbers are not the destination's address: not the Mirai fingerprint"
                     : "the lines have no sequence numbers (log with --log-tcp-sequence): the Mirai fingerprint could not be looked for");
    });
  }
  void take_offenders(std::vector<Offender>& out) override { campaign_.take_offenders(out); }

 private:
  Settings settings_;
  LogScanCampaign campaign_{"iot_scan"};
  std::vector<LogScanFact> quiet_;
};

const Register<LogDetectorSpec> reg{log_detector<LogIotScan>("log_iot_scan", "logged SYNs to device ports without the Mirai fingerprint")};

}  // namespace
}  // namespace sekisho
