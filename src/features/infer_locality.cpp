// Infers which side of a capture is the guarded one: splits the endpoints in two sides and lets the evidence vote.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "features/endpoints.h"
#include "features/locality.h"

namespace sekisho {
namespace {

constexpr std::size_t kPacketsLookedAt = 65536;
constexpr double kNearlyAll = 0.9;

// All endpoints on one side of a split, and what they do towards the other side.
struct Side {
  std::vector<Address> addresses;  // sorted
  std::set<std::uint64_t> macs;
  std::size_t hosts = 0;
  std::uint64_t sent = 0, near = 0, far = 0, syns = 0, syn_acks = 0;
  double private_share = 0;      // of its addresses
  std::size_t big_networks = 0;  // /16 of IPv4, /32 of IPv6
  double score = 0;
  std::vector<std::string> reasons;
};

std::uint64_t big_network(const Address& a) { return is_v4(a) ? 1ULL << 63 | v4_value(a) >> 16 : a.high >> 32; }
Network big_network_of(const Address& a) {
  const std::uint8_t bits = is_v4(a) ? 96 + 16 : 48;
  return {masked(a, bits), bits};
}

// The smallest network that holds them all.
Network cover(std::span<const Address> sorted) {
  unsigned bits = 128;
  while (masked(sorted.front(), bits) != masked(sorted.back(), bits)) --bits;
  return {masked(sorted.front(), bits), static_cast<std::uint8_t>(bits)};
}

// Few addresses are listed, many become the networks that cover them; nothing when they are all over the Internet.
std::vector<Network> networks_of(const Side& side) {
  constexpr std::size_t kListed = 8, kMostNetworks = 16;
  std::vector<Network> networks;
  if (side.hosts <= kListed) {
    for (const auto& a : side.addresses) networks.push_back(host_network(a));
    return networks;
  }
  for (auto first = side.addresses.begin(); first != side.addresses.end();) {
    const auto big = big_network_of(*first);
    const auto last = std::find_if(first, side.addresses.end(), [&](const Address& a) { return !contains(big, a); });
    networks.push_back(cover({first, last}));
    first = last;
  }
  if (networks.size() > kMostNetworks) networks.clear();
  return networks;
}

std::string describe(const Side& side) {
  if (side.addresses.empty()) return "nobody";
  if (side.addresses.size() == 1) return to_string(side.addresses.front());
  if (side.hosts == 1)
    return fmt::format("{} (with {} by its MAC address)", to_string(side.addresses.front()), to_string(side.addresses[1]));
  if (side.addresses.size() == 2) return fmt::format("{} and {}", to_string(side.addresses.front()), to_string(side.addresses.back()));
  const auto networks = networks_of(side);
  if (networks.size() == 1) return to_string(networks.front());
  return fmt::format("{} addresses ({} and others)", format_count(side.addresses.size()), to_string(side.addresses.front()));
}

double share(std::uint64_t part, std::uint64_t whole) { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); }

// Splits: is_inside(endpoint) says which side an endpoint is on. Contacts within one side do not count.
template <class IsInside>
std::pair<Side, Side> split(const Endpoints& e, IsInside is_inside) {
  std::pair<Side, Side> sides;
  std::vector<bool> seen(e.endpoints.size()), seen_host[2] = {std::vector<bool>(e.hosts.size()), std::vector<bool>(e.hosts.size())};
  const auto add = [&](std::uint32_t i, bool inside) {
    if (seen[i]) return;
    seen[i] = true;
    auto& side = inside ? sides.first : sides.second;
    const auto& endpoint = e.endpoints[i];
    side.addresses.push_back(endpoint.address);
    if (endpoint.mac) side.macs.insert(endpoint.mac);
    if (!seen_host[inside][endpoint.host]) ++side.hosts;
    seen_host[inside][endpoint.host] = true;
  };
  for (const auto& c : e.contacts) {
    const bool src = is_inside(c.src), dst = is_inside(c.dst);
    if (src == dst) continue;
    add(c.src, src);
    add(c.dst, dst);
    auto& side = src ? sides.first : sides.second;
    side.sent += c.packets;
    side.near += c.near;
    side.far += c.far;
    side.syns += c.syns;
    side.syn_acks += c.syn_acks;
  }
  for (auto* side : {&sides.first, &sides.second}) {
    std::sort(side->addresses.begin(), side->addresses.end());
    std::set<std::uint64_t> networks;
    std::uint64_t privates = 0;
    for (const auto& a : side->addresses) {
      networks.insert(big_network(a));
      privates += is_private(a);
    }
    side->private_share = share(privates, side->addresses.size());
    side->big_networks = networks.size();
  }
  return sides;
}

void vote(Side& side, double points, std::string reason) {
  side.score += points;
  side.reasons.push_back(std::move(reason));
}

// What speaks for x being the local side, y the remote one. Weights are ordered by how hard it is to be wrong.
void weigh(Side& x, const Side& y) {
  if (x.private_share >= kNearlyAll && y.private_share < 0.5) vote(x, 4, "private addresses are on this side only");

  const double x_near = share(x.near, x.sent), y_near = share(y.near, y.sent), y_far = share(y.far, y.sent);
  if (x.sent > 0 && x_near >= kNearlyAll && y.sent > 0 && y_near < 0.1)
    vote(x, 4, "its packets carry an initial TTL, those of the other side have come over routers");
  else if (x.sent > 0 && x_near >= kNearlyAll && y.sent == 0)
    vote(x, 1, "its packets carry an initial TTL");
  else if (x.sent == 0 && y_far >= kNearlyAll)
    vote(x, 3, "what it receives has come over many routers");

  if (y.syns > 0 && x.syn_acks > 0 && y.syn_acks == 0 && x.hosts == 1) vote(x, 2, "it answers the connections of the other side");
  if (y.syns > 0 && x.syns == 0 && x.syn_acks == 0) vote(x, 1, "the other side tries to connect to it");
  if (y.syn_acks > 0 && x.syns == 0) vote(x, 3, "it receives answers that it did not ask for");
  if (y.sent >= 50 && y.sent >= 20 * x.sent) vote(x, 1, "it receives nearly all packets");

  const bool y_is_scattered = y.big_networks >= 3;
  if (x.hosts == 1 && y_is_scattered && y.hosts >= 10 && y.sent >= x.sent)
    vote(x, 2, fmt::format("{} others send to it", format_count(y.addresses.size())));
  if (x.hosts == 1 && y_is_scattered && y.hosts >= 3)
    vote(x, 2, "it is the one address that all packets have in common");
  else if (x.hosts == 1 && y.hosts >= 2 && y.big_networks >= 2)
    vote(x, 1, "it is the one address that all packets have in common");
  if (x.hosts >= 3 && x.big_networks == 1 &&
      (y.hosts == 1 ? y.addresses.front() < x.addresses.front() || x.addresses.back() < y.addresses.front() : y_is_scattered))
    vote(x, 2, "all its addresses lie in one network, those of the other side do not");

  if (x.hosts == 1 && x.macs.size() == 1 && y.macs.size() == 1 && y.hosts >= 3) vote(x, 1, "the others are behind one router");
  if (x.hosts == 1 && x.macs.size() == 1 && y.macs.size() >= 2 && 2 * y.macs.size() >= y.hosts)
    vote(x, 2, "its frames to many neighbours are all in the capture");
}

std::string joined(const std::vector<std::string>& reasons) { return fmt::format("{}", fmt::join(reasons, "; ")); }

// `how`: "takes part in 99 % of the packets"
Locality judge(std::pair<Side, Side> sides, const std::string& how) {
  auto& [a, b] = sides;
  if (a.addresses.empty() || b.addresses.empty()) return {{}, false, "the addresses talk to themselves only"};
  weigh(a, b);
  weigh(b, a);
  auto* winner = &a;
  auto* loser = &b;
  if (b.score > a.score) std::swap(winner, loser);
  const double lead = winner->score - loser->score;
  if (lead >= 2 || (lead >= 1 && loser->score == 0)) {
    auto networks = networks_of(*winner);
    if (networks.empty()) return {{}, false, fmt::format("the local side would be {}, spread too widely to name", describe(*winner))};
    const auto subject = winner == &a && !how.empty() ? fmt::format("{} {}", describe(a), how) : describe(*winner);
    return {std::move(networks), false, fmt::format("{}: {}", subject, joined(winner->reasons))};
  }
  if (a.score == 0 && b.score == 0) return {{}, false, fmt::format("nothing tells {} from {}", describe(a), describe(b))};
  return {{},
          false,
          fmt::format("the evidence is contradictory: for {}: {}; for {}: {}", describe(*winner), joined(winner->reasons), describe(*loser),
                      loser->reasons.empty() ? "nothing" : joined(loser->reasons))};
}

std::uint64_t crossing(const Endpoints& e, const std::vector<bool>& inside) {
  std::uint64_t packets = 0;
  for (const auto& c : e.contacts)
    if (inside[c.src] != inside[c.dst]) packets += c.packets;
  return packets;
}

// Endpoints behind MACs of their own, when there is a router: a MAC with many addresses behind it.
std::vector<bool> hosts_beside_a_router(const Endpoints& e) {
  std::map<std::uint64_t, unsigned> behind;
  for (const auto& endpoint : e.endpoints)
    if (endpoint.mac) ++behind[endpoint.mac];
  std::vector<bool> inside(e.endpoints.size());
  for (std::size_t i = 0; i < inside.size(); ++i)
    inside[i] = e.endpoints[i].mac && !e.endpoints[i].several_macs && behind[e.endpoints[i].mac] <= 2;
  return inside;
}

Locality among_many(const Endpoints& e) {
  const auto nearly_all = [&](const std::vector<bool>& inside) { return share(crossing(e, inside), e.packets) >= kNearlyAll; };
  std::vector<bool> inside(e.endpoints.size());

  std::uint64_t with_private = 0;
  for (std::size_t i = 0; i < inside.size(); ++i) inside[i] = is_private(e.endpoints[i].address);
  for (const auto& c : e.contacts)
    if (inside[c.src] || inside[c.dst]) with_private += c.packets;
  if (share(with_private, e.packets) >= kNearlyAll && share(crossing(e, inside), e.packets) >= 0.1)
    return judge(split(e, [&](std::uint32_t i) { return inside[i]; }), "");

  // One network on one side of nearly all packets: a telescope, a server farm, a carpet of targets.
  std::map<Network, std::uint64_t> candidates;
  for (const auto& c : e.contacts) {
    const auto src = big_network_of(e.endpoints[c.src].address), dst = big_network_of(e.endpoints[c.dst].address);
    if (src == dst) continue;
    candidates[src] += c.packets;
    candidates[dst] += c.packets;
  }
  const auto best =
      std::max_element(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (best != candidates.end() && share(best->second, e.packets) >= kNearlyAll) {
    const auto percent = 100 * share(best->second, e.packets);
    return judge(split(e, [&](std::uint32_t i) { return contains(best->first, e.endpoints[i].address); }),
                 fmt::format("is on one side of {:.0f} % of the packets", percent));
  }

  inside = hosts_beside_a_router(e);
  if (nearly_all(inside)) {
    auto sides = split(e, [&](std::uint32_t i) { return inside[i]; });
    vote(sides.first, 2, "each has a MAC address of its own, the others are behind a router");
    return judge(std::move(sides), "");
  }
  return {{}, false, fmt::format("no address, network or MAC address takes part in nearly all of the {} packets", format_count(e.packets))};
}

}  // namespace

Locality infer_locality(std::span<const Packet> packets) {
  packets = packets.first(std::min(packets.size(), kPacketsLookedAt));
  const auto e = collect_endpoints(packets);
  if (e.packets == 0) return {{}, false, "there are no unicast IP packets to judge by"};
  if (e.hosts.size() == 1) {
    Locality only{{}, false, fmt::format("{} is the only address", to_string(e.endpoints.front().address))};
    for (const auto& endpoint : e.endpoints) only.networks.push_back(host_network(endpoint.address));
    return only;
  }
  // The host that takes part in most packets; between equals the one with the smallest address, so that the answer is always the same.
  const auto common = std::max_element(e.hosts.begin(), e.hosts.end(), [&](const Host& a, const Host& b) {
    return a.packets != b.packets ? a.packets < b.packets
                                  : e.endpoints[a.endpoints.front()].address > e.endpoints[b.endpoints.front()].address;
  });
  const auto part = share(common->packets, e.packets);
  if (part < kNearlyAll) return among_many(e);
  const auto host = static_cast<std::uint32_t>(common - e.hosts.begin());
  // Is there one other host that has nearly all of the talk? Then it is a matter of two.
  std::vector<std::uint64_t> with(e.hosts.size());
  for (const auto& c : e.contacts) {
    const auto src = e.endpoints[c.src].host, dst = e.endpoints[c.dst].host;
    if (src != dst && (src == host || dst == host)) with[src == host ? dst : src] += c.packets;
  }
  const auto other = std::max_element(with.begin(), with.end());
  const auto peers = std::count_if(with.begin(), with.end(), [](std::uint64_t n) { return n > 0; });
  const auto is_common = [&](std::uint32_t i) { return e.endpoints[i].host == host; };
  const auto how = fmt::format("takes part in {:.0f} % of the packets", 100 * part);
  // A host that talks to several others besides is no matter of two, however much one of them gets.
  if (share(*other, e.packets) >= kNearlyAll && peers >= 4) {
    Locality locality{
        {}, false, fmt::format("{} {} and talks to {} addresses", to_string(e.endpoints[common->endpoints.front()].address), how, peers)};
    for (const auto i : common->endpoints) locality.networks.push_back(host_network(e.endpoints[i].address));
    return locality;
  }
  if (share(*other, e.packets) >= kNearlyAll) {
    const auto second = static_cast<std::uint32_t>(other - with.begin());
    Endpoints two = e;
    std::erase_if(two.contacts, [&](const Contact& c) {
      const auto src = e.endpoints[c.src].host, dst = e.endpoints[c.dst].host;
      return (src != host && src != second) || (dst != host && dst != second);
    });
    return judge(split(two, is_common), how);
  }
  return judge(split(e, is_common), how);
}

}  // namespace sekisho
