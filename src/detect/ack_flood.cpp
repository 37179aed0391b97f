// ACKs that belong to no connection, with and without payload; answers of middleboxes that nobody asked for.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

// Middleboxes answer a forged request with a block page: HTTP from a web port.
double block_page_share(const FloodCase& c) {
  double pages = 0, all = 0;
  for (const auto& s : c.second.samples) {
    if (s.traffic_class != TrafficClass::tcp_ack_unknown || !belongs_to(s, c.second)) continue;
    all += s.weight;
    const std::string_view head{reinterpret_cast<const char*>(s.payload.data()), s.payload_captured};
    if (head.starts_with("HTTP/1.") || head.starts_with("<html") || head.starts_with("<HTML") || head.starts_with("<!DOC"))
      pages += s.weight;
  }
  return all > 0 ? pages / all : 0;
}

std::string_view judge(const FloodCase& c, Evidence& e) {
  const auto& s = c.stats;
  const double pages = block_page_share(c);
  judge_tool(c, e);
  judge_refusals(c, e);
  judge_one_target(c, e);
  if (s.samples >= 32 && s.flows > 0.3)
    prove(e, 12, fmt::format("{} different connections in {} sampled packets, none of them known", s.flow_count, s.samples));
  else if (s.flow_count < 5)
    contradict(e, 30, fmt::format("only {} flows: a connection from before the capture, or one way of it", s.flow_count));
  else
    e.contra.push_back(fmt::format("{} flows share the packets", s.flow_count));
  if (c.one_way_capture && s.flows < 0.5) contradict(e, 15, "answers were not captured, so these may be ordinary connections");
  if (looks_like_port_scan(c)) contradict(e, 45, "as many ports as packets: a port scan");
  if (!c.egress) judge_sources(c.second, s, e);
  if (!c.egress && s.sources >= 20) support(e, 6, fmt::format("{:.0f} sources", distinct_remotes(c.second)));
  if ((pages > 0.5 || (pages > 0.2 && s.well_known_remote_share > 0.8)) && !c.egress) {
    prove(e, 20, fmt::format("{} are web pages that nobody asked for", percent(pages)));
    return "tcp_middlebox";
  }
  return s.payload_share > 0.5 && s.push_share > 0.5 ? "psh_ack_flood" : "ack_flood";
}

const Register<DetectorSpec> reg{flood_vector({.name = "ack_flood",
                                               .help = "ACKs that belong to no connection (ACK, PSH-ACK, middlebox reflection)",
                                               .classes = {TrafficClass::tcp_ack_unknown},
                                               .floor_pps = 500,
                                               .judge = judge})};

}  // namespace
}  // namespace sekisho
