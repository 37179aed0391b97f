// Shard: counts the packets of the remote addresses that it owns. Shards run side by side and share nothing but the sketches.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "features/connections.h"
#include "features/outbound.h"
#include "features/samples.h"
#include "features/sources.h"
#include "features/tally.h"
#include "features/udp_flows.h"

namespace sekisho {

struct FeatureSettings {
  std::size_t connections = 65'536, sources = 65'536, udp_flows = 65'536, outbound = 65'536;  // entries over all shards, powers of two
  std::vector<Address> publics;                                                               // --public: the host's addresses before NAT
  HashKey key;
};

class Shard {
 public:
  Shard(const FeatureSettings& settings, unsigned first_group, unsigned groups, HugeVector<DistinctWindow>& sketches);
  Shard(Shard&&) = delete;

  // Packets with direction and host set, and their hashes_of(); of one step, in order of index. Handles those of its own groups.
  void count(std::span<Packet> packets, std::span<const PacketHashes> hashes, std::uint64_t step);

  Connections connections;
  Sources sources;
  HugeVector<Tally> tallies = HugeVector<Tally>(kRows);
  std::vector<std::uint16_t> used_rows;                      // of this step, in order of first use
  std::array<std::array<SampleBuffer, kStrata>, 2> samples;  // by direction
  std::vector<OutboundEvent> outbound;                       // of this step, in order of index

 private:
  Tally& tally(std::size_t row);
  template <bool kAlone, class Index>
  void count_these(std::size_t n, Index index, std::span<Packet> packets, std::span<const PacketHashes> hashes, std::uint64_t step);
  template <bool kAlone>
  void count_one(Packet& p, const PacketHashes& hashes, std::uint64_t step);
  TrafficClass fragment_class(const Packet& p, std::uint64_t remote_hash, TrafficClass own, std::uint64_t step);

  HashKey key_;
  unsigned first_group_, groups_;
  std::vector<std::uint32_t> mine_;  // which packets of a batch
  UdpFlows udp_flows_;
  OutboundWatch outbound_watch_;
  struct FirstFragment {
    std::uint32_t tag = 0;
    std::uint16_t step = 0;
    TrafficClass traffic_class = TrafficClass::fragment;
  };
  std::vector<FirstFragment> first_fragments_;  // by (remote, local, id) and by remote alone
  HugeVector<DistinctWindow>& sketches_;
};

}  // namespace sekisho
