// Tests of fields: a port is one number, a destination any public address, a user anybody.
#include "audit/rule_match.h"

#include <algorithm>

#include "audit/rule_terms.h"
#include "audit/text_lines.h"

namespace sekisho {
namespace {

Matches both(Matches a, Matches b) {
  if (a == Matches::none || b == Matches::none) return Matches::none;
  if (a == Matches::unknown || b == Matches::unknown) return Matches::unknown;
  return a == Matches::some || b == Matches::some ? Matches::some : Matches::all;
}
Matches either(Matches a, Matches b) {
  if (a == Matches::all || b == Matches::all) return Matches::all;
  if (a == Matches::unknown || b == Matches::unknown) return Matches::unknown;
  return a == Matches::some || b == Matches::some ? Matches::some : Matches::none;
}
Matches negated(Matches m) { return m == Matches::all ? Matches::none : m == Matches::none ? Matches::all : m; }

Address after(const Address& a) { return {a.high + (a.low == ~0ULL), a.low + 1}; }

// Whether values cover all, some or none of a domain of disjoint ranges.
Matches cover(const RuleValues& values, const std::vector<RuleRange>& domain) {
  auto ranges = values.ranges;
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.low < b.low; });
  bool any = false, whole = true;
  for (const auto& d : domain) {
    Address next = d.low;  // what is covered up to here, exclusively
    bool full = false;
    for (const auto& r : ranges) {
      if (r.high < d.low || r.low > d.high) continue;
      any = true;
      if (full || r.low > next) continue;
      if (r.high >= d.high)
        full = true;
      else if (r.high >= next)
        next = after(r.high);
    }
    whole &= full;
  }
  if (whole && any) return Matches::all;
  if (!values.all_known) return Matches::unknown;
  return any ? Matches::some : Matches::none;
}

RuleRange v4_range(unsigned a, unsigned b, unsigned c, unsigned d, unsigned e, unsigned f, unsigned g, unsigned h) {
  return {address_from_v4(a << 24 | b << 16 | c << 8 | d), address_from_v4(e << 24 | f << 16 | g << 8 | h)};
}
// The public unicast addresses (IANA special-purpose registries); documentation ranges count as public: tests live in them.
const std::vector<RuleRange>& public_addresses(bool v6) {
  static const std::vector<RuleRange> four{
      v4_range(1, 0, 0, 0, 9, 255, 255, 255),       v4_range(11, 0, 0, 0, 100, 63, 255, 255),     v4_range(100, 128, 0, 0, 126, 255, 255, 255),
      v4_range(128, 0, 0, 0, 169, 253, 255, 255),   v4_range(169, 255, 0, 0, 172, 15, 255, 255),  v4_range(172, 32, 0, 0, 191, 255, 255, 255),
      v4_range(192, 0, 1, 0, 192, 167, 255, 255),   v4_range(192, 169, 0, 0, 223, 255, 255, 255)};
  static const std::vector<RuleRange> six{{{0x2000000000000000ULL, 0}, {0x3fffffffffffffffULL, ~0ULL}}};
  return v6 ? six : four;
}

Matches of_number(const RuleValues& values, std::uint64_t number, std::uint64_t mask) {
  const auto value = number_value(number & mask);
  for (const auto& r : values.ranges)
    if (r.low <= value && value <= r.high) return Matches::all;
  return values.all_known ? Matches::none : Matches::unknown;
}

Matches of_device(const RuleValues& values, const std::string& device, bool known) {
  bool may = false;
  for (const auto& name : values.names) {
    if (known) {
      if (matches_glob(name, device)) return Matches::all;
    } else if (name == "*") {
      return Matches::all;
    } else if (name != "lo") {
      may = true;
    }
  }
  if (!values.all_known) return Matches::unknown;
  return may ? Matches::some : Matches::none;
}

Matches of_own(const RuleValues& values, const RuleProbe& probe) {
  if (probe.own.empty()) return values.ranges.empty() && values.all_known ? Matches::none : Matches::some;
  bool any = false, all = true;
  for (const auto& a : probe.own) {
    const bool hit = std::any_of(values.ranges.begin(), values.ranges.end(), [&](const RuleRange& r) { return r.low <= a && a <= r.high; });
    any |= hit, all &= hit;
  }
  if (all) return Matches::all;
  if (!values.all_known) return Matches::unknown;
  return any ? Matches::some : Matches::none;
}

std::uint64_t ct_state(const PacketState& packet) {
  constexpr std::uint64_t kInvalid = 1, kNew = 8, kUntracked = 64;
  if (packet.untracked) return kUntracked;
  return packet.priority < -200 ? kInvalid : kNew;  // connection tracking begins at priority -200
}

Matches of_field(RuleField field, const RuleValues& values, std::uint64_t mask, const RuleProbe& probe, const PacketState& packet) {
  const bool out = probe.way == RuleProbe::Way::output, in = probe.way == RuleProbe::Way::input;
  switch (field) {
    case RuleField::l4proto: return of_number(values, 6, mask);
    case RuleField::nfproto: return of_number(values, probe.v6 ? 10 : 2, mask);
    case RuleField::ethertype: return of_number(values, probe.v6 ? 0x86dd : 0x0800, mask);
    case RuleField::dport: return of_number(values, probe.port, mask);
    case RuleField::sport: return cover(values, {{number_value(1024), number_value(65535)}});
    case RuleField::daddr: return in ? of_own(values, probe) : cover(values, public_addresses(probe.v6));
    case RuleField::saddr:
      if (probe.way == RuleProbe::Way::forward) return values.ranges.empty() && values.all_known ? Matches::none : Matches::some;
      return out ? of_own(values, probe) : cover(values, public_addresses(probe.v6));
    // Packets that a host makes have no interface that they came in by: the name is empty.
    case RuleField::iif: return out ? of_device(values, "", true) : in ? of_device(values, probe.device, !probe.device.empty()) : of_device(values, "", false);
    case RuleField::oif: return in ? of_device(values, "", true) : of_device(values, probe.device, !probe.device.empty());
    case RuleField::ct_state: return packet.priority == -200 ? Matches::unknown : of_number(values, ct_state(packet), mask);
    case RuleField::ct_direction: return of_number(values, 0, mask);
    case RuleField::tcp_flags: return of_number(values, 2, mask);
    case RuleField::uid:
    case RuleField::gid: return out ? cover(values, {{number_value(0), number_value(0xfffffffeULL)}}) : Matches::none;
    case RuleField::mark: return packet.mark_known ? of_number(values, packet.mark, mask) : Matches::unknown;
    case RuleField::ct_mark: return packet.ct_mark_known ? of_number(values, packet.ct_mark, mask) : Matches::unknown;
    case RuleField::daddr_type: return of_number(values, in ? 2 : 1, mask);
    case RuleField::saddr_type: return of_number(values, out ? 2 : 1, mask);
    case RuleField::never: return Matches::none;
    case RuleField::varies: return Matches::some;
    case RuleField::unknown: return Matches::unknown;
  }
  return Matches::unknown;
}

// A field that the packets do not have: the rule does not match, negated or not.
bool foreign(const RuleMatch& match, const RuleProbe& probe) {
  if ((match.v4_only && probe.v6) || (match.v6_only && !probe.v6)) return true;
  return std::find(match.fields.begin(), match.fields.end(), RuleField::never) != match.fields.end();
}

}  // namespace

Matches matches_element(const RuleMatch& match, const std::vector<RuleValues>& element, const RuleProbe& probe, const PacketState& packet) {
  if (foreign(match, probe)) return Matches::none;
  Matches result = Matches::all;
  for (std::size_t i = 0; i < match.fields.size(); ++i)
    result = both(result, i < element.size() ? of_field(match.fields[i], element[i], match.mask, probe, packet) : Matches::unknown);
  if (match.temporary && result == Matches::all) return Matches::some;
  return result;
}

Matches matches(const RuleMatch& match, const RuleProbe& probe, const PacketState& packet) {
  if (foreign(match, probe)) return Matches::none;
  if (match.fields.size() == 1 && (match.fields[0] == RuleField::unknown || match.fields[0] == RuleField::varies))
    return match.fields[0] == RuleField::unknown ? Matches::unknown : Matches::some;
  if (match.op == RuleMatch::Op::any_bit) {
    const auto& values = match.elements.at(0).at(0);
    if (!values.all_known || values.ranges.size() != 1) return Matches::unknown;
    if (match.fields[0] == RuleField::ct_state && packet.priority == -200) return Matches::unknown;
    const auto number = match.fields[0] == RuleField::ct_state ? ct_state(packet) : 2ULL;
    return (number & match.mask & values.ranges[0].low.low) != 0 ? Matches::all : Matches::none;
  }
  Matches result = Matches::none;
  if (match.fields.size() == 1 && !match.temporary) {
    // All the elements' ranges together may cover what none of them covers alone.
    RuleValues all;
    for (const auto& element : match.elements) {
      if (element.empty()) return Matches::unknown;
      all.ranges.insert(all.ranges.end(), element[0].ranges.begin(), element[0].ranges.end());
      all.names.insert(all.names.end(), element[0].names.begin(), element[0].names.end());
      all.all_known &= element[0].all_known;
    }
    result = of_field(match.fields[0], all, match.mask, probe, packet);
  } else {
    for (const auto& element : match.elements) result = either(result, matches_element(match, element, probe, packet));
  }
  return match.op == RuleMatch::Op::not_in ? negated(result) : result;
}

}  // namespace sekisho
