// HTTP requests and TLS handshakes far above normal.
#include <fmt/format.h>

#include <algorithm>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

std::string_view judge_http(const FloodCase& c, Evidence& e) {
  const auto& s = c.stats;
  if (s.samples >= 32 && (s.sources >= 10 || c.pps >= 500 || c.egress) && s.payload_kinds * 8 <= s.samples)
    prove(e, 20,
          fmt::format("{} different request heads in {} sampled requests of {:.0f} sources: one tool", s.payload_kinds, s.samples,
                      distinct_remotes(c.second)));
  else if (s.samples >= 32 && s.flow_count >= 8 && s.samples > 8 * s.flow_count)  // a sample shows too few connections: it is not scaled up
    prove(e, 20, fmt::format("{} sampled requests within a second on {} connections: no browser asks that fast", s.samples, s.flow_count));
  else if (s.samples >= 32)
    contradict(e, 20, fmt::format("{} different request heads in {} sampled requests: people, or a crawler", s.payload_kinds, s.samples));
  if (s.sources >= 50) support(e, 8, fmt::format("{:.0f} sources with completed handshakes", distinct_remotes(c.second)));
  if (s.sources <= 3 && !c.egress) contradict(e, 20, "from one to three sources: a load test or a proxy looks the same");
  judge_one_target(c, e);
  if (c.egress && s.top_source_share > 0.8 && s.payload_kinds <= 8) prove(e, 10, "one target, a handful of request heads");
  e.sources = fmt::format("{} sources, handshakes completed: real addresses", s.sources);
  return "http_flood";
}

std::string_view judge_tls(const FloodCase& c, Evidence& e) {
  const auto& s = c.stats;
  const double data = static_cast<double>(packets(c.second, TrafficClass::tcp_data)) / std::max(c.pps, 1.0);
  if (data < 1 && (s.sources >= 5 || c.egress))
    prove(e, 18, fmt::format("{:.1f} further data packets for each ClientHello: handshakes for their own sake", data));
  else
    contradict(e, 20, fmt::format("{:.1f} further data packets for each ClientHello: connections are used", data));
  if (s.sources >= 20) support(e, 6, fmt::format("{:.0f} sources", distinct_remotes(c.second)));
  judge_one_target(c, e);
  e.sources = fmt::format("{} sources, handshakes completed: real addresses", s.sources);
  return "tls_exhaustion";
}

const Register<DetectorSpec> http{flood_vector({.name = "http_flood",
                                                .help = "HTTP requests far above normal with few request heads",
                                                .classes = {TrafficClass::http_request},
                                                .floor_pps = 100,
                                                .judge = judge_http})};
const Register<DetectorSpec> tls{flood_vector({.name = "tls_exhaustion",
                                               .help = "TLS handshakes that are never used",
                                               .classes = {TrafficClass::tls_hello},
                                               .floor_pps = 200,
                                               .judge = judge_tls})};

}  // namespace
}  // namespace sekisho
