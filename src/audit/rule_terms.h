// Names and numbers of packet filters: fields, flags, addresses, as nftables' JSON and iptables' options write them.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "audit/rules.h"

namespace sekisho {

// The number of a name or text for a field: "tcp", "established", "syn", "local", "192.0.2.1", "23", "0x10". Nothing when it is none.
std::optional<RuleRange> rule_value(RuleField field, std::string_view text);
// "192.0.2.0/24", "10.0.0.1-10.0.0.9", "23:25" or one value.
std::optional<RuleRange> rule_range(RuleField field, std::string_view text);
RuleRange prefix_range(const Network& network);
constexpr Address number_value(std::uint64_t number) { return {0, number}; }

}  // namespace sekisho
