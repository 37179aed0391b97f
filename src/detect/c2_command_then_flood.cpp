// The server of a keepalive connection says something, and within three seconds this host floods somebody.
#include <optional>

#include "detect/connection_findings.h"
#include "detect/detector.h"

namespace sekisho {
namespace {

// Classes that make up an outbound flood, with the setting that is their floor.
enum class FloodKind { udp, syn, ack, gre, icmp, http };
std::optional<FloodKind> flood_kind(TrafficClass c) {
  switch (c) {
    case TrafficClass::udp:
    case TrafficClass::udp_vse:
    case TrafficClass::dns_query:
    case TrafficClass::fragment: return FloodKind::udp;
    case TrafficClass::tcp_syn:
    case TrafficClass::tcp_syn_bare: return FloodKind::syn;
    case TrafficClass::tcp_ack_unknown:
    case TrafficClass::tcp_data_stalled:
    case TrafficClass::tcp_rst:
    case TrafficClass::tcp_fin:
    case TrafficClass::tcp_null:
    case TrafficClass::tcp_xmas:
    case TrafficClass::tcp_odd: return FloodKind::ack;
    case TrafficClass::gre_ip:
    case TrafficClass::gre_ethernet:
    case TrafficClass::gre_other:
    case TrafficClass::ip_in_ip: return FloodKind::gre;
    case TrafficClass::icmp_echo:
    case TrafficClass::icmp_other: return FloodKind::icmp;
    case TrafficClass::http_request: return FloodKind::http;
    default: return std::nullopt;
  }
}
constexpr std::array<std::string_view, 6> kKindNames{"UDP", "SYN", "TCP out of state", "GRE", "ICMP", "HTTP"};
using Rates = std::array<double, kKindNames.size()>;

class C2CommandThenFlood final : public Detector {
 public:
  struct Settings {
    Milliseconds within{3'000};
    double rise = 3;
    std::int64_t udp_pps = 500, syn_pps = 200, ack_pps = 500, gre_pps = 50, icmp_pps = 200, http_rps = 100;
  };
  static constexpr Field<Settings> fields[] = {
      {"within", &Settings::within, 500, 60'000, "longest time from the command to the flood"},
      {"rise", &Settings::rise, 1.5, 100, "how many times above the rate before the command"},
      {"udp_pps", &Settings::udp_pps, 10, 10'000'000, "outbound UDP that counts as a flood"},
      {"syn_pps", &Settings::syn_pps, 10, 10'000'000, "outbound SYNs that count as a flood"},
      {"ack_pps", &Settings::ack_pps, 10, 10'000'000, "outbound TCP without a connection that counts as a flood"},
      {"gre_pps", &Settings::gre_pps, 10, 10'000'000, "outbound GRE that counts as a flood"},
      {"icmp_pps", &Settings::icmp_pps, 10, 10'000'000, "outbound ICMP that counts as a flood"},
      {"http_rps", &Settings::http_rps, 10, 10'000'000, "outbound HTTP requests that count as a flood"}};
  explicit C2CommandThenFlood(Settings settings) : settings_{settings}, hosts_{4096} {}

  void on_step(const Step& step, std::vector<Finding>& out) override {
    for (const ConnectionFact& f : step.connections)
      if (f.outbound && f.commands > 0 && f.last_command > hosts_[f.local].command_time) note_command(f);
    for (const Second& s : step.seconds)
      if (s.direction == Direction::egress && !s.all) judge(s, step, out);
  }

 private:
  struct Host {
    TimeNs command_time = 0, measured = 0;
    ConnectionFact connection;
    Rates before{};  // a slow average of the rates, held from the command on
    bool flooding = false;
    TimeNs flood_began = 0, last_flood = 0;
    std::uint64_t packets = 0, bytes = 0;
    Pace pace;
  };

  void note_command(const ConnectionFact& f) {
    Host& host = hosts_[f.local];
    if (host.flooding) return;  // what comes during a flood does not explain it
    host.command_time = f.last_command;
    host.connection = f;
  }

  double floor_of(std::size_t kind) const {
    const std::array<std::int64_t, kKindNames.size()> floors{settings_.udp_pps, settings_.syn_pps,  settings_.ack_pps,
                                                             settings_.gre_pps, settings_.icmp_pps, settings_.http_rps};
    return static_cast<double>(floors[kind]);
  }

  void judge(const Second& s, const Step& step, std::vector<Finding>& out) {
    const TimeNs now = step.time;
    Host& host = hosts_[s.address];
    const double window_s = static_cast<double>(std::max<DurationNs>(s.window, kMillisecond)) / static_cast<double>(kSecond);
    Rates rates{};
    std::uint64_t step_packets = 0, step_bytes = 0;
    double bps = 0;
    for (std::size_t i = 0; i < kTrafficClasses; ++i) {
      const auto kind = flood_kind(static_cast<TrafficClass>(i));
      if (!kind) continue;
      rates[static_cast<std::size_t>(*kind)] += static_cast<double>(s.counts[i].packets) / window_s;
      bps += static_cast<double>(s.counts[i].bytes) * 8 / window_s;
      step_packets += s.step[i].packets;
      step_bytes += s.step[i].bytes;
    }
    std::size_t largest = 0;
    double excess = 0;
    for (std::size_t kind = 0; kind < rates.size(); ++kind) {
      const double threshold = std::max(floor_of(kind), settings_.rise * host.before[kind]);
      if (rates[kind] < threshold || rates[kind] / threshold <= excess) continue;
      largest = kind;
      excess = rates[kind] / threshold;
    }
    const bool commanded =
        host.command_time != 0 && now >= host.command_time && now - host.command_time <= settings_.within.count * kMillisecond;
    if (excess > 0 && (host.flooding || commanded)) {
      if (!host.flooding) {
        host.flooding = true;
        host.flood_began = now;
      }
      host.last_flood = now;
      host.packets += step_packets;
      host.bytes += step_bytes;
      report(s, host, largest, rates[largest], bps, step, out);
      return;
    }
    if (host.flooding && now - host.last_flood > 30 * kSecond) host.flooding = false;
    // The window after a command already holds its flood: learn only before it.
    if (host.flooding || commanded) return;
    for (std::size_t kind = 0; kind < rates.size(); ++kind)
      host.before[kind] = host.measured == 0 ? rates[kind] : 0.9 * host.before[kind] + 0.1 * rates[kind];
    host.measured = now;
  }

  void report(const Second& s, Host& host, std::size_t kind, double rate, double bps, const Step& step, std::vector<Finding>& out) {
    const TimeNs now = step.time;
    const ConnectionFact& f = host.connection;
    const bool exact = (f.signs & (kSignHeartbeat | kSignRegistration | kSignGafgytText)) != 0;
    Finding finding = c2_finding("c2_command_then_flood", f, now);
    finding.first_packet = host.command_time;
    finding.confidence = exact ? 97 : 85;
    finding.severity = Severity::critical;
    if (!host.pace.due(step, finding.severity, host.packets)) return;
    host.pace.fill(finding, now, host.packets, host.bytes);
    finding.rate_pps = rate;
    finding.rate_bps = bps;
    finding.normal_pps = host.before[kind];
    finding.headline = fmt::format("{} outbound {} {} after a command from {}", format_rate_pps(rate), kKindNames[kind],
                                   format_duration(host.flood_began - host.command_time), address_and_port(f.remote, f.remote_port));
    finding.evidence.push_back(fmt::format("the server said more than a heartbeat at {}, the flood was seen {} later",
                                           format_clock(host.command_time), format_duration(host.flood_began - host.command_time)));
    finding.evidence.push_back(
        fmt::format("{} went from {} to {}", kKindNames[kind], format_rate_pps(host.before[kind]), format_rate_pps(rate)));
    if (exact) finding.evidence.push_back("the connection speaks a bot's protocol (registration, heartbeat or text commands)");
    if (!exact)
      finding.counter_evidence.push_back("the connection's bytes are of no known bot; that the two follow each other may be chance");
    add_c2_doubts(f, finding);
    if (finding.counter_evidence.empty()) finding.counter_evidence.push_back("the command's content was not decoded");
    finding.extra_techniques = {"T1498.001"};
    finding.selector.remotes.clear();  // evidence needs the flood too
    finding.selector.remote_ports.clear();
    finding.selector.locals = {s.address};
    out.push_back(std::move(finding));
  }

  Settings settings_;
  BoundedMap<Address, Host> hosts_;
};

const Register<DetectorSpec> reg{detector<C2CommandThenFlood>("c2_command_then_flood", "a C2 command followed by an outbound flood")};

}  // namespace
}  // namespace sekisho
