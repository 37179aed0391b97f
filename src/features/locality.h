// Locality: which addresses are the guarded host's, given or inferred, and so which direction a packet goes.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "model/packet.h"

namespace sekisho {

struct Locality {
  std::vector<Network> networks;  // empty: unknown - each pair's first destination is taken for the local side
  bool given = false;             // by --local or the host's own addresses
  std::string reason;             // one sentence for the report: what was inferred and why
};

// Sent to a group or to everybody. The link helps: captures with scrambled addresses have unicast frames to 224/4, and a subnet's
// broadcast address shows by its frame; but made-up captures put broadcast frames around anything.
inline bool is_to_group(const Packet& p) {
  constexpr std::uint64_t kGroupBit = 1ULL << 40;
  const bool group_frame = (p.dst_mac & kGroupBit) != 0;
  if (is_multicast(p.dst)) return p.dst_mac == 0 || group_frame;
  return group_frame && is_v4(p.dst) && (p.dst.low & 0xff) == 0xff;
}

// Infers the local side from the first packets of a capture (at most 65,536 are looked at; payloads are not). Pure.
Locality infer_locality(std::span<const Packet> packets);

// Sets packet.direction. With known networks: by membership; where both sides are local or neither is, the destination of the
// pair's first packet is taken for the local one, so that both directions of a connection stay together. Deterministic; bounded memory.
// One thread at a time.
class Orientation {
 public:
  explicit Orientation(Locality locality, HashKey key = {});
  void orient(Packet& packet) {
    const bool source_is_local = is_local(packet.src), destination_is_local = is_local(packet.dst);
    if (destination_is_local != source_is_local) [[likely]]
      packet.direction = destination_is_local ? Direction::ingress : Direction::egress;
    else
      packet.direction = by_first_packet(packet);
  }
  bool is_local(const Address& a) const {
    for (const auto& p : prefixes_)
      if ((((a.high ^ p.base.high) & p.mask.high) | ((a.low ^ p.base.low) & p.mask.low)) == 0) return true;
    return false;
  }
  bool known() const { return !locality_.networks.empty(); }
  const Locality& locality() const { return locality_; }

 private:
  struct Prefix {
    Address base, mask;
  };
  Direction by_first_packet(const Packet& packet);

  Locality locality_;
  HashKey key_;
  std::vector<Prefix> prefixes_;
  // Transit pairs: which address was the first destination. Sets of four, most recently used first: 63 bits of the pair's hash and one
  // that says "the larger address"; 0 is empty.
  std::vector<std::uint64_t> pairs_;
};

}  // namespace sekisho
