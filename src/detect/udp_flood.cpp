// UDP that nobody asked for: Mirai's generic and plain UDP vectors, and every flood of that shape.
#include <fmt/format.h>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

std::string_view judge(const FloodCase& c, Evidence& e) {
  const auto& s = c.stats;
  const double answers = c.second.reverse ? static_cast<double>(packets(*c.second.reverse, TrafficClass::udp_answer)) : 0;
  if (answers > 0.5 * c.pps) contradict(e, 35, fmt::format("{} of the packets were answered", percent(std::min(1.0, answers / c.pps))));
  if (s.tunnel_share > 0.5)
    contradict(e, 40, fmt::format("{} carry whole packets: a tunnel that this host is configured for", percent(s.tunnel_share)));
  judge_tool(c, e);
  judge_refusals(c, e);
  judge_one_target(c, e);
  if (!c.egress) judge_sources(c.second, s, e);
  if (!c.egress && s.sources >= 20) prove(e, 10, fmt::format("{:.0f} sources sent what nobody asked for", distinct_remotes(c.second)));
  if (s.samples >= 64 && s.local_port_entropy > 0.9 && s.local_ports >= 48)
    prove(e, 10,
          fmt::format("{:.0f} destination ports, at random", c.egress ? distinct_remote_ports(c.second) : distinct_local_ports(c.second)));
  else if (c.egress && s.samples >= 64 && s.remote_port_entropy > 0.9 && s.remote_ports >= 48)
    prove(e, 10, fmt::format("{:.0f} destination ports, at random", distinct_remote_ports(c.second)));
  if (s.samples >= 64 && s.payload_share > 0.9 && s.modal_payload_share > 0.95)
    prove(e, 10, "every payload is the same: no stream repeats itself");
  else if (s.flow_count <= 2 && !s.payload_random)
    contradict(e, 25, "one or two flows, as streaming and file transfers have");
  const bool fixed_sockets = s.samples >= 32 && s.flow_count * 4 <= s.samples && s.flow_count <= s.sources + s.sources / 4 + 1;
  return fixed_sockets ? "udp_plain_flood" : "udp_flood";
}

const Register<DetectorSpec> reg{
    flood_vector({.name = "udp_flood",
                  .help = "UDP that nobody asked for (Mirai's UDP and UDP-plain, and every flood of that shape)",
                  .classes = {TrafficClass::udp, TrafficClass::dns_answer_unasked_other},
                  .floor_pps = 1000,
                  .egress_floor_pps = 500,
                  .judge = judge})};

}  // namespace
}  // namespace sekisho
