// Community ID v1 (https://github.com/corelight/community-id-spec): one name for a flow across tools.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "model/address.h"

namespace sekisho {

struct FlowEnds {
  Address src, dst;
  std::uint16_t sport = 0, dport = 0;
  std::uint8_t protocol = 0;  // TCP, UDP or SCTP
};

// "1:" and base64 of SHA-1(seed 0, ends in canonical order, protocol, ports); equal for both directions of the flow.
std::string community_id(const FlowEnds& flow);
// A flow id for EVE as Suricata's: positive, below 2^53 so that JavaScript keeps it exact; equal for both directions.
std::uint64_t eve_flow_id(const FlowEnds& flow);

std::array<std::uint8_t, 20> sha1(std::span<const std::uint8_t> bytes);  // for identifiers only, never for security

}  // namespace sekisho
