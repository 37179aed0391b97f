// Text control of the Gafgyt family: bare PING answered by PONG, and "!* COMMAND" lines from the server of an outbound connection.
#include <cstring>

#include "detect/beacon_score.h"
#include "detect/connection_findings.h"
#include "detect/detector.h"

namespace sekisho {
namespace {

class C2Text final : public Detector {
 public:
  struct Settings {
    bool bare_ping = true;
  };
  static constexpr Field<Settings> fields[] = {
      {"bare_ping", &Settings::bare_ping, 0, 0, "report PING/PONG without commands too (an own line protocol could do the same)"}};
  explicit C2Text(Settings settings) : settings_{settings}, paces_{4096} {}

  void on_step(const Step& step, std::vector<Finding>& out) override {
    for (const ConnectionFact& f : step.connections)
      if (f.outbound && (f.signs & kSignGafgytText)) judge(f, step, out);
  }

 private:
  void judge(const ConnectionFact& f, const Step& step, std::vector<Finding>& out) {
    const bool own_pong = std::memcmp(f.beat_bytes.data(), "PONG!", 5) == 0;
    const bool certain = f.commands > 0 || own_pong;
    if (!certain && (!settings_.bare_ping || f.benign != BenignBeat::none)) return;
    Finding finding = c2_finding("c2_text", f, step.time);
    const BeaconScore s = beacon_score(f);
    const bool steady = s.beats >= 4 && s.median_s >= 20 && s.median_s <= 70 && s.score >= 0.45;
    finding.confidence = std::min(99, (certain ? 85 : 60) + (steady ? 8 : 0) + (f.commands > 0 && own_pong ? 5 : 0));
    Pace& pace = paces_[finding.merge_key];
    if (!pace.due(step, finding.severity, packets_of(f))) return;
    finding.headline = f.commands > 0 ? fmt::format("{} text command{} from {}", f.commands, f.commands == 1 ? "" : "s",
                                                    address_and_port(f.remote, f.remote_port))
                                      : fmt::format("PING answered by PONG with {}", address_and_port(f.remote, f.remote_port));
    if (f.commands > 0) finding.evidence.push_back(fmt::format("{} payloads of the server begin with \"!* \" and a command", f.commands));
    finding.evidence.push_back(own_pong ? "the answer to PING is \"PONG!\", as in Gafgyt's source"
                                        : "PING and PONG stand alone, without IRC's parameter");
    if (steady) finding.evidence.push_back(fmt::format("every {:.0f} s", s.median_s));
    if (!certain) finding.counter_evidence.push_back("no command line was seen; an application's own PING/PONG protocol looks the same");
    add_c2_doubts(f, finding);
    pace.fill(finding, step.time, packets_of(f), bytes_of(f));
    out.push_back(std::move(finding));
  }

  Settings settings_;
  BoundedMap<std::string, Pace> paces_;
};

const Register<DetectorSpec> reg{detector<C2Text>("c2_text", "Gafgyt's text control: PING, PONG, !* commands")};

}  // namespace
}  // namespace sekisho
