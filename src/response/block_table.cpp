// The table as text through libnftables; its elements by netlink.
#include "response/block_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "response/never_block.h"

namespace sekisho {
namespace {

constexpr std::size_t kChains = 1, kSets = 4, kRules = 5;
const std::string kName{kBlockTable};

std::string set_name(std::string_view name, bool v6) { return fmt::format("{}{}", name, v6 ? 6 : 4); }

}  // namespace

std::string block_table_text() {
  // Ahead of connection tracking, so that what is dropped costs next to nothing. An accept here ends this chain alone.
  return fmt::format(
      "table inet {0}\ndelete table inet {0}\ntable inet {0} {{\n"
      "  set never4 {{\n    type ipv4_addr\n    flags interval\n  }}\n"
      "  set never6 {{\n    type ipv6_addr\n    flags interval\n  }}\n"
      "  set blocked4 {{\n    type ipv4_addr\n    flags interval,timeout\n  }}\n"
      "  set blocked6 {{\n    type ipv6_addr\n    flags interval,timeout\n  }}\n"
      "  chain block {{\n    type filter hook prerouting priority -310; policy accept;\n"
      "    iifname \"lo\" accept\n"
      "    ip saddr @never4 accept\n    ip6 saddr @never6 accept\n"
      "    ip saddr @blocked4 counter drop\n    ip6 saddr @blocked6 counter drop\n  }}\n}}\n",
      kBlockTable);
}

Result<BlockTable> BlockTable::open() {
  auto wire = TRY(NftWire::open());
  return BlockTable{Nft{}, std::move(wire)};
}

Result<void> BlockTable::remember() {
  generation_ = TRY(wire_.generation());
  last_ = State::intact;
  return {};
}

Result<void> BlockTable::install(const std::vector<Network>& never, const std::vector<SetElement>& blocked) {
  TRY(nft_.apply(block_table_text()));
  TRY(set_never(never));
  return change({}, blocked);
}

Result<void> BlockTable::set_never(const std::vector<Network>& never) {
  std::vector<SetChange> changes;
  std::size_t room = NftWire::kMaxElements;
  for (const bool v6 : {false, true}) {
    SetChange flush{SetChange::Kind::flush, set_name("never", v6), v6, {}}, add{SetChange::Kind::add, set_name("never", v6), v6, {}};
    for (const auto& n : never)
      if (is_v4_network(n) != v6 && room > 0) add.elements.push_back({n, 0}), --room;
    changes.push_back(std::move(flush));
    changes.push_back(std::move(add));
  }
  TRY(wire_.apply(kName, changes));
  return remember();
}

Result<void> BlockTable::step(const std::vector<Network>& removed, const std::vector<SetElement>& added) {
  std::vector<SetChange> changes;
  for (const bool v6 : {false, true}) {
    SetChange remove{SetChange::Kind::remove, set_name("blocked", v6), v6, {}}, add{SetChange::Kind::add, set_name("blocked", v6), v6, {}};
    for (const auto& n : removed)
      if (is_v4_network(n) != v6) remove.elements.push_back({n, 0});
    for (const auto& e : added)
      if (is_v4_network(e.network) != v6) add.elements.push_back(e);
    changes.push_back(std::move(remove));
    changes.push_back(std::move(add));
  }
  int error = 0;
  auto done = wire_.apply(kName, changes, &error);
  if (done.ok() || error != ENOENT || removed.empty()) return done;
  if (!TRY(wire_.facts(kName)).exists) return done;
  // The kernel has ended some of them by itself: one by one, so that the others go.
  for (const auto& n : removed) {
    done = wire_.apply(kName, {{SetChange::Kind::remove, set_name("blocked", !is_v4_network(n)), !is_v4_network(n), {{n, 0}}}}, &error);
    if (!done.ok() && error != ENOENT) return done;
  }
  return added.empty() ? Result<void>{} : step({}, added);
}

Result<void> BlockTable::change(const std::vector<Network>& removed, const std::vector<SetElement>& added) {
  if (removed.empty() && added.empty()) return {};
  if (removed.size() + added.size() <= NftWire::kMaxElements) {
    TRY(step(removed, added));
    return remember();
  }
  // What gets a new time is removed and added in the same transaction: it is never missing.
  std::set<Network> again;
  for (const auto& e : added) again.insert(e.network);
  std::vector<Network> out;
  std::set<Network> renewed;
  for (const auto& n : removed) again.contains(n) ? static_cast<void>(renewed.insert(n)) : out.push_back(n);
  const std::size_t half = NftWire::kMaxElements / 2;
  for (std::size_t at = 0; at < out.size(); at += NftWire::kMaxElements)
    TRY(step({out.begin() + static_cast<std::ptrdiff_t>(at),
              out.begin() + static_cast<std::ptrdiff_t>(std::min(at + NftWire::kMaxElements, out.size()))},
             {}));
  const std::size_t size = renewed.empty() ? NftWire::kMaxElements : half;
  for (std::size_t at = 0; at < added.size(); at += size) {
    const std::vector<SetElement> part{added.begin() + static_cast<std::ptrdiff_t>(at),
                                       added.begin() + static_cast<std::ptrdiff_t>(std::min(at + size, added.size()))};
    std::vector<Network> first;
    for (const auto& e : part)
      if (renewed.contains(e.network)) first.push_back(e.network);
    TRY(step(first, part));
  }
  return remember();
}

Result<void> BlockTable::remove() {
  TRY(nft_.apply(fmt::format("table inet {0}\ndelete table inet {0}\n", kBlockTable)));
  last_ = State::gone;
  return {};
}

Result<BlockTable::State> BlockTable::look() {
  const auto generation = TRY(wire_.generation());
  if (generation == generation_) return last_;
  generation_ = generation;
  const auto facts = TRY(wire_.facts(kName));
  last_ = !facts.exists                                                                    ? State::gone
          : facts.chains.size() == kChains && facts.sets == kSets && facts.rules == kRules ? State::intact
                                                                                           : State::changed;
  return last_;
}

bool BlockTable::exists() {
  const auto facts = wire_.facts(kName);
  return facts.ok() && facts.value().exists;
}

Result<BlockDrops> BlockTable::drops() {
  // Not by libnftables, which would list the sets too.
  const auto facts = TRY(wire_.facts(kName));
  return BlockDrops{facts.packets, facts.bytes};
}

}  // namespace sekisho
