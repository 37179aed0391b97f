// Health of the store, statistics of the socket.
#include "app/store_status.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string store_json(const StoreHealth& h) {
  Json out{{"path", escape_hostile(h.path, 4096)},
           {"working", h.working},
           {"problem", h.problem.empty() ? Json(nullptr) : Json(h.problem)},
           {"unsaved", h.unsaved},
           {"lost_seconds", h.lost_seconds},
           {"dropped", h.dropped}};
  if (auto reader = open_store_reader(h.path); reader.ok())
    if (const auto facts = reader.value()->facts(); facts.ok()) {
      const auto& f = facts.value();
      out["bytes"] = f.bytes, out["schema"] = f.schema, out["incidents"] = f.incidents;
      out["history_since"] = f.first_second ? Json(format_rfc3339(*f.first_second)) : Json(nullptr);
      out["evidence_files"] = f.evidence_files, out["evidence_bytes"] = f.evidence_bytes;
    }
  return dump(out);
}

std::vector<HealthLine> store_problems(const StoreHealth& h) {
  std::vector<HealthLine> lines;
  if (!h.working)
    lines.push_back({"store", fmt::format("nothing is stored: {}", h.problem),
                     fmt::format("it is tried again by itself; {} wait in memory",
                                 h.unsaved == 1 ? "1 incident" : fmt::format("{} incidents", h.unsaved))});
  if (h.dropped)
    lines.push_back({"store", fmt::format("the disk is too slow: {} entries were left out", format_count(h.dropped)),
                     "look at 'iostat -x 1' for the disk of the store"});
  return lines;
}

std::string control_json(const ControlStats& s) {
  return dump({{"clients", s.clients},
               {"subscribers", s.subscribers},
               {"requests", s.requests},
               {"refused", s.refused},
               {"events", s.events},
               {"missed", s.missed}});
}

}  // namespace sekisho
