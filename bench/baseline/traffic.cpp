// Samples as the features would keep them.
#include "traffic.h"

#include <algorithm>

namespace sekisho::bench {
namespace {

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
  return x ^ x >> 33;
}

// Source number `n` of a shape: an ordinary public address, the same each time.
Address source(const Shape& shape, unsigned n) {
  for (std::uint64_t round = 0;; ++round) {
    const auto a = address_from_v4(static_cast<std::uint32_t>(mix(n * 977ULL + shape.sources * 131'071ULL + shape.protocol + (round << 40))));
    if (!is_bogon(a) && !is_private(a) && !is_multicast(a)) return a;
  }
}

}  // namespace

void draw_samples(const Part& part, double share, TimeNs from, TimeNs to, unsigned count, Random& random, std::vector<Sample>& out) {
  const Shape& shape = *part.shape;
  for (unsigned i = 0; i < count; ++i) {
    Sample s;
    s.time = from + static_cast<TimeNs>((i + random.uniform()) / count * static_cast<double>(to - from));
    s.host = 1;
    s.traffic_class = part.traffic_class;
    s.weight = static_cast<float>(part.pps * share / count);
    const double u = random.uniform();
    const auto number = std::min(shape.sources - 1, static_cast<unsigned>(u * u * shape.sources));
    s.remote = shape.spoofed ? address_from_v4(static_cast<std::uint32_t>(random.bits())) : source(shape, number);
    const std::uint64_t of_source = mix(s.remote.low * 31);
    const unsigned hops = 6 + static_cast<unsigned>(of_source % 18), start = shape.devices || of_source >> 32 & 1 ? 64 : 128;
    s.ttl = static_cast<std::uint8_t>(shape.spoofed ? 64 - 11 : start - hops);
    s.ip_bytes = static_cast<std::uint16_t>(shape.length_low + random.below(shape.length_high - shape.length_low + 1));
    s.protocol = shape.protocol, s.tcp_flags = shape.flags, s.icmp_type = shape.icmp_type;
    const std::uint64_t connection = shape.connections ? mix(of_source + random.below(shape.connections)) : random.bits();
    s.local_port = static_cast<std::uint16_t>(shape.local_port ? shape.local_port : random.bits());
    s.remote_port = static_cast<std::uint16_t>(shape.remote_port ? shape.remote_port : 1024 + connection % 64'000);
    if (shape.protocol == 1) s.local_port = s.remote_port = 0;
    if (shape.payload_kinds || shape.payload_random) {
      s.payload_bytes = static_cast<std::uint16_t>(s.ip_bytes > 40 ? s.ip_bytes - 40 : 1);
      s.payload_captured = static_cast<std::uint8_t>(std::min<unsigned>(32, s.payload_bytes));
      const std::uint64_t kind = shape.payload_random || shape.payload_kinds >= 1'000'000 ? random.bits() : random.below(shape.payload_kinds);
      s.hash = static_cast<std::uint32_t>(mix(kind + 7));
      for (std::size_t b = 0; b < s.payload_captured; ++b)
        s.payload[b] = static_cast<std::uint8_t>(shape.payload_random || b >= 6 ? mix(kind + b) : 0x16 + b);  // a header, then contents
    }
    out.push_back(s);
  }
}

}  // namespace sekisho::bench
