// UdpFlows: was this UDP packet asked for? A direct-mapped table of the last time each way, in 512 KiB.
#pragma once
#include <cstdint>

#include "base/huge_pages.h"
#include "features/packet_hashes.h"
#include "model/packet.h"

namespace sekisho {

struct UdpVerdict {
  bool answer = false;  // the other direction of the same ports carried a packet within the last 10 s
  bool first = false;   // first packet of these ports in this direction for 10 s
};

class UdpFlows {
 public:
  // entries_per_group is a power of two.
  UdpFlows(std::size_t entries_per_group, unsigned first_group, unsigned groups)
      : entries_(entries_per_group), first_group_(first_group), table_(entries_per_group * groups) {}

  // `step` counts 100 ms steps. A collision forgets the older flow: an answer may then look unasked, never the reverse.
  UdpVerdict on_packet(const Packet& p, const PacketHashes& hashes, std::uint64_t step) {
    Entry& e = entry_of(hashes);
    const auto tag = static_cast<std::uint32_t>(hashes.flow);
    const auto now = static_cast<std::uint16_t>(step % 65'535 + 1);
    if (e.tag != tag) e = {tag, {0, 0}};
    const auto way = static_cast<unsigned>(p.direction);
    const UdpVerdict verdict{recent(e.last[1 - way], now), !recent(e.last[way], now)};
    e.last[way] = now;
    return verdict;
  }
  void prefetch(const PacketHashes& hashes) { __builtin_prefetch(&entry_of(hashes), 1); }

 private:
  struct Entry {
    std::uint32_t tag = 0;
    std::uint16_t last[2] = {0, 0};  // by Direction; 0 = never
  };
  static constexpr unsigned kSteps = 100;  // 10 s
  static bool recent(std::uint16_t then, std::uint16_t now) {
    return then != 0 && static_cast<unsigned>((now + 65'535 - then) % 65'535) <= kSteps;
  }
  Entry& entry_of(const PacketHashes& h) {
    return table_[(group_of(h.remote) - first_group_) * entries_ + (h.flow >> 32 & (entries_ - 1))];
  }
  std::size_t entries_;
  unsigned first_group_;
  HugeVector<Entry> table_;
};

}  // namespace sekisho
