// Follows one kind of packet through the loaded rules: is it blocked, let through, or can it not be told?
#pragma once
#include <string>
#include <vector>

#include "audit/rules.h"

namespace sekisho {

// A TCP SYN of a new connection between this host and any public address.
struct RuleProbe {
  enum class Way : std::uint8_t { output, input, forward };
  Way way = Way::output;
  bool v6 = false;
  std::uint16_t port = 0;            // the destination's
  std::string device;                // where it leaves (output, forward) or comes in (input); empty: not known, but not lo
  std::vector<Address> own;          // this host's addresses of the family; empty: not known
};

struct RuleAnswer {
  enum class Verdict : std::uint8_t { blocked, open, partly, cannot_tell };
  Verdict verdict = Verdict::open;
  std::string by;                     // blocked: the rule or policy that does it (of the first path)
  std::vector<std::string> passes;    // partly: under which conditions it is let through, at most 10
  std::vector<std::string> because;   // cannot_tell: what was not understood
};

// Every path that the conditions allow is followed (at most 20,000 steps; beyond: cannot_tell). It is `blocked` only if every path ends so.
RuleAnswer follow(const Rules& rules, const RuleProbe& probe);

}  // namespace sekisho
