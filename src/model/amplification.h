// The amplification and reflection vectors of UDP services, as data: FACTS section 7.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace sekisho {

struct AmplificationVector {
  std::string_view label;    // "amp_ntp"
  std::string_view service;  // "NTP monlist"
  std::uint16_t port;        // the reflector's source port; 0 = recognised by payload on any port
  std::string_view factor;   // bandwidth amplification factor, as published
};

// The index of a vector here is its offset from TrafficClass::amp_first. At most kMaxAmplificationVectors.
std::span<const AmplificationVector> amplification_vectors();

}  // namespace sekisho
