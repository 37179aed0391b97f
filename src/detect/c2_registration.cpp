// A connection that begins with 00 00 00 01 (and an id): a Mirai bot registers with its control server.
#include "detect/connection_findings.h"
#include "detect/detector.h"

namespace sekisho {
namespace {

class C2Registration final : public Detector {
 public:
  struct Settings {
    std::int64_t server_registrations = 1;
  };
  static constexpr Field<Settings> fields[] = {
      {"server_registrations", &Settings::server_registrations, 1, 1'000,
       "bots that must register here, and be answered, before this host is called a control server"}};
  explicit C2Registration(Settings settings) : settings_{settings}, paces_{4096}, bots_{4096} {}

  void on_step(const Step& step, std::vector<Finding>& out) override {
    for (const ConnectionFact& f : step.connections)
      if (f.signs & kSignRegistration) f.outbound ? registers(f, step, out) : serves(f, step, out);
  }

 private:
  void registers(const ConnectionFact& f, const Step& step, std::vector<Finding>& out) {
    const bool beats = (f.signs & kSignHeartbeat) != 0;
    Finding finding = c2_finding("c2_registration", f, step.time);
    finding.confidence = beats ? 95 : is_c2_port(f.remote_port) ? 88 : 80;
    finding.severity = beats ? Severity::critical : Severity::high;
    Pace& pace = paces_[finding.merge_key];
    if (!pace.due(step, finding.severity, packets_of(f))) return;
    finding.headline = fmt::format("registered as a bot with {}", address_and_port(f.remote, f.remote_port));
    finding.evidence.push_back("the first client payload is 00 00 00 01, before the server said anything: Mirai's registration");
    if (beats) finding.evidence.push_back("00 00 was answered by 00 00: Mirai's heartbeat");
    if (!beats) finding.counter_evidence.push_back("no heartbeat 00 00 was answered so far");
    if (f.payload_in == 0) finding.counter_evidence.push_back("the server has not answered with data");
    add_c2_doubts(f, finding);
    if (finding.counter_evidence.empty()) finding.counter_evidence.push_back("no command was seen on it so far");
    pace.fill(finding, step.time, packets_of(f), bytes_of(f));
    out.push_back(std::move(finding));
  }

  // The other role: bots register here and this host answers their heartbeats. One that only knocks proves nothing about us.
  void serves(const ConnectionFact& f, const Step& step, std::vector<Finding>& out) {
    if (!(f.signs & kSignHeartbeat)) return;
    auto& bots = bots_[f.local];
    if (std::find(bots.begin(), bots.end(), f.remote) == bots.end() && bots.size() < 64) bots.push_back(f.remote);
    if (static_cast<std::int64_t>(bots.size()) < settings_.server_registrations) return;
    Finding finding = c2_finding("c2_registration", f, step.time);
    finding.merge_key = to_string(f.local) + " serves";
    finding.remote_ports.clear();
    finding.selector.remotes = bots;
    finding.selector.remote_ports.clear();
    finding.selector.local_ports = {f.local_port};
    finding.distinct_peers = bots.size();
    finding.confidence = 85;
    Pace& pace = paces_[finding.merge_key];
    if (!pace.due(step, finding.severity, packets_of(f))) return;
    finding.headline =
        fmt::format("port {} of this host answers bots like a Mirai control server: {} registered", f.local_port, bots.size());
    finding.evidence.push_back(fmt::format("{} sent 00 00 00 01 and this host answers its heartbeats 00 00", to_string(f.remote)));
    finding.counter_evidence.push_back("if the local side was guessed wrong, this is a bot and the peer its control server: give --local");
    pace.fill(finding, step.time, packets_of(f), bytes_of(f));
    out.push_back(std::move(finding));
  }

  Settings settings_;
  BoundedMap<std::string, Pace> paces_;
  BoundedMap<Address, std::vector<Address>> bots_;
};

const Register<DetectorSpec> reg{detector<C2Registration>("c2_registration", "a Mirai bot registers with its control server")};

}  // namespace
}  // namespace sekisho
