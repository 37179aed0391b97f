// Orientation: the direction of each packet, by known networks or by a pair's first packet.
#include "features/locality.h"

#include <algorithm>

namespace sekisho {
namespace {

constexpr std::size_t kPairs = 65536, kWays = 4, kSets = kPairs / kWays;

}  // namespace

Orientation::Orientation(Locality locality, HashKey key) : locality_(std::move(locality)), key_(key), pairs_(kPairs) {
  for (const auto& network : locality_.networks) prefixes_.push_back({network.base, masked({~0ULL, ~0ULL}, network.prefix_bits)});
}

Direction Orientation::by_first_packet(const Packet& packet) {
  if (packet.family == 0 || is_to_group(packet)) return Direction::ingress;
  const bool destination_is_larger = packet.dst > packet.src;
  const auto& small = destination_is_larger ? packet.src : packet.dst;
  const auto& large = destination_is_larger ? packet.dst : packet.src;
  const auto hash = keyed_hash(key_, keyed_hash(key_, small.high, small.low), keyed_hash(key_, large.high, large.low));
  auto* const set = &pairs_[(hash >> 50) % kSets * kWays];
  const std::uint64_t tag = (hash << 1) | 2;  // bit 1 is set so that no entry is 0
  std::size_t way = 0;
  while (way < kWays && (set[way] & ~1ULL) != tag) ++way;
  const std::uint64_t entry = way < kWays ? set[way] : tag | (destination_is_larger ? 1 : 0);
  std::copy_backward(set, set + std::min(way, kWays - 1), set + std::min(way, kWays - 1) + 1);  // the least recently used falls out
  set[0] = entry;
  const bool local_is_larger = entry & 1;
  return local_is_larger == destination_is_larger ? Direction::ingress : Direction::egress;
}

}  // namespace sekisho
