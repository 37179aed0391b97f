// GRE, IP-in-IP, ESP, AH and other IP protocols that a host without tunnels does not expect.
#include <fmt/format.h>

#include <algorithm>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

// A tunnel is one pair of addresses that speaks both ways; a flood is many sources, or one that is never answered.
std::string_view judge(const FloodCase& c, Evidence& e, std::string_view label, std::string_view protocol,
                       std::initializer_list<TrafficClass> classes) {
  const auto& s = c.stats;
  double back = 0;
  if (c.second.reverse)
    for (const auto k : classes) back += static_cast<double>(packets(*c.second.reverse, k));
  if (back > 0.02 * c.pps)
    contradict(e, 40, fmt::format("this host sends {} back: a tunnel in use", protocol));
  else if (s.sources >= 5 && !c.egress)
    prove(e, 18, fmt::format("{} from {:.0f} sources to which this host sends none", protocol, distinct_remotes(c.second)));
  else if (c.second.reverse_ever || c.egress)
    prove(e, 8, fmt::format("{} one way only, from {} source{}", protocol, s.sources, s.sources == 1 ? "" : "s"));
  else if (c.pps > 5000)
    prove(e, 8, fmt::format("{:.0f} {} packets/s without an answer", c.pps, protocol));
  else
    contradict(e, 20, "one source, and answers were not captured: a mirrored or one-way tunnel looks the same");
  if (s.sources == 1 && !s.payload_random && c.pps < 2000) contradict(e, 12, "one source at a modest rate");
  const double malformed = static_cast<double>(fact(c.second, Fact::malformed)) / std::max(c.pps, 1.0);
  if (malformed > 0.5 && c.pps < 5 * c.threshold_pps)
    contradict(e, 30,
               fmt::format("{} are malformed: a broken link or a test of parsers looks the same", percent(std::min(1.0, malformed))));
  judge_tool(c, e);
  judge_one_target(c, e);
  if (!c.egress) judge_sources(c.second, s, e);
  return label;
}

std::string_view judge_gre(const FloodCase& c, Evidence& e) {
  using enum TrafficClass;
  const auto ip = packets(c.second, gre_ip), ethernet = packets(c.second, gre_ethernet), other = packets(c.second, gre_other);
  const auto label = ip >= ethernet && ip >= other ? "gre_ip_flood" : ethernet >= other ? "gre_eth_flood" : "gre_flood";
  return judge(c, e, label, "GRE", {gre_ip, gre_ethernet, gre_other});
}

template <TrafficClass k>
std::string_view judge_one(const FloodCase& c, Evidence& e) {
  using enum TrafficClass;
  if constexpr (k == ip_in_ip) return judge(c, e, "ipip_flood", "IP in IP", {k});
  if constexpr (k == esp) return judge(c, e, "esp_flood", "ESP", {k});
  if constexpr (k == ah) return judge(c, e, "ah_flood", "AH", {k});
  if constexpr (k == sctp) return judge(c, e, "sctp_flood", "SCTP", {k});
  if constexpr (k == igmp) return judge(c, e, "igmp_flood", "IGMP", {k});
  if constexpr (k == ipv6_extension) return judge(c, e, "ipv6_extension_flood", "bare IPv6 extension headers", {k});
  return judge(c, e, "other_protocol_flood", "an unusual IP protocol", {k});
}

template <TrafficClass k>
DetectorSpec one(std::string_view name, std::string_view help) {
  return flood_vector({.name = name, .help = help, .classes = {k}, .floor_pps = 200, .judge = judge_one<k>});
}

const Register<DetectorSpec> gre{flood_vector({.name = "gre_flood",
                                               .help = "GRE to a host without tunnels (Mirai's GRE-IP and GRE-Ethernet)",
                                               .classes = {TrafficClass::gre_ip, TrafficClass::gre_ethernet, TrafficClass::gre_other},
                                               .floor_pps = 50,
                                               .judge = judge_gre})};
const Register<DetectorSpec> ipip{one<TrafficClass::ip_in_ip>("ipip_flood", "IPIP, 6in4 or 4in6 to a host without tunnels")};
const Register<DetectorSpec> esp_{one<TrafficClass::esp>("esp_flood", "ESP to a host without IPsec")};
const Register<DetectorSpec> ah_{one<TrafficClass::ah>("ah_flood", "authentication headers to a host without IPsec")};
const Register<DetectorSpec> sctp_{one<TrafficClass::sctp>("sctp_flood", "SCTP to a host that speaks none")};
const Register<DetectorSpec> igmp_{one<TrafficClass::igmp>("igmp_flood", "IGMP far above normal")};
const Register<DetectorSpec> extension{
    one<TrafficClass::ipv6_extension>("ipv6_extension_flood", "IPv6 packets of extension headers alone")};
const Register<DetectorSpec> other{one<TrafficClass::other_ip>("other_protocol_flood", "an IP protocol that this host does not use")};

}  // namespace
}  // namespace sekisho
