// Reads the gate's elements and the drop counters of sekisho_contain_* tables.
#include "response/contain_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "response/contain_plan.h"

namespace sekisho {
namespace {

using nlohmann::json;

const json kNothing;
const json& at(const json& object, const char* key) {
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}
std::int64_t number(const json& value) { return value.is_number() ? value.get<std::int64_t>() : 0; }

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 16 &&
         std::all_of(id.begin(), id.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

}  // namespace

std::vector<ContainState> parse_contain_tables(const std::string& tables_json) {
  std::vector<ContainState> found;
  const auto document = json::parse(tables_json, nullptr, false);
  const auto each = [&](const char* family, auto use) {
    for (const auto& object : at(document, "nftables")) {
      const auto& table = at(object, "table");
      if (at(table, "family") != family || !at(table, "name").is_string()) continue;
      const auto& name = at(table, "name").get_ref<const std::string&>();
      if (name.starts_with(kContainPrefix) && is_id(std::string_view{name}.substr(kContainPrefix.size()))) use(name.substr(kContainPrefix.size()));
    }
  };
  each("inet", [&](const std::string& id) { found.push_back({.id = id}); });
  each("netdev", [&](const std::string& id) {
    for (auto& state : found)
      if (state.id == id) state.has_devices = true;
  });
  return found;
}

bool parse_contain_table(const std::string& table_json, ContainState& into) {
  const auto document = json::parse(table_json, nullptr, false);
  if (!at(document, "nftables").is_array()) return false;
  into.left_s = into.given_s = 0;
  into.dropped_packets = into.dropped_bytes = 0;
  for (const auto& object : at(document, "nftables")) {
    if (const auto& set = at(object, "set"); at(set, "name") == "gate")
      for (const auto& element : at(set, "elem")) {
        into.left_s = std::max(into.left_s, number(at(at(element, "elem"), "expires")));
        into.given_s = std::max(into.given_s, number(at(at(element, "elem"), "timeout")));
      }
    const auto& rule = at(object, "rule");
    if (at(rule, "chain") != "contain") continue;
    for (const auto& statement : at(rule, "expr"))
      if (const auto& counter = at(statement, "counter"); counter.is_object()) {
        into.dropped_packets += static_cast<std::uint64_t>(number(at(counter, "packets")));
        into.dropped_bytes += static_cast<std::uint64_t>(number(at(counter, "bytes")));
      }
  }
  return true;
}

Result<std::vector<ContainState>> containments(Nft& nft) {
  auto states = parse_contain_tables(TRY(nft.list_json("list tables")));
  for (auto& state : states) {
    ContainState devices;
    parse_contain_table(TRY(nft.list_json("list table inet " + contain_table(state.id), false, true)), state);
    if (!state.has_devices) continue;
    parse_contain_table(TRY(nft.list_json("list table netdev " + contain_table(state.id), false, true)), devices);
    state.dropped_packets += devices.dropped_packets;
    state.dropped_bytes += devices.dropped_bytes;
  }
  return states;
}

}  // namespace sekisho
