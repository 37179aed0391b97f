// /api/v1/settings and /api/v1/openapi.json.
#include <nlohmann/json.hpp>

#include "web/api.h"

extern "C" const char sekisho_openapi_begin[], sekisho_openapi_end[];

namespace sekisho {

void add_settings_routes(Routes& routes, const Api& api) {
  routes.add("GET", "/api/v1/settings", Role::viewer, [&api](Call& call) {
    // The agent's own word, while it runs: it may have been started with another file, or before the file was changed.
    const auto said = api.agent.running() ? api.agent.ask("config", "{}", Role::viewer) : Result<std::string>{Error{""}};
    auto document = Json::parse(said.ok() ? said.value() : api.lent.settings, nullptr, false);
    if (!document.is_object() || !document.contains("settings")) return error_response(500, "The settings cannot be shown.");
    document["source"] = said.ok() ? "agent" : "dashboard";
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
