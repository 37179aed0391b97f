// Connections: the bounded table of TCP connections; answers "does this packet belong to one?" and watches long-lived ones.
//
// A connection is found by a 64-bit keyed tag of (remote address, local address, both ports) inside its group and bucket, not by the
// full addresses: of the tag's bits at least 52 are independent of the bucket, so that one lookup meets a foreign connection with a
// probability of at most 8 x 2^-52; watched connections (ConnectionFact) are compared by their full addresses.
// Not thread-safe: one instance per shard. No allocation after construction but the growth of collect()'s output.
#pragma once
#include <cstddef>
#include <vector>

#include "base/hash.h"
#include "features/connection_watch.h"
#include "model/connection_fact.h"

namespace sekisho {

// Tables are split in 16 groups by the remote address, so that any number of shards that divides 16 gives the same result:
// each shard owns whole groups, and what happens in a bucket depends on that bucket's packets alone.
constexpr unsigned kGroups = 16;
inline std::uint64_t remote_hash(const HashKey& key, const Address& remote) { return keyed_hash(key, remote.high, remote.low); }
inline unsigned group_of(std::uint64_t remote_hash) { return static_cast<unsigned>(remote_hash >> 60); }

// What the table knows about a packet's connection after having seen the packet. RSTs never count as an answer: the RST that refuses
// an out-of-state ACK must not turn the next such ACK into a known one.
struct ConnectionVerdict {
  bool known = false;                // a connection whose other side has answered, or that was there before
  bool new_connection = false;       // its first SYN
  bool handshake_completed = false;  // this packet completed the three-way handshake
  bool established = false;
  bool both_ways = false;         // packets were seen in both directions
  bool stalled = false;           // payload without progress of the sequence number (STOMP)
  bool opened_by_remote = false;  // by its SYN; guessed from the ports where the capture began later
};

class Connections {
 public:
  // Owns the groups [first_group, first_group + groups). entries_per_group is a power of two, at least 8; 65,536 entries in all
  // (4,096 per group) take 5.2 MB, the watch tables beside them one sixteenth and one sixty-fourth of the entries.
  Connections(HashKey key, std::size_t entries_per_group, unsigned first_group, unsigned groups);
  void prefetch(const Packet& packet, std::uint64_t remote_hash) const;
  ConnectionVerdict on_packet(const Packet& packet, std::uint64_t remote_hash);  // TCP with ports, direction set
  // Connections with something new to say since the last call; sorted by (remote, local, ports).
  void collect(TimeNs now, bool last, std::vector<ConnectionFact>& out);
  // Live connections that were pushed out, and connections that found no room: results may be shaped by a full table.
  std::uint64_t evictions() const { return evictions_ + watched_.evictions() + retries_.evictions(); }

 private:
  static constexpr unsigned kWays = 8;
  enum Flag : std::uint16_t {
    kOpenerKnown = 1,  // by its SYN or the SYN-ACK that answers it
    kOpenedByLocal = 2,
    kSeqKnown = 4,  // two bits, by side
    kFinSeen = 16,  // two bits, by side
    kPending = 64,  // a SYN waits on a live connection
    kReset = 128,
    kBothWays = 256,
    kWatched = 512,
    kNotInteresting = 1024,
    kGoesOn = 2048,  // two bits, by side: packets after a reset
  };
  enum class State : std::uint8_t { half_open, answered, one_way, established, closed };
  struct Entry {
    TimeNs opened = 0;
    std::uint32_t syn_seq = 0, answer_seq = 0;       // initial sequence numbers of the opener and of the other side
    std::uint32_t pending_seq = 0;                   // a SYN on a live connection: its sequence number until it is answered
    std::uint32_t next[2] = {}, last_end[2] = {};    // by side: highest sequence end; end of the last payload
    std::uint32_t payload[2] = {}, packets[2] = {};  // by side, saturating
    std::uint16_t watch = 0;                         // slot in the group's watch table
    std::uint16_t flags = 0;
    std::uint8_t stall[2] = {};
    State state = State::half_open;
  };
  // `seen` is the time of the last packet with the eviction class in its lowest three bits: choosing whom to evict touches
  // two cache lines instead of ten.
  struct alignas(64) Bucket {
    std::uint64_t tag[kWays] = {};
    std::int64_t seen[kWays] = {};
    Entry entry[kWays];
  };
  struct Place {
    std::size_t bucket;
    std::uint64_t tag;
  };

  Place place_of(const Packet& packet, std::uint64_t remote_hash) const;
  int find(const Bucket& bucket, std::uint64_t tag) const;
  int insert(Bucket& bucket, std::uint64_t tag, TimeNs now);
  void restart(Entry& entry, const Packet& packet, unsigned side, State state) const;
  bool on_syn(Bucket& bucket, int& way, const Packet& packet, unsigned side, std::uint64_t tag);
  bool on_syn_ack(Entry& entry, const Packet& packet, unsigned side) const;
  bool on_ack(Entry& entry, const Packet& packet, unsigned side, TimeNs idle, ConnectionVerdict& verdict) const;
  bool on_reset(Entry& entry, const Packet& packet, unsigned side) const;
  bool on_payload(Entry& entry, const Packet& packet, unsigned side, TimeNs idle, bool& fresh) const;
  void watch(Entry& entry, const Packet& packet, unsigned side, bool fresh, std::uint64_t remote_hash);
  void watch_attempt(const Entry& entry, const Packet& packet, std::uint64_t remote_hash, bool first);

  HashKey key_;
  unsigned first_group_;
  std::size_t buckets_per_group_;
  std::vector<Bucket> buckets_;
  ConnectionWatch watched_;  // connections with something to watch
  ConnectionWatch retries_;  // outbound attempts per (local, remote, port)
  std::uint64_t evictions_ = 0;
};

}  // namespace sekisho
