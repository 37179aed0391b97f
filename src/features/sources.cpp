// The table of sources: lookup, eviction, what each packet changes, the wheel of unanswered contacts.
#include "features/sources.h"

#include <utility>

#include "base/check.h"
#include "features/icmp_quote.h"
#include "model/device_ports.h"

namespace sekisho {
namespace {

constexpr unsigned kWays = 8;
constexpr unsigned kWheel = 8;  // seconds; more than kAnswerSeconds
constexpr std::uint32_t kNone = ~0U;

// Who is given up first when a bucket is full.
enum Rank : std::uint8_t { kEmpty, kSinglePacket, kUnsuspicious, kWaiting, kSuspicious };

enum SlotFlag : std::uint8_t { kQueued = 1, kOnWheel = 2 };  // of the slot: they outlive an eviction

std::uint32_t second_of(TimeNs t) { return t <= 0 ? 0 : static_cast<std::uint32_t>(t / kSecond); }

bool opens_tcp(std::uint8_t flags) { return (flags & (kSyn | kAck | kRst | kFin | kPsh | kUrg)) == kSyn; }
// NULL, FIN and XMAS probes: no stack sends any of them.
bool odd_probe(std::uint8_t flags) {
  const auto f = flags & (kSyn | kAck | kRst | kFin | kPsh | kUrg);
  return f == 0 || f == kFin || f == (kFin | kPsh | kUrg);
}
// A traceroute's UDP probes arrive with the rest of a small TTL.
bool traceroute(const Packet& p) { return p.dport >= 33434 && p.dport <= 33690 && p.ttl <= 30; }

bool unasked_udp(const Packet& p) {
  const auto c = p.traffic_class;
  return c != TrafficClass::udp_answer && c != TrafficClass::dns_answer_unasked_other && c != TrafficClass::dhcp &&
         (c < TrafficClass::amp_first || c > TrafficClass::amp_last) && p.fragment != Fragment::later && !traceroute(p) &&
         !is_multicast(p.dst);
}

// Are the flags and, for a SYN, the sequence number there? Real Mirai SYNs with a false data offset were captured: those count.
bool readable_tcp(const Packet& p) {
  return p.fragment != Fragment::later && !p.truncated &&
         (p.malformed == Malformed::none || p.malformed == Malformed::bad_tcp_header_length || p.malformed == Malformed::bad_tcp_options);
}

// May this packet start an entry? Answers and data of connections never do: a flood of them leaves the table alone.
bool starts_entry(const Packet& p, const ConnectionVerdict& connection) {
  if (p.protocol == kTcp)
    return p.direction == Direction::ingress && readable_tcp(p) &&
           (opens_tcp(p.tcp_flags) || (odd_probe(p.tcp_flags) && !connection.known));
  if (p.protocol == kUdp) return p.direction == Direction::egress ? p.fragment != Fragment::later && !is_multicast(p.dst) : unasked_udp(p);
  return false;
}

bool has_evidence(const SourceEntry& e) {
  return e.fingerprint_syns != 0 || e.swapped != 0 || e.zmap != 0 || e.masscan != 0 || e.failures >= 3 || e.udp_failures >= 3 ||
         e.followups != 0 || (e.device_port_syns != 0 && e.bare_syns != 0);
}

// IPv4 that an IPv6 address carries: NAT64 (64:ff9b::/96) and 6to4 (2002::/16).
bool embedded_v4(const Address& a, std::uint32_t& out) {
  if (a.high == 0x0064ff9b00000000ULL && a.low >> 32 == 0) {
    out = static_cast<std::uint32_t>(a.low);
    return true;
  }
  if (a.high >> 48 == 0x2002) {
    out = static_cast<std::uint32_t>(a.high >> 16);
    return true;
  }
  return false;
}

}  // namespace

// Eight tags of one byte in one word, so that one comparison finds the candidates.
struct alignas(32) Sources::Bucket {
  std::uint64_t tags = 0;
  std::array<std::uint16_t, kWays> stamps{};
  std::array<std::uint8_t, kWays> ranks{};
};

struct Sources::Group {
  std::vector<Bucket> buckets;
  std::vector<SourceEntry> entries;
  std::vector<std::uint8_t> slot_flags;
  std::vector<std::uint32_t> wheel_next;
  std::array<std::uint32_t, kWheel> wheel;
  std::uint32_t wheel_second = 0;
  std::vector<std::uint32_t> queue;  // ring of slots whose facts wait; a slot stands in it at most once
  std::size_t queue_head = 0, queue_size = 0;
  std::uint32_t clock = 0;    // packets of the group: the age of entries
  bool answers_seen = false;  // any packet of our side: without one the capture holds one direction
};

struct Sources::Contact {
  std::uint64_t bit = 0, local_bit = 0;
};

struct Sources::Place {
  Group* group = nullptr;
  SourceEntry* entry = nullptr;
  Bucket* bucket = nullptr;
  std::uint32_t slot = 0;
  void rank_at_least(Rank rank) const {
    auto& current = bucket->ranks[slot % kWays];
    if (current < rank) current = rank;
  }
};

Sources::Sources(HashKey key, std::size_t entries_per_group, unsigned first_group, unsigned groups, std::vector<Address> publics)
    : key_{key}, first_group_{first_group}, bucket_mask_{entries_per_group / kWays - 1} {
  check(std::has_single_bit(entries_per_group) && entries_per_group >= kWays && entries_per_group <= 65'536,
        "source entries are a power of two");
  for (const auto& a : publics)
    if (is_v4(a)) publics_.push_back(v4_value(a));
  std::sort(publics_.begin(), publics_.end());
  groups_.resize(groups);
  for (auto& g : groups_) {
    g.buckets.resize(entries_per_group / kWays);
    g.entries.resize(entries_per_group);
    g.slot_flags.resize(entries_per_group);
    g.wheel_next.resize(entries_per_group, kNone);
    g.wheel.fill(kNone);
    g.queue.resize(entries_per_group);
  }
}
Sources::~Sources() = default;

std::uint64_t Sources::evictions() const { return evictions_; }

void Sources::prefetch(std::uint64_t remote_hash) const {
  const auto& g = groups_[group_of(remote_hash) - first_group_];
  __builtin_prefetch(&g.buckets[remote_hash >> 8 & bucket_mask_], 1);
}

namespace {
// 0 marks an empty way, so a tag is never 0.
std::uint8_t tag_of(std::uint64_t hash) { return static_cast<std::uint8_t>((hash & 0xff) == 0 ? 1 : hash); }
// The high bit of each byte of `tags` that equals `tag` (and now and then of one above it: the address decides).
std::uint64_t candidates(std::uint64_t tags, std::uint8_t tag) {
  const std::uint64_t x = tags ^ 0x0101010101010101ULL * tag;
  return (x - 0x0101010101010101ULL) & ~x & 0x8080808080808080ULL;
}
}  // namespace

Sources::Place Sources::find(std::uint64_t remote_hash, const Address& remote) {
  auto& g = groups_[group_of(remote_hash) - first_group_];
  const auto b = static_cast<std::uint32_t>(remote_hash >> 8 & bucket_mask_);
  auto& bucket = g.buckets[b];
  for (auto bits = candidates(bucket.tags, tag_of(remote_hash)); bits != 0; bits &= bits - 1) {
    const auto way = static_cast<std::uint32_t>(std::countr_zero(bits)) / 8;
    auto& entry = g.entries[b * kWays + way];
    if (entry.remote == remote) {
      bucket.stamps[way] = static_cast<std::uint16_t>(g.clock >> 4);
      return {&g, &entry, &bucket, b * kWays + way};
    }
  }
  return {&g, nullptr, &bucket, b * kWays};
}

Sources::Place Sources::insert(const Packet& packet, std::uint64_t remote_hash) {
  auto& g = groups_[group_of(remote_hash) - first_group_];
  const auto b = static_cast<std::uint32_t>(remote_hash >> 8 & bucket_mask_);
  auto& bucket = g.buckets[b];
  const auto now = static_cast<std::uint16_t>(g.clock >> 4);
  std::uint32_t victim = 0, best = 0;
  for (std::uint32_t way = 0; way < kWays; ++way) {
    // Low rank first, then old age: one number to compare. An empty way beats all.
    const auto age = static_cast<std::uint16_t>(now - bucket.stamps[way]);
    const std::uint32_t worth = (5U - bucket.ranks[way]) << 16 | age;
    if (worth > best) {
      best = worth;
      victim = way;
    }
  }
  if (bucket.ranks[victim] != kEmpty) ++evictions_;
  bucket.tags = (bucket.tags & ~(0xffULL << victim * 8)) | std::uint64_t{tag_of(remote_hash)} << victim * 8;
  bucket.stamps[victim] = now;
  bucket.ranks[victim] = kSinglePacket;
  const auto slot = b * kWays + victim;
  auto& e = g.entries[slot];
  e = SourceEntry{};
  e.remote = remote_address(packet);
  e.first_seen = packet.time;
  e.pending_second = second_of(packet.time);
  return {&g, &e, &bucket, slot};
}

void Sources::on_packet(const Packet& packet, const ConnectionVerdict& connection, std::uint64_t remote_hash) {
  if (packet.family == 0) return;
  auto place = find(remote_hash, remote_address(packet));
  ++place.group->clock;
  if (packet.direction == Direction::egress) place.group->answers_seen = true;
  if (place.entry == nullptr) {
    if (!starts_entry(packet, connection)) return;
    place = insert(packet, remote_hash);
  } else {
    place.rank_at_least(kUnsuspicious);
  }
  auto& e = *place.entry;
  if (packet.direction == Direction::ingress) {
    saturating_add(e.packets, packet.weight);
    saturating_add(e.new_packets, packet.weight);
    const auto bytes = std::uint64_t{packet.wire_bytes} * packet.weight;
    e.bytes += bytes;
    saturating_add(e.new_bytes, bytes);
    e.last_seen_ms = static_cast<std::uint32_t>(std::max<TimeNs>(packet.time - e.first_seen, 0) / kMillisecond);
  }
  if (packet.protocol == kTcp)
    on_tcp(place, packet, connection);
  else if (packet.protocol == kUdp)
    on_udp(place, packet);
  else if (packet.direction == Direction::egress && is_unreachable(packet))
    on_unreachable(place, packet);
}

Sources::Contact Sources::contact_of(const Address& local, std::uint8_t protocol, std::uint16_t port) const {
  const auto l = keyed_hash(key_, local.high, local.low);
  const auto c = fold_multiply(l ^ key_.b, (std::uint64_t{protocol} << 16 | port) ^ key_.a);
  return {1ULL << (c >> 58), 1ULL << (l >> 58)};
}

void Sources::first_contact(const Place& place, const Packet& packet) {
  auto& e = *place.entry;
  const bool udp = packet.protocol == kUdp;
  const auto contact = contact_of(packet.dst, packet.protocol, packet.dport);
  const auto p = fold_multiply(packet.dport ^ key_.b, 0xe7037ed1a0b428dbULL) >> 57;
  e.ports[p >> 6] |= 1ULL << (p & 63);
  e.locals |= contact.local_bit;
  e.last_local = packet.dst;
  if ((e.contacts & contact.bit) != 0) return;  // a retry, or one that happens to share the bit
  // A full bitmap would take new contacts for old ones: start it anew. What waits keeps waiting in the buckets.
  if (std::popcount(e.contacts) >= 32) e.contacts = e.resolved = 0;
  e.contacts |= contact.bit;
  if (udp) saturating_add(e.udp_contacts, 1);
  expire_pending(e, second_of(packet.time));
  auto& pending = (udp ? e.pending_udp : e.pending)[0];
  saturating_add(pending, 1);
  e.flags |= udp ? kSourcePendingUdp : kSourcePendingTcp;
  if (std::popcount(e.contacts) >= 2) {
    place.rank_at_least(kWaiting);
    watch(place);
  }
  if (has_evidence(e)) changed(place);
}

void Sources::resolve(const Place& place, const Contact& contact, bool udp, bool success) {
  auto& e = *place.entry;
  if ((e.contacts & contact.bit) == 0 || (e.resolved & contact.bit) != 0) return;
  e.resolved |= contact.bit;
  auto& pending = udp ? e.pending_udp : e.pending;
  // Answers are fast: the newest that waits is taken for the one that was answered.
  const auto waiting = std::find_if(pending.begin(), pending.end(), [](std::uint8_t n) { return n != 0; });
  const bool late = waiting == pending.end();  // it was counted as unanswered already
  if (!late) --*waiting;
  if (std::all_of(pending.begin(), pending.end(), [](std::uint8_t n) { return n == 0; }))
    e.flags = static_cast<std::uint16_t>(e.flags & ~(udp ? kSourcePendingUdp : kSourcePendingTcp));
  if (success) {
    if (!udp) {
      saturating_add(e.successes, 1);
      walk_succeeded(e);
    }
  } else {
    saturating_add(e.refused, 1);
    if (!late) {
      if (udp) {
        saturating_add(e.udp_failures, 1);
      } else {
        saturating_add(e.failures, 1);
        walk_failed(e, 1);
      }
    }
  }
  if (has_evidence(e)) changed(place);
}

void Sources::on_tcp(const Place& place, const Packet& packet, const ConnectionVerdict& connection) {
  if (!readable_tcp(packet)) return;
  auto& e = *place.entry;
  const auto flags = packet.tcp_flags;
  if (packet.direction == Direction::ingress) {
    if (opens_tcp(flags)) {
      on_syn(place, packet);
      return;
    }
    if (odd_probe(flags) && !connection.known) {
      first_contact(place, packet);
      return;
    }
    if (connection.handshake_completed) saturating_add(e.handshakes, 1);
    // Where our side is not captured, a client that sends data must have been answered.
    const bool goes_on = connection.established || !place.group->answers_seen;
    const bool answered = connection.handshake_completed || (goes_on && packet.payload_bytes != 0);
    if (answered) e.flags |= kSourceReal;
    if (answered && (e.flags & kSourceFollowArmed) != 0 && packet.dport == e.bare_port) {
      e.flags = static_cast<std::uint16_t>(e.flags & ~kSourceFollowArmed);
      saturating_add(e.followups, 1);
      changed(place);
    }
    if (answered && (e.flags & kSourcePendingTcp) != 0) resolve(place, contact_of(packet.dst, kTcp, packet.dport), false, true);
    return;
  }
  if ((e.flags & kSourcePendingTcp) == 0) return;
  if ((flags & kRst) != 0)
    resolve(place, contact_of(packet.src, kTcp, packet.sport), false, false);
  else if (connection.established && packet.payload_bytes != 0)
    resolve(place, contact_of(packet.src, kTcp, packet.sport), false, true);
}

void Sources::on_syn(const Place& place, const Packet& packet) {
  auto& e = *place.entry;
  saturating_add(e.syns, packet.weight);
  saturating_add(e.new_syns, packet.weight);
  if ((e.flags & kSourceSyn) == 0) {
    e.flags |= kSourceSyn;
    e.sport = packet.sport;
    e.window = packet.tcp_window;
  } else {
    if (e.sport != packet.sport) e.flags |= kSourceSportVaries;
    if (e.window != packet.tcp_window) e.flags |= kSourceWindowVaries;
  }
  e.ttl = packet.ttl;
  const bool bare = packet.tcp_options == 0;
  const auto second = static_cast<std::uint16_t>(second_of(packet.time));
  if (bare) {
    saturating_add(e.bare_syns, packet.weight);
    e.bare_second = second;
    e.bare_port = packet.dport;
    e.flags = static_cast<std::uint16_t>(e.flags & ~kSourceFollowArmed);
  } else if (e.bare_syns != 0 && e.bare_port == packet.dport && static_cast<std::uint16_t>(second - e.bare_second) <= 10) {
    e.flags |= kSourceFollowArmed;
  }
  const bool device_port = is_device_port(packet.dport);
  if (device_port) saturating_add(e.device_port_syns, packet.weight);
  const auto before = e.fingerprint_syns + e.swapped + e.zmap + e.masscan;
  fingerprint(e, packet);
  const auto first = e.port.begin();
  const auto found = std::find(first, first + e.ports_used, packet.dport);
  const auto i = static_cast<std::size_t>(found - first);
  if (i < e.port.size()) {
    if (i == e.ports_used) e.port[e.ports_used++] = packet.dport;
    saturating_add(e.port_syns[i], packet.weight);
  }
  first_contact(place, packet);
  const bool marks = e.fingerprint_syns + e.swapped + e.zmap + e.masscan != before;
  if (marks || (bare && device_port)) changed(place);
}

void Sources::fingerprint(SourceEntry& e, const Packet& packet) const {
  std::uint32_t destination = 0;
  bool four = is_v4(packet.dst);
  if (four)
    destination = v4_value(packet.dst);
  else
    four = embedded_v4(packet.dst, destination);
  if (four) {
    if (packet.tcp_seq == destination || (!publics_.empty() && std::binary_search(publics_.begin(), publics_.end(), packet.tcp_seq)))
      saturating_add(e.fingerprint_syns, packet.weight);
    else if (packet.tcp_seq == __builtin_bswap32(destination))
      saturating_add(e.swapped, packet.weight);
  } else if (const auto tail = static_cast<std::uint32_t>(packet.dst.low); packet.tcp_seq == tail && tail > 0xffff) {
    saturating_add(e.swapped, packet.weight);  // weak: IPv6 has no scanner that is known to do this; small numbers match by chance
  }
  if (packet.family != 4) return;
  if (packet.ip_id == 54321 && packet.tcp_window == 65535 && packet.tcp_options == 0) saturating_add(e.zmap, packet.weight);
  if (packet.tcp_window == 1024 && packet.ip_id == static_cast<std::uint16_t>(v4_value(packet.dst) ^ packet.dport ^ packet.tcp_seq))
    saturating_add(e.masscan, packet.weight);
}

void Sources::on_udp(const Place& place, const Packet& packet) {
  auto& e = *place.entry;
  if (packet.direction == Direction::egress) {
    if (packet.fragment == Fragment::later) return;
    if (e.udp_contacts == 0) e.flags |= kSourceLocalUdpFirst;
    if ((e.flags & kSourcePendingUdp) != 0) resolve(place, contact_of(packet.src, kUdp, packet.sport), true, true);
    return;
  }
  if ((e.flags & kSourceLocalUdpFirst) == 0 && unasked_udp(packet)) first_contact(place, packet);
}

void Sources::on_unreachable(const Place& place, const Packet& packet) {
  auto& e = *place.entry;
  if ((e.flags & (kSourcePendingTcp | kSourcePendingUdp)) == 0) return;
  if (const auto quoted = quoted_packet(packet)) {
    resolve(place, contact_of(quoted->dst, quoted->protocol, quoted->dport), quoted->protocol == kUdp, false);
  }
}

void Sources::changed(const Place& place) {
  place.rank_at_least(kSuspicious);
  place.entry->flags |= kSourceChanged;
  auto& g = *place.group;
  if ((g.slot_flags[place.slot] & kQueued) != 0) return;
  g.slot_flags[place.slot] |= kQueued;
  g.queue[(g.queue_head + g.queue_size++) % g.queue.size()] = place.slot;
}

void Sources::watch(const Place& place) {
  auto& g = *place.group;
  if ((g.slot_flags[place.slot] & kOnWheel) != 0) return;
  g.slot_flags[place.slot] |= kOnWheel;
  const auto& e = *place.entry;
  std::uint32_t oldest = 0;
  for (std::uint32_t i = 1; i < e.pending.size(); ++i)
    if (e.pending[i] + e.pending_udp[i] != 0) oldest = i;
  const auto due = std::max(e.pending_second - oldest + kAnswerSeconds, g.wheel_second + 1);
  auto& head = g.wheel[due % kWheel];
  g.wheel_next[place.slot] = head;
  head = place.slot;
}

void Sources::expire_group(Group& g, std::uint32_t second) {
  if (g.wheel_second == 0) g.wheel_second = second > kWheel ? second - kWheel : 0;
  const auto turns = std::min(second - g.wheel_second, kWheel);
  for (auto s = second - turns + 1; s != second + 1; ++s) {
    auto slot = std::exchange(g.wheel[s % kWheel], kNone);
    while (slot != kNone) {
      const auto next = std::exchange(g.wheel_next[slot], kNone);
      g.slot_flags[slot] = static_cast<std::uint8_t>(g.slot_flags[slot] & ~kOnWheel);
      const Place place{&g, &g.entries[slot], &g.buckets[slot / kWays], slot};
      if (expire_pending(*place.entry, second) && has_evidence(*place.entry)) changed(place);
      if ((place.entry->flags & (kSourcePendingTcp | kSourcePendingUdp)) != 0) watch(place);
      slot = next;
    }
  }
  g.wheel_second = second;
}

void Sources::collect(TimeNs now, bool last, std::vector<SourceFact>& out) {
  const auto from = static_cast<std::ptrdiff_t>(out.size());
  const auto second = second_of(now);
  for (auto& g : groups_) {
    if (second > g.wheel_second) expire_group(g, second);
    if (last)
      for (auto& head : g.wheel)
        for (auto slot = std::exchange(head, kNone); slot != kNone;) {
          const Place place{&g, &g.entries[slot], &g.buckets[slot / kWays], slot};
          g.slot_flags[slot] = static_cast<std::uint8_t>(g.slot_flags[slot] & ~kOnWheel);
          if (expire_at_end(*place.entry, now) && has_evidence(*place.entry)) changed(place);
          slot = std::exchange(g.wheel_next[slot], kNone);
        }
    for (std::size_t n = 0; g.queue_size != 0 && (last || n < kFactsPerStep);) {
      const auto slot = g.queue[g.queue_head];
      g.queue_head = (g.queue_head + 1) % g.queue.size();
      --g.queue_size;
      g.slot_flags[slot] = static_cast<std::uint8_t>(g.slot_flags[slot] & ~kQueued);
      auto& e = g.entries[slot];
      if ((e.flags & kSourceChanged) == 0) continue;  // it was given up since
      out.push_back(source_fact(e));
      e.flags = static_cast<std::uint16_t>(e.flags & ~kSourceChanged);
      e.new_packets = e.new_bytes = 0;
      e.new_syns = 0;
      ++n;
    }
  }
  std::sort(out.begin() + from, out.end(), [](const SourceFact& a, const SourceFact& b) { return a.remote < b.remote; });
}

}  // namespace sekisho
