// Two short listings; the sets of sources are never read.
#include "app/rules_state.h"

#include <fmt/format.h>

#include "response/nft_wire.h"

namespace sekisho {

Result<RulesState> read_rules(Nft& nft) {
  // The table's chains by netlink: a listing by libnftables would read the sets of sources too.
  auto wire = TRY(NftWire::open());
  const auto facts = TRY(wire.facts(std::string{kRulesTable}));
  if (!facts.exists) return RulesState{};
  const auto gate = nft.list_json(fmt::format("list set inet {} gate", kRulesTable), false, true);
  const auto ports = TRY(nft.list_json(fmt::format("list set inet {} ports", kRulesTable), false, true));
  return parse_rules(facts.chains, gate.ok() ? gate.value() : std::string{}, ports);
}

}  // namespace sekisho
