// Collects endpoints, hosts and contacts from packets.
#include "features/endpoints.h"

#include <algorithm>
#include <map>

#include "features/locality.h"

namespace sekisho {
namespace {

bool is_unspecified(const Address& a) { return a == Address{} || a == address_from_v4(0); }

// Neighbour discovery says nothing about who talks to whom, and its TTL is 255 always.
bool is_link_chatter(const Packet& p) { return (p.protocol == kIcmpv6 && p.icmp_type >= 133 && p.icmp_type <= 137) || p.protocol == kIgmp; }

unsigned hops_from_initial(std::uint8_t ttl) { return ttl <= 64 ? 64U - ttl : ttl <= 128 ? 128U - ttl : 255U - ttl; }

// Addresses behind one MAC are one machine as long as they are few: one of IPv4, some of IPv6 (global, temporary, link-local).
std::vector<Host> group_by_mac(std::vector<Endpoint>& endpoints) {
  constexpr std::size_t kMostV4 = 1, kMostV6 = 4;
  std::map<std::uint64_t, std::vector<std::uint32_t>> by_mac;
  for (std::uint32_t i = 0; i < endpoints.size(); ++i)
    if (endpoints[i].mac) by_mac[endpoints[i].mac].push_back(i);
  std::vector<Host> hosts;
  const auto add = [&](std::vector<std::uint32_t> members) {
    for (const auto i : members) endpoints[i].host = static_cast<std::uint32_t>(hosts.size());
    hosts.push_back({std::move(members), 0});
  };
  std::vector<bool> placed(endpoints.size());
  for (auto& [mac, members] : by_mac) {
    const auto four = std::count_if(members.begin(), members.end(), [&](auto i) { return is_v4(endpoints[i].address); });
    const auto six = static_cast<std::ptrdiff_t>(members.size()) - four;
    if (four > static_cast<std::ptrdiff_t>(kMostV4) || six > static_cast<std::ptrdiff_t>(kMostV6)) continue;
    for (const auto i : members) placed[i] = true;
    add(std::move(members));
  }
  for (std::uint32_t i = 0; i < endpoints.size(); ++i)
    if (!placed[i]) add({i});
  return hosts;
}

}  // namespace

Endpoints collect_endpoints(std::span<const Packet> packets) {
  Endpoints result;
  const auto is_wanted = [](const Packet& p) {
    return p.family != 0 && !is_to_group(p) && !is_unspecified(p.src) && !is_unspecified(p.dst) && !is_link_chatter(p);
  };
  std::vector<Address> addresses;
  for (const auto& p : packets)
    if (is_wanted(p)) addresses.insert(addresses.end(), {p.src, p.dst});
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  for (const auto& a : addresses) result.endpoints.push_back({a});

  const auto index_of_address = [&](const Address& a) {
    return static_cast<std::uint32_t>(std::lower_bound(addresses.begin(), addresses.end(), a) - addresses.begin());
  };
  const auto see_mac = [&](Endpoint& e, std::uint64_t mac) {
    if (mac == 0 || e.several_macs) return;
    if (e.mac != 0 && e.mac != mac) {
      e.mac = 0;
      e.several_macs = true;
    } else {
      e.mac = mac;
    }
  };
  std::vector<Contact> all;
  for (const auto& p : packets) {
    if (!is_wanted(p)) continue;
    Contact c{index_of_address(p.src), index_of_address(p.dst), 1};
    if (p.src_mac != p.dst_mac) {  // equal in made-up frames: they tell nothing
      see_mac(result.endpoints[c.src], p.src_mac);
      see_mac(result.endpoints[c.dst], p.dst_mac);
    }
    if (p.protocol == kTcp && p.fragment != Fragment::later) {
      c.syns = (p.tcp_flags & (kSyn | kAck | kRst | kFin)) == kSyn;
      c.syn_acks = (p.tcp_flags & (kSyn | kAck | kRst | kFin)) == (kSyn | kAck);
    }
    constexpr std::uint8_t kFewestTtl = 16;  // smaller ones are set on purpose: BGP, traceroute
    const auto hops = hops_from_initial(p.ttl);
    c.near = hops == 0;
    c.far = hops >= kFarHops && p.ttl >= kFewestTtl;
    all.push_back(c);
    ++result.packets;
  }
  std::sort(all.begin(), all.end(), [](const Contact& a, const Contact& b) { return a.src != b.src ? a.src < b.src : a.dst < b.dst; });
  for (const auto& c : all) {
    if (result.contacts.empty() || result.contacts.back().src != c.src || result.contacts.back().dst != c.dst) {
      result.contacts.push_back(c);
      continue;
    }
    auto& sum = result.contacts.back();
    sum.packets += c.packets;
    sum.syns += c.syns;
    sum.syn_acks += c.syn_acks;
    sum.near += c.near;
    sum.far += c.far;
  }
  result.hosts = group_by_mac(result.endpoints);
  for (const auto& c : result.contacts) {
    const auto src = result.endpoints[c.src].host, dst = result.endpoints[c.dst].host;
    result.hosts[src].packets += c.packets;
    if (dst != src) result.hosts[dst].packets += c.packets;
  }
  return result;
}

}  // namespace sekisho
