// Completed handshakes far above normal that carry hardly any data.
#include <fmt/format.h>

#include <algorithm>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

// Half-open connections are syn_flood's, those with requests http_flood's and tls_exhaustion's.
bool applies(const FloodGate& c) {
  using enum TrafficClass;
  const double completed = static_cast<double>(fact(c.second, Fact::handshakes_completed));
  const double requests = static_cast<double>(packets(c.second, http_request) + packets(c.second, tls_hello));
  return completed >= 0.5 * c.pps && requests <= 0.5 * completed;
}

std::string_view judge(const FloodCase& c, Evidence& e) {
  using enum TrafficClass;
  const double completed = static_cast<double>(fact(c.second, Fact::handshakes_completed));
  const double data = static_cast<double>(packets(c.second, tcp_data) + packets(c.second, tcp_data_stalled)) / completed;
  if (data < 0.5)
    prove(e, 28, fmt::format("{:.1f} data packets for each of {:.0f} connections/s", data, completed));
  else
    contradict(e, 25, fmt::format("{:.1f} data packets for each connection: they are used", data));
  if (c.stats.sources <= 3 && !c.egress)
    contradict(e, 6, fmt::format("from {} source{}: a load test looks the same", c.stats.sources, c.stats.sources == 1 ? "" : "s"));
  judge_one_target(c, e);
  e.sources = fmt::format("{:.0f} sources, handshakes completed: real addresses", distinct_remotes(c.second));
  return "tcp_connection_flood";
}

const Register<DetectorSpec> reg{flood_vector({.name = "tcp_connection_flood",
                                               .help = "completed handshakes far above normal that carry hardly any data",
                                               .classes = {TrafficClass::tcp_syn, TrafficClass::tcp_syn_bare},
                                               .floor_pps = 200,
                                               .applies = applies,
                                               .judge = judge})};

}  // namespace
}  // namespace sekisho
