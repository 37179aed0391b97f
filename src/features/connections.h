// Connections: the bounded table of TCP connections; answers "does this packet belong to one?" and watches long-lived ones.
//
// A connection is found by 32 keyed bits of (remote address, local address, both ports) inside its group and bucket, not by the full
// addresses: one lookup meets a foreign connection with a probability of at most 12 x 2^-32; watched connections (ConnectionFact) are
// compared by their full addresses. A SYN waits in 16 bytes until a second packet makes a connection of it: those of a flood never do.
// Not thread-safe: one instance per shard. No allocation after construction but the growth of collect()'s output.
#pragma once
#include <cstddef>
#include <vector>

#include "base/hash.h"
#include "base/huge_pages.h"
#include "features/connection_watch.h"
#include "features/packet_hashes.h"
#include "model/connection_fact.h"

namespace sekisho {

// What the table knows about a packet's connection after having seen the packet. RSTs never count as an answer: the RST that refuses
// an out-of-state ACK must not turn the next such ACK into a known one.
struct ConnectionVerdict {
  bool known = false;                // a connection whose other side has answered, or that was there before
  bool new_connection = false;       // its first SYN
  bool handshake_completed = false;  // this packet completed the three-way handshake
  bool established = false;
  bool both_ways = false;         // packets were seen in both directions
  bool stalled = false;           // payload without progress of the sequence number (STOMP)
  bool routine = false;           // an established connection goes on: says nothing new about its remote address
  bool opened_by_remote = false;  // by its SYN; guessed from the ports where the capture began later
};

class Connections {
 public:
  // Owns the groups [first_group, first_group + groups). entries_per_group is a power of two, at least 8; 65,536 entries in all
  // (4,096 per group) take 4.7 MB, as many waiting SYNs 1 MB, the watch tables one sixteenth and one sixty-fourth of the entries.
  Connections(HashKey key, std::size_t entries_per_group, unsigned first_group, unsigned groups);
  // Ask for the lines that on_packet() will touch: some packets before it; when they have come, those that they name; then the next.
  void prefetch(const PacketHashes& hashes, bool syn);
  int prefetch_entry(const PacketHashes& hashes) const;  // what prefetch_watched() asks for; negative: no such connection
  void prefetch_watched(const PacketHashes& hashes, int way) const;
  ConnectionVerdict on_packet(const Packet& packet, const PacketHashes& hashes);  // TCP with ports, direction set
  // Connections with something new to say since the last call; sorted by (remote, local, ports).
  void collect(TimeNs now, bool last, std::vector<ConnectionFact>& out);
  // Live connections that were pushed out, and connections that found no room: results may be shaped by a full table.
  std::uint64_t evictions() const { return evictions_ + watched_.evictions() + retries_.evictions(); }

 private:
  static constexpr unsigned kWays = 8, kWaiting = 4;
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
    kTold = 8192,    // two bits, by side: payload while established, which proves the remote address, was seen
  };
  enum class State : std::uint8_t { half_open, answered, one_way, established, closed };
  struct alignas(64) Entry {
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
  // `seen` is when the last packet came (in units of 4 ms, 26 days) with the eviction class in its lowest three bits: finding a
  // connection and choosing whom to evict both touch one cache line. Entries lie apart: packets without a connection touch few pages.
  struct alignas(64) Bucket {
    std::uint32_t tag[kWays] = {};  // 0 = free
    std::uint32_t seen[kWays] = {};
  };
  // `opened` is the time of the first SYN; its lowest three bits are the side (1: local) and the number of SYNs, at most 3.
  struct alignas(64) Waiting {
    std::uint32_t tag[kWaiting] = {};  // 0 = free
    std::uint32_t syn_seq[kWaiting] = {};
    std::int64_t opened[kWaiting] = {};
  };

  Entry& entry(const Bucket& bucket, int way) {
    return entries_[static_cast<std::size_t>(&bucket - buckets_.data()) * kWays + static_cast<unsigned>(way)];
  }
  std::size_t bucket_of(const PacketHashes& hashes) const;
  Waiting& waiting_of(const PacketHashes& hashes);
  static int find(const Bucket& bucket, std::uint32_t tag);
  static int find(const Waiting& line, std::uint32_t tag);
  int insert(Bucket& bucket, std::uint32_t tag, TimeNs now);
  bool wait(Waiting& line, int slot, std::uint32_t tag, const Packet& packet, unsigned side);
  int promote(Waiting& line, int slot, Bucket& bucket, TimeNs now);
  static void open(Entry& entry, TimeNs time, std::uint32_t syn_seq, unsigned side);
  void restart(Entry& entry, const Packet& packet, unsigned side, State state) const;
  bool on_syn(Bucket& bucket, int& way, const Packet& packet, unsigned side, std::uint32_t tag);
  bool on_syn_ack(Entry& entry, const Packet& packet, unsigned side) const;
  bool on_ack(Entry& entry, const Packet& packet, unsigned side, TimeNs idle, ConnectionVerdict& verdict) const;
  bool on_reset(Entry& entry, const Packet& packet, unsigned side) const;
  bool on_payload(Entry& entry, const Packet& packet, unsigned side, TimeNs idle, bool& fresh) const;
  void go_on(Entry& entry, std::uint32_t& seen, const Packet& packet, unsigned side, std::uint64_t remote_hash, ConnectionVerdict& verdict);
  void watch(Entry& entry, const Packet& packet, unsigned side, bool fresh, std::uint64_t remote_hash);
  void watch_attempt(const Packet& packet, std::uint64_t remote_hash, bool first, bool answered);

  HashKey key_;
  unsigned first_group_;
  std::size_t buckets_per_group_, waiting_per_group_;
  HugeVector<Bucket> buckets_;
  HugeVector<Entry> entries_;    // kWays for each bucket
  HugeVector<Waiting> waiting_;  // half-open connections of one packet
  ConnectionWatch watched_;      // connections with something to watch
  ConnectionWatch retries_;      // outbound attempts per (local, remote, port)
  std::uint64_t evictions_ = 0;
};

}  // namespace sekisho
