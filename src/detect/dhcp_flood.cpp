// DHCP requests far above normal.
#include <fmt/format.h>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

std::string_view judge(const FloodCase& c, Evidence& e) {
  prove(e, 20, fmt::format("{:.0f} DHCP requests/s; a client sends a few when it starts", c.pps));
  if (c.stats.samples >= 32 && c.stats.payload_kinds * 10 > c.stats.samples * 9)
    support(e, 10, "each request has another transaction or hardware address: starvation of the pool");
  e.contra.push_back("a whole network that starts at once asks in bursts of tens");
  e.sources = "senders have no address yet: look for the hardware address on the switch";
  return "dhcp_flood";
}

const Register<DetectorSpec> reg{flood_vector(
    {.name = "dhcp_flood", .help = "DHCP requests far above normal", .classes = {TrafficClass::dhcp}, .floor_pps = 200, .judge = judge})};

}  // namespace
}  // namespace sekisho
