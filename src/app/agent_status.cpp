// Joins the parts.
#include "app/agent_status.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace sekisho {

std::string AgentStatus::json() const {
  std::string out = R"({"schema":1)";
  for (const auto& [name, part] : parts_) out += fmt::format(R"(,"{}":{})", name, part());
  nlohmann::ordered_json lines = nlohmann::ordered_json::array();
  for (const auto& health : health_)
    for (const auto& line : health()) lines.push_back({{"part", line.part}, {"what", line.what}, {"remedy", line.remedy}});
  return out + R"(,"health":)" + lines.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "}";
}

}  // namespace sekisho
