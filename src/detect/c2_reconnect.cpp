// Unanswered SYNs to a public address on a control server's port, again and again: a bot whose control server is down.
// On other ports and in private networks every client of a server that is down does the same: that is no incident.
#include "detect/connection_findings.h"
#include "detect/detector.h"

namespace sekisho {
namespace {

class C2Reconnect final : public Detector {
 public:
  struct Settings {
    std::int64_t min_syns = 8;
    Milliseconds within{300'000};
    Milliseconds min_span{10'000};
    std::int64_t min_attempts = 3;
    std::int64_t max_targets = 3;
  };
  static constexpr Field<Settings> fields[] = {
      {"min_syns", &Settings::min_syns, 4, 12, "unanswered SYNs to one address and port"},
      {"within", &Settings::within, 10'000, 3'600'000, "over how long they are counted"},
      {"min_span", &Settings::min_span, 1'000, 600'000, "SYNs that come faster are a flood, not a client that waits between attempts"},
      {"min_attempts", &Settings::min_attempts, 1, 1'000, "distinct attempts (a kernel repeats each SYN by itself)"},
      {"max_targets", &Settings::max_targets, 1, 1'000, "a host with more failing targets than this scans, or lost its network"}};
  explicit C2Reconnect(Settings settings) : settings_{settings}, paces_{4096}, targets_{1024} {}

  void on_step(const Step& step, std::vector<Finding>& out) override {
    for (const ConnectionFact& f : step.connections)
      if (f.signs & kSignUnanswered) note_target(f);
    for (const ConnectionFact& f : step.connections)
      if (f.signs & kSignUnanswered) judge(f, step, out);
  }

 private:
  using Target = std::pair<Address, std::uint16_t>;

  void note_target(const ConnectionFact& f) {
    auto& targets = targets_[f.local];
    const DurationNs within = settings_.within.count * kMillisecond;
    std::erase_if(targets, [&](const auto& t) { return f.last_seen - t.second > within; });
    if (targets.size() < 64) targets[Target{f.remote, f.remote_port}] = f.last_seen;
  }

  void judge(const ConnectionFact& f, const Step& step, std::vector<Finding>& out) {
    const std::size_t n = std::min<std::size_t>(f.beats, f.last_beats.size());
    const auto needed = static_cast<std::size_t>(settings_.min_syns);
    if (n < needed) return;
    const DurationNs span = f.last_beats[n - 1].time - f.last_beats[n - needed].time;
    if (span > settings_.within.count * kMillisecond || span < settings_.min_span.count * kMillisecond) return;
    if (f.login_attempts < static_cast<std::uint32_t>(settings_.min_attempts)) return;
    if (!is_c2_port(f.remote_port) || is_private(f.remote)) return;
    if (targets_[f.local].size() > static_cast<std::size_t>(settings_.max_targets)) return;

    Finding finding = c2_finding("c2_reconnect", f, step.time);
    finding.confidence = 60;
    Pace& pace = paces_[finding.merge_key];
    if (!pace.due(step, finding.severity, packets_of(f))) return;
    finding.headline = fmt::format("{} unanswered SYNs in {} to {}", f.packets_out, format_duration(f.last_seen - f.opened),
                                   address_and_port(f.remote, f.remote_port));
    finding.evidence.push_back(
        fmt::format("{} attempts ({} SYNs), the last {} within {}", f.login_attempts, f.packets_out, needed, format_duration(span)));
    if (f.packets_in > 0) finding.evidence.push_back(fmt::format("{} were refused", f.packets_in));
    finding.evidence.push_back(fmt::format("port {} is one that Mirai's control servers used", f.remote_port));
    finding.counter_evidence.push_back("any client whose server is down does the same: a backup, a monitoring agent, a database client");
    pace.fill(finding, step.time, packets_of(f), bytes_of(f));
    out.push_back(std::move(finding));
  }

  Settings settings_;
  BoundedMap<std::string, Pace> paces_;
  BoundedMap<Address, std::map<Target, TimeNs>> targets_;
};

const Register<DetectorSpec> reg{detector<C2Reconnect>("c2_reconnect", "repeated unanswered SYNs to one address and port")};

}  // namespace
}  // namespace sekisho
