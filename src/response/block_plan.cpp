// The rules, in the order in which a person would ask them.
#include "response/block_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::array<DurationNs, 4> kLadder{3600 * kSecond, 6 * 3600 * kSecond, 24 * 3600 * kSecond, 7 * 24 * 3600 * kSecond};
// A failed login moves some kilobytes both ways: what the offence itself moved is no proof of a good peer.
constexpr std::uint64_t kBytesOfOneOffence = 10'000;
constexpr std::uint64_t kAnswerBytes = 1'000;  // less than this back is no conversation
constexpr unsigned kWidestV4 = 96 + 8, kWidestV6 = 16;

BlockDecision refused(BlockRefusal refusal, std::string why) {
  BlockDecision d;
  d.refusal = refusal;
  d.why = std::move(why);
  return d;
}

// IPv6: a /64 is one customer; several of one /56 or /48 are one customer who has more.
Network widened(const Network& network, const BlockRules& rules, const NeverBlock& never, const BlockBook& book) {
  Network wide = network;
  for (const unsigned bits : {56U, 48U}) {
    if (wide.prefix_bits != bits + 8) break;
    const Network next{masked(wide.base, bits), static_cast<std::uint8_t>(bits)};
    const bool itself = book.find(wide) && !book.find(wide)->suggested;
    if (book.count_within(next, bits + 8, rules.widen_after) + !itself < rules.widen_after || never.overlapping(next)) break;
    wide = next;
  }
  return wide;
}

std::string until(TimeNs time) { return format_datetime(time) + " UTC"; }

// May it be blocked without anybody asking?
std::optional<BlockDecision> automatic_refusal(const BlockRequest& r, const Network& network, const BlockRules& rules,
                                               const BlockFacts& facts) {
  const auto name = to_string(network);
  if (rules.mode == BlockMode::off) return refused(BlockRefusal::mode_off, "[response] mode is \"off\"");
  if (r.reflector)
    return refused(
        BlockRefusal::reflector,
        fmt::format("{} is a reflector of an amplification: a real server that was made to answer. Blocking it stops nothing that "
                    "fills the link, and takes a service away; ask upstream to filter",
                    name));
  if (!is_proven(r.proof) && facts.spoofed_flood)
    return refused(
        BlockRefusal::spoofed_flood,
        fmt::format("a flood with forged sources goes on: nothing that rests on a {} alone is believed meanwhile", to_string(r.proof)));
  const bool article = rules.policy == BlockPolicy::article && r.proof == Proof::syn && r.hits >= 3;
  const bool fingerprint = r.proof == Proof::fingerprint && rules.fingerprint_for > 0;
  if (!is_proven(r.proof) && !article && !fingerprint)
    return refused(BlockRefusal::unproven, fmt::format("the evidence is a {}: anybody can send that in the name of {}",
                                                       r.proof == Proof::rate ? "rate of packets" : to_string(r.proof), name));
  if (is_proven(r.proof) && r.hits < rules.min_hits)
    return refused(BlockRefusal::too_few, fmt::format("{} so far; from {} on it is blocked", r.hits, rules.min_hits));
  const auto both = facts.bytes_in + facts.bytes_out;
  if (both > rules.two_way_bytes + r.hits * kBytesOfOneOffence && std::min(facts.bytes_in, facts.bytes_out) >= kAnswerBytes)
    return refused(BlockRefusal::traffic,
                   fmt::format("{} moved within the last hour between {} and this host: a peer that is in use", format_bytes(both), name));
  if (facts.added_last_minute >= rules.adds_a_minute)
    return refused(BlockRefusal::too_many, fmt::format("{} were added within a minute, which is the most", rules.adds_a_minute));
  return std::nullopt;
}

}  // namespace

std::string_view to_string(BlockRefusal refusal) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(BlockRefusal::count)> names{
      "none",    "never_block",     "reserved", "already", "unproven", "spoofed_flood", "reflector",
      "too_few", "two_way_traffic", "too_many", "full",    "mode_off", "too_wide",      "frees_sooner"};
  return refusal < BlockRefusal::count ? names[static_cast<std::size_t>(refusal)] : "none";
}

Network meant_network(const Network& network, bool exact) {
  if (exact || network.prefix_bits <= 64 || is_v4_network(network)) return network;
  return {masked(network.base, 64), 64};
}

DurationNs block_duration(std::uint32_t earlier) { return kLadder[std::min<std::size_t>(earlier, kLadder.size() - 1)]; }

BlockDecision plan_block(const BlockRequest& r, const BlockRules& rules, const NeverBlock& never, const BlockBook& book,
                         const BlockFacts& facts) {
  Network network = meant_network(r.network, r.exact);
  const bool automatic = r.origin == BlockOrigin::automatic;
  if (network.prefix_bits < (is_v4_network(network) ? kWidestV4 : kWidestV6))
    return refused(BlockRefusal::too_wide, fmt::format("{} is wider than /{}: that is no offender, it is a part of the internet",
                                                       to_string(network), is_v4_network(network) ? kWidestV4 - 96 : kWidestV6));
  if (is_reserved(network))
    return refused(BlockRefusal::reserved, fmt::format("{}: {}", to_string(network), to_string(NeverKind::reserved)));
  if (const auto* entry = never.overlapping(network))
    return refused(
        BlockRefusal::protected_address,
        fmt::format("{}{} is {}", to_string(network),
                    entry->network == network ? "" : fmt::format(" touches {}, which", to_string(entry->network)), to_string(entry->kind)));
  if (automatic)
    if (auto refusal = automatic_refusal(r, network, rules, facts)) return *refusal;

  const bool suggest = automatic && rules.mode == BlockMode::suggest;
  const auto* former = book.covering(network);
  const bool lengthens = former && former->network == network && !automatic && r.duration && facts.now + *r.duration != former->expires;
  if (former && (!former->suggested || suggest) && !lengthens)
    return refused(BlockRefusal::already, fmt::format("{} is {} until {}", to_string(former->network),
                                                      former->suggested ? "suggested already" : "blocked", until(former->expires)));
  if (is_v6(network.base) && !r.exact && !suggest && automatic) network = widened(network, rules, never, book);

  BlockDecision d;
  d.verdict = suggest ? BlockVerdict::suggest : BlockVerdict::add;
  auto& e = d.entry;
  e.network = network, e.proof = r.proof, e.suggested = suggest;
  e.reason = r.reason, e.incident = r.incident, e.origin = r.actor;
  e.added = facts.now, e.hits = r.hits;
  e.offence = facts.offences + (automatic ? 1 : 0);
  d.renews = lengthens;
  auto length = block_duration(facts.offences);
  if (automatic && r.proof == Proof::fingerprint) length = rules.fingerprint_for;
  if (automatic && r.proof == Proof::syn) length = block_duration(0);  // the article's hour, never more on so little
  e.expires = facts.now + r.duration.value_or(length);
  d.replaces = book.within(network);
  if (suggest && std::any_of(d.replaces.begin(), d.replaces.end(), [&](const Network& n) { return !book.find(n)->suggested; }))
    return refused(BlockRefusal::already, fmt::format("a part of {} is blocked", to_string(network)));
  // What is covered must not be free sooner for it. More evidence makes the whole last as long; a hand that means a short block is asked.
  for (const auto& n : d.replaces) {
    const auto& covered = *book.find(n);
    if (covered.suggested || covered.expires <= e.expires) continue;
    if (!automatic)
      return refused(BlockRefusal::frees_sooner,
                     fmt::format("{} in it is blocked until {}, which is longer: block the whole for {} or more, or delete it first",
                                 to_string(n), until(covered.expires), format_duration(covered.expires - facts.now)));
    e.expires = covered.expires;
  }
  // A suggestion that stands in the way of a wider or narrower entry goes as well.
  if (former && former->network != network) d.replaces.push_back(former->network);
  const bool gains = d.replaces.empty() && !book.find(network);
  if (gains && book.full()) {
    const auto* least = book.least();
    if (!least || (!least->suggested && least->proof > r.proof) || (suggest && !least->suggested))
      return refused(BlockRefusal::full,
                     fmt::format("the list is full ({} entries), and all of them rest on better evidence", format_count(book.most())));
    d.evicts.push_back(least->network);
  }
  d.why = fmt::format("{} for {}: {}{}", suggest ? "would be blocked" : "blocked", format_duration(e.expires - facts.now),
                      automatic ? fmt::format("proven by {}", to_string(r.proof)) : std::string{to_string(r.proof)},
                      automatic && facts.offences ? fmt::format(", offence {}", e.offence) : "");
  if (automatic && !is_proven(r.proof))
    d.why = fmt::format("{} for {}: on a {} by the policy that was set", suggest ? "would be blocked" : "blocked",
                        format_duration(e.expires - facts.now), to_string(r.proof));
  return d;
}

}  // namespace sekisho
