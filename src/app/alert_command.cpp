// Tests a channel from this process; acknowledges and silences through the agent.
#include "app/alert_command.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "alert/outbox.h"
#include "app/alert_facts.h"
#include "app/alert_plan.h"
#include "app/command.h"
#include "app/time_words.h"
#include "base/text.h"
#include "control/client.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

int shown(const std::string& text) {
  fmt::print("{}", text);
  return std::fflush(stdout) == 0 ? 0 : 3;
}

Result<Json> asked(const std::optional<std::string>& config_file, const std::string& verb, const Json& with) {
  const auto config = TRY(load_config(config_file));
  auto client = TRY(ControlClient::connect(config.control.socket));
  const auto answer = TRY(client->ask(verb, dump(with)));
  auto parsed = Json::parse(answer, nullptr, false);
  if (!parsed.is_object()) return Error{"the agent's answer is no JSON"};
  return parsed;
}

std::string text_in(const Json& from, const char* name) {
  const auto at = from.find(name);
  return at != from.end() && at->is_string() ? escape_hostile(at->get<std::string>(), 200) : std::string{};
}

Alert example(const AlertRules& rules, AlertEvent event, TimeNs now) {
  Alert alert;
  alert.group = fmt::format("test-{:x}", now / kSecond);
  alert.id = fmt::format("{}-{}", alert.group, to_string(event));
  alert.event = event;
  alert.time = now, alert.host = rules.host, alert.link = rules.link;
  alert.facts = example_alert_facts(now);
  if (event == AlertEvent::resolved) alert.facts.ended = now;
  if (event == AlertEvent::worse) alert.former = Severity::high;
  if (event == AlertEvent::acknowledged) alert.by = "uid 0";
  if (event == AlertEvent::digest || event == AlertEvent::overflow) {
    alert.facts = {};
    alert.group.clear();
    alert.notes = {{"", "a test, nothing happened"}, {"Mirai-style scan", "12"}};
  }
  return alert;
}

std::optional<AlertEvent> event_of(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(AlertEvent::test); ++i)
    if (name == to_string(static_cast<AlertEvent>(i))) return static_cast<AlertEvent>(i);
  return std::nullopt;
}

Result<int> test(const AlertCommand& c, const AlertPlan& plan) {
  const AlertChannel* channel = nullptr;
  std::string names;
  for (const auto& one : plan.channels) {
    if (one.name == c.channel) channel = &one;
    names += (names.empty() ? "" : ", ") + one.name;
  }
  for (const auto& [name, why] : plan.unusable)
    if (name == c.channel) return Error{why};
  if (!channel)
    return Error{fmt::format("there is no channel '{}'; {}", escape_hostile(c.channel, 60),
                             names.empty() ? "the configuration has no [alert.NAME]" : "there are: " + names),
                 ErrorKind::usage};
  const auto event = event_of(c.event);
  if (!event) return Error{fmt::format("there is no event '{}'", escape_hostile(c.event, 40)), ErrorKind::usage};
  const auto now = wall_clock();
  const auto alert = example(plan.rules, *event, now);
  if (c.dry_run) return shown(shown_delivery(*channel, render_alert(*channel, alert, now)));
  // What was begun at a pager is ended too.
  std::vector<Alert> alerts{alert};
  const auto& type = channel->settings.type;
  if (*event == AlertEvent::test && (type == "pagerduty" || type == "opsgenie" || type == "alertmanager")) {
    alerts.push_back(example(plan.rules, AlertEvent::resolved, now));
    alerts.back().group = alert.group;
    alerts.back().facts = alert.facts;
  }
  for (const auto& one : alerts) {
    const auto began = std::chrono::steady_clock::now();
    const auto outcome = deliver_alert(*channel, one, wall_clock(), {});
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count();
    const bool sent = outcome.kind == AlertOutcome::Kind::delivered;
    if (c.json)
      fmt::print("{}\n", dump({{"schema", 1},
                               {"channel", channel->name},
                               {"event", to_string(one.event)},
                               {"sent", sent},
                               {"ms", ms},
                               {"what", outcome.sentence}}));
    else if (sent)
      fmt::print("{} ({}): {}, {} ms\n", channel->name, to_string(one.event), outcome.sentence, ms);
    if (!sent) return c.json ? Result<int>{3} : Error{fmt::format("'{}': {}", channel->name, outcome.sentence)};
  }
  return 0;
}

Result<int> list(const AlertCommand& c, const AlertPlan& plan) {
  Json channels = Json::array();
  std::string text;
  for (std::size_t i = 0; i < plan.channels.size(); ++i) {
    const auto& channel = plan.channels[i];
    const auto& route = plan.rules.routes[i];
    const auto target = channel.settings.type == "program" ? escape_hostile(channel.settings.program, 100)
                        : channel.settings.type == "eve"   ? escape_hostile(channel.settings.path, 100)
                                                           : shown_alert_url(channel.settings.url);
    channels.push_back({{"name", channel.name},
                        {"type", channel.settings.type},
                        {"target", target},
                        {"severity", to_string(route.at_least)},
                        {"after_s", route.after / kSecond}});
    text += fmt::format("{:<16} {:<13} from {:<9}{}{}  {}\n", channel.name, channel.settings.type, to_string(route.at_least),
                        route.after ? ", after " + format_duration(route.after) : "",
                        route.digest_minute >= 0 ? ", digest " + channel.settings.digest : "", target);
  }
  if (c.json) return shown(dump({{"schema", 1}, {"channels", std::move(channels)}}) + "\n");
  return shown(text.empty() ? "nobody is told: there is no [alert.NAME] in the configuration (docs/alerts.md)\n" : text);
}

Result<int> alert_action(const AlertCommand& c) {
  const auto config = TRY(load_config(c.config));
  const auto plan = TRY(plan_alerts(config));
  return c.action == "test" ? test(c, plan) : list(c, plan);
}

Result<int> acknowledge(const AckCommand& c) {
  const auto answer = TRY(asked(c.config, "alert.ack", {{"id", c.id}}));
  if (c.json) return shown(dump(answer) + "\n");
  const auto told = answer.value("told", 0);
  return shown(fmt::format("acknowledged: no further reminders and no further escalation; {} {} told\n", told,
                           told == 1 ? "channel was" : "channels were"));
}

std::string silence_line(const Json& s) {
  std::string what;
  for (const auto* name : {"kind", "direction", "label", "subject", "channel"})
    if (const auto text = text_in(s, name); !text.empty()) what += fmt::format("{}{} {}", what.empty() ? "" : ", ", name, text);
  const auto until = parse_rfc3339(text_in(s, "until"));
  return fmt::format("{:<6} until {}  {}  by {}\n", text_in(s, "id"), until ? format_local(*until) : "?",
                     what.empty() ? "everything" : what, text_in(s, "by"));
}

Result<int> silence_action(const SilenceCommand& c) {
  if (c.list) {
    const auto answer = TRY(asked(c.config, "alert.silences", Json::object()));
    if (c.json) return shown(dump(answer) + "\n");
    std::string text;
    if (const auto all = answer.find("silences"); all != answer.end() && all->is_array())
      for (const auto& s : *all)
        if (s.is_object()) text += silence_line(s);
    return shown(text.empty() ? "nothing is silenced\n" : text);
  }
  if (!c.end.empty()) {
    const auto answer = TRY(asked(c.config, "alert.unsilence", {{"id", c.end}}));
    return shown(c.json ? dump(answer) + "\n" : fmt::format("{} has ended\n", escape_hostile(c.end, 40)));
  }
  const FieldInfo field{"--for", "duration", std::int64_t{0}, 60'000, 30 * 86'400'000.0, ""};
  const auto ms = convert_setting("silence", field, {c.duration, "--for"});
  if (c.duration.empty() || !ms.ok()) return Error{"for how long? --for 2h (from 1m to 30d)", ErrorKind::usage};
  const auto answer = TRY(asked(c.config, "alert.silence",
                                {{"for_s", std::get<std::int64_t>(ms.value()) / 1000},
                                 {"kind", c.kind},
                                 {"direction", c.direction},
                                 {"label", c.label},
                                 {"subject", c.subject},
                                 {"channel", c.channel}}));
  if (c.json) return shown(dump(answer) + "\n");
  const auto made = answer.find("silence");
  return shown(made != answer.end() && made->is_object() ? silence_line(*made) : std::string{});
}

int ended(const Result<int>& done) { return done.ok() ? done.value() : fail(done.error()); }

}  // namespace

int run_alert(const AlertCommand& command) { return ended(alert_action(command)); }
int run_ack(const AckCommand& command) { return ended(acknowledge(command)); }
int run_silence(const SilenceCommand& command) { return ended(silence_action(command)); }

}  // namespace sekisho
