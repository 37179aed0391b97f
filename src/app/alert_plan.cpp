// Reads [alert] and [alert.NAME].
#include "app/alert_plan.h"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>

#include "app/time_words.h"
#include "base/text.h"

namespace sekisho {
namespace {

// The zone of this machine; days are counted by the calendar.
LocalClock machine_clock(TimeNs time) {
  const std::time_t seconds = time / kSecond;
  std::tm tm{};
  ::localtime_r(&seconds, &tm);
  const auto local = seconds + tm.tm_gmtoff;
  return {local / 86'400, (tm.tm_wday + 6) % 7, tm.tm_hour * 60 + tm.tm_min};
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] ? name : "this-host";
}

}  // namespace

Result<AlertRules> alert_windows(const AlertSettings& settings) {
  AlertRules rules;
  for (const auto& text : settings.quiet) {
    auto span = parse_week_span(text);
    if (!span.ok()) return Error{"'quiet' in [alert]: " + span.error().message, ErrorKind::usage};
    rules.quiet.push_back(span.value());
  }
  for (const auto& text : settings.maintenance) {
    if (const auto slash = text.find('/'); slash != std::string::npos) {
      const auto from = parse_rfc3339(text.substr(0, slash)), to = parse_rfc3339(text.substr(slash + 1));
      if (!from || !to || *from >= *to)
        return Error{fmt::format("'maintenance' in [alert]: '{}' is no time/time, such as 2026-12-01T22:00:00Z/2026-12-02T02:00:00Z",
                                 escape_hostile(text, 80)),
                     ErrorKind::usage};
      rules.maintenance_once.push_back({*from, *to});
      continue;
    }
    auto span = parse_week_span(text);
    if (!span.ok()) return Error{"'maintenance' in [alert]: " + span.error().message, ErrorKind::usage};
    rules.maintenance.push_back(span.value());
  }
  parse_severity(settings.quiet_severity, rules.quiet_severity);
  if (!settings.link.empty() && !settings.link.starts_with("https://") && !settings.link.starts_with("http://"))
    return Error{"'link' in [alert] is an address that begins with https:// or http://", ErrorKind::usage};
  return rules;
}

Result<AlertPlan> plan_alerts(const Config& config) {
  AlertPlan plan;
  plan.rules = TRY(alert_windows(config.alert));
  plan.rules.local = machine_clock;
  plan.rules.host = config.alert.host.empty() ? host_name() : config.alert.host;
  plan.rules.link = config.alert.link;
  while (plan.rules.link.ends_with('/')) plan.rules.link.pop_back();
  plan.dir = config.alert.dir.empty() ? (std::filesystem::path{config.store.path}.parent_path() / "alerts").string() : config.alert.dir;
  plan.max_waiting = static_cast<std::size_t>(config.alert.max_waiting);
  for (const auto& name : alert_sections(config)) {
    auto settings = TRY(read_settings<AlertChannelSettings>(name, alert_channel_fields(), section(config, name)));
    auto route = TRY(alert_route(name.substr(6), settings));
    auto channel = make_alert_channel(name.substr(6), std::move(settings));
    if (!channel.ok()) {
      plan.unusable.emplace_back(name.substr(6), channel.error().message);
      continue;
    }
    plan.rules.routes.push_back(std::move(route));
    plan.channels.push_back(std::move(channel).value());
  }
  return plan;
}

}  // namespace sekisho
