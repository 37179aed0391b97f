// Sources: the bounded table of remote addresses and what they did. Fanout: what local addresses do to many remote ones.
#pragma once
#include <cstddef>
#include <vector>

#include "features/connections.h"
#include "model/source_fact.h"

namespace sekisho {

class Sources {
 public:
  // `publics`: further destination addresses that the Mirai fingerprint is compared with (the host's addresses before NAT).
  Sources(HashKey key, std::size_t entries_per_group, unsigned first_group, unsigned groups, std::vector<Address> publics);
  void prefetch(std::uint64_t remote_hash) const;
  void on_packet(const Packet& packet, const ConnectionVerdict& connection, std::uint64_t remote_hash);  // both directions, all protocols
  // Sources whose scan evidence changed since the last call; sorted by address.
  void collect(TimeNs now, bool last, std::vector<SourceFact>& out);
  std::uint64_t evictions() const;

 private:
  // defined by the implementation
};

// A local address's first contact with a remote one, or the answer to it. Emitted by shards, replayed in order of `index`.
struct OutboundEvent {
  enum class What : std::uint8_t { attempt, answered, refused };
  std::uint64_t index = 0;
  TimeNs time = 0;
  Address local, remote;
  std::uint32_t weight = 1;
  std::uint16_t host = 0, port = 0;  // remote port
  std::uint8_t protocol = 0;
  What what = What::attempt;
  bool fingerprint = false;
};

class Fanout {
 public:
  Fanout(HashKey key, std::size_t entries);
  void on_event(const OutboundEvent& event);
  void collect(TimeNs now, std::vector<FanoutFact>& out);  // local addresses with many targets, sorted by (local, protocol, port)

 private:
  // defined by the implementation
};

}  // namespace sekisho
