// SYN-ACKs that answer no SYN of ours: reflection by real servers, or a plain flood.
#include <fmt/format.h>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

// SYN-ACKs that leave answer SYNs that came in, unless none came.
bool applies(const FloodGate& c) {
  if (!c.egress || !c.second.reverse) return true;
  const auto syns = packets(*c.second.reverse, TrafficClass::tcp_syn) + packets(*c.second.reverse, TrafficClass::tcp_syn_bare);
  return static_cast<double>(syns) <= 0.5 * c.pps;
}

std::string_view judge(const FloodCase& c, Evidence& e) {
  const auto& s = c.stats;
  judge_one_target(c, e);
  if (c.egress && c.one_way_capture) contradict(e, 30, "these may answer SYNs that were not captured");
  if (s.modal_length_share > 0.6) support(e, 6, fmt::format("{} have one size ({} B)", percent(s.modal_length_share), s.modal_length));
  if (!c.egress && s.well_known_remote_share > 0.8 && s.sources >= 10) {
    prove(e, 20,
          fmt::format("{} of the SYN-ACKs come from well-known ports of {:.0f} servers that were never asked",
                      percent(s.well_known_remote_share), distinct_remotes(c.second)));
    judge_refusals(c, e);
    e.sources = "reflectors: real servers that answer forged SYNs";
    return "tcp_reflection";
  }
  if (s.flows > 0.3 && s.samples >= 32)
    prove(e, 12, fmt::format("{} connections in {} sampled packets, none of them ours", s.flow_count, s.samples));
  judge_refusals(c, e);
  if (!c.egress) judge_sources(c.second, s, e);
  return "syn_ack_flood";
}

const Register<DetectorSpec> reg{flood_vector({.name = "syn_ack_flood",
                                               .help = "SYN-ACKs that answer no SYN of ours (reflection or plain flood)",
                                               .classes = {TrafficClass::tcp_syn_ack_unasked},
                                               .floor_pps = 200,
                                               .applies = applies,
                                               .judge = judge})};

}  // namespace
}  // namespace sekisho
