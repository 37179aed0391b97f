// One match against the packets of a probe.
#pragma once
#include "audit/rule_path.h"

namespace sekisho {

// all: every packet of the probe matches; some: it depends on what its sender chooses or on the moment; unknown: it cannot be told.
enum class Matches : std::uint8_t { none, some, all, unknown };

// What rules have done to the packet so far.
struct PacketState {
  std::uint64_t mark = 0, ct_mark = 0;
  bool mark_known = true, ct_mark_known = true;
  bool untracked = false;
  int priority = 0;  // of the chain that is looked at: before -200 there is no connection tracking yet
};

Matches matches(const RuleMatch& match, const RuleProbe& probe, const PacketState& packet);
// The elements of a verdict map, each as if it stood alone.
Matches matches_element(const RuleMatch& match, const std::vector<RuleValues>& element, const RuleProbe& probe, const PacketState& packet);

}  // namespace sekisho
