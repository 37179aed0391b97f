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

// Of up to 64 payload bytes: only compares payloads with each other.
std::uint32_t payload_hash(const Packet& p) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL, kOther = 0xd1b54a32d192ed03ULL;
  std::uint64_t h = p.payload_bytes;
  std::array<std::uint64_t, 2> words{};
  const std::uint8_t* at = p.payload;
  std::size_t left = std::min<std::size_t>(p.payload_captured, 64);
  for (; left >= sizeof words; left -= sizeof words, at += sizeof words) {
    std::memcpy(words.data(), at, sizeof words);
    h = fold_multiply(words[0] ^ kOdd ^ h, words[1] ^ kOther);
  }
  if (left != 0) {
    words = {};
    std::memcpy(words.data(), at, left);
    h = fold_multiply(words[0] ^ kOdd ^ h, words[1] ^ kOther);
  }
  return static_cast<std::uint32_t>(h ^ h >> 32);
}

void digest(const Packet& p, Sample& s) {
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
  if (s.payload_captured == s.payload.size()) {
    std::memcpy(s.payload.data(), p.payload, s.payload.size());
  } else {
    s.payload = {};
    if (s.payload_captured != 0) std::memcpy(s.payload.data(), p.payload, s.payload_captured);
  }
  s.hash = payload_hash(p);
}

// "X-a: 4242\r\n" alone in a segment towards a web port. Clients send their headers at once; slowloris sends a line now and then.
bool is_lone_header_line(const Packet& p) {
  if (p.traffic_class != TrafficClass::tcp_data || p.payload_bytes < 4 || p.payload_bytes > 64 || p.payload_captured < p.payload_bytes)
    return false;
  if (p.dport != 80 && p.dport != 8080 && p.dport != 8000 && p.dport != 8888) return false;
  const std::string_view line{reinterpret_cast<const char*>(p.payload), p.payload_bytes};
  return line.ends_with("\r\n") && line.find(':') != line.npos && line.find("\r\n") == line.size() - 2;
}

// Of a connection that goes on, as far as the packet alone tells.
bool may_be_routine(const Packet& p) { return p.protocol == kTcp && (p.tcp_flags & (kSyn | kAck | kRst | kFin)) == kAck; }

bool is_refusal(const Packet& p) {
  if (p.protocol == kTcp) return p.tcp_flags & kRst;
  return (p.protocol == kIcmp && p.icmp_type == 3) || (p.protocol == kIcmpv6 && p.icmp_type == 1);
}

}  // namespace

Shard::Shard(const FeatureSettings& settings, unsigned first_group, unsigned groups, HugeVector<DistinctWindow>& sketches)
    : connections(settings.key, settings.connections / kGroups, first_group, groups),
      sources(settings.key, settings.sources / kGroups, first_group, groups, settings.publics),
      key_(settings.key),
      first_group_(first_group),
      groups_(groups),
      udp_flows_(settings.udp_flows / kGroups, first_group, groups),
      outbound_watch_(settings.key, settings.outbound / kGroups, first_group, groups),
      first_fragments_(kFragmentEntries * groups),
      sketches_(sketches) {
  outbound.reserve(4096);
  mine_.reserve(4096);
  used_rows.reserve(kRows);
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

inline Tally& Shard::tally(std::size_t row) {
  Tally& t = tallies[row];
  if (!t.used) t.used = true, used_rows.push_back(static_cast<std::uint16_t>(row));
  return t;
}

template <bool kAlone>
[[gnu::always_inline]] inline void Shard::count_one(Packet& p, const PacketHashes& hashes, std::uint64_t step) {
  ConnectionVerdict connection;
  UdpVerdict flow;
  if (p.protocol == kTcp && p.fragment != Fragment::later && !p.truncated) {
    connection = connections.on_packet(p, hashes);
    p.traffic_class = classify_tcp(p, connection);
  } else if (p.protocol == kUdp && p.fragment != Fragment::later && !p.truncated) {
    flow = udp_flows_.on_packet(p, hashes, step);
    p.traffic_class = classify_udp(p, flow);
  } else {
    p.traffic_class = classify_other(p);
  }
  if (p.fragment != Fragment::none) [[unlikely]]
    p.traffic_class = fragment_class(p, hashes.remote, p.traffic_class, step);

  const std::size_t row = row_of(p.host, p.direction);
  Tally& own = tally(row);
  const auto c = index_of(p.traffic_class);
  own.counts[c].packets += p.weight;
  own.counts[c].bytes += p.wire_bytes * p.weight;
  own.classes.set(c);
  const auto raise = [&](Tally& t, Fact f) { t.facts[static_cast<std::size_t>(f)] += p.weight, t.any_facts = true; };
  if (connection.handshake_completed) {
    raise(tally(row_of(p.host, connection.opened_by_remote ? Direction::ingress : Direction::egress)), Fact::handshakes_completed);
  }
  if (is_refusal(p)) raise(tally(row ^ 1), Fact::refused);
  if (p.fragment != Fragment::none) raise(own, p.fragment == Fragment::first ? Fact::fragments_first : Fact::fragments_later);
  if (p.malformed != Malformed::none) raise(own, Fact::malformed);
  if (is_lone_header_line(p)) raise(own, Fact::slow_http_lines);

  if (!connection.routine) sources.on_packet(p, connection, hashes.remote);
  if (OutboundWatch::looks_at(p, flow)) [[unlikely]]
    if (const auto event = outbound_watch_.on_packet(p, flow, hashes.remote)) outbound.push_back(*event);

  const auto slot = sketch_slot(step);
  auto& sketches = sketches_[row];
  sketches.add<!kAlone>(kDistinctRemotes, hashes.remote * 0xd1342543de82ef95ULL, slot);
  if (p.sport | p.dport) {
    sketches.add<!kAlone>(kDistinctLocalPorts, fold_multiply(local_port(p) ^ key_.a, 0xe7037ed1a0b428dbULL), slot);
    sketches.add<!kAlone>(kDistinctRemotePorts, fold_multiply(remote_port(p) ^ key_.b, 0x8ebc6af09c88c6e3ULL), slot);
  }

  auto& buffer = samples[static_cast<std::size_t>(p.direction)][static_cast<std::size_t>(stratum_of(p))];
  if (const auto mixed = SampleBuffer::mix(p.index); buffer.wants(mixed))
    if (Sample* sample = buffer.keep(mixed, p.index)) digest(p, *sample);
}

void Shard::count(std::span<Packet> packets, std::span<const PacketHashes> hashes, std::uint64_t step) {
  if (groups_ == kGroups)
    return count_these<true>(
        packets.size(), [](std::size_t i) { return i; }, packets, hashes, step);
  mine_.clear();
  for (std::size_t i = 0; i < packets.size(); ++i)
    if (group_of(hashes[i].remote) - first_group_ < groups_) mine_.push_back(static_cast<std::uint32_t>(i));
  count_these<false>(
      mine_.size(), [this](std::size_t i) -> std::size_t { return mine_[i]; }, packets, hashes, step);
}

// Tables are larger than the cache. The lines that hashes name are asked for some packets ahead; when they have come, the entries that
// these name; then what those name.
template <bool kAlone, class Index>
void Shard::count_these(std::size_t n, Index index, std::span<Packet> packets, std::span<const PacketHashes> hashes, std::uint64_t step) {
  constexpr std::size_t kLines = 16, kEntries = 8, kWatched = 4, kRing = 16;
  std::array<int, kRing> ways{};  // of the connections between the second and the third look
  const auto ask_lines = [&](std::size_t i) {
    const Packet& p = packets[index(i)];
    const PacketHashes& h = hashes[index(i)];
    const auto row = row_of(p.host, p.direction);
    sketches_[row].prefetch(sketch_slot(step));
    __builtin_prefetch(&tallies[row], 1);
    if (p.protocol == kTcp) {
      connections.prefetch(h, (p.tcp_flags & kSyn) != 0);
      if (may_be_routine(p)) return;  // then its source is not looked at
    } else if (p.protocol == kUdp) {
      udp_flows_.prefetch(h);
    }
    sources.prefetch(h.remote);
  };
  const auto ask_entries = [&](std::size_t i) {
    const Packet& p = packets[index(i)];
    const PacketHashes& h = hashes[index(i)];
    const int way = p.protocol == kTcp ? connections.prefetch_entry(h) : -1;
    ways[i % kRing] = way;
    if (!may_be_routine(p))
      sources.prefetch_entry(p, h.remote);
    else if (way < 0)
      sources.prefetch(h.remote);
  };
  const auto ask_watched = [&](std::size_t i) {
    if (ways[i % kRing] >= 0) connections.prefetch_watched(hashes[index(i)], ways[i % kRing]);
  };
  for (std::size_t i = 0; i < std::min(kLines, n); ++i) ask_lines(i);
  for (std::size_t i = 0; i < std::min(kEntries, n); ++i) ask_entries(i);
  for (std::size_t i = 0; i < std::min(kWatched, n); ++i) ask_watched(i);
  for (std::size_t i = 0; i < n; ++i) {
    if (i + kLines < n) ask_lines(i + kLines);
    if (i + kEntries < n) ask_entries(i + kEntries);
    if (i + kWatched < n) ask_watched(i + kWatched);
    count_one<kAlone>(packets[index(i)], hashes[index(i)], step);
  }
}

}  // namespace sekisho
