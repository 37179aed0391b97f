// Matcher: does a packet belong to an incident? A Selector, prepared so that most packets are answered by one bit.
#pragma once
#include <vector>

#include "model/finding.h"

namespace sekisho {

// What a selector asks about a packet; kept in the ring beside the bytes.
struct PacketKey {
  Address local, remote;
  std::uint16_t local_port = 0, remote_port = 0;
  TrafficClass traffic_class = TrafficClass::other_ip;
  Direction direction = Direction::ingress;
};
PacketKey key_of(const Packet& packet);

class Matcher {
 public:
  explicit Matcher(const Selector& selector);
  bool matches(const PacketKey& key) const;
  // The only local addresses that can match; empty = any.
  const std::vector<Address>& locals() const { return locals_; }
  // The classes that can match in a direction at all: the union over all matchers lets a packet pass with one test.
  const TrafficClassSet& classes(Direction direction) const { return classes_[direction == Direction::egress]; }

 private:
  bool ends_match(const PacketKey& key) const;

  TrafficClassSet classes_[2];             // by direction; none = that direction never matches
  std::vector<Address> locals_, remotes_;  // sorted; empty = any
  std::vector<std::uint16_t> local_ports_, remote_ports_;
};

}  // namespace sekisho
