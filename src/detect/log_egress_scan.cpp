// Firewall LOG lines with OUT= and no IN=: this host itself scans. With the Mirai fingerprint it is infected.
#include "detect/log_detector.h"
#include "detect/log_findings.h"
#include "detect/port_table.h"

namespace sekisho {
namespace {

constexpr std::string_view kAdvice =
    "Isolate this host now and keep it powered for forensics; find the process that owns the connections (ss -tnp, ss -w -a); treat the host as "
    "untrusted until it is re-imaged from a known-good snapshot.";

class LogEgressScan final : public LogDetector {
 public:
  struct Settings {
    std::int64_t min_targets = 20;
  };
  static constexpr Field<Settings> fields[] = {
      {"min_targets", &Settings::min_targets, 5, 500, "distinct destinations of logged SYNs to device ports that look like a scan"}};
  explicit LogEgressScan(const Settings& s) : settings_{s} {}

  void on_step(const LogStep& step, std::vector<Finding>& out) override {
    for (const LogScanFact& f : step.scans) {
      if (f.direction != Direction::egress) continue;
      const bool fans_out = f.device_port_syns * 2 >= f.lines && f.destinations >= settings_.min_targets;
      if (f.fingerprint == 0 && !fans_out) continue;
      if (states_.size() >= 256 && !states_.contains(f.source)) continue;
      State& s = states_[f.source];
      s.fact = f;
      s.fact.prefix = {};
      judge(s, step, out);
    }
    if (step.last)
      for (auto& [source, state] : states_) judge(state, step, out);
  }

 private:
  struct State {
    LogScanFact fact;
    LogPace pace;
  };

  static void judge(State& s, const LogStep& step, std::vector<Finding>& out) {
    const LogScanFact& fact = s.fact;
    Finding f = log_finding("egress_scan", step, {});
    f.severity = fact.fingerprint ? Severity::critical : Severity::high;
    if (!s.pace.due(step, f.severity, fact.lines)) return;
    f.direction = Direction::egress;
    f.has_subject = true, f.subject = fact.source.base;
    f.merge_key = "egress_scan log " + to_string(fact.source);
    f.first_packet = fact.first_seen;
    f.distinct_peers = fact.destinations;
    f.top_peers.push_back({fact.destination, 0, 1});
    std::vector<std::uint16_t> ports;
    for (const auto& p : fact.first_ports)
      if (p.lines) f.remote_ports.push_back({p.port, p.lines}), ports.push_back(p.port);
    f.headline = fmt::format("{} logged packets to about {} destinations", format_count(fact.lines), format_count(fact.destinations));
    if (fact.fingerprint) {
      f.confidence = 99;
      f.evidence.push_back(fmt::format("{} outgoing SYNs carry the destination address as sequence number: Mirai's scanner runs here (a chance match is 1 in 4.3e9)",
                                       fact.fingerprint));
    } else {
      f.confidence = 75;
      f.counter_evidence.push_back("no outgoing SYN carries the Mirai fingerprint");
    }
    if (fact.device_port_syns) f.evidence.push_back(fmt::format("{} of {} outgoing SYNs went to ports of telnet and devices", fact.device_port_syns, fact.syns));
    if (auto who = attribution(fact.fingerprint > 0, ports); !who.empty()) f.evidence.push_back(std::move(who));
    f.counter_evidence.push_back("LOG lines show no answers; a vulnerability scanner of your own looks the same: is one installed here?");
    f.advice = kAdvice;
    f.selector.direction = Direction::egress;
    f.selector.locals = {fact.source.base};
    f.selector.both_ways = true;
    s.pace.fill(f, step, fact.lines);
    out.push_back(std::move(f));
  }

  Settings settings_;
  std::map<Network, State> states_;
};

const Register<LogDetectorSpec> reg{log_detector<LogEgressScan>("log_egress_scan", "outgoing scans in firewall LOG lines")};

}  // namespace
}  // namespace sekisho
