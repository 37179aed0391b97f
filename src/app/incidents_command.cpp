// One line an incident, or JSON.
#include "app/incidents_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/history_json.h"
#include "app/incident_line.h"
#include "app/progress.h"
#include "base/text.h"
#include "control/client.h"

namespace sekisho {
namespace {

using nlohmann::json;

// Each change as the agent tells it: one JSON object a line (as `sekisho agent --json`), or a line of text.
int follow(const IncidentsCommand& command, const Config& config) {
  auto client = ControlClient::connect(config.control.socket);
  if (!client.ok()) return fail(client.error());
  if (auto done = client.value()->subscribe(R"({"events":["incident"]})"); !done.ok()) return fail(done.error());
  Severity least = Severity::info;
  parse_severity(command.severity, least);
  const auto style = terminal_style(STDOUT_FILENO, command.color);
  catch_interrupts();
  while (!interrupted()) {
    const auto line = client.value()->next(std::chrono::milliseconds{500});
    if (!line.ok()) return interrupted() ? 0 : fail(line.error());
    if (!line.value()) continue;
    auto event = json::parse(*line.value(), nullptr, false);
    if (!event.is_object() || event.value("event", "") != "incident" || !event["data"].is_object()) continue;
    auto& data = event["data"];
    const std::string change = data.value("change", "");
    auto& incident = data["incident"];
    Severity severity = Severity::info;
    if (!incident.is_object() || !parse_severity(incident.value("severity", ""), severity) || severity < least) continue;
    const auto is = [&](const std::optional<std::string>& wanted, const char* name) {
      return !wanted || incident.value(name, "") == *wanted;
    };
    if (!is(command.kind, "kind") || !is(command.direction, "direction") || !is(command.label, "label") || !is(command.subject, "subject"))
      continue;
    if (change == "progress" || change == "changed") continue;
    if (command.read.json) {
      incident["change"] = change;
      fmt::print("{}\n", incident.dump(-1, ' ', false, json::error_handler_t::replace));
    } else {
      fmt::print("{}", incident_line(incident, style, change));
    }
    if (std::fflush(stdout) != 0) return 3;
  }
  return 0;
}

}  // namespace

int run_incidents(const IncidentsCommand& command) {
  if (command.follow) {
    const auto config = load_config(command.read.config);
    return config.ok() ? follow(command, config.value()) : fail(config.error());
  }
  auto history = open_history(command.read, 7LL * 24 * 3600 * kSecond);
  if (!history.ok()) return fail(history.error());
  IncidentFilter filter;
  filter.since = history->range.since;
  if (command.read.until) filter.until = history->range.until;
  filter.kind = command.kind, filter.direction = command.direction, filter.label = command.label, filter.subject = command.subject;
  parse_severity(command.severity, filter.at_least);
  filter.open_only = command.open;
  filter.limit = command.limit;
  auto list = history->reader->incidents(filter);
  if (!list.ok()) return fail(list.error());
  if (command.read.json) {
    fmt::print("{}\n", incidents_document(list.value()));
  } else {
    const auto style = terminal_style(STDOUT_FILENO, command.color);
    std::string out;
    for (const auto& row : list.value()) {
      const auto incident = json::parse(row.json, nullptr, false);
      if (incident.is_object()) out += incident_line(incident, style, "");
    }
    if (list->empty())
      out = fmt::format("No incidents{} since {}.\n", command.open ? " are open" : "", format_local(history->range.since));
    else if (list->size() == filter.limit)
      out += fmt::format("The newest {}: --limit shows more.\n", filter.limit);
    fmt::print("{}", out);
  }
  return std::fflush(stdout) == 0 ? 0 : 3;
}

}  // namespace sekisho
