// LinkInfo: what the kernel knows of an interface: its counters, and what it is made of.
#pragma once
#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace sekisho {

struct LinkInfo {
  unsigned index = 0;
  std::uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0;
  std::uint64_t rx_dropped = 0, rx_missed = 0;  // the kernel had no room; the card had none
  unsigned master = 0;                          // index of the bridge or bond that it is a port of; 0: none
  unsigned lower = 0;                           // index of the interface below (of a VLAN); 0: none
  std::string kind;                             // "veth", "vlan", "bridge", "bond", "tun", ...; empty: a card
};

// One thread. Needs no capability.
class LinkReader {
 public:
  static Result<LinkReader> open();
  // The error says that there is no such interface, or what the kernel refused.
  Result<LinkInfo> read(unsigned index);

 private:
  Fd socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace sekisho
