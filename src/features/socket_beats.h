// SocketBeats: connections with something to say, from the kernel's counters of each socket alone: no packet is needed.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/connection_fact.h"
#include "model/socket_sample.h"

namespace sekisho {

// A payload that went between two looks stands as one beat: its time is the kernel's own (exact to a few milliseconds), its size the bytes
// sent meanwhile over the segments. Source of the method: FACTS section 3, "passive keepalive detection without packets". Pure; one thread.
class SocketBeats {
 public:
  static constexpr std::size_t kMaxConnections = 262'144;  // those beyond are not followed, and counted
  // Facts of the connections that beat since the last snapshot and have at least two beats, in the order of the snapshot.
  std::vector<ConnectionFact> on_snapshot(const SocketSnapshot& snapshot);
  // What beats on a socket, with at least two beats; nullptr: nothing. Valid until the next on_snapshot.
  const ConnectionFact* beats_of(std::uint64_t inode) const;
  std::size_t followed() const { return known_.size(); }
  std::uint64_t not_followed() const { return not_followed_; }

 private:
  // Small: there may be a hundred thousand. The fact is made only for connections that beat.
  struct Known {
    std::uint64_t bytes_sent = 0, bytes_received = 0;
    std::uint32_t segments_sent = 0;
    std::uint32_t seen = 0;     // number of the snapshot
    std::int32_t beating = -1;  // index in beating_, -1 = none
    TimeNs first_seen = 0;
  };
  struct Beating {
    ConnectionFact fact;
    std::uint64_t inode = 0;
  };
  bool beat(const SocketSample& sample, Known& known, std::uint32_t segments, std::uint64_t bytes);
  void forget(Known& known);

  std::unordered_map<std::uint64_t, Known> known_;  // by inode: unique among living sockets of a host
  std::vector<Beating> beating_;
  std::vector<std::int32_t> free_;
  std::uint32_t number_ = 0;
  std::uint64_t not_followed_ = 0;
};

}  // namespace sekisho
