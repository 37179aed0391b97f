// Counting, sampling and table updates per packet. No allocation but in the bounded outbound list, no lock, no clock.
#include "features/shard.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "features/classify.h"

namespace sekisho {
namespace {

constexpr std::size_t kFragmentEntries = 4096;  // per group

Stratum stratum_of(const Packet& p) {
  if (p.protocol == kTcp) return (p.tcp_flags & (kSyn | kAck)) == kSyn ? Stratum::syn : Stratum::tcp;
  return p.protocol == kUdp ? Stratum::udp : Stratum::other;
}

// FNV-1a over the first payload bytes: only compares payloads with each other.
std::uint32_t payload_hash(const Packet& p) {
  std::uint32_t h = 2166136261u;
  for (unsigned i = 0; i < std::min<unsigned>(p.payload_captured, 64); ++i) h = (h ^ p.payload[i]) * 16777619u;
  return h ^ p.payload_bytes;
}

Sample digest(const Packet& p) {
  Sample s;
  s.time = p.time;
  s.remote = remote_address(p);
  s.weight = static_cast<float>(p.weight);
  s.host = p.host;
  s.traffic_class = p.traffic_class;
  s.ttl = p.ttl;
  s.remote_port = remote_port(p);
  s.local_port = local_port(p);
  s.ip_bytes = static_cast<std::uint16_t>(std::min<std::uint32_t>(p.ip_bytes, 0xffff));
  s.payload_bytes = p.payload_bytes;
  s.tcp_flags = p.tcp_flags;
  s.protocol = p.protocol;
  s.inner_protocol = p.inner.protocol;
  s.icmp_type = p.icmp_type;
  s.ip_id = p.ip_id;
  s.tcp_window = p.tcp_window;
  s.payload_captured = static_cast<std::uint8_t>(std::min<std::size_t>(p.payload_captured, s.payload.size()));
  if (s.payload_captured) std::memcpy(s.payload.data(), p.payload, s.payload_captured);
  s.hash = payload_hash(p);
  return s;
}

// "X-a: 4242\r\n" alone in a segment towards a web port. Clients send their headers at once; slowloris sends a line now and then.
bool is_lone_header_line(const Packet& p) {
  if (p.traffic_class != TrafficClass::tcp_data || p.payload_bytes < 4 || p.payload_bytes > 64 || p.payload_captured < p.payload_bytes)
    return false;
  if (p.dport != 80 && p.dport != 8080 && p.dport != 8000 && p.dport != 8888) return false;
  const std::string_view line{reinterpret_cast<const char*>(p.payload), p.payload_bytes};
  return line.ends_with("\r\n") && line.find(':') != line.npos && line.find("\r\n") == line.size() - 2;
}

bool is_refusal(const Packet& p) {
  if (p.protocol == kTcp) return p.tcp_flags & kRst;
  return (p.protocol == kIcmp && p.icmp_type == 3) || (p.protocol == kIcmpv6 && p.icmp_type == 1);
}

}  // namespace

Shard::Shard(const FeatureSettings& settings, unsigned first_group, unsigned groups, std::vector<HostSketches>& sketches)
    : connections(settings.key, settings.connections / kGroups, first_group, groups),
      sources(settings.key, settings.sources / kGroups, first_group, groups, settings.publics),
      key_(settings.key),
      first_group_(first_group),
      groups_(groups),
      udp_flows_(settings.key, settings.udp_flows / kGroups, first_group, groups),
      outbound_watch_(settings.key, settings.outbound / kGroups, first_group, groups),
      first_fragments_(kFragmentEntries * groups),
      sketches_(sketches) {
  for (auto& direction : samples)
    for (auto& buffer : direction) buffer.reserve();
  outbound.reserve(4096);
  used_rows.reserve(kRows);
}

void Shard::count(std::span<Packet> packets, std::span<const std::uint64_t> remote_hashes, std::uint64_t step) {
  // Tables are larger than the cache: their lines are asked for some packets ahead.
  constexpr std::size_t kAhead = 12;
  const auto mine = [&](std::size_t i) { return group_of(remote_hashes[i]) - first_group_ < groups_; };
  const auto prefetch = [&](std::size_t i) {
    if (!mine(i)) return;
    sources.prefetch(remote_hashes[i]);
    if (packets[i].protocol == kTcp)
      connections.prefetch(packets[i], remote_hashes[i]);
    else if (packets[i].protocol == kUdp)
      udp_flows_.prefetch(packets[i], remote_hashes[i]);
  };
  for (std::size_t i = 0; i < std::min(kAhead, packets.size()); ++i) prefetch(i);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (i + kAhead < packets.size()) prefetch(i + kAhead);
    if (mine(i)) count_one(packets[i], remote_hashes[i], step);
  }
}

TrafficClass Shard::fragment_class(const Packet& p, std::uint64_t hash, TrafficClass own, std::uint64_t step) {
  const auto now = static_cast<std::uint16_t>(step);
  const std::size_t base = (group_of(hash) - first_group_) * kFragmentEntries;
  const auto slot = [&](std::uint64_t key) -> FirstFragment& { return first_fragments_[base + key % kFragmentEntries]; };
  const std::uint64_t by_id = keyed_hash(key_, hash ^ p.ip_id, 1), by_remote = keyed_hash(key_, hash, 2);
  if (p.fragment == Fragment::first) {
    for (const auto k : {by_id, by_remote}) slot(k) = {static_cast<std::uint32_t>(k >> 32), now, own};
    return own;
  }
  for (const auto k : {by_id, by_remote})
    if (const auto& f = slot(k); f.tag == static_cast<std::uint32_t>(k >> 32) && static_cast<std::uint16_t>(now - f.step) <= 20)
      if (k == by_id || (f.traffic_class >= TrafficClass::amp_first && f.traffic_class <= TrafficClass::amp_last)) return f.traffic_class;
  return own;
}

Tally& Shard::tally(std::size_t row) {
  if (!used[row]) used[row] = true, used_rows.push_back(static_cast<std::uint16_t>(row));
  return tallies[row];
}

void Shard::count_one(Packet& p, std::uint64_t remote_hash, std::uint64_t step) {
  ConnectionVerdict connection;
  UdpVerdict flow;
  if (p.protocol == kTcp && p.fragment != Fragment::later && !p.truncated) {
    connection = connections.on_packet(p, remote_hash);
    p.traffic_class = classify_tcp(p, connection);
  } else if (p.protocol == kUdp && p.fragment != Fragment::later && !p.truncated) {
    flow = udp_flows_.on_packet(p, remote_hash, step);
    p.traffic_class = classify_udp(p, flow);
  } else {
    p.traffic_class = classify_other(p);
  }
  if (p.fragment != Fragment::none) [[unlikely]]
    p.traffic_class = fragment_class(p, remote_hash, p.traffic_class, step);

  const std::size_t row = row_of(p.host, p.direction);
  Tally& own = tally(row);
  const auto c = index_of(p.traffic_class);
  own.packets[c] += p.weight;
  own.bytes[c] += p.wire_bytes * p.weight;
  const auto raise = [&](Tally& t, Fact f) { t.facts[static_cast<std::size_t>(f)] += p.weight; };
  if (connection.handshake_completed) {
    raise(tally(row_of(p.host, connection.opened_by_remote ? Direction::ingress : Direction::egress)), Fact::handshakes_completed);
  }
  if (is_refusal(p)) raise(tally(row ^ 1), Fact::refused);
  if (p.fragment != Fragment::none) raise(own, p.fragment == Fragment::first ? Fact::fragments_first : Fact::fragments_later);
  if (p.malformed != Malformed::none) raise(own, Fact::malformed);
  if (is_lone_header_line(p)) raise(own, Fact::slow_http_lines);

  sources.on_packet(p, connection, remote_hash);
  if (const auto event = outbound_watch_.on_packet(p, flow, remote_hash)) outbound.push_back(*event);

  const auto stamp = static_cast<Distinct::Stamp>(step % 65'535 + 1);
  auto& sketch = sketches_[row];
  sketch.remotes.add(remote_hash * 0xd1342543de82ef95ULL, stamp);
  if (p.sport | p.dport) {
    sketch.local_ports.add(keyed_hash(key_, local_port(p), 3), stamp);
    sketch.remote_ports.add(keyed_hash(key_, remote_port(p), 4), stamp);
  }

  auto& buffer = samples[static_cast<std::size_t>(p.direction)][static_cast<std::size_t>(stratum_of(p))];
  if (const auto mixed = SampleBuffer::mix(p.index); buffer.wants(mixed)) buffer.keep(mixed, p.index, digest(p));
}

}  // namespace sekisho
