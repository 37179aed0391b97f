// TwoWayBytes: how much was carried both ways with each remote address within about the last hour.
#pragma once
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/time.h"
#include "model/packet.h"

namespace sekisho {

// One thread; fixed in size. Sets of four places; the least busy one gives way, so that a flood of sources pushes out nobody who is in use.
class TwoWayBytes {
 public:
  explicit TwoWayBytes(HashKey key) : key_(key), places_(kSets * kWays) {}

  void add(const Packet& p) {
    const auto& remote = remote_address(p);
    const auto bytes = std::uint64_t{p.wire_bytes} * p.weight;
    const auto quarter = static_cast<std::uint32_t>(p.time / (15 * kMinute));
    auto* set = &places_[keyed_hash(key_, remote.high, remote.low) % kSets * kWays];
    Place* place = nullptr;
    for (std::size_t i = 0; i < kWays && !place; ++i)
      if (set[i].remote == remote) place = &set[i];
    if (!place) {
      // Only who is answered is worth a place: a source that nobody answers carries nothing both ways.
      if (p.direction != Direction::egress) return;
      place = set;
      for (std::size_t i = 1; i < kWays; ++i)
        if (worth(set[i], quarter) < worth(*place, quarter)) place = &set[i];
      *place = {};
      place->remote = remote, place->quarter = quarter;
    }
    advance(*place, quarter);
    auto& sum = p.direction == Direction::ingress ? place->in : place->out;
    sum[quarter % kQuarters] += bytes;
  }
  // in, out
  std::pair<std::uint64_t, std::uint64_t> of(const Address& remote, TimeNs now) const {
    const auto quarter = static_cast<std::uint32_t>(now / (15 * kMinute));
    const auto* set = &places_[keyed_hash(key_, remote.high, remote.low) % kSets * kWays];
    for (std::size_t i = 0; i < kWays; ++i)
      if (set[i].remote == remote) {
        Place copy = set[i];
        advance(copy, quarter);
        return {sum(copy.in), sum(copy.out)};
      }
    return {0, 0};
  }

 private:
  static constexpr std::size_t kSets = 8192, kWays = 4, kQuarters = 5;  // the open quarter of an hour and four full ones
  using Quarters = std::array<std::uint64_t, kQuarters>;
  struct Place {
    Address remote;
    std::uint32_t quarter = 0;
    Quarters in{}, out{};
  };
  static std::uint64_t sum(const Quarters& q) {
    std::uint64_t all = 0;
    for (const auto n : q) all += n;
    return all;
  }
  static void advance(Place& p, std::uint32_t quarter) {
    for (unsigned n = 0; p.quarter < quarter && n < kQuarters; ++n)
      ++p.quarter, p.in[p.quarter % kQuarters] = p.out[p.quarter % kQuarters] = 0;
    if (p.quarter < quarter) p.quarter = quarter;
  }
  static std::uint64_t worth(const Place& p, std::uint32_t quarter) {
    if (p.quarter + kQuarters <= quarter) return 0;
    return std::min(sum(p.in), sum(p.out));
  }

  HashKey key_;
  std::vector<Place> places_;
};

}  // namespace sekisho
