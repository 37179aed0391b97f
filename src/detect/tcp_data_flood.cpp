// One repeated buffer on established connections.
#include <fmt/format.h>

#include <algorithm>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

// Downloads and backups, what connections are for, have payloads of all kinds.
bool applies(const FloodGate& c) {
  static const TrafficClassSet classes = TrafficClassSet{}.set(index_of(TrafficClass::tcp_data));
  return may_be_uniform(c.second, classes);
}

std::string_view judge(const FloodCase& c, Evidence& e) {
  const auto& s = c.stats;
  if (s.samples < 64 || s.payload_share < 0.9) return {};
  // A download or backup repeats its bytes too (zeros), but on one connection.
  const bool spread = s.flow_count >= 20 && (c.egress ? s.top_local_port_share < 0.3 : s.top_remote_port_share < 0.3);
  if (s.modal_payload_share > 0.9 && spread)
    prove(e, 20, fmt::format("{} of the payloads on {} connections are the same", percent(s.modal_payload_share), s.flow_count));
  else if (s.payload_random && s.modal_length_share > 0.95 && spread && s.modal_length < 1200)
    support(e, 10, "random payloads of one size below the path's");
  else
    return {};  // a download, a backup: what connections are for
  judge_one_target(c, e);
  e.contra.push_back("a test of a link's speed repeats its buffer too, on a few connections");
  e.sources = fmt::format("{} sources, handshakes completed: real addresses", s.sources);
  return "tcp_data_flood";
}

const Register<DetectorSpec> reg{flood_vector({.name = "tcp_data_flood",
                                               .help = "one repeated buffer on established connections",
                                               .classes = {TrafficClass::tcp_data},
                                               .floor_pps = 2000,
                                               .applies = applies,
                                               .judge = judge})};

}  // namespace
}  // namespace sekisho
