// The connection table: TCP states, sequence progress, eviction; every decision stays inside one bucket.
#include "features/connections.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/check.h"

namespace sekisho {
namespace {

constexpr DurationNs kHalfOpenTimeout = 10 * kSecond;
constexpr DurationNs kIdleTimeout = 2 * 60 * kMinute;
constexpr DurationNs kClosedTimeout = 60 * kSecond;
constexpr DurationNs kAfterReset = 2 * kSecond;      // packets still in flight
constexpr DurationNs kMayBeReplaced = 10 * kSecond;  // a live connection in a full bucket is only replaced when idle for so long
constexpr std::uint32_t kPlausible = 1U << 24;       // sequence numbers farther off belong to nothing this connection sent
constexpr std::uint8_t kStalledAbove = 16;
constexpr std::int64_t kClassMask = 7;  // lowest bits of `seen`

enum EvictionClass : std::int64_t { kClassClosed = 1, kClassUnproven = 2, kClassEstablished = 3 };

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
      watched_{key, std::max<std::size_t>(64, entries_per_group / 16), groups},
      retries_{key, std::max<std::size_t>(64, entries_per_group / 64), groups} {
  check(std::has_single_bit(entries_per_group), "connection entries per group are a power of two");
  check(entries_per_group <= 1U << 19, "a group's watch slots fit in 16 bits");
  check(groups > 0 && first_group + groups <= kGroups, "groups are among the sixteen");
  buckets_.resize(buckets_per_group_ * groups);
}

Connections::Place Connections::place_of(const Packet& p, std::uint64_t remote_hash) const {
  const Address& local = local_address(p);
  const std::uint64_t ports = static_cast<std::uint64_t>(remote_port(p)) << 16 | local_port(p);
  const std::uint64_t hash = keyed_hash(key_, remote_hash ^ ports, std::rotl(local.high, 29) ^ local.low);
  const std::size_t group = (group_of(remote_hash) - first_group_);
  return {group * buckets_per_group_ + ((hash >> 32) & (buckets_per_group_ - 1)), hash == 0 ? 1 : hash};
}

void Connections::prefetch(const Packet& packet, std::uint64_t remote_hash) const {
  const Bucket& bucket = buckets_[place_of(packet, remote_hash).bucket];
  __builtin_prefetch(&bucket.tag, 1);
  __builtin_prefetch(&bucket.seen, 1);
}

int Connections::find(const Bucket& bucket, std::uint64_t tag) const {
  for (unsigned i = 0; i < kWays; ++i)
    if (bucket.tag[i] == tag) return static_cast<int>(i);
  return -1;
}

// A way for a newcomer: a free one, else an expired, unproven, closed one, else a live connection that is idle; -1 if all are live.
// Under a flood this runs for every packet: ranks come from tables, the minimum without branches. The caller fills the entry.
int Connections::insert(Bucket& bucket, std::uint64_t tag, TimeNs now) {
  static constexpr DurationNs kTimeout[8] = {0, kClosedTimeout, kHalfOpenTimeout, kIdleTimeout};
  static constexpr std::uint64_t kFresh[8] = {0, 3, 2, 4}, kExpired[8] = {0, 1, 1, 1};  // by eviction class
  int victim = 0;
  std::uint64_t lowest = ~0ULL;
  for (unsigned i = 0; i < kWays; ++i) {
    const auto eviction_class = static_cast<unsigned>(bucket.seen[i] & kClassMask);
    const bool expired = now - bucket.seen[i] > kTimeout[eviction_class];
    const std::uint64_t rank = expired ? kExpired[eviction_class] : kFresh[eviction_class];
    const std::uint64_t order = rank << 61 | (static_cast<std::uint64_t>(bucket.seen[i]) >> 3 & ~0ULL >> 3);
    victim = order < lowest ? static_cast<int>(i) : victim;
    lowest = std::min(lowest, order);
  }
  if (lowest >> 61 == 4) {
    ++evictions_;
    if (now - bucket.seen[victim] <= kMayBeReplaced) return -1;
  }
  bucket.tag[victim] = tag;
  return victim;
}

void Connections::restart(Entry& e, const Packet& p, unsigned side, State state) const {
  e = Entry{};
  e.opened = p.time;
  e.state = state;
  if (state == State::half_open) {
    e.syn_seq = p.tcp_seq;
    e.flags = static_cast<std::uint16_t>(kOpenerKnown | (side == 1 ? kOpenedByLocal : 0));
    e.next[side] = e.last_end[side] = p.tcp_seq + 1;
    e.flags |= static_cast<std::uint16_t>(kSeqKnown << side);
  }
}

// Returns whether this is the first SYN of a connection.
bool Connections::on_syn(Bucket& bucket, int& way, const Packet& p, unsigned side, std::uint64_t tag) {
  if (way < 0) {
    way = insert(bucket, tag, p.time);
    if (way >= 0) restart(bucket.entry[way], p, side, State::half_open);
    return true;
  }
  Entry& e = bucket.entry[way];
  const DurationNs idle = p.time - (bucket.seen[way] & ~kClassMask);
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

ConnectionVerdict Connections::on_packet(const Packet& p, std::uint64_t remote_hash) {
  ConnectionVerdict verdict;
  const Place place = place_of(p, remote_hash);
  Bucket& bucket = buckets_[place.bucket];
  int way = find(bucket, place.tag);
  const unsigned side = side_of(p);
  const unsigned flags = p.tcp_flags & (kFin | kSyn | kRst | kAck);
  const DurationNs idle = way < 0 ? 0 : p.time - (bucket.seen[way] & ~kClassMask);
  const bool was_closed = way >= 0 && bucket.entry[way].state == State::closed;
  bool fresh = false, regular = true;

  if (flags == kSyn) {
    verdict.new_connection = on_syn(bucket, way, p, side, place.tag);
    if (way >= 0 && side == 1) watch_attempt(bucket.entry[way], p, remote_hash, verdict.new_connection);
  } else if ((flags & kRst) && !(flags & kSyn)) {
    if (way >= 0) verdict.known = on_reset(bucket.entry[way], p, side);
  } else if (flags == kAck || flags == (kAck | kFin) || flags == (kSyn | kAck)) {
    if (way < 0 && (way = insert(bucket, place.tag, p.time)) >= 0) {
      Entry& e = bucket.entry[way];
      restart(e, p, side, State::one_way);
      if (flags & kSyn) e.flags |= static_cast<std::uint16_t>(kOpenerKnown | (side == 0 ? kOpenedByLocal : 0));
      e.flags |= static_cast<std::uint16_t>(kSeqKnown << side);
      e.answer_seq = p.tcp_seq;
      e.next[side] = e.last_end[side] = p.tcp_seq + ((flags & kSyn) ? 1 : 0);
    } else if (way >= 0) {
      Entry& e = bucket.entry[way];
      verdict.known = (flags & kSyn) ? on_syn_ack(e, p, side) : on_ack(e, p, side, idle, verdict);
    }
  } else {
    regular = false;  // what no stack sends changes no state
    if (way >= 0) verdict.known = (bucket.entry[way].flags & kBothWays) != 0;
  }
  if (way < 0) return verdict;

  Entry& e = bucket.entry[way];
  if (regular && p.payload_bytes > 0 && !(flags & kRst)) {
    const bool stalled = on_payload(e, p, side, idle, fresh);
    verdict.stalled = stalled && verdict.known && p.weight == 1;  // a sample of a stream has gaps
  }
  verdict.both_ways = (e.flags & kBothWays) != 0;
  verdict.established = e.state == State::established;
  verdict.opened_by_remote = (e.flags & kOpenerKnown) ? !(e.flags & kOpenedByLocal)
                                                      : verdict.both_ways && guess_opener(local_port(p), remote_port(p)) == Opener::remote;
  add_saturating(e.packets[side], 1);
  const bool closing = e.state == State::closed && !was_closed;
  if ((e.flags & kWatched) || (p.payload_bytes > 0 && verdict.known && !(e.flags & kNotInteresting)))
    watch(e, p, side, fresh, remote_hash);
  else if (side == 0 && ((flags == (kSyn | kAck) && e.state == State::answered) || ((flags & kRst) && closing)))
    watch_attempt(e, p, remote_hash, false);
  add_saturating(e.payload[side], p.payload_bytes);
  const std::int64_t eviction_class = e.state == State::established ? kClassEstablished
                                      : e.state == State::closed    ? kClassClosed
                                                                    : kClassUnproven;
  bucket.seen[way] = (p.time & ~kClassMask) | eviction_class;
  return verdict;
}

}  // namespace sekisho
