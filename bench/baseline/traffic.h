// Traffic: one second of one host, both ways, as the features count it, and what a sample of it looks like.
#pragma once
#include <vector>

#include "model/second.h"
#include "random.h"

namespace sekisho::bench {

// What packets of one kind have in common: what samples are drawn from.
struct Shape {
  unsigned sources = 1;      // distinct remote addresses; the first ones send most
  bool spoofed = false;      // a new address for each packet, evenly over the whole address space
  bool devices = false;      // TTLs of Linux devices some hops away; else those of any system
  unsigned length_low = 60, length_high = 60;
  unsigned payload_kinds = 0;  // distinct payloads; 0 = none, 1'000'000 = each its own with an ordinary header
  bool payload_random = false;
  unsigned local_port = 443;  // 0 = random
  unsigned remote_port = 0;   // 0 = of the connection
  unsigned connections = 1;   // of each source; 0 = each packet its own
  std::uint8_t protocol = 6, flags = 0x10, icmp_type = 0;
};

struct Part {
  TrafficClass traffic_class = TrafficClass::other_ip;
  double pps = 0;
  const Shape* shape = nullptr;
  double bytes = 100;  // on the wire, each
};

struct Way {
  std::vector<Part> parts;
  Facts facts{};
  void add(TrafficClass c, double pps, const Shape& shape, double bytes = 100) {
    if (pps > 0) parts.push_back({c, pps, &shape, bytes});
  }
  void raise(Fact f, double n) { facts[static_cast<std::size_t>(f)] += static_cast<std::uint64_t>(n); }
};

struct Traffic {
  Way in, out;
  double total_in() const {
    double sum = 0;
    for (const auto& p : in.parts) sum += p.pps;
    return sum;
  }
};

// Samples of one part spread over [from, to), each standing for pps * share / count packets.
void draw_samples(const Part& part, double share, TimeNs from, TimeNs to, unsigned count, Random& random, std::vector<Sample>& out);

}  // namespace sekisho::bench
