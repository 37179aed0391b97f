// The connection table: TCP states, sequence progress, eviction; every decision stays inside one bucket.
#include "features/connections.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/check.h"
#include "base/lanes.h"

namespace sekisho {
namespace {

constexpr DurationNs kHalfOpenTimeout = 10 * kSecond;
constexpr DurationNs kIdleTimeout = 2 * 60 * kMinute;
constexpr DurationNs kClosedTimeout = 60 * kSecond;
constexpr DurationNs kAfterReset = 2 * kSecond;      // packets still in flight
constexpr DurationNs kMayBeReplaced = 10 * kSecond;  // a live connection in a full bucket is only replaced when idle for so long
constexpr std::uint32_t kPlausible = 1U << 24;       // sequence numbers farther off belong to nothing this connection sent
constexpr std::uint8_t kStalledAbove = 16;
enum EvictionClass : std::uint32_t { kClassClosed = 1, kClassUnproven = 2, kClassEstablished = 3 };
constexpr unsigned kClassBits = 3, kStampShift = 22;  // of Bucket::seen: a stamp is 4.2 ms
constexpr std::uint32_t kClassMask = (1U << kClassBits) - 1, kStampMask = ~0U >> kClassBits;
constexpr std::int64_t kSideBit = 1, kOneSyn = 2, kSynBits = 6;  // of Waiting::opened

constexpr std::uint32_t stamp_of(TimeNs t) { return static_cast<std::uint32_t>(t >> kStampShift) & kStampMask; }
constexpr std::uint32_t stamps(DurationNs d) { return static_cast<std::uint32_t>(d >> kStampShift); }
// Time that runs back by a little is no age of weeks.
constexpr std::uint32_t stamps_since(std::uint32_t seen, TimeNs now) {
  const auto age = (stamp_of(now) - (seen >> kClassBits)) & kStampMask;
  return age > kStampMask / 2 ? 0 : age;
}
constexpr DurationNs idle_since(std::uint32_t seen, TimeNs now) { return DurationNs{stamps_since(seen, now)} << kStampShift; }
constexpr std::uint32_t seen_at(TimeNs t, std::uint32_t eviction_class) { return stamp_of(t) << kClassBits | eviction_class; }

constexpr std::uint32_t tag_of(std::uint64_t flow_hash) { return std::max(static_cast<std::uint32_t>(flow_hash), 1U); }

constexpr std::int32_t distance(std::uint32_t from, std::uint32_t to) { return static_cast<std::int32_t>(to - from); }
constexpr bool is_plausible(std::uint32_t expected, std::uint32_t seq) {
  return seq - expected < kPlausible || expected - seq < kPlausible;
}
void add_saturating(std::uint32_t& sum, std::uint32_t n) {
  sum = n > std::numeric_limits<std::uint32_t>::max() - sum ? std::numeric_limits<std::uint32_t>::max() : sum + n;
}
constexpr unsigned side_of(const Packet& p) { return p.direction == Direction::egress ? 1 : 0; }  // 1: the local side sends

}  // namespace

Connections::Connections(HashKey key, std::size_t entries_per_group, unsigned first_group, unsigned groups)
    : key_{key},
      first_group_{first_group},
      buckets_per_group_{std::max<std::size_t>(1, entries_per_group / kWays)},
      waiting_per_group_{std::max<std::size_t>(1, entries_per_group / kWaiting)},
      watched_{key, std::max<std::size_t>(64, entries_per_group / 16), groups},
      retries_{key, std::max<std::size_t>(64, entries_per_group / 64), groups} {
  check(std::has_single_bit(entries_per_group), "connection entries per group are a power of two");
  check(entries_per_group <= 1U << 19, "a group's watch slots fit in 16 bits");
  check(groups > 0 && first_group + groups <= kGroups, "groups are among the sixteen");
  buckets_.resize(buckets_per_group_ * groups);
  entries_.resize(buckets_per_group_ * groups * kWays);
  waiting_.resize(waiting_per_group_ * groups);
}

// The lowest 32 bits of the flow's hash are the tag, the ones above choose the line.
std::size_t Connections::bucket_of(const PacketHashes& h) const {
  return (group_of(h.remote) - first_group_) * buckets_per_group_ + (h.flow >> 32 & (buckets_per_group_ - 1));
}
Connections::Waiting& Connections::waiting_of(const PacketHashes& h) {
  return waiting_[(group_of(h.remote) - first_group_) * waiting_per_group_ + (h.flow >> 32 & (waiting_per_group_ - 1))];
}

void Connections::prefetch(const PacketHashes& hashes, bool syn) {
  __builtin_prefetch(&buckets_[bucket_of(hashes)], 1);
  if (syn) __builtin_prefetch(&waiting_of(hashes), 1);
}

int Connections::prefetch_entry(const PacketHashes& hashes) const {
  const Bucket& bucket = buckets_[bucket_of(hashes)];
  const int way = find(bucket, tag_of(hashes.flow));
  if (way >= 0) __builtin_prefetch(&entries_[bucket_of(hashes) * kWays + static_cast<unsigned>(way)], 1);
  return way;
}

void Connections::prefetch_watched(const PacketHashes& hashes, int way) const {
  const Entry& e = entries_[bucket_of(hashes) * kWays + static_cast<unsigned>(way)];
  if (e.flags & kWatched) watched_.prefetch(group_of(hashes.remote) - first_group_, e.watch);
}

int Connections::find(const Bucket& bucket, std::uint32_t tag) {
  const auto found = equal_lanes8(bucket.tag, tag);
  return found == 0 ? -1 : std::countr_zero(found);
}
int Connections::find(const Waiting& line, std::uint32_t tag) {
  const auto found = equal_lanes4(line.tag, tag);
  return found == 0 ? -1 : std::countr_zero(found);
}

// A way for a newcomer: a free one, else an expired, unproven, closed one, else a live connection that is idle; -1 if all are live.
// Under a flood this runs for every packet: ranks come from tables, the minimum without branches. The caller fills the entry.
int Connections::insert(Bucket& bucket, std::uint32_t tag, TimeNs now) {
  static constexpr std::uint32_t kTimeout[kClassMask + 1] = {0, stamps(kClosedTimeout), stamps(kHalfOpenTimeout), stamps(kIdleTimeout)};
  static constexpr std::uint32_t kFresh[kClassMask + 1] = {0, 3, 2, 4}, kExpired[kClassMask + 1] = {0, 1, 1, 1};  // by eviction class
  constexpr unsigned kRankShift = 32 - kClassBits;
  int victim = 0;
  std::uint32_t lowest = ~0U;
  for (unsigned i = 0; i < kWays; ++i) {
    const auto eviction_class = bucket.seen[i] & kClassMask;
    const auto age = stamps_since(bucket.seen[i], now);
    const auto rank = age > kTimeout[eviction_class] ? kExpired[eviction_class] : kFresh[eviction_class];
    const auto order = rank << kRankShift | (kStampMask - age);
    victim = order < lowest ? static_cast<int>(i) : victim;
    lowest = std::min(lowest, order);
  }
  if (lowest >> kRankShift == 4) {
    ++evictions_;
    if (idle_since(bucket.seen[victim], now) <= kMayBeReplaced) return -1;
  }
  bucket.tag[victim] = tag;
  return victim;
}

// A SYN of no known connection. Returns whether it is the first one.
bool Connections::wait(Waiting& line, int slot, std::uint32_t tag, const Packet& p, unsigned side) {
  if (slot >= 0 && line.syn_seq[slot] == p.tcp_seq && (line.opened[slot] & kSideBit) == side) {
    if ((line.opened[slot] & kSynBits) != kSynBits) line.opened[slot] += kOneSyn;
    return false;
  }
  if (slot < 0) {  // a free one, else the oldest
    slot = 0;
    for (int i = 1; i < static_cast<int>(kWaiting); ++i)
      if (line.opened[i] < line.opened[slot]) slot = i;
  }
  line.tag[slot] = tag;
  line.syn_seq[slot] = p.tcp_seq;
  line.opened[slot] = (p.time & ~(kSideBit | kSynBits)) | kOneSyn | side;
  return true;
}

// A second packet came: the SYN that waits becomes a connection.
int Connections::promote(Waiting& line, int slot, Bucket& bucket, TimeNs now) {
  const int way = insert(bucket, line.tag[slot], now);
  if (way < 0) return way;
  const auto opened = line.opened[slot] & ~(kSideBit | kSynBits);
  const auto side = static_cast<unsigned>(line.opened[slot] & kSideBit);
  open(entry(bucket, way), opened, line.syn_seq[slot], side);
  entry(bucket, way).packets[side] = static_cast<std::uint32_t>((line.opened[slot] & kSynBits) / kOneSyn);
  bucket.seen[way] = seen_at(opened, kClassUnproven);
  line.tag[slot] = 0;
  line.opened[slot] = 0;
  return way;
}

void Connections::open(Entry& e, TimeNs time, std::uint32_t syn_seq, unsigned side) {
  e = Entry{};
  e.opened = time;
  e.state = State::half_open;
  e.syn_seq = syn_seq;
  e.next[side] = e.last_end[side] = syn_seq + 1;
  e.flags = static_cast<std::uint16_t>(kOpenerKnown | (side == 1 ? kOpenedByLocal : 0) | kSeqKnown << side);
}

void Connections::restart(Entry& e, const Packet& p, unsigned side, State state) const {
  if (state == State::half_open) return open(e, p.time, p.tcp_seq, side);
  e = Entry{};
  e.opened = p.time;
  e.state = state;
}

// Returns whether this is the first SYN of a connection.
bool Connections::on_syn(Bucket& bucket, int& way, const Packet& p, unsigned side, std::uint32_t tag) {
  if (way < 0) {
    way = insert(bucket, tag, p.time);
    if (way >= 0) restart(entry(bucket, way), p, side, State::half_open);
    return true;
  }
  Entry& e = entry(bucket, way);
  const DurationNs idle = idle_since(bucket.seen[way], p.time);
  const bool same_opener = (e.flags & kOpenerKnown) && ((e.flags & kOpenedByLocal) != 0) == (side == 1);
  if (e.state == State::established && idle <= kIdleTimeout) {
    if (same_opener && e.syn_seq == p.tcp_seq) return false;
    const bool first = !(e.flags & kPending) || e.pending_seq != p.tcp_seq;
    e.flags |= kPending;
    e.pending_seq = p.tcp_seq;
    return first;
  }
  const bool repeated = (e.state == State::half_open || e.state == State::answered) && same_opener && e.syn_seq == p.tcp_seq;
  if (!repeated) restart(e, p, side, State::half_open);
  return !repeated;
}

// Returns whether it answers a SYN that this table saw.
bool Connections::on_syn_ack(Entry& e, const Packet& p, unsigned side) const {
  const unsigned opener = (e.flags & kOpenedByLocal) ? 1 : 0;
  if ((e.flags & kPending) && p.tcp_ack == e.pending_seq + 1) {  // the ports are used again
    const std::uint32_t syn_seq = e.pending_seq;
    restart(e, p, side ^ 1, State::half_open);
    e.syn_seq = syn_seq;
    e.next[side ^ 1] = e.last_end[side ^ 1] = syn_seq + 1;
  } else if (e.state == State::half_open) {
    if (side == opener || p.tcp_ack != e.syn_seq + 1) return false;
  } else if (e.state == State::one_way && (e.flags & (kSeqKnown << (side ^ 1)))) {
    e.state = State::established;  // an ACK of the other side was seen before: both ways
    e.flags |= kBothWays;
    return true;
  } else {
    return e.state != State::one_way && (e.flags & kBothWays) && (!(e.flags & kOpenerKnown) || p.tcp_seq == e.answer_seq);
  }
  e.state = State::answered;
  e.answer_seq = p.tcp_seq;
  e.next[side] = e.last_end[side] = p.tcp_seq + 1;
  e.flags |= static_cast<std::uint16_t>(kBothWays | kSeqKnown << side);
  return true;
}

// An ACK, with or without payload or FIN. Returns whether it belongs to a connection.
bool Connections::on_ack(Entry& e, const Packet& p, unsigned side, TimeNs idle, ConnectionVerdict& verdict) const {
  const bool from_opener = (e.flags & kOpenerKnown) && ((e.flags & kOpenedByLocal) != 0) == (side == 1);
  bool known = false;
  switch (e.state) {
    case State::half_open:
      // From the opener: nothing was answered yet. From the other side: its SYN-ACK was missed, unless it is a challenge ACK.
      if (!from_opener && distance(e.syn_seq + 1, p.tcp_ack) >= 0 && distance(p.tcp_ack, e.next[side ^ 1]) >= 0) {
        e.state = State::established;
        known = true;
      }
      break;
    case State::answered:
      if (!from_opener) {
        known = true;
      } else if (distance(e.answer_seq + 1, p.tcp_ack) >= 0 && distance(p.tcp_ack, e.next[side ^ 1]) >= 0) {
        e.state = State::established;
        verdict.handshake_completed = true;
        known = true;
      }
      break;
    case State::one_way:
      if (e.flags & (kSeqKnown << (side ^ 1))) {
        e.state = State::established;
        known = true;
      }
      break;
    case State::established: known = true; break;
    case State::closed:
      known = (e.flags & kBothWays) && idle <= ((e.flags & kReset) ? kAfterReset : kClosedTimeout);
      if ((e.flags & kReset) && (e.flags & kBothWays)) {  // both sides go on: neither believed the reset
        e.flags |= static_cast<std::uint16_t>(kGoesOn << side);
        if ((e.flags & kGoesOn * 3) == kGoesOn * 3) {
          e.state = State::established;
          e.flags &= static_cast<std::uint16_t>(~(kReset | kGoesOn * 3));
          known = true;
        }
      }
      break;
  }
  if (known) e.flags |= kBothWays;
  if (!(e.flags & (kSeqKnown << side))) {
    e.flags |= static_cast<std::uint16_t>(kSeqKnown << side);
    e.next[side] = e.last_end[side] = p.tcp_seq;
  }
  if (known && (p.tcp_flags & kFin)) {
    e.flags |= static_cast<std::uint16_t>(kFinSeen << side);
    if ((e.flags & kFinSeen * 3) == kFinSeen * 3) e.state = State::closed;
  }
  return known;
}

bool Connections::on_reset(Entry& e, const Packet& p, unsigned side) const {
  const bool known = (e.flags & kBothWays) != 0 && e.state != State::closed;
  const bool from_opener = (e.flags & kOpenerKnown) && ((e.flags & kOpenedByLocal) != 0) == (side == 1);
  bool believed = true;
  if (e.state == State::half_open && !from_opener) believed = p.tcp_ack == e.syn_seq + 1;
  if (e.state == State::established && (e.flags & (kSeqKnown << side))) believed = is_plausible(e.next[side], p.tcp_seq);
  if (!believed) return known;
  e.state = State::closed;
  e.flags |= kReset;
  return known;
}

// Sequence progress. A stack's payload either brings new bytes, or walks forward over bytes it sent before (retransmission), or now
// and then steps back. STOMP floods stay in place, creep by one, or jump about: only those raise the counter, and 17 of them within
// short gaps without new bytes in between are needed (pauses of 200 ms halve the counter: retransmission timers back off).
bool Connections::on_payload(Entry& e, const Packet& p, unsigned side, TimeNs idle, bool& fresh) const {
  const std::uint32_t seq = p.tcp_seq, end = seq + p.payload_bytes;
  const std::int32_t gained = distance(e.next[side], end);
  const bool probe = p.payload_bytes <= 1 && gained == 0;  // TCP keepalive, window probe
  std::uint8_t& stall = e.stall[side];
  if (idle > 200 * kMillisecond) stall /= 2;
  if (!is_plausible(e.next[side], seq)) {
    // A jump that continues where the last one ended is a stream whose beginning was missed; any other is noise.
    if (seq == e.last_end[side]) {
      e.next[side] = end;
      fresh = true;
    } else if (stall < 255) {
      ++stall;
    }
  } else if (gained > 0 && static_cast<std::uint32_t>(gained) * 2 >= p.payload_bytes) {
    fresh = true;
    stall = static_cast<std::uint8_t>(stall - std::min<unsigned>(stall, 2));
  } else if (!probe && distance(e.last_end[side], seq) < 0 && stall < 255) {
    ++stall;
  }
  if (gained > 0 && static_cast<std::uint32_t>(gained) < kPlausible) e.next[side] = end;
  e.last_end[side] = end;
  return stall > kStalledAbove;
}

// What most packets are: an ACK, with or without payload, of an established connection. What on_packet() does for it, and no more.
void Connections::go_on(Entry& e, std::uint32_t& seen, const Packet& p, unsigned side, std::uint64_t remote_hash,
                        ConnectionVerdict& verdict) {
  verdict.known = verdict.established = verdict.both_ways = verdict.routine = true;
  bool fresh = false;
  add_saturating(e.packets[side], 1);
  if (p.payload_bytes > 0) {
    const bool stalled = on_payload(e, p, side, idle_since(seen, p.time), fresh);
    verdict.stalled = stalled && p.weight == 1;
    verdict.routine = (e.flags & kTold << side) != 0;
    e.flags |= static_cast<std::uint16_t>(kTold << side);
    if (!(e.flags & kNotInteresting) || (e.flags & kWatched)) watch(e, p, side, fresh, remote_hash);
    add_saturating(e.payload[side], p.payload_bytes);
  } else if (e.flags & kWatched) {
    watch(e, p, side, fresh, remote_hash);
  }
  seen = seen_at(p.time, kClassEstablished);
}

ConnectionVerdict Connections::on_packet(const Packet& p, const PacketHashes& hashes) {
  ConnectionVerdict verdict;
  const auto tag = tag_of(hashes.flow);
  Bucket& bucket = buckets_[bucket_of(hashes)];
  int way = find(bucket, tag);
  const unsigned side = side_of(p);
  const unsigned flags = p.tcp_flags & (kFin | kSyn | kRst | kAck);
  if (way >= 0 && flags == kAck) [[likely]] {
    Entry& e = entry(bucket, way);
    const unsigned goes_on = kBothWays | kSeqKnown << side;
    if (e.state == State::established && (e.flags & goes_on) == goes_on) [[likely]] {
      go_on(e, bucket.seen[way], p, side, hashes.remote, verdict);
      return verdict;
    }
  }
  if (way < 0) {
    Waiting& line = waiting_of(hashes);
    const int slot = find(line, tag);
    if (flags == kSyn && p.payload_bytes == 0) {
      verdict.new_connection = wait(line, slot, tag, p, side);
      verdict.opened_by_remote = side == 0;
      if (side == 1) watch_attempt(p, hashes.remote, verdict.new_connection, false);
      return verdict;
    }
    if (slot >= 0) way = promote(line, slot, bucket, p.time);
  }
  const DurationNs idle = way < 0 ? 0 : idle_since(bucket.seen[way], p.time);
  const bool was_closed = way >= 0 && entry(bucket, way).state == State::closed;
  bool fresh = false, regular = true;

  if (flags == kSyn) {
    verdict.new_connection = on_syn(bucket, way, p, side, tag);
    if (way >= 0 && side == 1 && (entry(bucket, way).flags & kOpenedByLocal))
      watch_attempt(p, hashes.remote, verdict.new_connection, false);
  } else if ((flags & kRst) && !(flags & kSyn)) {
    if (way >= 0) verdict.known = on_reset(entry(bucket, way), p, side);
  } else if (flags == kAck || flags == (kAck | kFin) || flags == (kSyn | kAck)) {
    if (way < 0 && (way = insert(bucket, tag, p.time)) >= 0) {
      Entry& e = entry(bucket, way);
      restart(e, p, side, State::one_way);
      if (flags & kSyn) e.flags |= static_cast<std::uint16_t>(kOpenerKnown | (side == 0 ? kOpenedByLocal : 0));
      e.flags |= static_cast<std::uint16_t>(kSeqKnown << side);
      e.answer_seq = p.tcp_seq;
      e.next[side] = e.last_end[side] = p.tcp_seq + ((flags & kSyn) ? 1 : 0);
    } else if (way >= 0) {
      Entry& e = entry(bucket, way);
      verdict.known = (flags & kSyn) ? on_syn_ack(e, p, side) : on_ack(e, p, side, idle, verdict);
    }
  } else {
    regular = false;  // what no stack sends changes no state
    if (way >= 0) verdict.known = (entry(bucket, way).flags & kBothWays) != 0;
  }
  if (way < 0) return verdict;

  Entry& e = entry(bucket, way);
  if (regular && p.payload_bytes > 0 && !(flags & kRst)) {
    const bool stalled = on_payload(e, p, side, idle, fresh);
    verdict.stalled = stalled && verdict.known && p.weight == 1;  // a sample of a stream has gaps
  }
  verdict.both_ways = (e.flags & kBothWays) != 0;
  verdict.established = e.state == State::established;
  if (verdict.established && flags == kAck) {
    verdict.routine = p.payload_bytes == 0 ? !verdict.handshake_completed : (e.flags & kTold << side) != 0;
    if (p.payload_bytes != 0) e.flags |= static_cast<std::uint16_t>(kTold << side);
  }
  verdict.opened_by_remote = (e.flags & kOpenerKnown) ? !(e.flags & kOpenedByLocal)
                                                      : verdict.both_ways && guess_opener(local_port(p), remote_port(p)) == Opener::remote;
  add_saturating(e.packets[side], 1);
  const bool closing = e.state == State::closed && !was_closed;
  if ((e.flags & kWatched) || (p.payload_bytes > 0 && verdict.known && !(e.flags & kNotInteresting)))
    watch(e, p, side, fresh, hashes.remote);
  else if (side == 0 && (e.flags & kOpenedByLocal) &&
           ((flags == (kSyn | kAck) && e.state == State::answered) || ((flags & kRst) && closing)))
    watch_attempt(p, hashes.remote, false, e.state == State::answered);
  add_saturating(e.payload[side], p.payload_bytes);
  const std::uint32_t eviction_class = e.state == State::established ? kClassEstablished
                                       : e.state == State::closed    ? kClassClosed
                                                                     : kClassUnproven;
  bucket.seen[way] = seen_at(p.time, eviction_class);
  return verdict;
}

}  // namespace sekisho
