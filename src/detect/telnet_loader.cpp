// A login session in which the client sends "/bin/busybox TAG": a Mirai loader is inside, or tries.
#include "detect/connection_findings.h"
#include "detect/detector.h"

namespace sekisho {
namespace {

class TelnetLoader final : public Detector {
 public:
  struct Settings {
    bool untagged = true;
  };
  static constexpr Field<Settings> fields[] = {
      {"untagged", &Settings::untagged, 0, 0, "report /bin/busybox with ordinary applets too (an administrator may type it)"}};
  explicit TelnetLoader(Settings settings) : settings_{settings}, subjects_{4096} {}

  void on_step(const Step& step, std::vector<Finding>& out) override {
    for (const ConnectionFact& f : step.connections)
      if (f.signs & kSignBusybox) judge(f, step, out);
  }
  void take_offenders(std::vector<Offender>& out) override { offenders_.take(out); }

 private:
  struct Subject {
    std::map<ConnectionKey, std::pair<std::uint64_t, std::uint64_t>> counted;  // packets and bytes by connection; at most 256
    std::vector<PeerFact> peers;
    TimeNs first = 0;
    std::uint64_t packets = 0, bytes = 0;
    Pace pace;
  };

  void judge(const ConnectionFact& f, const Step& step, std::vector<Finding>& out) {
    const std::string tag{f.tag.data()};
    if (tag.empty() && !settings_.untagged) return;
    Finding finding;
    finding.merge_key = fmt::format("telnet_loader {} {}", to_string(f.local), f.outbound ? "out" : "in");
    Subject& subject = subjects_[finding.merge_key];
    count(f, subject);
    // Without a botnet's tag it may be the administrator.
    if (!f.outbound && !tag.empty()) offenders_.add("telnet_loader", finding.merge_key, f.remote, packets_of(f));
    finding.time = step.time;
    finding.first_packet = subject.first;
    finding.label = "telnet_loader";
    finding.direction = f.outbound ? Direction::egress : Direction::ingress;
    finding.subject = f.local;
    finding.confidence = tag.empty() ? 60 : 95;
    const bool inside = (f.signs & kSignLoginOk) != 0;
    if (f.outbound)
      finding.severity = tag.empty() ? Severity::high : Severity::critical;
    else
      finding.severity = tag.empty() ? Severity::medium : inside ? Severity::critical : Severity::high;
    if (!subject.pace.due(step, finding.severity, subject.packets)) return;
    finding.distinct_peers = subject.peers.size();
    finding.top_peers = subject.peers;
    std::stable_sort(finding.top_peers.begin(), finding.top_peers.end(),
                     [](const PeerFact& a, const PeerFact& b) { return a.packets > b.packets; });
    if (finding.top_peers.size() > 20) finding.top_peers.resize(20);
    const std::uint16_t port = f.outbound ? f.remote_port : f.local_port;
    (f.outbound ? finding.remote_ports : finding.local_ports) = {{port, packets_of(f)}};
    finding.headline =
        tag.empty() ? fmt::format("\"/bin/busybox\" sent {} {} on port {}", f.outbound ? "to" : "by", to_string(f.remote), port)
                    : fmt::format("\"/bin/busybox {}\" sent {} {} on port {}", tag, f.outbound ? "to" : "by", to_string(f.remote), port);
    if (tag.empty()) {
      finding.evidence.push_back("the client calls busybox by its full path, as loaders do");
      finding.counter_evidence.push_back("no botnet's tag: an administrator may have typed it");
    } else {
      finding.evidence.push_back(
          fmt::format("\"{}\" is no applet of busybox: loaders send such a tag to learn from the error that they have a shell", tag));
    }
    if (inside)
      finding.evidence.push_back("a shell prompt followed the login");
    else
      finding.counter_evidence.push_back("no shell prompt was seen: the login may have failed");
    if (f.login_attempts > 0) finding.evidence.push_back(fmt::format("{} passwords were tried on this connection", f.login_attempts));
    if (finding.counter_evidence.empty()) finding.counter_evidence.push_back("no download was seen on this connection so far");
    if (f.outbound) finding.advice = kIsolateAdvice;
    finding.selector.direction = finding.direction;
    finding.selector.locals = {f.local};
    for (const PeerFact& peer : subject.peers)
      if (finding.selector.remotes.size() < kMaxSelected) finding.selector.remotes.push_back(peer.address);
    finding.selector.both_ways = true;
    subject.pace.fill(finding, step.time, subject.packets, subject.bytes);
    out.push_back(std::move(finding));
  }

  static void count(const ConnectionFact& f, Subject& subject) {
    if (subject.first == 0 || f.opened < subject.first) subject.first = f.opened;
    const auto key = key_of(f);
    if (subject.counted.size() >= 256 && !subject.counted.contains(key)) subject.counted.erase(subject.counted.begin());
    auto& [packets, bytes] = subject.counted[key];
    const std::uint64_t more = packets_of(f) - std::min(packets, packets_of(f));
    subject.packets += more;
    subject.bytes += bytes_of(f) - std::min(bytes, bytes_of(f));
    packets = packets_of(f);
    bytes = bytes_of(f);
    const auto peer = std::find_if(subject.peers.begin(), subject.peers.end(), [&](const PeerFact& p) { return p.address == f.remote; });
    if (peer != subject.peers.end())
      peer->packets += more;
    else if (subject.peers.size() < kMaxSelected)
      subject.peers.push_back({f.remote, 0, more});
  }

  Settings settings_;
  BoundedMap<std::string, Subject> subjects_;
  Offenders offenders_;
};

const Register<DetectorSpec> reg{detector<TelnetLoader>("telnet_loader", "busybox probes of a loader in a login session")};

}  // namespace
}  // namespace sekisho
