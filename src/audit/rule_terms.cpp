// Tables of names: IP protocols, TCP flags, connection states, address types.
#include "audit/rule_terms.h"

#include <array>
#include <charconv>

namespace sekisho {
namespace {

struct Name {
  std::string_view text;
  std::uint64_t value;
};
constexpr Name kProtocols[] = {{"icmp", 1},  {"igmp", 2},  {"tcp", 6},       {"udp", 17},   {"dccp", 33},     {"gre", 47},  {"esp", 50},
                               {"ah", 51},   {"icmpv6", 58}, {"ipv6-icmp", 58}, {"sctp", 132}, {"udplite", 136}, {"comp", 108}};
constexpr Name kNfProtocols[] = {{"ipv4", 2}, {"ipv6", 10}};
constexpr Name kEtherTypes[] = {{"ip", 0x0800}, {"arp", 0x0806}, {"ip6", 0x86dd}, {"vlan", 0x8100}};
constexpr Name kStates[] = {{"invalid", 1}, {"established", 2}, {"related", 4}, {"new", 8}, {"untracked", 64}};
constexpr Name kFlags[] = {{"fin", 1}, {"syn", 2}, {"rst", 4}, {"psh", 8}, {"ack", 16}, {"urg", 32}, {"ecn", 64}, {"ece", 64}, {"cwr", 128}};
constexpr Name kDirections[] = {{"original", 0}, {"reply", 1}};
constexpr Name kTypes[] = {{"unspec", 0},    {"unicast", 1},   {"local", 2},       {"broadcast", 3}, {"anycast", 4},
                           {"multicast", 5}, {"blackhole", 6}, {"unreachable", 7}, {"prohibit", 8}};

template <std::size_t N>
std::optional<std::uint64_t> find(const Name (&names)[N], std::string_view text) {
  for (const auto& name : names)
    if (name.text.size() == text.size() &&
        std::equal(text.begin(), text.end(), name.text.begin(), [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; }))
      return name.value;
  return std::nullopt;
}

std::optional<std::uint64_t> named(RuleField field, std::string_view text) {
  switch (field) {
    case RuleField::l4proto: return find(kProtocols, text);
    case RuleField::nfproto: return find(kNfProtocols, text);
    case RuleField::ethertype: return find(kEtherTypes, text);
    case RuleField::ct_state: return find(kStates, text);
    case RuleField::ct_direction: return find(kDirections, text);
    case RuleField::tcp_flags: return find(kFlags, text);
    case RuleField::daddr_type:
    case RuleField::saddr_type: return find(kTypes, text);
    default: return std::nullopt;
  }
}

std::optional<std::uint64_t> number(std::string_view text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_address(RuleField field) { return field == RuleField::daddr || field == RuleField::saddr; }

}  // namespace

RuleRange prefix_range(const Network& network) {
  const Address last = {network.prefix_bits >= 64 ? network.base.high
                                                  : network.base.high | (network.prefix_bits == 0 ? ~0ULL : ~0ULL >> network.prefix_bits),
                        network.prefix_bits >= 128  ? network.base.low
                        : network.prefix_bits <= 64 ? ~0ULL
                                                    : network.base.low | ~0ULL >> (network.prefix_bits - 64)};
  return {network.base, last};
}

std::optional<RuleRange> rule_value(RuleField field, std::string_view text) {
  if (is_address(field)) {
    const auto network = parse_network(text);
    if (!network) return std::nullopt;
    return prefix_range(*network);
  }
  if (const auto value = named(field, text)) return RuleRange{number_value(*value), number_value(*value)};
  const auto value = number(text);
  if (!value) return std::nullopt;
  return RuleRange{number_value(*value), number_value(*value)};
}

std::optional<RuleRange> rule_range(RuleField field, std::string_view text) {
  const bool port = field == RuleField::dport || field == RuleField::sport;
  const auto split = text.find(port ? ':' : '-');
  if (split == std::string_view::npos || (!port && !is_address(field) && field != RuleField::uid && field != RuleField::gid))
    return rule_value(field, text);
  auto from = text.substr(0, split), to = text.substr(split + 1);
  if (port && from.empty()) from = "0";  // ":1023" and "1024:"
  if (port && to.empty()) to = "65535";
  const auto low = rule_value(field, from), high = rule_value(field, to);
  if (!low || !high) return std::nullopt;
  return RuleRange{low->low, high->high};
}

}  // namespace sekisho
