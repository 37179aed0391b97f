// The contract is in docs/query.md.
#include "app/address_story_json.h"

#include "base/text.h"

namespace sekisho {

using Json = nlohmann::ordered_json;

Json connections_of(const Network& network, const Ask& ask) {
  if (network.prefix_bits != 128 || !ask) return Json::array();
  const auto address = to_string(network.base);
  const auto answer = ask("connections", Json{{"limit", 2000}, {"q", address}}.dump());
  const auto table = answer.ok() ? Json::parse(answer.value(), nullptr, false) : Json{};
  Json rows = Json::array();
  if (!table.is_object() || !table.contains("rows")) return rows;
  // The filter finds 198.51.100.70 for 198.51.100.7, too.
  for (const auto& row : table["rows"])
    for (const auto& [name, value] : row.items()) {
      if (!value.is_string()) continue;
      const auto& text = value.get_ref<const std::string&>();
      const auto at = text.find(address);
      const auto ends = [&](std::size_t i) {
        return i >= text.size() || std::string_view{"0123456789abcdef."}.find(text[i]) == std::string_view::npos;
      };
      if (at == std::string::npos || !ends(at + address.size()) || (at > 0 && !ends(at - 1))) continue;
      rows.push_back(row);
      break;
    }
  return rows;
}

Json story_json(const AddressStory& story, const Json& connections) {
  Json timeline = Json::array(), blocks = Json::array();
  for (const auto& e : story.entries)
    timeline.push_back({{"time", format_rfc3339(e.time)},
                        {"what", e.what},
                        {"text", e.text},
                        {"incident", e.incident.empty() ? Json(nullptr) : Json(escape_hostile(e.incident, 40))}});
  for (const auto& b : story.blocks)
    blocks.push_back({{"network", escape_hostile(b.network, 64)},
                      {"suggested", b.suggested},
                      {"proof", escape_hostile(b.proof, 64)},
                      {"reason", escape_hostile(b.reason, 400)},
                      {"expires", format_rfc3339(b.expires)}});
  return {{"schema", 1},
          {"address", to_string(story.network)},
          {"since", format_rfc3339(story.range.since)},
          {"until", format_rfc3339(story.range.until)},
          {"incidents", story.incidents},
          {"scan_hits", story.scan_hits},
          {"login_failures", story.failures},
          {"login_successes", story.successes},
          {"timeline", std::move(timeline)},
          {"more", story.cut},
          {"blocks", std::move(blocks)},
          {"connections", connections}};
}

}  // namespace sekisho
