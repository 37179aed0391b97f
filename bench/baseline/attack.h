// Attacks: what they add to a second of traffic, with the evidence that they leave on a real wire.
#pragma once
#include <array>
#include <string_view>

#include "traffic.h"

namespace sekisho::bench {

struct AttackKind {
  std::string_view label;  // what it should be called
  double floor_pps;        // its detector's floor
};
constexpr std::array<AttackKind, 8> kAttacks{{{"syn_flood", 200},
                                              {"udp_flood", 1000},
                                              {"udp_plain_flood", 1000},
                                              {"ack_flood", 500},
                                              {"icmp_flood", 200},
                                              {"amp_ntp", 100},
                                              {"http_flood", 100},
                                              {"syn_flood", 200}}};

// Adds attack number `kind` at `pps` packets/s to a second of traffic.
void add_attack(std::size_t kind, double pps, Random& random, Traffic& traffic);

}  // namespace sekisho::bench
