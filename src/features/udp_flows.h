// UdpFlows: was this UDP packet asked for? A direct-mapped table of the last time each way, in 512 KiB.
#pragma once
#include <cstdint>
#include <vector>

#include "base/hash.h"
#include "features/connections.h"
#include "model/packet.h"

namespace sekisho {

struct UdpVerdict {
  bool answer = false;  // the other direction of the same ports carried a packet within the last 10 s
  bool first = false;   // first packet of these ports in this direction for 10 s
};

class UdpFlows {
 public:
  UdpFlows(HashKey key, std::size_t entries_per_group, unsigned first_group, unsigned groups)
      : key_(key), entries_(entries_per_group), first_group_(first_group), table_(entries_per_group * groups) {}

  // `step` counts 100 ms steps. A collision forgets the older flow: an answer may then look unasked, never the reverse.
  UdpVerdict on_packet(const Packet& p, std::uint64_t remote_hash, std::uint64_t step) {
    const std::uint64_t hash =
        keyed_hash(key_, remote_hash ^ local_address(p).low, local_address(p).high ^ (std::uint64_t{local_port(p)} << 32 | remote_port(p)));
    Entry& e = table_[(group_of(remote_hash) - first_group_) * entries_ + hash % entries_];
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    const auto now = static_cast<std::uint16_t>(step % 65'535 + 1);
    if (e.tag != tag) e = {tag, {0, 0}};
    const auto way = static_cast<unsigned>(p.direction);
    const UdpVerdict verdict{recent(e.last[1 - way], now), !recent(e.last[way], now)};
    e.last[way] = now;
    return verdict;
  }
  void prefetch(const Packet& p, std::uint64_t remote_hash) const {
    const std::uint64_t hash =
        keyed_hash(key_, remote_hash ^ local_address(p).low, local_address(p).high ^ (std::uint64_t{local_port(p)} << 32 | remote_port(p)));
    __builtin_prefetch(&table_[(group_of(remote_hash) - first_group_) * entries_ + hash % entries_]);
  }

 private:
  struct Entry {
    std::uint32_t tag = 0;
    std::uint16_t last[2] = {0, 0};  // by Direction; 0 = never
  };
  static constexpr unsigned kSteps = 100;  // 10 s
  static bool recent(std::uint16_t then, std::uint16_t now) {
    return then != 0 && static_cast<unsigned>((now + 65'535 - then) % 65'535) <= kSteps;
  }
  HashKey key_;
  std::size_t entries_;
  unsigned first_group_;
  std::vector<Entry> table_;
};

}  // namespace sekisho
