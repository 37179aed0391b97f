// RST, FIN, NULL, XMAS and impossible flag combinations, each its own vector.
#include <fmt/format.h>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

void judge_common(const FloodCase& c, Evidence& e) {
  const auto& s = c.stats;
  judge_tool(c, e);
  judge_refusals(c, e);
  judge_one_target(c, e);
  if (looks_like_port_scan(c)) contradict(e, 45, "as many ports as packets: a port scan");
  if (!c.egress) judge_sources(c.second, s, e);
}

// RSTs and FINs that answer what the other side sent are nobody's attack.
bool are_no_answers(const FloodGate& c) {
  if (!c.second.reverse) return true;
  using enum TrafficClass;
  double other = 0;
  for (const auto k :
       {tcp_syn, tcp_syn_bare, tcp_ack_unknown, tcp_null, tcp_xmas, tcp_odd, tcp_syn_ack_unasked, tcp_fin, tcp_data, tcp_ack})
    other += static_cast<double>(packets(*c.second.reverse, k));
  return other <= 0.5 * c.pps;
}

std::string_view judge_orphans(const FloodCase& c, Evidence& e, std::string_view label) {
  const auto& s = c.stats;
  if (s.samples >= 32 && s.flows > 0.3)
    prove(e, 14, fmt::format("{} connections in {} sampled packets, none of them known", s.flow_count, s.samples));
  else
    contradict(e, 10, fmt::format("only {} flows", s.flow_count));
  judge_common(c, e);
  return label;
}

std::string_view judge_impossible(const FloodCase& c, Evidence& e, std::string_view label, std::string_view what) {
  prove(e, 20, std::string{what});
  judge_common(c, e);
  e.contra.push_back("scanners send such packets too, at a lower rate");
  return label;
}

const Register<DetectorSpec> rst{flood_vector({.name = "rst_flood",
                                               .help = "RSTs that belong to no connection",
                                               .classes = {TrafficClass::tcp_rst},
                                               .floor_pps = 300,
                                               .applies = are_no_answers,
                                               .judge = [](const FloodCase& c, Evidence& e) { return judge_orphans(c, e, "rst_flood"); }})};
const Register<DetectorSpec> fin{flood_vector({.name = "fin_flood",
                                               .help = "FINs that belong to no connection",
                                               .classes = {TrafficClass::tcp_fin},
                                               .floor_pps = 300,
                                               .applies = are_no_answers,
                                               .judge = [](const FloodCase& c, Evidence& e) { return judge_orphans(c, e, "fin_flood"); }})};
const Register<DetectorSpec> null{flood_vector({.name = "null_flood",
                                                .help = "TCP without any flag",
                                                .classes = {TrafficClass::tcp_null},
                                                .floor_pps = 200,
                                                .judge = [](const FloodCase& c, Evidence& e) {
                                                  return judge_impossible(c, e, "null_flood", "TCP without any flag: no stack sends that");
                                                }})};
const Register<DetectorSpec> xmas{flood_vector({.name = "xmas_flood",
                                                .help = "TCP with FIN, PSH and URG",
                                                .classes = {TrafficClass::tcp_xmas},
                                                .floor_pps = 200,
                                                .judge = [](const FloodCase& c, Evidence& e) {
                                                  return judge_impossible(c, e, "xmas_flood",
                                                                          "FIN, PSH and URG together: no stack sends that");
                                                }})};
const Register<DetectorSpec> odd{flood_vector({.name = "tcp_flags_flood",
                                               .help = "impossible combinations of TCP flags",
                                               .classes = {TrafficClass::tcp_odd},
                                               .floor_pps = 200,
                                               .judge = [](const FloodCase& c, Evidence& e) {
                                                 return judge_impossible(c, e, "tcp_flags_flood",
                                                                         "combinations of TCP flags that no stack sends");
                                               }})};

}  // namespace
}  // namespace sekisho
