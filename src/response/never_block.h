// NeverBlock: addresses and networks that no entry of the block list may touch, each with the reason. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model/address.h"

namespace sekisho {

enum class NeverKind : std::uint8_t { self, network, gateway, name_server, time_server, ssh_peer, setting, reserved, count };
// "this host's own address", "a network that this host is part of", …
std::string_view to_string(NeverKind kind);

struct NeverEntry {
  Network network;
  NeverKind kind = NeverKind::setting;
  friend auto operator<=>(const NeverEntry&, const NeverEntry&) = default;
};

// One thread; copied whole when the host changes.
class NeverBlock {
 public:
  NeverBlock() = default;
  // Sorted, each once; networks so wide that they would keep half the internet out of reach are left out of what was found (never of what
  // was set).
  explicit NeverBlock(std::vector<NeverEntry> entries);

  // The first entry that shares an address with `network`; the most telling kind when several do. nullptr: none does.
  const NeverEntry* overlapping(const Network& network) const;
  const std::vector<NeverEntry>& entries() const { return entries_; }
  // The networks for the kernel's accept rule: those that lie within others are left out.
  std::vector<Network> networks() const;
  friend bool operator==(const NeverBlock&, const NeverBlock&) = default;

 private:
  std::vector<NeverEntry> entries_;
};

// Sources that exist nowhere: loopback, unspecified, multicast, documentation left out (see is_bogon).
bool is_reserved(const Network& network);

// Address arithmetic that both sides of the room use.
Address last_address(const Network& network);
bool overlaps(const Network& a, const Network& b);
bool is_v4_network(const Network& network);

}  // namespace sekisho
