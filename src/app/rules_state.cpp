// Three short listings; the sets of sources are never read.
#include "app/rules_state.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace sekisho {

Result<RulesState> read_rules(Nft& nft) {
  const auto tables = TRY(nft.list_json("list tables"));
  const auto document = nlohmann::json::parse(tables, nullptr, false);
  bool there = false;
  if (document.is_object() && document.contains("nftables"))
    for (const auto& object : document["nftables"])
      if (object.is_object() && object.contains("table") && object["table"].is_object())
        there |= object["table"].value("name", "") == kRulesTable && object["table"].value("family", "") == "inet";
  if (!there) return RulesState{};
  const auto table = TRY(nft.list_json(fmt::format("list table inet {}", kRulesTable), true));
  const auto gate = nft.list_json(fmt::format("list set inet {} gate", kRulesTable), false, true);
  const auto ports = TRY(nft.list_json(fmt::format("list set inet {} ports", kRulesTable), false, true));
  return parse_rules(table, gate.ok() ? gate.value() : std::string{}, ports);
}

}  // namespace sekisho
