// This host answers forged requests of an amplification attack: much goes out, little came in, to few addresses.
#include <fmt/format.h>

#include <algorithm>

#include "detect/flood_vector.h"
#include "model/amplification.h"

namespace sekisho {
namespace {

std::vector<TrafficClass> all_amplification_classes() {
  std::vector<TrafficClass> classes;
  for (std::size_t i = 0; i < amplification_vectors().size(); ++i)
    classes.push_back(static_cast<TrafficClass>(index_of(TrafficClass::amp_first) + i));
  return classes;
}

bool applies(const FloodGate& c) { return c.egress; }

std::string_view judge(const FloodCase& c, Evidence& e) {
  const auto& s = c.stats;
  double requested = 0;
  if (const auto* in = c.second.reverse)
    for (const auto k : {TrafficClass::udp, TrafficClass::dns_query, TrafficClass::udp_answer, TrafficClass::udp_vse})
      requested += static_cast<double>(in->counts[index_of(k)].bytes);
  const double factor = requested > 0 ? c.bps / 8 / requested : 0;
  if (factor >= 5)
    prove(e, 25, fmt::format("{:.0f} times as many bytes go out as were asked with", factor));
  else if (requested > 0 && s.top_source_share > 0.8)
    prove(e, 5, fmt::format("one address asks {:.0f} times a second, and {:.1f} times as many bytes go back", c.pps, factor));
  else if (requested > 0)
    contradict(e, 25, fmt::format("only {:.1f} times as many bytes go out as came in: an ordinary server", factor));
  else
    e.contra.push_back("the requests were not captured");
  if (s.top_source_share > 0.3)
    prove(e, 12, fmt::format("{} of it goes to one address", percent(s.top_source_share)));
  else
    contradict(e, 15, fmt::format("spread over {} clients", s.sources));
  e.advice = fmt::format(
      "Close UDP port {} to the Internet or turn on its rate limiting (for DNS: no recursion for strangers, response rate limiting). "
      "This host is being misused: keep the evidence for your provider.",
      s.local_port_list.empty() ? 0 : s.local_port_list.front().port);
  return "reflector";
}

const Register<DetectorSpec> reg{flood_vector({.name = "reflector",
                                               .help = "this host answers forged requests of an amplification attack",
                                               .classes = all_amplification_classes(),
                                               .floor_pps = 100,
                                               .floor_mbps = 1,
                                               .applies = applies,
                                               .judge = judge})};

}  // namespace
}  // namespace sekisho
