// The table of sources: lookup, newcomers, eviction, the wheel of unanswered contacts, and the queue of facts.
#include "features/sources.h"

#include <utility>

#include "base/check.h"
#include "features/icmp_quote.h"
#include "features/source_groups.h"
#include "model/device_ports.h"

namespace sekisho {
namespace {

constexpr std::uint32_t kNone = ~0U;

// May this packet start an entry? Answers and data of connections never do: a flood of them leaves the table alone.
bool starts_entry(const Packet& p, const ConnectionVerdict& connection) {
  if (p.protocol == kTcp)
    return p.direction == Direction::ingress && readable_tcp(p) &&
           (opens_tcp(p.tcp_flags) || (odd_probe(p.tcp_flags) && !connection.known));
  if (p.protocol == kUdp) return p.direction == Direction::egress ? p.fragment != Fragment::later && !is_multicast(p.dst) : unasked_udp(p);
  return false;
}

// 0 marks an empty way, so a tag is never 0.
std::uint8_t tag_of(std::uint64_t hash) { return static_cast<std::uint8_t>((hash & 0xff) == 0 ? 1 : hash); }
// The high bit of each byte of `tags` that equals `tag` (and now and then of one above it: the address decides).
std::uint64_t candidates(std::uint64_t tags, std::uint8_t tag) {
  const std::uint64_t x = tags ^ 0x0101010101010101ULL * tag;
  return (x - 0x0101010101010101ULL) & ~x & 0x8080808080808080ULL;
}
// Independent of the bits that choose the group, the bucket and the tag of entries. 0 marks a free newcomer.
std::uint32_t newcomer_tag(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 26) | 1; }
std::uint32_t milliseconds(TimeNs t) { return static_cast<std::uint32_t>(t / kMillisecond); }

}  // namespace

Sources::Sources(HashKey key, std::size_t entries_per_group, unsigned first_group, unsigned groups, std::vector<Address> publics)
    : key_{key}, first_group_{first_group}, bucket_mask_{entries_per_group / kSourceWays - 1} {
  check(std::has_single_bit(entries_per_group) && entries_per_group >= kSourceWays && entries_per_group <= 65'536,
        "source entries are a power of two");
  for (const auto& a : publics)
    if (is_v4(a)) publics_.push_back(v4_value(a));
  std::sort(publics_.begin(), publics_.end());
  groups_.resize(groups);
  for (auto& g : groups_) {
    g.buckets.resize(entries_per_group / kSourceWays);
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

// `place` is filled where it stands: copying it would wait for the cache misses of the entry's own stores.
void Sources::find(std::uint64_t remote_hash, const Address& remote, Place& place) {
  auto& g = groups_[group_of(remote_hash) - first_group_];
  const auto b = static_cast<std::uint32_t>(remote_hash >> 8 & bucket_mask_);
  auto& bucket = g.buckets[b];
  place.group = &g;
  place.bucket = &bucket;
  for (auto bits = candidates(bucket.tags, tag_of(remote_hash)); bits != 0; bits &= bits - 1) {
    const auto way = static_cast<std::uint32_t>(std::countr_zero(bits)) / 8;
    auto& entry = g.entries[b * kSourceWays + way];
    if (entry.remote == remote) {
      bucket.stamps[way] = static_cast<std::uint16_t>(g.clock >> 4);
      place.entry = &entry;
      place.slot = b * kSourceWays + way;
      return;
    }
  }
}

void Sources::insert(const Packet& packet, std::uint64_t remote_hash, Place& place) {
  auto& g = *place.group;
  auto& bucket = *place.bucket;
  const auto b = static_cast<std::uint32_t>(&bucket - g.buckets.data());
  const auto now = static_cast<std::uint16_t>(g.clock >> 4);
  // Who makes room: low rank first, then old age; an empty way beats all. The way decides among equals, without a branch.
  std::uint32_t best = 0;
  for (std::uint32_t way = 0; way < kSourceWays; ++way) {
    const auto age = static_cast<std::uint16_t>(now - bucket.stamps[way]);
    const std::uint32_t worth = ((5U - bucket.ranks[way]) << 16 | age) << 3 | way;
    best = std::max(best, worth);
  }
  const auto victim = best & 7;
  if (bucket.ranks[victim] >= kRankWaiting) ++evictions_;
  bucket.tags = (bucket.tags & ~(0xffULL << victim * 8)) | std::uint64_t{tag_of(remote_hash)} << victim * 8;
  bucket.stamps[victim] = now;
  bucket.ranks[victim] = kRankSinglePacket;
  const auto slot = b * kSourceWays + victim;
  auto& e = g.entries[slot];
  e = SourceEntry{};
  e.remote = remote_address(packet);
  e.first_seen = packet.time;
  e.pending_second = source_second(packet.time);
  place.entry = &e;
  place.slot = slot;
}

// A packet of an address without an entry: does it get one? A contact that says nothing by itself is only noted.
bool Sources::admit(const Packet& p, const ConnectionVerdict& connection, std::uint64_t remote_hash, Place& place) {
  const auto tag = newcomer_tag(remote_hash);
  auto& newcomers = place.bucket->newcomers;
  auto* known = newcomers[0].tag == tag ? &newcomers[0] : newcomers[1].tag == tag ? &newcomers[1] : nullptr;
  const bool udp = p.protocol == kUdp, egress = p.direction == Direction::egress;
  const auto promote = [&] {
    insert(p, remote_hash, place);
    if (known == nullptr) return;
    adopt(*known, p, place);
    known->tag = 0;
  };
  if (!starts_entry(p, connection)) {
    if (known == nullptr) return false;
    if (egress && ((p.protocol == kTcp && (p.tcp_flags & kRst) != 0) || is_unreachable(p))) {
      known->flags |= kNewcomerRefused;
      return false;
    }
    // A client that completes a handshake earns an entry, so that its successes count.
    if (p.protocol != kTcp || !(connection.handshake_completed || (connection.established && p.payload_bytes != 0))) return false;
    promote();
    return true;
  }
  if (egress && known != nullptr) {
    known->tag = 0;  // our UDP answers it
    return false;
  }
  const bool syn = !udp && opens_tcp(p.tcp_flags), bare = syn && p.tcp_options == 0;
  const auto contact = contact_of(p.dst, p.protocol, p.dport);
  const bool telling = egress || (syn && ((bare && is_telling_port(p.dport)) || marks_of(p).any()));
  const bool follows = syn && !bare && known != nullptr && (known->flags & kNewcomerBare) != 0;
  if (known != nullptr && !telling && !follows && known->contact == contact.contact()) return false;  // a retry
  if (known == nullptr && !telling) {
    const auto now = milliseconds(p.time);
    auto& slot = newcomers[0].tag == 0 || (newcomers[1].tag != 0 && now - newcomers[0].time_ms >= now - newcomers[1].time_ms)
                     ? newcomers[0]
                     : newcomers[1];
    slot = {tag,
            now,
            p.dport,
            p.tcp_window,
            contact.contact(),
            contact.local(),
            contact.port(),
            static_cast<std::uint8_t>((udp ? 0 : kNewcomerTcp) | (syn ? kNewcomerSyn : 0) | (bare ? kNewcomerBare : 0))};
    return false;
  }
  promote();
  return true;
}

// What the newcomer's contact would have left in an entry.
void Sources::adopt(const Newcomer& n, const Packet& packet, const Place& place) {
  auto& e = *place.entry;
  const bool tcp = (n.flags & kNewcomerTcp) != 0;
  const TimeNs age = static_cast<TimeNs>(milliseconds(packet.time) - n.time_ms) * kMillisecond;
  e.first_seen = packet.time - age;
  e.packets = e.new_packets = 1;
  e.bytes = e.new_bytes = packet.wire_bytes;  // that of the second: contacts of one source are alike
  e.contacts = 1ULL << n.contact;
  e.locals = 1ULL << n.local;
  e.ports[n.port_bit >> 6] = 1ULL << (n.port_bit & 63);
  if ((n.flags & kNewcomerSyn) != 0) {
    e.syns = e.new_syns = 1;
    e.port[0] = n.port;
    e.port_syns[0] = 1;
    e.ports_used = 1;
    e.device_port_syns = is_device_port(n.port);
    e.window = n.window;
    e.flags |= kSourceWindowKnown;
    if ((n.flags & kNewcomerBare) != 0) {
      e.bare_syns = 1;
      e.bare_second = static_cast<std::uint16_t>(source_second(e.first_seen));
      e.bare_port = n.port;
    }
  }
  if (!tcp) e.udp_contacts = 1;
  if ((n.flags & kNewcomerRefused) != 0) {
    e.resolved = e.contacts;
    e.refused = 1;
  }
  const auto seconds = source_second(packet.time) - source_second(e.first_seen);
  if ((n.flags & kNewcomerRefused) != 0 || seconds >= kAnswerSeconds) {
    ++(tcp ? e.failures : e.udp_failures);
    if (tcp) walk_failed(e, 1);
  } else {
    ++(tcp ? e.pending : e.pending_udp)[seconds];
    e.flags |= tcp ? kSourcePendingTcp : kSourcePendingUdp;
  }
  place.rank_at_least(kRankUnsuspicious);
}

void Sources::on_packet(const Packet& packet, const ConnectionVerdict& connection, std::uint64_t remote_hash) {
  if (packet.family == 0) return;
  Place place;
  find(remote_hash, remote_address(packet), place);
  ++place.group->clock;
  if (packet.direction == Direction::egress) place.group->answers_seen = true;
  if (place.entry != nullptr)
    place.rank_at_least(kRankUnsuspicious);
  else if (!admit(packet, connection, remote_hash, place))
    return;
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

void Sources::changed(const Place& place) {
  place.rank_at_least(kRankSuspicious);
  place.entry->flags |= kSourceChanged;
  auto& g = *place.group;
  if ((g.slot_flags[place.slot] & kSlotQueued) != 0) return;
  g.slot_flags[place.slot] |= kSlotQueued;
  g.queue[(g.queue_head + g.queue_size++) % g.queue.size()] = place.slot;
}

void Sources::watch(const Place& place) {
  auto& g = *place.group;
  if ((g.slot_flags[place.slot] & kSlotOnWheel) != 0) return;
  g.slot_flags[place.slot] |= kSlotOnWheel;
  const auto& e = *place.entry;
  std::uint32_t oldest = 0;
  for (std::uint32_t i = 1; i < e.pending.size(); ++i)
    if (e.pending[i] + e.pending_udp[i] != 0) oldest = i;
  const auto due = std::max(e.pending_second - oldest + kAnswerSeconds, g.wheel_second + 1);
  auto& head = g.wheel[due % kSourceWheel];
  g.wheel_next[place.slot] = head;
  head = place.slot;
}

void Sources::expire_group(Group& g, std::uint32_t second) {
  if (g.wheel_second == 0) g.wheel_second = second > kSourceWheel ? second - kSourceWheel : 0;
  const auto turns = std::min(second - g.wheel_second, kSourceWheel);
  for (auto s = second - turns + 1; s != second + 1; ++s) {
    auto slot = std::exchange(g.wheel[s % kSourceWheel], kNone);
    while (slot != kNone) {
      const auto next = std::exchange(g.wheel_next[slot], kNone);
      g.slot_flags[slot] = static_cast<std::uint8_t>(g.slot_flags[slot] & ~kSlotOnWheel);
      const Place place{&g, &g.entries[slot], &g.buckets[slot / kSourceWays], slot};
      if (expire_pending(*place.entry, second) && has_evidence(*place.entry)) changed(place);
      if ((place.entry->flags & (kSourcePendingTcp | kSourcePendingUdp)) != 0) watch(place);
      slot = next;
    }
  }
  g.wheel_second = second;
}

void Sources::collect(TimeNs now, bool last, std::vector<SourceFact>& out) {
  const auto from = static_cast<std::ptrdiff_t>(out.size());
  const auto second = source_second(now);
  for (auto& g : groups_) {
    if (second > g.wheel_second) expire_group(g, second);
    if (last)
      for (auto& head : g.wheel)
        for (auto slot = std::exchange(head, kNone); slot != kNone;) {
          const Place place{&g, &g.entries[slot], &g.buckets[slot / kSourceWays], slot};
          g.slot_flags[slot] = static_cast<std::uint8_t>(g.slot_flags[slot] & ~kSlotOnWheel);
          if (expire_at_end(*place.entry, now) && has_evidence(*place.entry)) changed(place);
          slot = std::exchange(g.wheel_next[slot], kNone);
        }
    for (std::size_t n = 0; g.queue_size != 0 && (last || n < kFactsPerStep);) {
      const auto slot = g.queue[g.queue_head];
      g.queue_head = (g.queue_head + 1) % g.queue.size();
      --g.queue_size;
      g.slot_flags[slot] = static_cast<std::uint8_t>(g.slot_flags[slot] & ~kSlotQueued);
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
