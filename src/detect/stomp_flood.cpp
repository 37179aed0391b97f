// STOMP: data on established connections whose sequence numbers stand still.
#include <fmt/format.h>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

std::string_view judge(const FloodCase& c, Evidence& e) {
  prove(e, 25, "payload on established connections whose sequence numbers do not advance by it");
  judge_tool(c, e);
  judge_one_target(c, e);
  e.contra.push_back("retransmissions repeat sequence numbers too, but a few in a row at most");
  e.sources = fmt::format("{} sources with completed handshakes: real addresses", c.stats.sources);
  return "stomp_flood";
}

const Register<DetectorSpec> reg{flood_vector({.name = "stomp_flood",
                                               .help = "data on established connections whose sequence numbers stand still (Mirai's STOMP)",
                                               .classes = {TrafficClass::tcp_data_stalled},
                                               .floor_pps = 200,
                                               .judge = judge})};

}  // namespace
}  // namespace sekisho
