// A long-lived outbound connection on which the local side says a few bytes again and again at steady intervals: a C2 keepalive.
#include "detect/beacon_score.h"
#include "detect/connection_findings.h"
#include "detect/detector.h"

namespace sekisho {
namespace {

class C2Keepalive final : public Detector {
 public:
  struct Settings {
    double alert_score = 0.85;
    double watch_score = 0.45;
    std::int64_t alert_beats = 4;
    std::int64_t watch_beats = 8;
    std::int64_t max_payload_bytes = 8;
    Milliseconds min_interval{5'000};
  };
  static constexpr Field<Settings> fields[] = {
      {"alert_score", &Settings::alert_score, 0.5, 1, "beacon score from which a connection is reported"},
      {"watch_score", &Settings::watch_score, 0.1, 1, "beacon score from which a connection with a second sign is reported"},
      {"alert_beats", &Settings::alert_beats, 4, 12, "payloads needed for a report"},
      {"watch_beats", &Settings::watch_beats, 4, 12, "payloads needed when only the second sign is strong"},
      {"max_payload_bytes", &Settings::max_payload_bytes, 2, 16, "largest payload that counts as a beat"},
      {"min_interval", &Settings::min_interval, 1'000, 600'000, "shorter median intervals are typing or data, not keepalives"}};
  explicit C2Keepalive(Settings settings) : settings_{settings}, paces_{4096}, seen_in_packets_{4096} {}

  void on_step(const Step& step, std::vector<Finding>& out) override {
    for (const ConnectionFact& f : step.connections) {
      if (f.outbound && f.established && f.beats > 0) seen_in_packets_[key_of(f)] = step.time;
      if (f.outbound && f.established && f.beats >= 4) judge(f, By::packets, step, out);
    }
    // Packets tell more than counters: where they are seen, their bytes decide.
    for (const ConnectionFact& f : step.sockets)
      if (f.beats >= 4 && !seen_in_packets_.all().contains(key_of(f)) && is_tiny(f)) judge(f, By::socket, step, out);
  }

 private:
  enum class By { packets, socket };
  // A keepalive is nearly all that the connection carries: both ways together at most 64 bytes a beat, beside what came before.
  static bool is_tiny(const ConnectionFact& f) { return f.payload_out + f.payload_in <= 4096 + 64ULL * f.beats; }

  void judge(const ConnectionFact& f, By by, const Step& step, std::vector<Finding>& out) {
    const bool exact = (f.signs & kSignHeartbeat) != 0;
    if (f.benign != BenignBeat::none && !exact) return;
    const BeaconScore s = beacon_score(f, static_cast<std::uint16_t>(settings_.max_payload_bytes));
    if (s.median_s * 1000 < static_cast<double>(settings_.min_interval.count)) return;
    const auto beats = static_cast<std::int64_t>(s.beats);
    const bool prior = is_c2_port(f.remote_port);
    const bool registered = (f.signs & kSignRegistration) != 0;
    // 00 00 answered by 00 00 is no ordinary protocol's: steady timing is then not needed.
    const bool alert = beats >= settings_.alert_beats && (s.score >= settings_.alert_score || exact);
    const bool second_sign = prior || registered || (f.signs & (kSignCommandAfterBeat | kSignGafgytText)) != 0;
    const bool note = s.score >= settings_.watch_score && beats >= settings_.watch_beats && second_sign;
    if (!alert && !note) return;

    Finding finding = c2_finding("c2_keepalive", f, step.time);
    int confidence = alert ? 55 + static_cast<int>(10 * std::clamp((s.score - 0.85) / 0.15, 0.0, 1.0)) : 40;
    confidence += (exact ? 35 : 0) + (registered ? 40 : 0) + (prior ? 15 : 0) - (is_private(f.remote) ? 10 : 0);
    if (by == By::socket) confidence -= 10;
    finding.confidence = std::clamp(confidence, 0, 99);
    finding.severity = exact && registered ? Severity::critical : Severity::high;
    Pace& pace = paces_[finding.merge_key];
    if (!pace.due(step, finding.severity, packets_of(f))) return;

    finding.headline = fmt::format("{} bytes every {:.1f} s to {}, beacon score {:.2f}", s.mode_bytes, s.median_s,
                                   address_and_port(f.remote, f.remote_port), s.score);
    finding.evidence.push_back(
        fmt::format("{} payloads seen, the last {} {:.1f} s apart (median; deviation {:.2f} s), {:.0f} % of {} bytes", f.beats, s.beats,
                    s.median_s, s.mad_s, 100 * s.mode, s.mode_bytes));
    if (by == By::packets)
      finding.evidence.push_back(fmt::format("last payload begins {}", hex(f, s.mode_bytes)));
    else
      finding.evidence.push_back("counted by the kernel for this socket (sock_diag), without its packets");
    if (exact) finding.evidence.push_back("00 00 is answered by 00 00: Mirai's heartbeat, used by no ordinary protocol");
    if (registered) finding.evidence.push_back("the connection began with Mirai's registration 00 00 00 01");
    if (prior) finding.evidence.push_back(fmt::format("port {} is one that Mirai's control servers used", f.remote_port));
    if (by == By::packets)
      finding.evidence.push_back(
          "not a keepalive of MQTT, AMQP, STOMP, MySQL, WebSocket, BGP, IRC, NATS, Redis, PostgreSQL or SSH by its bytes");
    else
      finding.counter_evidence.push_back(
          "its bytes were not seen: MQTT, WebSocket and others keep connections alive with as few, at other ports than usual too");
    if (!exact && !registered)
      finding.counter_evidence.push_back("an application's own keepalive can look the same: ask which process owns the connection");
    if (s.score < 0.85) finding.counter_evidence.push_back(fmt::format("the intervals vary: score {:.2f} of 1", s.score));
    add_c2_doubts(f, finding);
    if (finding.counter_evidence.empty()) finding.counter_evidence.push_back("no command was seen on it so far");
    pace.fill(finding, step.time, packets_of(f), bytes_of(f));
    out.push_back(std::move(finding));
  }

  static std::string hex(const ConnectionFact& f, std::uint16_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < std::min<std::size_t>(std::max<std::uint16_t>(bytes, 1), 8); ++i)
      text += fmt::format("{}{:02x}", i == 0 ? "" : " ", f.beat_bytes[i]);
    return text;
  }

  Settings settings_;
  BoundedMap<std::string, Pace> paces_;
  BoundedMap<ConnectionKey, TimeNs> seen_in_packets_;
};

const Register<DetectorSpec> reg{detector<C2Keepalive>("c2_keepalive", "small payloads at steady intervals on a long outbound connection")};

}  // namespace
}  // namespace sekisho
