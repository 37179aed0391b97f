// Valve Source Engine queries: Mirai's VSE vector.
#include <fmt/format.h>

#include <algorithm>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

std::string_view judge(const FloodCase& c, Evidence& e) {
  prove(e, 25, "the payload is exactly FF FF FF FF \"TSource Engine Query\"");
  double answers = 0;
  if (c.second.reverse) answers = static_cast<double>(packets(*c.second.reverse, TrafficClass::udp_answer)) / std::max(c.pps, 1.0);
  if (answers > 0.5)
    contradict(e, 12, fmt::format("{} were answered: a game server listens here", percent(std::min(1.0, answers))));
  else
    e.contra.push_back("game browsers send the same query, a few a second");
  judge_one_target(c, e);
  if (!c.egress) judge_sources(c.second, c.stats, e);
  return "vse_flood";
}

const Register<DetectorSpec> reg{flood_vector({.name = "vse_flood",
                                               .help = "Valve Source Engine queries (Mirai's VSE)",
                                               .classes = {TrafficClass::udp_vse},
                                               .floor_pps = 100,
                                               .judge = judge})};

}  // namespace
}  // namespace sekisho
