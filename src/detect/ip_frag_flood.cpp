// Fragments that belong to no known amplification.
#include <fmt/format.h>

#include <algorithm>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

std::string_view judge(const FloodCase& c, Evidence& e) {
  const auto& s = c.stats;
  const auto first = static_cast<double>(fact(c.second, Fact::fragments_first)),
             later = static_cast<double>(fact(c.second, Fact::fragments_later));
  if (first < 0.01 * later)
    prove(e, 15, fmt::format("{:.0f} later fragments and {:.0f} first ones: nothing can be reassembled", later, first));
  else
    contradict(e, 15, fmt::format("{:.0f} first fragments for {:.0f} later ones: whole datagrams", first, later));
  judge_tool(c, e);
  judge_one_target(c, e);
  if (!c.egress) judge_sources(c.second, s, e);
  if (!c.egress && s.sources >= 20) prove(e, 8, fmt::format("{:.0f} sources", distinct_remotes(c.second)));
  return "ip_frag_flood";
}

const Register<DetectorSpec> reg{flood_vector({.name = "ip_frag_flood",
                                               .help = "fragments that belong to no known amplification",
                                               .classes = {TrafficClass::fragment},
                                               .floor_pps = 200,
                                               .judge = judge})};

}  // namespace
}  // namespace sekisho
