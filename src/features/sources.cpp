// The table of sources: lookup, newcomers, eviction, the wheel of unanswered contacts, and the queue of facts.
#include "features/sources.h"

#include <utility>

#include "base/check.h"
#include "base/lanes.h"
#include "features/icmp_quote.h"
#include "features/source_groups.h"
#include "model/device_ports.h"

namespace sekisho {
namespace {

constexpr std::uint32_t kNone = ~0U;
constexpr std::uint8_t kOftenInserting = 16;
constexpr std::uint16_t kRecent = 8192;  // of age_clock(): what came within 131,072 packets of the group

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
void prefetch_whole(const SourceEntry& entry) {
  const auto* at = reinterpret_cast<const char*>(&entry);
  __builtin_prefetch(at, 1);
  __builtin_prefetch(at + 64, 1);
  __builtin_prefetch(at + 128, 1);
}
std::uint32_t milliseconds(TimeNs t) { return static_cast<std::uint32_t>(t / kMillisecond); }

}  // namespace

Sources::Sources(HashKey key, std::size_t entries_per_group, unsigned first_group, unsigned groups, std::vector<Address> publics)
    : key_{key}, first_group_{first_group}, bucket_mask_{entries_per_group / kSourceWays - 1} {
  check(std::has_single_bit(entries_per_group) && entries_per_group >= kSourceWays && entries_per_group <= 65'536,
        "source entries are a power of two");
  for (const auto& a : publics)
    if (is_v4(a)) publics_.push_back(v4_value(a));
  std::sort(publics_.begin(), publics_.end());
  const auto buckets_per_group = entries_per_group / kSourceWays;
  buckets_.resize(buckets_per_group * groups);
  entries_.resize(entries_per_group * groups);
  groups_.resize(groups);
  for (std::size_t i = 0; i < groups; ++i) {
    auto& g = groups_[i];
    g.buckets = std::span{buckets_}.subspan(i * buckets_per_group, buckets_per_group);
    g.entries = std::span{entries_}.subspan(i * entries_per_group, entries_per_group);
    g.wheel_next.resize(entries_per_group, kNone);
    g.wheel.fill(kNone);
    g.queue.resize(entries_per_group);
    g.told.reserve(kToldPerStep);
  }
}
Sources::~Sources() = default;

std::uint64_t Sources::evictions() const { return evictions_; }

void Sources::prefetch(std::uint64_t remote_hash) const {
  const auto& g = groups_[group_of(remote_hash) - first_group_];
  __builtin_prefetch(&g.buckets[remote_hash >> 8 & bucket_mask_], 1);
}

void Sources::prefetch_entry(const Packet& packet, std::uint64_t remote_hash) const {
  const auto& g = groups_[group_of(remote_hash) - first_group_];
  const auto b = remote_hash >> 8 & bucket_mask_;
  const auto& bucket = g.buckets[b];
  const bool contact = packet.protocol == kTcp ? opens_tcp(packet.tcp_flags) : packet.protocol == kUdp;
  if (const auto bits = candidates(bucket.tags, tag_of(remote_hash)); bits != 0) {
    const auto* entry = &g.entries[b * kSourceWays + static_cast<std::uint32_t>(std::countr_zero(bits)) / 8];
    __builtin_prefetch(entry, 1);
    if (contact) __builtin_prefetch(reinterpret_cast<const char*>(entry) + 64, 1);
  } else if (contact && g.inserting > kOftenInserting) {
    prefetch_whole(g.entries[b * kSourceWays + victim_of(bucket, g.age_clock())]);
  }
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
      bucket.stamps[way] = g.age_clock();
      place.entry = &entry;
      place.slot = b * kSourceWays + way;
      return;
    }
  }
}

// Low rank first, then old age; an empty way beats all.
std::uint32_t Sources::victim_of(const Bucket& bucket, std::uint16_t now) {
  static_assert(kSourceWays == 8);
  return lowest_oldest8(bucket.ranks.data(), bucket.stamps.data(), now);
}

bool Sources::is_crowded(const Bucket& bucket, std::uint16_t now) {
  const auto victim = victim_of(bucket, now);
  return bucket.ranks[victim] == kRankSuspicious && static_cast<std::uint16_t>(now - bucket.stamps[victim]) < kRecent;
}

// The fact that an entry of this one SYN would make. False when there were enough of them in this step.
bool Sources::tell(const Place& place, const Packet& p, std::uint64_t remote_hash) {
  auto& told = place.group->told;
  if (told.size() == kToldPerStep) return false;
  SourceEntry e;
  e.remote = remote_address(p);
  e.first_seen = p.time;
  e.packets = e.new_packets = e.syns = p.weight;
  saturating_add(e.new_syns, p.weight);
  e.bytes = std::uint64_t{p.wire_bytes} * p.weight;
  saturating_add(e.new_bytes, e.bytes);
  e.sport = p.sport, e.window = p.tcp_window, e.ttl = p.ttl;
  if (p.tcp_options == 0) saturating_add(e.bare_syns, p.weight);
  if (is_device_port(p.dport)) saturating_add(e.device_port_syns, p.weight);
  if (place.marks.fingerprint) saturating_add(e.fingerprint_syns, p.weight);
  if (place.marks.zmap) saturating_add(e.zmap, p.weight);
  if (place.marks.masscan) saturating_add(e.masscan, p.weight);
  e.contacts = place.contact.bit();
  e.locals = 1ULL << place.contact.local();
  e.ports[place.contact.port() >> 6] = 1ULL << (place.contact.port() & 63);
  e.last_local = p.dst;
  e.port[0] = p.dport, e.ports_used = 1;
  saturating_add(e.port_syns[0], p.weight);
  told.push_back(source_fact(e));
  told.back().hash = remote_hash;
  return true;
}

void Sources::insert(const Packet& packet, std::uint64_t remote_hash, Place& place) {
  auto& g = *place.group;
  auto& bucket = *place.bucket;
  const auto b = static_cast<std::uint32_t>(&bucket - g.buckets.data());
  const auto now = g.age_clock();
  const auto victim = victim_of(bucket, now);
  if (bucket.ranks[victim] >= kRankWaiting) ++evictions_;
  bucket.tags = (bucket.tags & ~(0xffULL << victim * 8)) | std::uint64_t{tag_of(remote_hash)} << victim * 8;
  bucket.stamps[victim] = now;
  bucket.ranks[victim] = kRankSinglePacket;
  const auto slot = b * kSourceWays + victim;
  auto& e = g.entries[slot];
  const auto slot_flags = e.slot_flags;
  e = SourceEntry{};
  e.slot_flags = slot_flags;
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
    if (place.group->inserting != 0xff) ++place.group->inserting;
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
  const auto contact = place.contact = contact_of(p.dst, p.protocol, p.dport);
  if (syn) place.marks = marks_of(p);
  place.judged = true;
  const bool telling = egress || (syn && ((bare && is_telling_port(p.dport)) || place.marks.any()));
  const bool follows = syn && !bare && known != nullptr && (known->flags & kNewcomerBare) != 0;
  if (known != nullptr && !telling && !follows && known->contact == contact.contact()) return false;  // a retry
  const bool waits = known == nullptr && telling && syn && !place.marks.swapped && is_crowded(*place.bucket, place.group->age_clock());
  if (known == nullptr && (!telling || waits)) {
    if (place.group->inserting != 0) --place.group->inserting;
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
    if (waits) {
      const auto marks = (place.marks.fingerprint ? kNewcomerFingerprint : 0) | (place.marks.zmap ? kNewcomerZmap : 0) |
                         (place.marks.masscan ? kNewcomerMasscan : 0) | (tell(place, p, remote_hash) ? kNewcomerTold : 0);
      slot.flags |= static_cast<std::uint8_t>(marks);
    }
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
      if (is_telling_port(n.port)) e.flags |= kSourceTelling;
    }
    e.fingerprint_syns = (n.flags & kNewcomerFingerprint) != 0;
    e.zmap = (n.flags & kNewcomerZmap) != 0;
    e.masscan = (n.flags & kNewcomerMasscan) != 0;
    if ((n.flags & kNewcomerTold) != 0) e.new_packets = e.new_bytes = 0, e.new_syns = 0;
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
  if ((place.entry->slot_flags & kSlotQueued) != 0) return;
  place.entry->slot_flags |= kSlotQueued;
  g.queue[(g.queue_head + g.queue_size++) & (g.queue.size() - 1)] = place.slot;
}

void Sources::watch(const Place& place) {
  auto& g = *place.group;
  if ((place.entry->slot_flags & kSlotOnWheel) != 0) return;
  place.entry->slot_flags |= kSlotOnWheel;
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
      if (next != kNone) {  // the chain leads through a table that is larger than the cache
        prefetch_whole(g.entries[next]);
        if (const auto after = g.wheel_next[next]; after != kNone) prefetch_whole(g.entries[after]);
      }
      const Place place{&g, &g.entries[slot], &g.buckets[slot / kSourceWays], slot};
      place.entry->slot_flags &= static_cast<std::uint8_t>(~kSlotOnWheel);
      if (expire_pending(*place.entry, second) && has_evidence(*place.entry)) changed(place);
      if ((place.entry->flags & (kSourcePendingTcp | kSourcePendingUdp)) != 0) watch(place);
      slot = next;
    }
  }
  g.wheel_second = second;
}

void Sources::collect(TimeNs now, bool last, std::vector<SourceFact>& out) {
  const auto second = source_second(now);
  for (auto& g : groups_) {
    if (second > g.wheel_second) expire_group(g, second);
    if (last)
      for (auto& head : g.wheel)
        for (auto slot = std::exchange(head, kNone); slot != kNone;) {
          const Place place{&g, &g.entries[slot], &g.buckets[slot / kSourceWays], slot};
          place.entry->slot_flags &= static_cast<std::uint8_t>(~kSlotOnWheel);
          if (expire_at_end(*place.entry, now) && has_evidence(*place.entry)) changed(place);
          slot = std::exchange(g.wheel_next[slot], kNone);
        }
    out.insert(out.end(), g.told.begin(), g.told.end());
    std::size_t n = g.told.size();
    g.told.clear();
    while (g.queue_size != 0 && (last || n < kFactsPerStep)) {
      constexpr std::size_t kAhead = 4;  // entries are far larger than the cache
      prefetch_whole(g.entries[g.queue[(g.queue_head + kAhead) & (g.queue.size() - 1)]]);
      const auto slot = g.queue[g.queue_head];
      g.queue_head = (g.queue_head + 1) & (g.queue.size() - 1);
      --g.queue_size;
      auto& e = g.entries[slot];
      e.slot_flags &= static_cast<std::uint8_t>(~kSlotQueued);
      if ((e.flags & kSourceChanged) == 0) continue;  // it was given up since
      out.push_back(source_fact(e));
      out.back().hash = remote_hash(key_, e.remote);
      e.flags = static_cast<std::uint16_t>(e.flags & ~kSourceChanged);
      e.new_packets = e.new_bytes = 0;
      e.new_syns = 0;
      ++n;
    }
  }
}

}  // namespace sekisho
