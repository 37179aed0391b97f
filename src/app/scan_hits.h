// ScanHits: what single sources did on single ports, gathered for the store's history of scanners.
#pragma once
#include <array>
#include <map>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "model/second.h"
#include "store/store.h"

namespace sekisho {

// The agent's thread. A hit is a first contact that was refused or unanswered, or a SYN with a scanner's mark. Sources are remembered in
// two generations of 65,536; what waits between two calls of take() is bounded, the surplus is added up per port under the source "::".
class ScanHits {
 public:
  explicit ScanHits(HashKey key) : key_(key) {}
  // `flooded`: a flood comes in, so sources without a scanner's mark may be forged and are added up under "::".
  void on_step(const Step& step, bool flooded);
  std::vector<ScanHit> take();

 private:
  struct Seen {
    TimeNs first_seen = 0;
    std::uint64_t hits = 0;
    std::array<std::uint32_t, 8> port_syns{};
  };
  Seen& seen(const SourceFact& source);
  void add(const Address& source, std::uint8_t protocol, std::uint16_t port, std::string_view label, std::uint64_t hits, TimeNs time);

  HashKey key_;
  std::unordered_map<std::uint64_t, Seen> young_, old_;
  std::map<std::tuple<Address, std::uint8_t, std::uint16_t>, ScanHit> waiting_;
};

}  // namespace sekisho
