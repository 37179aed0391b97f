// SYNs without completed handshakes.
#include <fmt/format.h>

#include <algorithm>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

using enum TrafficClass;

// Scanners that every address sees, beside clients whose handshakes complete: SYNs without options that stay below the floor, or one
// source's walk over the ports. What the clients do says whether this is a flood.
bool scanners_beside_clients(const FloodCase& c) {
  const auto bare = static_cast<double>(packets(c.second, tcp_syn_bare)), clients = static_cast<double>(packets(c.second, tcp_syn));
  if (bare == 0 || static_cast<double>(fact(c.second, Fact::handshakes_completed)) <= 0.2 * clients) return false;
  const bool walk = bare < 5000 && distinct_local_ports(c.second) > 0.6 * bare && c.stats.top_source_share * c.pps > 0.6 * bare;
  return bare < c.floor_pps || walk;
}

double completed_share(const FloodGate& c) {
  return static_cast<double>(fact(c.second, Fact::handshakes_completed)) / std::max(c.pps, 1.0);
}

bool applies(const FloodGate& c) {
  const double completed = completed_share(c);
  if (completed > 0.7) return false;  // connections, not half-open ones: tcp_connection_flood judges them
  // Ordinary clients beside the scanners that every address sees are no flood: what stays half-open must reach the floor by itself.
  return completed <= 0.2 || c.pps * (1 - completed) >= c.floor_pps;
}

std::string_view judge(const FloodCase& c, Evidence& e) {
  const auto& s = c.stats;
  const bool beside = scanners_beside_clients(c);
  const double syns = std::max(beside ? static_cast<double>(packets(c.second, tcp_syn)) : c.pps, 1.0);
  const double completed = static_cast<double>(fact(c.second, Fact::handshakes_completed)) / syns;
  const auto follow = packets(c.second, tcp_ack) + packets(c.second, tcp_ack_unknown) + packets(c.second, tcp_data);
  if (completed > 0.7) return {};  // connections, not half-open ones: tcp_connection_flood judges them
  // What stays half-open must reach the floor by itself.
  if (completed > 0.2 && syns * (1 - completed) < c.floor_pps) return {};
  if (c.one_way_capture && static_cast<double>(follow) > 1.5 * c.pps && s.sources < 100)
    contradict(e, 25, "data follows the SYNs: connections whose answers were not captured");
  else if (completed < 0.2)
    prove(e, 12, fmt::format("{} of the handshakes complete", percent(completed)));
  else
    e.contra.push_back(fmt::format("{} of the handshakes complete", percent(completed)));
  if (looks_like_port_scan(c))
    contradict(e, 45, fmt::format("as many ports as packets ({:.0f}): a port scan", distinct_local_ports(c.second)));
  if (c.egress && s.top_source_share < 0.5 && s.sources >= 8) return {};  // many targets: egress_scan speaks
  if (!beside) judge_refusals(c, e);  // scanners are refused; clients of a service that is there are not
  judge_one_target(c, e);
  if (s.modal_length_share > 0.6) support(e, 6, fmt::format("{} have one size ({} B)", percent(s.modal_length_share), s.modal_length));
  if (!c.egress) judge_sources(c.second, s, e);
  if (!c.egress && s.sources >= 50) support(e, 8, fmt::format("{:.0f} sources", distinct_remotes(c.second)));
  const double bare = static_cast<double>(packets(c.second, tcp_syn_bare)) / std::max(c.pps, 1.0);
  e.pro.push_back(bare > 0.5 ? fmt::format("{} carry no TCP options: a tool, not a stack", percent(bare))
                             : fmt::format("{} carry TCP options", percent(1 - bare)));
  return "syn_flood";
}

const Register<DetectorSpec> reg{flood_vector({.name = "syn_flood",
                                               .help = "SYNs without completed handshakes",
                                               .classes = {TrafficClass::tcp_syn, TrafficClass::tcp_syn_bare},
                                               .floor_pps = 200,
                                               .applies = applies,
                                               .judge = judge})};

}  // namespace
}  // namespace sekisho
