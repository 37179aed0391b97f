// What an amplifier's answer looks like, by vector: the first bytes that the protocol's public specification prescribes.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "features/payload.h"

namespace sekisho {

struct AmplificationSignature {
  std::string_view label;                           // of the vector in model/amplification.h
  bool (*is_answer)(const PayloadView&) = nullptr;  // false for requests, for ordinary traffic, and when too little was captured to tell
  std::uint16_t first_port = 0, last_port = 0;      // further source ports where only the payload tells (0: none)
  bool payload_only = false;                        // the port alone says nothing: much else comes from it
};
std::span<const AmplificationSignature> amplification_signatures();

}  // namespace sekisho
