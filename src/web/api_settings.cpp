// /api/v1/settings and /api/v1/openapi.json.
#include <map>
#include <nlohmann/json.hpp>

#include "web/api.h"

extern "C" const char sekisho_openapi_begin[], sekisho_openapi_end[];

namespace sekisho {

void add_settings_routes(Routes& routes, const Api& api) {
  routes.add("GET", "/api/v1/settings", Role::viewer, [&api](Call& call) {
    // This process's own file may be another one than the agent's: then the agent's word counts for what it says.
    auto document = Json::parse(api.lent.settings, nullptr, false);
    if (!document.is_object()) return error_response(500, "The settings cannot be shown.");
    document["source"] = "dashboard";
    if (const auto said = api.agent.running() ? api.agent.ask("config", "{}", Role::viewer) : Result<std::string>{Error{""}}; said.ok()) {
      const auto of_agent = Json::parse(said.value(), nullptr, false);
      if (of_agent.is_object() && of_agent.contains("settings") && of_agent["settings"].is_array()) {
        std::map<std::string, const Json*> by_key;
        for (const auto& one : of_agent["settings"]) by_key[one.value("key", std::string{})] = &one;
        for (auto& one : document["settings"]) {
          const auto found = by_key.find(one.value("key", std::string{}));
          if (found == by_key.end()) continue;
          for (const auto* key : {"value", "default", "place", "text"})
            if (const auto value = found->second->find(key); value != found->second->end()) one[key] = *value;
        }
        if (of_agent.contains("file")) document["file"] = of_agent["file"];
        document["source"] = "agent";
      }
    }
    const Json rows = document["settings"];
    return rows_response(call, document, rows, "settings");
  });
  routes.add("GET", "/api/v1/openapi.json", Role::none, [](Call&) {
    HttpResponse response;
    response.fixed = {sekisho_openapi_begin, static_cast<std::size_t>(sekisho_openapi_end - sekisho_openapi_begin)};
    return response;
  });
}

}  // namespace sekisho
