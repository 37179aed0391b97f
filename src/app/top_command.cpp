// A page that is drawn anew each second on a terminal, a line a second elsewhere.
#include "app/top_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/incident_line.h"
#include "app/progress.h"
#include "app/rate_graph.h"
#include "app/text_layout.h"
#include "base/text.h"
#include "control/client.h"

namespace sekisho {
namespace {

using nlohmann::json;

double number_of(const json& from, const char* name) {
  const auto at = from.is_object() ? from.find(name) : from.end();
  return from.is_object() && at != from.end() && at->is_number() ? at->get<double>() : 0;
}
json part_of(const json& from, const char* name) {
  const auto at = from.is_object() ? from.find(name) : from.end();
  return from.is_object() && at != from.end() ? *at : json{};
}
std::string text_of(const json& from, const char* name) {
  const auto value = part_of(from, name);
  return value.is_string() ? escape_hostile(value.get<std::string>(), 400) : std::string{};
}

// What was heard so far.
class Screen {
 public:
  explicit Screen(TextStyle style) : style_(style) {}
  void on_snapshot(const json& data) {
    status_ = part_of(data, "status");
    open_.clear();
    if (const auto list = part_of(data, "incidents"); list.is_array())
      for (const auto& i : list) open_[text_of(i, "id")] = i;
  }
  void on_incident(const json& data) {
    const auto incident = part_of(data, "incident");
    const auto id = text_of(incident, "id");
    if (part_of(incident, "ended").is_string())
      open_.erase(id);
    else if (open_.size() < 1024 || open_.contains(id))
      open_[id] = incident;
  }
  void on_second(const json& data) {
    second_ = data;
    for (std::size_t d = 0; d < 2; ++d) {
      rates_[d].push_back(number_of(part_of(data, d ? "egress" : "ingress"), "pps"));
      if (rates_[d].size() > 60) rates_[d].pop_front();
    }
  }

  std::string page() const {
    TextPage page{style_};
    const auto agent = part_of(status_, "agent");
    page.line({{"sekisho top", Ink::bold}, {fmt::format("  {}", text_of(second_, "time").substr(0, 19)), Ink::dim}},
              {"Ctrl-C quits", Ink::dim});
    if (open_.empty())
      page.line({{page.shown("✓ Quiet"), Ink::green_bold}});
    else
      for (const auto& [id, incident] : in_order()) page.line({{shortened(incident_line(incident, style_, ""))}});
    page.blank();
    for (std::size_t d = 0; d < 2; ++d) side(page, d ? "OUT" : "IN", part_of(second_, d ? "egress" : "ingress"), rates_[d]);
    page.entry(0, 6, "lost", Ink::dim, fmt::format("{:.0f} packets in the last second", number_of(second_, "dropped")));
    return page.take();
  }
  std::string line() const {
    const auto in = part_of(second_, "ingress"), out = part_of(second_, "egress");
    return fmt::format("{}  in {} {}  out {} {}  {} open  {:.0f} lost\n", text_of(second_, "time").substr(0, 19),
                       format_rate_pps(number_of(in, "pps")), format_rate_bps(number_of(in, "bps")), format_rate_pps(number_of(out, "pps")),
                       format_rate_bps(number_of(out, "bps")), open_.size(), number_of(second_, "dropped"));
  }

 private:
  // The newest eight.
  std::vector<std::pair<std::string, json>> in_order() const {
    std::vector<std::pair<std::string, json>> list(open_.rbegin(), open_.rend());
    if (list.size() > 8) list.resize(8);
    return list;
  }
  static std::string shortened(std::string line) {
    if (!line.empty() && line.back() == '\n') line.pop_back();
    return line;
  }
  void side(TextPage& page, std::string_view name, const json& side, const std::deque<double>& rates) const {
    const double most = rates.empty() ? 0 : *std::max_element(rates.begin(), rates.end());
    const auto rows = draw_blocks({rates.begin(), rates.end()}, most, 1, style_.utf8);
    const double normal = number_of(side, "normal_pps");
    page.line({{fmt::format("{:<4}", name), Ink::bold},
               {fmt::format("{:>10} {:>10}  ", format_rate_pps(number_of(side, "pps")), format_rate_bps(number_of(side, "bps")))},
               {rows.empty() ? std::string{} : rows.front()},
               {normal >= 1 ? fmt::format("  normal {}", format_rate_pps(normal)) : std::string{}, Ink::dim}});
    std::vector<std::pair<double, std::string>> classes;
    double all = 0;
    if (const auto named = part_of(side, "classes"); named.is_object())
      for (const auto& [key, value] : named.items())
        classes.emplace_back(number_of(value, "packets"), escape_hostile(key, 40)), all += classes.back().first;
    std::sort(classes.rbegin(), classes.rend());
    std::string mix;
    for (std::size_t i = 0; i < std::min<std::size_t>(classes.size(), 5); ++i)
      mix += fmt::format("{}{} {:.0f} %", i ? ", " : "", classes[i].second, classes[i].first / all * 100);
    page.entry(4, 0, "", Ink::none, mix.empty() ? "nothing" : mix, Ink::dim);
  }

  const TextStyle style_;
  json status_, second_;
  std::map<std::string, json> open_;
  std::deque<double> rates_[2];
};

}  // namespace

int run_top(const TopCommand& command) {
  const auto config = load_config(command.read.config);
  if (!config.ok()) return fail(config.error());
  auto client = ControlClient::connect(config.value().control.socket);
  if (!client.ok()) return fail(client.error());
  if (auto done = client.value()->subscribe(); !done.ok()) return fail(done.error());
  const bool draws = !command.read.json && ::isatty(STDOUT_FILENO) == 1;
  Screen screen{terminal_style(STDOUT_FILENO, command.color)};
  catch_interrupts();
  for (std::uint64_t seconds = 0; !interrupted() && seconds < command.seconds.value_or(~0ULL);) {
    const auto line = client.value()->next(std::chrono::milliseconds{500});
    if (!line.ok()) return interrupted() ? 0 : fail(line.error());
    if (!line.value()) continue;
    const auto event = json::parse(*line.value(), nullptr, false);
    const auto name = text_of(event, "event");
    const auto data = part_of(event, "data");
    if (name == "snapshot") screen.on_snapshot(data);
    if (name == "incident") screen.on_incident(data);
    if (name != "second") continue;
    screen.on_second(data);
    ++seconds;
    if (command.read.json)
      fmt::print("{}\n", data.dump(-1, ' ', false, json::error_handler_t::replace));
    else if (draws)
      fmt::print("\033[H\033[J{}", screen.page());
    else
      fmt::print("{}", screen.line());
    if (std::fflush(stdout) != 0) return 3;
  }
  return 0;
}

}  // namespace sekisho
