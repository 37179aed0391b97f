// DNS queries: plain floods, water torture (random labels under one zone), and UDP to port 53 that is no DNS.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "detect/flood_vector.h"

namespace sekisho {
namespace {

struct Names {
  std::size_t queries = 0, broken = 0, unique = 0;
  double modal_length_share = 0;
  unsigned modal_length = 0;
};

// The first label of the question, as far as the sample holds it (32 bytes: 12 of header, 19 of name).
Names read_names(const FloodCase& c) {
  Names n;
  std::set<std::string> labels;
  std::map<unsigned, std::size_t> lengths;
  for (const auto& s : c.second.samples) {
    if (s.traffic_class != TrafficClass::dns_query || !belongs_to(s, c.second)) continue;
    ++n.queries;
    const auto& p = s.payload;
    const bool plausible = s.payload_captured >= 17 && (p[2] & 0x80) == 0 && (p[2] & 0x78) <= 0x28 && p[4] == 0 && p[5] == 1 && p[12] <= 63;
    if (!plausible) {
      ++n.broken;
      continue;
    }
    labels.emplace(reinterpret_cast<const char*>(p.data() + 13), std::min<std::size_t>(p[12], s.payload_captured - 13u));
    ++lengths[p[12]];
  }
  n.unique = labels.size();
  for (const auto& [length, count] : lengths)
    if (const double share = static_cast<double>(count) / static_cast<double>(n.queries); share > n.modal_length_share)
      n.modal_length_share = share, n.modal_length = length;
  return n;
}

std::string_view judge(const FloodCase& c, Evidence& e) {
  const Names n = read_names(c);
  const double unique = n.queries ? static_cast<double>(n.unique) / static_cast<double>(n.queries) : 0;
  double answers = 0;
  if (const auto* r = c.second.reverse)
    answers = static_cast<double>(packets(*r, TrafficClass::udp_answer) + packets(*r, TrafficClass::amp_first)) / std::max(c.pps, 1.0);
  judge_one_target(c, e);
  judge_refusals(c, e);
  if (n.queries >= 32 && n.broken * 2 > n.queries) {
    prove(e, 20, fmt::format("{} of {} sampled packets to port 53 are no DNS query", n.broken, n.queries));
    judge_tool(c, e);
    if (!c.egress) judge_sources(c.second, c.stats, e);
    e.contra.push_back("other programs use port 53 to pass firewalls");
    return "dns_garbage_flood";
  }
  if (n.queries >= 32 && unique > 0.9 && n.modal_length_share > 0.6 && n.modal_length >= 6) {
    prove(e, 25, fmt::format("{} of the names begin with a label never seen before, {} characters long", percent(unique), n.modal_length));
    e.contra.push_back("names that encode a host or a session are unique too, but seldom of one length");
    e.sources = fmt::format("{:.0f} resolvers, real addresses", distinct_remotes(c.second));
    return "dns_nxdomain_flood";
  }
  if (answers > 0.5) contradict(e, 10, fmt::format("{} were answered", percent(std::min(1.0, answers))));
  if (!c.egress) judge_sources(c.second, c.stats, e);
  if (c.stats.sources >= 20 && answers <= 0.5) prove(e, 10, fmt::format("{:.0f} sources, hardly any answered", distinct_remotes(c.second)));
  if (n.queries >= 64 && n.unique <= 3) prove(e, 15, fmt::format("only {} different names in {} queries", n.unique, n.queries));
  judge_tool(c, e);
  return "dns_flood";
}

const Register<DetectorSpec> reg{flood_vector({.name = "dns_flood",
                                               .help = "DNS queries far above normal, water torture, garbage to port 53",
                                               .classes = {TrafficClass::dns_query},
                                               .floor_pps = 500,
                                               .judge = judge})};

}  // namespace
}  // namespace sekisho
