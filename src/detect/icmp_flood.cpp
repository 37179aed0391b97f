// ICMP and ICMPv6: echo floods, smurf, and everything else far above normal.
#include <fmt/format.h>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

std::string_view judge_echo(const FloodCase& c, Evidence& e) {
  const auto& s = c.stats;
  const auto& to = c.second.address;
  const bool directed = is_v4(to) && (v4_value(to) & 0xff) == 0xff;  // 203.0.113.255: the broadcast address of a /24
  const bool group = !c.second.all && (is_multicast(to) || directed);
  bool group_source = false;
  for (const auto& peer : s.peers) group_source |= is_multicast(peer.address);
  if (group || group_source) {
    prove(e, 20,
          group ? "the echo goes to a multicast or broadcast address: every neighbour answers"
                : "the echo claims to come from a multicast address: the answer goes to every neighbour");
    e.contra.push_back("a neighbour discovery by ping to all nodes sends one a second");
    return "smurf";
  }
  using enum TrafficClass;
  // Replies to our own pings, and our replies to theirs, are answers: who asked is judged in the other direction.
  const auto replies = static_cast<double>(packets(c.second, icmp_echo_reply));
  if (replies > 0.5 * c.pps && c.second.reverse && static_cast<double>(packets(*c.second.reverse, icmp_echo)) > 0.5 * replies) return {};
  if (c.pps >= 1000) prove(e, 10, fmt::format("{:.0f} echo packets/s; ping sends one", c.pps));
  if (!c.egress && s.sources >= 20) prove(e, 10, fmt::format("{:.0f} sources", distinct_remotes(c.second)));
  judge_tool(c, e);
  judge_one_target(c, e);
  if (!c.egress) judge_sources(c.second, s, e);
  if (s.sources == 1) e.contra.push_back("one source: a flood ping of an administrator looks the same");
  return "icmp_flood";
}

std::string_view judge_other(const FloodCase& c, Evidence& e) {
  const auto& s = c.stats;
  std::size_t groups = 0, all = 0;
  for (const auto& sample : c.second.samples)
    if (sample.traffic_class == TrafficClass::icmp_other && belongs_to(sample, c.second))
      ++all, groups += sample.protocol == kIcmpv6 && ((sample.icmp_type >= 130 && sample.icmp_type <= 137) || sample.icmp_type == 143);
  if (c.pps >= 600) prove(e, 10, fmt::format("{:.0f} such messages/s; a network needs some a minute", c.pps));
  if (s.sources >= 20) prove(e, 10, fmt::format("{:.0f} sources", distinct_remotes(c.second)));
  judge_tool(c, e);
  judge_one_target(c, e);
  if (!c.egress) judge_sources(c.second, s, e);
  e.contra.push_back("a change of routers or of multicast groups causes short bursts");
  return groups * 2 > all ? "icmpv6_mld_flood" : "icmp_other_flood";
}

const Register<DetectorSpec> echo{flood_vector({.name = "icmp_flood",
                                                .help = "ICMP and ICMPv6 echo far above normal; smurf",
                                                .classes = {TrafficClass::icmp_echo, TrafficClass::icmp_echo_reply},
                                                .floor_pps = 200,
                                                .judge = judge_echo})};
const Register<DetectorSpec> other{flood_vector({.name = "icmp_other_flood",
                                                 .help = "other ICMP, MLD and neighbour discovery far above normal",
                                                 .classes = {TrafficClass::icmp_other},
                                                 .floor_pps = 200,
                                                 .judge = judge_other})};

}  // namespace
}  // namespace sekisho
