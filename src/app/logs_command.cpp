// Wires log sources to the log pipeline and the pipeline to the reports.
#include "app/logs_command.h"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/incident_json.h"
#include "app/log_inputs.h"
#include "app/log_pipeline.h"
#include "app/logs_report.h"
#include "app/output_file.h"
#include "app/progress.h"
#include "app/report_text.h"
#include "app/time_words.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

std::string_view kind_name(LogKind kind) {
  constexpr std::string_view names[] = {"nothing", "login_failed", "login_hint", "login_ok", "probe", "packet", "request", "command"};
  return names[static_cast<std::size_t>(kind)];
}
std::string_view verdict_name(LineVerdict v) { return v == LineVerdict::event ? "event" : v == LineVerdict::other ? "other" : "unknown"; }

// --test: which rule took each line. --show-odd: only the lines that look forged. Hostile text is escaped in both.
class LineTeller {
 public:
  explicit LineTeller(const LogsOptions& options) : options_(options) {}
  void operator()(const LogLine& line, LineVerdict verdict, const LogEvent& e) {
    ++number_;
    if (options_.show_odd && !options_.test && !e.odd) return;
    if (options_.json || options_.jsonl) {
      Json object{{"line", number_}, {"input", line.input}, {"verdict", verdict_name(verdict)}};
      object["rule"] = verdict == LineVerdict::event ? Json(e.rule) : Json(nullptr);
      object["kind"] = verdict == LineVerdict::event ? Json(kind_name(e.kind)) : Json(nullptr);
      object["service"] = verdict == LineVerdict::event ? Json(to_string(e.service)) : Json(nullptr);
      object["source"] = e.has_source ? Json(to_string(e.source)) : Json(nullptr);
      object["user"] = e.user.empty() ? Json(nullptr) : Json(escape_hostile(e.user, 200));
      object["time"] = e.time ? Json(format_rfc3339(e.time)) : Json(nullptr);
      object["odd"] = e.odd;
      object["text"] = escape_hostile(line.text, 400);
      fmt::print("{}\n", object.dump(-1, ' ', false, Json::error_handler_t::replace));
      return;
    }
    const std::string rule = verdict == LineVerdict::event ? std::string{e.rule} : verdict == LineVerdict::other ? "(other program)" : "-- none --";
    fmt::print("{:>6}  {:<38} {:<22} {}{}\n", number_, rule, e.has_source ? to_string(e.source) : "-", e.odd ? "[odd] " : "", escape_hostile(line.text, 160));
  }

 private:
  const LogsOptions& options_;
  std::uint64_t number_ = 0;
};

void tell_rules(const LogTally& t) {
  fmt::print("\n");
  std::vector<std::pair<std::string_view, std::uint64_t>> rules(t.rules.begin(), t.rules.end());
  std::stable_sort(rules.begin(), rules.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [rule, n] : rules) fmt::print("{:>10}  {}\n", format_count(n), rule);
  fmt::print("{:>10}  (other program)\n{:>10}  -- none --\n{} lines, {} taken by {} rules, {} suspicious\n", format_count(t.others), format_count(t.unknown),
             format_count(t.lines), format_count(t.events), t.rules.size(), t.odd);
}

// A change of an incident, as it happens.
void tell_incident(const IncidentEvent& event, const LogsOptions& options, const TextStyle& style) {
  const std::string_view what = event.change == IncidentChange::opened ? "opened" : event.change == IncidentChange::closed ? "closed" : "updated";
  if (options.jsonl || options.json) {
    auto object = incident_json(*event.incident);
    object["change"] = what;
    fmt::print("{}\n", object.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print("\n{}  {}\n{}", format_local(wall_clock()), what, text_incident(*event.incident, style));
  }
  std::fflush(stdout);
}

LogsReport report_of(LogPipeline& pipeline, const LogInputs& inputs) {
  LogsReport r;
  for (const auto& source : inputs.sources) r.inputs.push_back({source->name(), source->stats()});
  r.unreadable = inputs.unreadable;
  r.tally = pipeline.tally();
  auto& features = pipeline.features();
  features.logins().for_each([&](const LoginFact& fact) {
    r.logins.push_back(fact);
    r.logins.back().user = {};
  });
  std::stable_sort(r.logins.begin(), r.logins.end(), [](const LoginFact& a, const LoginFact& b) {
    return a.failures != b.failures ? a.failures > b.failures : a.source < b.source;
  });
  features.logins().for_each_user([&](const LogLogins::UserCount& u) { r.users.push_back({u.service, std::string{u.name}, u.failures}); });
  std::stable_sort(r.users.begin(), r.users.end(), [](const auto& a, const auto& b) { return a.failures != b.failures ? a.failures > b.failures : a.name < b.name; });
  r.distinct_users = r.users.size();
  features.packets().for_each([&](const LogScanFact& fact) {
    r.scans.push_back(fact);
    r.scans.back().prefix = {};
  });
  std::stable_sort(r.scans.begin(), r.scans.end(), [](const LogScanFact& a, const LogScanFact& b) { return a.lines != b.lines ? a.lines > b.lines : a.source < b.source; });
  r.requests = features.requests();
  r.evictions = features.evictions();
  r.incidents = pipeline.take_incidents();
  r.interrupted = interrupted();
  return r;
}

void pause_ms(long ms) {
  const timespec pause{ms / 1000, ms % 1000 * 1'000'000};
  ::nanosleep(&pause, nullptr);
}

// Reads on until interrupted; saves the positions every few seconds and at the end.
Result<void> follow(LogPipeline& pipeline, const LogInputs& inputs, const LogsOptions& options) {
  const auto sources = inputs.list();
  TimeNs saved = wall_clock();
  const auto save = [&]() -> Result<void> {
    if (!options.state) return {};
    LogPositions positions;
    for (const auto& source : inputs.sources) source->remember(positions);
    return save_positions(*options.state, positions);
  };
  while (!interrupted()) {
    if (!pipeline.poll(sources)) {
      pipeline.advance(wall_clock() - 5 * kSecond);
      pause_ms(200);
    }
    if (wall_clock() - saved > 5 * kSecond) {
      TRY(save());
      saved = wall_clock();
    }
  }
  pipeline.finish();
  return save();
}

}  // namespace

int run_logs(const LogsOptions& options) {
  const auto config = load_config(options.config);
  if (!config.ok()) return fail(config.error());
  auto publics = networks_of(options.publics, "--public");
  if (!publics.ok()) return fail(publics.error());
  const TimeNs now = wall_clock();
  LogPipelineSettings settings;
  settings.zone = local_zone(now);
  settings.year = options.year;
  for (const auto& [text, option, into] : {std::tuple{&options.since, "--since", &settings.since}, std::tuple{&options.until, "--until", &settings.until}}) {
    if (!*text) continue;
    const auto time = parse_time_word(**text, now, option);
    if (!time.ok()) return fail(time.error());
    *into = time.value();
  }
  if (settings.since && settings.until && settings.since > settings.until) return fail({"--since is later than --until", ErrorKind::usage});
  if (!options.quiet && (settings.since || settings.until))
    fmt::print(stderr, "sekisho: lines {}{}{}\n", settings.since ? "from " + format_local(settings.since) : "", settings.since && settings.until ? " " : "",
               settings.until ? "until " + format_local(settings.until) : "");
  for (const auto& network : *publics) settings.features.publics.push_back(network.base);
  for (const auto& address : config.value().publics) settings.features.publics.push_back(address);
  settings.incidents.forget_closed = options.follow;
  auto pipeline = LogPipeline::make(std::move(settings), config.value());
  if (!pipeline.ok()) return fail(pipeline.error());

  Result<LogPositions> positions = LogPositions{};
  if (options.state) positions = load_positions(*options.state);
  if (!positions.ok()) return fail(positions.error());
  LogInputOptions wanted;
  wanted.names = options.names, wanted.journal = options.journal, wanted.follow = options.follow;
  wanted.predecessors = options.predecessors;
  wanted.since = options.since ? parse_time_word(*options.since, now, "--since").value() : 0;
  if (options.state) wanted.positions = &positions.value();
  // Without a place to go on from and without a time, only what comes is followed.
  wanted.from_end = options.follow && !options.since && !options.predecessors && (!options.state || positions.value().empty());
  auto inputs = open_log_inputs(wanted);
  if (!inputs.ok()) return fail(inputs.error());

  const TextStyle style = terminal_style(STDOUT_FILENO, options.color);
  Severity worst = Severity::info;
  bool any = false;
  (*pipeline)->on_incident = [&](const IncidentEvent& event) {
    worst = std::max(worst, event.incident->severity), any = true;
    if ((options.follow || options.jsonl) && !options.test && !options.show_odd) tell_incident(event, options, style);
  };
  if (options.test || options.show_odd) (*pipeline)->on_line = LineTeller{options};
  catch_interrupts();
  if (options.follow) {
    if (!options.quiet) fmt::print(stderr, "sekisho: following {} log{}; Ctrl-C stops\n", inputs->sources.size(), inputs->sources.size() == 1 ? "" : "s");
    if (auto done = follow(**pipeline, *inputs, options); !done.ok()) return fail(done.error());
  } else {
    (*pipeline)->run(inputs->list(), [] { return interrupted(); });
    (*pipeline)->finish();
    if (options.state) {
      LogPositions after;
      for (const auto& source : inputs->sources) source->remember(after);
      if (auto done = save_positions(*options.state, after); !done.ok()) return fail(done.error());
    }
  }

  const LogsReport report = report_of(**pipeline, *inputs);
  if (options.test) {
    if (!options.json && !options.jsonl) tell_rules(report.tally);
  } else if (!options.show_odd && !options.jsonl) {
    const std::string text = options.json && !options.follow ? logs_json_text(report)
                             : options.csv                    ? logs_csv(report)
                             : options.json                   ? std::string{}
                                                              : logs_text(report, style, static_cast<std::size_t>(std::max(options.top, 0)));
    if (auto done = write_output("-", text); !done.ok()) return fail(done.error());
  }
  for (const auto& sentence : report.unreadable) fmt::print(stderr, "sekisho: {}\n", sentence);
  if (std::fflush(stdout) != 0) return 3;
  if (options.test) return 0;
  Severity fail_on = Severity::medium;
  parse_severity(config.value().analyze.fail_on, fail_on);
  if (options.fail_on) fail_on = *options.fail_on;
  return any && worst >= fail_on ? 1 : 0;
}

}  // namespace sekisho
