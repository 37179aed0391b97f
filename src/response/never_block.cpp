// Overlaps of prefixes: one contains the other, or they have nothing in common.
#include "response/never_block.h"

#include <algorithm>

namespace sekisho {
namespace {

// What a machine says about itself may be wrong, and a network of half the internet would disarm the list.
constexpr unsigned kWidestFoundV4 = 96 + 8, kWidestFoundV6 = 32;

bool too_wide(const NeverEntry& e) {
  if (e.kind == NeverKind::setting) return false;
  return e.network.prefix_bits < (is_v4_network(e.network) ? kWidestFoundV4 : kWidestFoundV6);
}

}  // namespace

std::string_view to_string(NeverKind kind) {
  switch (kind) {
    case NeverKind::self: return "this host's own address";
    case NeverKind::network: return "a network that this host is part of";
    case NeverKind::gateway: return "a gateway of this host";
    case NeverKind::name_server: return "a name server of this host";
    case NeverKind::time_server: return "a time server of this host";
    case NeverKind::ssh_peer: return "the other end of a live SSH session";
    case NeverKind::setting: return "set in [response] never";
    case NeverKind::reserved: return "an address that no host can have";
    case NeverKind::count: break;
  }
  return "protected";
}

Address last_address(const Network& n) {
  const auto rest = [](unsigned bits) { return bits == 0 ? ~0ULL : bits >= 64 ? 0ULL : ~0ULL >> bits; };
  return {n.base.high | rest(n.prefix_bits), n.base.low | (n.prefix_bits <= 64 ? ~0ULL : rest(n.prefix_bits - 64U))};
}

bool overlaps(const Network& a, const Network& b) { return a.prefix_bits <= b.prefix_bits ? contains(a, b.base) : contains(b, a.base); }

bool is_v4_network(const Network& n) { return is_v4(n.base) && n.prefix_bits >= 96; }

bool is_reserved(const Network& n) {
  // A network is what its first and last address are: the registries' ranges are aligned as well.
  return n.base == Address{} || is_bogon(n.base) || is_multicast(n.base) || is_bogon(last_address(n)) || is_multicast(last_address(n));
}

NeverBlock::NeverBlock(std::vector<NeverEntry> entries) : entries_(std::move(entries)) {
  std::erase_if(entries_, too_wide);
  std::sort(entries_.begin(), entries_.end());
  entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
}

const NeverEntry* NeverBlock::overlapping(const Network& network) const {
  const NeverEntry* found = nullptr;
  for (const auto& e : entries_)
    if (overlaps(e.network, network)) {
      // "a gateway" says more than "in a network that this host is part of".
      const bool better = !found || found->kind == NeverKind::network || e.kind == NeverKind::ssh_peer;
      if (better) found = &e;
    }
  return found;
}

std::vector<Network> NeverBlock::networks() const {
  std::vector<Network> all;
  for (const auto& e : entries_) all.push_back(e.network);
  std::sort(all.begin(), all.end());  // by base, wider first
  std::vector<Network> out;
  for (const auto& n : all)
    if (out.empty() || !overlaps(out.back(), n)) out.push_back(n);
  return out;
}

}  // namespace sekisho
