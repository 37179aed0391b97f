// Rates, sizes and composition over time, questions in words, SQL; as text, CSV or JSON.
#include "app/query_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "app/answer_table.h"
#include "app/command.h"
#include "app/query_run.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

constexpr DurationNs kHour = 60 * kMinute;
constexpr std::array<DurationNs, 11> kSteps{kSecond,      10 * kSecond, 30 * kSecond, kMinute,    5 * kMinute,   10 * kMinute,
                                            30 * kMinute, kHour,        6 * kHour,    24 * kHour, 7 * 24 * kHour};

Result<DurationNs> step_of(const QueryCommand& command, const TimeRange& range) {
  if (command.step) {
    const auto length = parse_length(*command.step);
    if (!length)
      return Error{fmt::format("--step '{}' is no length of time; write 1s, 10s, 1m or 1h", escape_hostile(*command.step, 40)),
                   ErrorKind::usage};
    return *length;
  }
  if (command.read.json || command.csv) return 0;
  for (const auto step : kSteps)
    if ((range.until - range.since) / step <= 60) return step;
  return kSteps.back();
}

struct Side {
  double pps = 0, peak_pps = 0, bps = 0, bytes_per_packet = 0, normal_pps = 0, threshold_pps = 0;
};
Side side_of(const TrafficPoint& p, Direction direction) {
  const auto& s = p.sides[static_cast<std::size_t>(direction)];
  const double seconds = std::max<std::uint32_t>(p.seconds, 1);
  const auto packets = static_cast<double>(s.packets), bytes = static_cast<double>(s.bytes);
  return {packets / seconds, s.peak_pps, bytes * 8 / seconds, s.packets ? bytes / packets : 0, s.normal_pps, s.threshold_pps};
}

double rounded(double v) { return std::round(v * 10) / 10; }

Json side_json(const Side& s) {
  return {{"pps", rounded(s.pps)},
          {"peak_pps", rounded(s.peak_pps)},
          {"bps", rounded(s.bps)},
          {"bytes_per_packet", rounded(s.bytes_per_packet)},
          {"normal_pps", rounded(s.normal_pps)},
          {"threshold_pps", rounded(s.threshold_pps)}};
}

std::string traffic_text(const TrafficSeries& series, const std::vector<Direction>& directions) {
  std::string out = fmt::format("{:<19}", "TIME");
  for (const auto d : directions) {
    const auto name = d == Direction::ingress ? "IN" : "OUT";
    out += fmt::format("  {:>11} {:>11} {:>11} {:>9}", fmt::format("{} mean", name), "peak", "bits", "B/packet");
  }
  out += "   lost\n";
  for (const auto& p : series.points) {
    out += format_local(p.time).substr(0, 19);
    for (const auto d : directions) {
      const auto s = side_of(p, d);
      out += fmt::format("  {:>11} {:>11} {:>11} {:>9.0f}", format_rate_pps(s.pps), format_rate_pps(s.peak_pps), format_rate_bps(s.bps),
                         s.bytes_per_packet);
    }
    out += fmt::format("  {:>5}\n", p.dropped);
  }
  return out;
}

std::string traffic_csv(const TrafficSeries& series, const std::vector<Direction>& directions) {
  std::string out = "time,seconds";
  for (const auto d : directions)
    for (const auto* column : {"packets", "bytes", "peak_pps", "bytes_per_packet", "normal_pps", "threshold_pps"})
      out += fmt::format(",{}_{}", to_string(d), column);
  out += ",dropped\n";
  for (const auto& p : series.points) {
    out += fmt::format("{},{}", format_rfc3339(p.time), p.seconds);
    for (const auto d : directions) {
      const auto& s = p.sides[static_cast<std::size_t>(d)];
      out += fmt::format(",{},{},{:.1f},{:.1f},{:.1f},{:.1f}", s.packets, s.bytes, s.peak_pps, side_of(p, d).bytes_per_packet, s.normal_pps,
                         s.threshold_pps);
    }
    out += fmt::format(",{}\n", p.dropped);
  }
  return out;
}

Json traffic_json(const TrafficSeries& series, const std::vector<Direction>& directions) {
  Json points = Json::array();
  for (const auto& p : series.points) {
    Json point{{"time", format_rfc3339(p.time)}, {"seconds", p.seconds}};
    for (const auto d : directions) point[std::string{to_string(d)}] = side_json(side_of(p, d));
    point["dropped"] = p.dropped;
    points.push_back(std::move(point));
  }
  return points;
}

int print_traffic(const QueryCommand& command, History& history, DurationNs step, const std::vector<Direction>& directions) {
  const auto series = history.reader->traffic(history.range.since, history.range.until, step);
  if (!series.ok()) return fail(series.error());
  const auto& s = series.value();
  if (command.read.json)
    fmt::print("{}\n", Json{{"schema", 1}, {"step_s", s.step / kSecond}, {"points", traffic_json(s, directions)}}.dump());
  else if (command.csv)
    fmt::print("{}", traffic_csv(s, directions));
  else if (s.points.empty())
    fmt::print("No traffic is recorded between {} and {}.\n", format_local(history.range.since), format_local(history.range.until));
  else
    fmt::print("{}", traffic_text(s, directions));
  return std::fflush(stdout) == 0 ? 0 : 3;
}

int print_classes(const QueryCommand& command, History& history, DurationNs step, const std::vector<Direction>& directions) {
  const auto rows = history.reader->classes(history.range.since, history.range.until, step);
  if (!rows.ok()) return fail(rows.error());
  Json list = Json::array();
  std::string text = fmt::format("{:<19}  {:<8} {:<28} {:>14} {:>12}\n", "TIME", "", "CLASS", "PACKETS", "BYTES"),
              csv = "time,direction,class,packets,bytes\n";
  for (const auto& row : rows.value()) {
    if (std::find(directions.begin(), directions.end(), row.direction) == directions.end()) continue;
    if (command.traffic_class && row.traffic_class != *command.traffic_class) continue;
    if (command.read.json)
      list.push_back({{"time", format_rfc3339(row.time)},
                      {"direction", to_string(row.direction)},
                      {"class", row.traffic_class},
                      {"packets", row.packets},
                      {"bytes", row.bytes}});
    else if (command.csv)
      csv += fmt::format("{},{},{},{},{}\n", format_rfc3339(row.time), to_string(row.direction), row.traffic_class, row.packets, row.bytes);
    else
      text += fmt::format("{}  {:<8} {:<28} {:>14} {:>12}\n", format_local(row.time).substr(0, 19), to_string(row.direction),
                          row.traffic_class, format_count(row.packets), format_bytes(row.bytes));
  }
  fmt::print("{}", command.read.json ? Json{{"schema", 1}, {"classes", std::move(list)}}.dump() + "\n" : command.csv ? csv : text);
  return std::fflush(stdout) == 0 ? 0 : 3;
}

int run_series(const QueryCommand& command, bool classes) {
  auto history = open_history(command.read, kHour);
  if (!history.ok()) return fail(history.error());
  const auto step = step_of(command, history->range);
  if (!step.ok()) return fail(step.error());
  std::vector<Direction> directions{Direction::ingress, Direction::egress};
  if (command.direction) directions = {*command.direction == "egress" ? Direction::egress : Direction::ingress};
  return classes ? print_classes(command, *history, step.value(), directions) : print_traffic(command, *history, step.value(), directions);
}

int print(const QueryCommand& command, const AnswerTable& table, const std::string& notes) {
  fmt::print("{}", command.read.json ? table.json() : command.csv ? table.csv() : table.text());
  if (!notes.empty() && !command.read.quiet) fmt::print(stderr, "sekisho: {}\n", notes);
  return std::fflush(stdout) == 0 ? 0 : 3;
}

int run_sql(const QueryCommand& command) {
  auto history = open_history(command.read, kHour);
  if (!history.ok()) return fail(history.error());
  constexpr std::size_t kRows = 100'000;
  auto answer = history->reader->sql(*command.sql, {kRows, command.timeout_s * kSecond});
  if (!answer.ok()) return fail(answer.error());
  AnswerTable table;
  table.columns = std::move(answer->columns), table.rows = std::move(answer->rows);
  return print(command, table, answer->cut ? fmt::format("only the first {} rows are shown", format_count(kRows)) : "");
}

// The time may be said in the sentence or as an option, not both.
Result<void> join_time(std::optional<std::string>& said, const std::optional<std::string>& option, std::string_view name) {
  if (said && option) return Error{fmt::format("'{}' is said twice: in the query and as --{}", name, name), ErrorKind::usage};
  if (!said) said = option;
  return {};
}

int run_words(const QueryCommand& command) {
  std::string text;
  for (const auto& word : command.words) text += (text.empty() ? "" : " ") + word;
  auto query = parse_query(text);
  if (!query.ok()) return fail(query.error());
  auto options = command.read;
  if (const auto done = join_time(query->since, options.since, "since"); !done.ok()) return fail(done.error());
  if (const auto done = join_time(query->until, options.until, "until"); !done.ok()) return fail(done.error());
  options.since = options.until = std::nullopt;
  if (command.step || command.direction || command.traffic_class)
    return fail({"--step, --direction and --class are for the series alone: say 'over 10m', 'where direction = egress'", ErrorKind::usage});
  auto ready = prepare_query(query.value(), wall_clock());
  if (!ready.ok()) return fail(ready.error());
  auto history = open_history(options, kHour);
  if (!history.ok()) return fail(history.error());
  if (!options.quiet) fmt::print(stderr, "sekisho: from {} to {}\n", format_local(ready->range.since), format_local(ready->range.until));
  auto answer = answer_query(*history->reader, ready.value(), !command.read.json && !command.csv);
  if (!answer.ok()) return fail(answer.error());
  AnswerTable table;
  table.columns = std::move(answer->columns), table.rows = std::move(answer->rows), table.numeric = std::move(answer->numeric);
  table.facts = {{"since", format_rfc3339(ready->range.since)},
                 {"until", format_rfc3339(ready->range.until)},
                 {"matched", static_cast<std::int64_t>(answer->matched)},
                 {"more", static_cast<std::int64_t>(answer->cut)}};
  return print(command, table, answer->cut ? "there is more: 'top N' shows as many as you say" : "");
}

}  // namespace

int run_query(const QueryCommand& command) {
  if (command.sql) {
    if (command.words.empty()) return run_sql(command);
    return fail({"--sql stands alone, without further words", ErrorKind::usage});
  }
  if (command.words.empty()) return run_series(command, false);
  if (command.words.size() == 1 && (command.words[0] == "traffic" || command.words[0] == "classes"))
    return run_series(command, command.words[0] == "classes");
  return run_words(command);
}

}  // namespace sekisho
