// Tally: what one shard counted for one local host in one direction within the current step.
#pragma once
#include <array>
#include <cstdint>

#include "base/distinct.h"
#include "model/second.h"

namespace sekisho {

struct Tally {
  std::array<std::uint32_t, kTrafficClasses> packets{};
  std::array<std::uint32_t, kTrafficClasses> bytes{};
  std::array<std::uint32_t, static_cast<std::size_t>(Fact::count)> facts{};
};

// Shared by the shards (relaxed atomic writes of one value per step).
struct HostSketches {
  Distinct remotes, local_ports, remote_ports;
};

constexpr std::size_t kMaxHosts = 256;              // local hosts with rows of their own; row 0 takes the rest
constexpr std::size_t kRows = 2 * (kMaxHosts + 1);  // by host and direction
constexpr std::size_t row_of(std::uint16_t host, Direction d) { return std::size_t{host} * 2 + static_cast<std::size_t>(d); }

}  // namespace sekisho
