// The Mirai fingerprint on firewall LOG lines with SEQ: the sequence number is the destination's address (FACTS section 2).
#include "detect/log_detector.h"
#include "detect/log_scan_campaign.h"

namespace sekisho {
namespace {

class LogMiraiScan final : public LogDetector {
 public:
  struct Settings {
    std::int64_t wave_sources = 10;
    Milliseconds wave_window{300'000};
  };
  static constexpr Field<Settings> fields[] = {
      {"wave_sources", &Settings::wave_sources, 2, 100'000, "distinct sources within wave_window that make a scan wave (medium)"},
      {"wave_window", &Settings::wave_window, 10'000, 3'600'000, "over how long the sources of a wave are counted"}};
  explicit LogMiraiScan(const Settings& s) : settings_{s} {}

  void on_step(const LogStep& step, std::vector<Finding>& out) override {
    for (const LogScanFact& f : step.scans)
      if (f.direction == Direction::ingress && f.fingerprint > 0) campaign_.add(f);
    if (!campaign_.touched(step)) return;
    const auto recent = campaign_.sources_within(step.time, settings_.wave_window.count * kMillisecond);
    const bool wave = recent >= static_cast<std::size_t>(settings_.wave_sources);
    const auto& t = campaign_.totals();
    campaign_.tell(step, wave || t.private_source ? Severity::medium : Severity::info, out, [&](Finding& f) {
      f.confidence = 97;
      f.evidence.push_back(
          fmt::format("the sequence number of {} of {} logged SYNs equals the destination address (Mirai's stateless scanner; a chance "
                      "match is 1 in 4.3e9)",
                      t.fingerprint, t.with_seq));
      if (t.plain_syns) f.evidence.push_back(fmt::format("{} of them without TCP options, as that scanner sends them", t.plain_syns));
      if (wave)
        f.evidence.push_back(
            fmt::format("a wave: {} sources within {}", recent, format_duration(settings_.wave_window.count * kMillisecond)));
      if (t.private_source) {
        f.evidence.push_back("one of the sources has a private address: an infected device in your own network");
        f.advice = "Find the device with that private address, disconnect it, and reset it before it is connected again.";
      }
    });
  }
  void take_offenders(std::vector<Offender>& out) override { campaign_.take_offenders(out); }

 private:
  Settings settings_;
  LogScanCampaign campaign_{"mirai_scan"};
};

const Register<LogDetectorSpec> reg{log_detector<LogMiraiScan>("log_mirai_scan", "the Mirai fingerprint on firewall LOG lines with SEQ")};

}  // namespace
}  // namespace sekisho
