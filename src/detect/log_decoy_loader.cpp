// Commands typed into a decoy after its login: the loader of a botnet at work.
#include "detect/log_detector.h"
#include "detect/log_findings.h"

namespace sekisho {
namespace {

class LogDecoyLoader final : public LogDetector {
 public:
  struct Settings {
    std::int64_t commands = 1;
  };
  static constexpr Field<Settings> fields[] = {
      {"commands", &Settings::commands, 1, 1'000, "busybox or download commands in the decoy that are reported"}};
  explicit LogDecoyLoader(const Settings& s) : settings_{s} {}

  void on_step(const LogStep& step, std::vector<Finding>& out) override {
    for (const DecoyCommandFact& c : step.commands) {
      auto& peer = peers_.at(c.source);
      if (peer.hits++ == 0) peer.first = c.time;
      peer.last = c.time;
      ++total_;
      offenders_.add("telnet_loader", "decoy loader", c.source.base, peer.hits);
      busybox_ += c.busybox, downloads_ += c.download;
      last_ = quoted_text(c.command);
    }
    if ((step.commands.empty() && !step.last) || total_ < static_cast<std::uint64_t>(settings_.commands) || peers_.empty()) return;
    Finding f = log_finding("telnet_loader", step, "decoy loader");
    f.severity = Severity::low;
    if (!pace_.due(step, f.severity, total_)) return;
    f.confidence = busybox_ ? 95 : 80;
    peers_.fill(f);
    f.headline = fmt::format("{} commands of {} source{} in the decoy", total_, f.distinct_peers, plural(f.distinct_peers));
    if (busybox_) f.evidence.push_back(fmt::format("{} called busybox with a tag, as loaders of the Mirai family do", busybox_));
    if (downloads_) f.evidence.push_back(fmt::format("{} fetched a file (wget, curl, tftp)", downloads_));
    f.evidence.push_back("the last one: " + last_);
    f.counter_evidence.push_back("it happened in a decoy: this host itself was not entered");
    f.advice = "Nothing to repair here. Keep the decoy's downloads for analysis and block the sources on real hosts.";
    pace_.fill(f, step, total_);
    out.push_back(std::move(f));
  }
  void take_offenders(std::vector<Offender>& out) override { offenders_.take(out); }

 private:
  Settings settings_;
  LogPeers peers_;
  LogPace pace_;
  Offenders offenders_;
  std::uint64_t total_ = 0, busybox_ = 0, downloads_ = 0;
  std::string last_;
};

const Register<LogDetectorSpec> reg{log_detector<LogDecoyLoader>("log_decoy_loader", "a botnet's loader in a decoy's log")};

}  // namespace
}  // namespace sekisho
