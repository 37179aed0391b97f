// Connections: the bounded table of TCP connections; answers "does this packet belong to one?" and watches long-lived ones.
#pragma once
#include <cstddef>
#include <vector>

#include "base/hash.h"
#include "model/connection_fact.h"

namespace sekisho {

// Tables are split in 16 groups by the remote address, so that any number of shards that divides 16 gives the same result:
// each shard owns whole groups, and what happens in a bucket depends on that bucket's packets alone.
constexpr unsigned kGroups = 16;
inline std::uint64_t remote_hash(const HashKey& key, const Address& remote) { return keyed_hash(key, remote.high, remote.low); }
inline unsigned group_of(std::uint64_t remote_hash) { return static_cast<unsigned>(remote_hash >> 60); }

// What the table knows about a packet's connection after having seen the packet.
struct ConnectionVerdict {
  bool known = false;                // a connection whose other side has answered, or that was there before
  bool new_connection = false;       // its first SYN
  bool handshake_completed = false;  // this packet completed the three-way handshake
  bool established = false;
  bool both_ways = false;            // packets were seen in both directions
  bool stalled = false;              // payload without progress of the sequence number (STOMP)
  bool opened_by_remote = false;
};

class Connections {
 public:
  // Owns the groups [first_group, first_group + groups). entries_per_group is a power of two.
  Connections(HashKey key, std::size_t entries_per_group, unsigned first_group, unsigned groups);
  void prefetch(const Packet& packet, std::uint64_t remote_hash) const;
  ConnectionVerdict on_packet(const Packet& packet, std::uint64_t remote_hash);  // TCP with ports, direction set
  // Connections with something new to say since the last call; sorted by (remote, local, ports).
  void collect(TimeNs now, bool last, std::vector<ConnectionFact>& out);
  std::uint64_t evictions() const;

 private:
  // defined by the implementation
};

}  // namespace sekisho
