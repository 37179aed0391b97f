// /api/v1/status and /api/v1/health: everything that the first screen says.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/text.h"
#include "base/time.h"
#include "web/api.h"
#include "web/fleet.h"

namespace sekisho {
namespace {

constexpr double kFresh = 1.0;  // seconds: many viewers ask at once when an attack begins, and get one answer

int rank(const std::string& standing) {
  constexpr std::string_view order[] = {"taking_part", "attacked", "guessed", "scanned", "noted"};
  const auto found = std::find(std::begin(order), std::end(order), standing);
  return static_cast<int>(found - std::begin(order));
}

Json line(std::string_view state, std::string what, std::string remedy = "") {
  return {{"state", state}, {"what", std::move(what)}, {"remedy", remedy.empty() ? Json(nullptr) : Json(std::move(remedy))}};
}

std::uint64_t whole(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? static_cast<std::uint64_t>(std::max(0.0, found->get<double>())) : 0;
}
const Json& part(const Json& object, const char* key) {
  static const Json none = Json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : none;
}

// What is well and what is not: the dashboard's own view first, then what the agent says of its parts.
Json health_lines(const Json& agent, bool running, const std::string& message, const std::optional<StoreFacts>& facts,
                  const std::string& store_message) {
  Json lines = Json::array();
  if (!running) {
    lines.push_back(line("bad", "Nothing is watched: the agent is not running.", message));
  } else {
    const auto& about = part(agent, "agent");
    lines.push_back(line("ok", fmt::format("The agent runs since {}: {:.1f} % of a core, {} of memory",
                                           format_duration(static_cast<DurationNs>(whole(about, "uptime_s")) * kSecond),
                                           about.value("cpu_percent", 0.0), format_bytes(whole(about, "memory_bytes")))));
    const auto& total = part(part(agent, "traffic"), "total");
    const auto seen = whole(total, "packets_in") + whole(total, "packets_out"), lost = whole(total, "dropped");
    if (lost == 0)
      lines.push_back(line("ok", "Capture lost no packet"));
    else
      lines.push_back(line(lost * 1000 > seen ? "warn" : "note",
                           fmt::format("Capture lost {} of {} packets", format_count(lost), format_count(seen + lost)),
                           "Numbers are lower bounds while packets are lost."));
  }
  if (facts) {
    lines.push_back(line("ok", facts->first_second && facts->last_second
                                   ? fmt::format("History of {}, {} on disk", format_duration(*facts->last_second - *facts->first_second),
                                                 format_bytes(facts->bytes))
                                   : fmt::format("The history begins now, {} on disk", format_bytes(facts->bytes))));
    if (facts->evidence_files)
      lines.push_back(line("ok", fmt::format("Evidence: {} {}, {}", format_count(facts->evidence_files),
                                             facts->evidence_files == 1 ? "file" : "files", format_bytes(facts->evidence_bytes))));
  } else {
    lines.push_back(line(running ? "warn" : "note", "There is no history to read.", store_message));
  }
  if (const auto problems = agent.find("health"); problems != agent.end() && problems->is_array())
    for (const auto& problem : *problems) {
      if (!problem.is_object()) continue;
      const auto state = problem.value("state", std::string{"warn"});
      lines.push_back(line(state, fmt::format("{}: {}", problem.value("part", std::string{"agent"}), problem.value("what", std::string{})),
                           problem.value("remedy", std::string{})));
    }
  return lines;
}

// What is the same for every viewer.
Json compose(const Api& api, Call& call) {
  const bool running = api.agent.running();
  Json agent = Json::object();
  std::string message = api.agent.message();
  if (running) {
    if (const auto said = api.agent.ask("status", "{}", Role::viewer); said.ok())
      agent = Json::parse(said.value(), nullptr, false);
    else
      message = said.error().message;
    if (!agent.is_object()) agent = Json::object();
  }
  std::vector<Json> open;
  Json last_incident, last_day{{"incidents", 0}, {"scanners", 0}, {"login_failures", 0}, {"taking_part", 0}};
  std::optional<StoreFacts> facts;
  std::string store_message;
  if (auto reader = call.worker.store(); reader.ok()) {
    auto& store = *reader.value();
    const auto now = static_cast<TimeNs>(call.now_s) * kSecond;
    if (auto found = store.facts(); found.ok())
      facts = std::move(*found);
    else
      store_message = found.error().message;
    IncidentFilter filter;
    filter.open_only = true, filter.limit = 100;
    if (const auto found = store.incidents(filter); found.ok())
      for (const auto& incident : found.value()) open.push_back(incident_with_details(api, incident));
    filter = {};
    filter.since = now - 24 * 3600 * kSecond;
    if (const auto found = store.incidents(filter); found.ok()) {
      last_day["incidents"] = found.value().size();
      last_day["taking_part"] = std::count_if(found.value().begin(), found.value().end(),
                                              [](const auto& i) { return i.direction == "egress" || i.kind == "c2"; });
    }
    filter = {};
    filter.limit = 1;
    if (const auto found = store.incidents(filter); found.ok() && !found.value().empty())
      last_incident = incident_with_details(api, found.value().front());
    ScanFilter scans;
    scans.since = now - 24 * 3600 * kSecond, scans.until = now, scans.limit = 1;
    if (const auto found = store.scanners(scans); found.ok()) last_day["scanners"] = found.value().sources;
  } else {
    store_message = reader.error().message;
  }
  if (const auto logs = agent.find("logs"); logs != agent.end() && logs->is_object())
    last_day["login_failures"] = whole(*logs, "failures_24h");
  std::stable_sort(open.begin(), open.end(), [](const Json& a, const Json& b) {
    const auto key = [](const Json& i) {
      Severity severity = Severity::info;
      parse_severity(i.value("severity", std::string{}), severity);
      return std::tuple{rank(i.value("standing", std::string{})), -static_cast<int>(severity), -i.value("peak_bps", 0.0)};
    };
    return key(a) < key(b);
  });

  Json verdict{{"standing", "quiet"}, {"since", nullptr}, {"incident", nullptr}, {"others", Json::array()}};
  if (!open.empty()) {
    const auto standing = open.front().value("standing", std::string{"noted"});
    std::string since = open.front().value("started", std::string{});
    for (const auto& incident : open)
      if (incident.value("standing", std::string{}) == standing) since = std::min(since, incident.value("started", since));
    verdict["standing"] = standing, verdict["since"] = since, verdict["incident"] = open.front();
    for (std::size_t i = 1; i < open.size(); ++i) verdict["others"].push_back(open[i]);
  }
  // What the agent itself says of its state, in one sentence.
  verdict["sentence"] = part(agent, "verdict").value("sentence", std::string{});
  verdict["also"] = part(agent, "verdict").value("also", std::string{});

  Json about = part(agent, "agent");
  about["running"] = running;
  about["message"] = message;
  return {{"schema", 1},
          {"now", format_rfc3339(static_cast<TimeNs>(call.now_s * 1e3) * kMillisecond)},
          {"host", api.lent.host},
          {"version", api.lent.version},
          {"verdict", std::move(verdict)},
          {"agent", std::move(about)},
          {"capture", part(agent, "capture")},
          {"traffic", part(agent, "traffic")},
          {"store", facts ? Json{{"bytes", facts->bytes},
                                 {"incidents", facts->incidents},
                                 {"history_since", facts->first_second ? Json(format_rfc3339(*facts->first_second)) : Json(nullptr)},
                                 {"last_second", facts->last_second ? Json(format_rfc3339(*facts->last_second)) : Json(nullptr)}}
                          : Json(nullptr)},
          {"last_day", std::move(last_day)},
          {"last_incident", std::move(last_incident)},
          {"health", health_lines(agent, running, message, facts, store_message)},
          {"fleet", api.fleet != nullptr && api.fleet->any()}};
}

// The last answer, while it is fresh; who comes while it is made waits for it.
class Shared {
 public:
  Json get(const Api& api, Call& call) {
    const std::lock_guard lock{mutex_};
    if (call.now_s - made_ > kFresh || call.now_s < made_ || api.agent.running() != running_) {
      running_ = api.agent.running();
      last_ = compose(api, call);
      made_ = call.now_s;
    }
    return last_;
  }

 private:
  std::mutex mutex_;
  Json last_;
  double made_ = 0;
  bool running_ = false;
};

}  // namespace

void add_status_routes(Routes& routes, const Api& api) {
  auto shared = std::make_shared<Shared>();
  routes.add("GET", "/api/v1/status", Role::viewer, [&api, shared](Call& call) {
    auto document = shared->get(api, call);
    document["user"] = call.visitor.name;
    document["role"] = to_string(call.visitor.role);
    return json_response(document);
  });
  // For supervision: 200 while the agent runs, 503 while it does not. Says nothing else to those who have not signed in.
  routes.add("GET", "/api/v1/health", Role::none, [&api, shared](Call& call) {
    const bool running = api.agent.running();
    Json document{{"schema", 1}, {"ok", running}};
    if (call.visitor.role >= Role::viewer) document["health"] = shared->get(api, call)["health"];
    auto response = json_response(document);
    if (!running) response.status = 503;
    return response;
  });
}

}  // namespace sekisho
