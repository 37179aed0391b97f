// PacketHashes: the keyed hashes by which the tables find a packet's remote address and its flow, and the groups that shards share out.
#pragma once
#include <bit>
#include <cstdint>

#include "base/hash.h"
#include "model/packet.h"

namespace sekisho {

// Tables are split in 16 groups by the remote address, so that any number of shards that divides 16 gives the same result:
// each shard owns whole groups, and what happens in a bucket depends on that bucket's packets alone.
constexpr unsigned kGroups = 16;

struct PacketHashes {
  std::uint64_t remote = 0;  // of the remote address: both directions of a pair meet in one group of one shard
  std::uint64_t flow = 0;    // of both addresses and ports, the same for both directions
};

inline std::uint64_t remote_hash(const HashKey& key, const Address& remote) { return keyed_hash(key, remote.high, remote.low); }
inline unsigned group_of(std::uint64_t remote_hash) { return static_cast<unsigned>(remote_hash >> 60); }

// Direction is set.
inline PacketHashes hashes_of(const HashKey& key, const Packet& p) {
  const Address& local = local_address(p);
  const auto remote = remote_hash(key, remote_address(p));
  const auto ports = std::uint64_t{remote_port(p)} << 16 | local_port(p);
  return {remote, keyed_hash(key, remote ^ ports, std::rotl(local.high, 29) ^ local.low)};
}

}  // namespace sekisho
