// The agent's status for people; without an agent what the store says.
#include "app/status_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/json_parts.h"
#include "app/text_layout.h"
#include "base/text.h"
#include "control/client.h"

namespace sekisho {
namespace {

using nlohmann::json;

// Members that are missing or of another type are empty: the agent may be of another version.
std::string joined(const json& list) {
  std::string out;
  if (list.is_array())
    for (const auto& one : list)
      if (one.is_string()) out += (out.empty() ? "" : ", ") + escape_hostile(one.get<std::string>(), 80);
  return out;
}

std::string side_text(const json& side) {
  const double normal = number_of(side, "normal_pps");
  return fmt::format("{} {}{}, {:.0f} B/packet", format_rate_pps(number_of(side, "pps")), format_rate_bps(number_of(side, "bps")),
                     normal >= 1 ? fmt::format(" (normal {})", format_rate_pps(normal)) : std::string{},
                     number_of(side, "bytes_per_packet"));
}

struct Sign {
  std::string_view sign;
  Ink ink;
};
Sign sign_of(const std::string& state) {
  if (state == "taking_part") return {"■", Ink::red_reverse};
  if (state == "attacked") return {"▲", Ink::red_bold};
  if (state == "guessed" || state == "scanned") return {"●", Ink::yellow_bold};
  if (state == "noted") return {"○", Ink::cyan_bold};
  return {"✓", Ink::green_bold};
}

void baseline_lines(TextPage& page, const json& status) {
  const auto baseline = part_of(status, "baseline");
  page.rule("baseline");
  if (!baseline.is_array() || baseline.empty())
    return page.entry(2, 0, "", Ink::none, "nothing learned yet: the floors of the detectors decide");
  for (const auto& row : baseline)
    page.entry(
        2, 40,
        fmt::format("{} {} IPv{} {}", text_of(row, "direction"), text_of(row, "class"), count_of(row, "family"), text_of(row, "subject")),
        Ink::dim,
        fmt::format("now {}, normal {}, remarkable above {}: {}", format_rate_pps(number_of(row, "pps")),
                    format_rate_pps(number_of(row, "normal_pps")), format_rate_pps(number_of(row, "threshold_pps")), text_of(row, "why")));
}

std::string as_text(const json& status, bool baseline, const TextStyle& style) {
  TextPage page{style};
  const auto agent = part_of(status, "agent"), verdict = part_of(status, "verdict"), capture = part_of(status, "capture");
  const auto traffic = part_of(status, "traffic"), store = part_of(status, "store"), total = part_of(traffic, "total");
  const auto fact = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) page.entry(2, 10, name, Ink::dim, text);
  };
  page.line({{page.shown("● "), Ink::green_bold},
             {fmt::format("agent running {}", format_duration(static_cast<DurationNs>(number_of(agent, "uptime_s") * kSecond))), Ink::bold},
             {fmt::format("  v{}  pid {}  cpu {:.1f} %  rss {}", text_of(agent, "version"), count_of(agent, "pid"),
                          number_of(agent, "cpu_percent"), format_bytes(count_of(agent, "memory_bytes")))}});
  const auto sign = sign_of(text_of(verdict, "state"));
  page.entry(0, 2, page.shown(sign.sign), sign.ink,
             text_of(verdict, "sentence") + (text_of(verdict, "also").empty() ? "" : " " + text_of(verdict, "also")), Ink::bold);
  if (const auto incidents = part_of(verdict, "incidents"); incidents.is_array())
    for (const auto& one : incidents)
      page.entry(2, 10, "", Ink::none, fmt::format("{}  {}  {}", text_of(one, "short"), text_of(one, "severity"), text_of(one, "title")));
  fact("capture",
       fmt::format("{} on {} for {}", text_of(capture, "mode"), joined(part_of(capture, "interfaces")), joined(part_of(capture, "local"))));
  fact("loss", fmt::format("{} of {} packets{}", format_count(count_of(total, "dropped")),
                           format_count(count_of(total, "packets_in") + count_of(total, "packets_out")),
                           number_of(capture, "sampling") > 1 ? fmt::format("; one of {} sampled", count_of(capture, "sampling"))
                                                              : "; none sampled out"));
  if (const auto degraded = part_of(capture, "degraded"); degraded.is_boolean())
    fact("degraded", degraded.get<bool>() ? "yes: shares and sources are less certain than usual; the lines of health say why" : "no");
  if (traffic.is_object()) {
    fact("in", side_text(part_of(traffic, "ingress")));
    fact("out", side_text(part_of(traffic, "egress")));
  }
  if (const auto block = part_of(status, "block"); block.is_object())
    fact("block", fmt::format("mode {}: {} in force, {} suggested; {} addresses and networks are never blocked", text_of(block, "mode"),
                              format_count(count_of(block, "in_force")), format_count(count_of(block, "suggested")),
                              format_count(count_of(block, "never"))));
  const auto since = parse_rfc3339(text_of(store, "history_since"));
  fact("store", fmt::format("{}{}, {} incidents{}", text_of(store, "path"),
                            count_of(store, "bytes") ? ", " + format_bytes(count_of(store, "bytes")) : std::string{},
                            format_count(count_of(store, "incidents")),
                            since ? fmt::format(", history of {}", format_duration(wall_clock() - *since)) : std::string{}));
  const auto alerts = part_of(status, "alerts");
  if (const auto channels = part_of(alerts, "channels"); channels.is_array() && !channels.empty()) {
    std::string text;
    for (const auto& c : channels) {
      const auto last = parse_rfc3339(text_of(c, "last_sent"));
      text += fmt::format("{}{} {}", text.empty() ? "" : " · ", text_of(c, "name"),
                          !text_of(c, "problem").empty() ? fmt::format("fails, {} waiting", count_of(c, "waiting"))
                          : last                         ? "ok " + format_local(*last).substr(11, 8)
                                                         : "nothing sent yet");
    }
    if (const auto silences = count_of(alerts, "silences"))
      text += fmt::format(" · {} {}", silences, silences == 1 ? "silence" : "silences");
    fact("alerts", text);
  }
  if (count_of(store, "evidence_files"))
    fact("evidence",
         fmt::format("{} files, {}", format_count(count_of(store, "evidence_files")), format_bytes(count_of(store, "evidence_bytes"))));
  if (baseline) baseline_lines(page, status);
  page.line({{"# Health", Ink::bold}});
  const auto health = part_of(status, "health");
  if (!health.is_array() || health.empty()) page.entry(2, 2, page.shown("✓"), Ink::green_bold, "all is well");
  if (health.is_array())
    for (const auto& line : health)
      page.entry(2, 2, "!", Ink::yellow_bold,
                 fmt::format("{}: {} – {}", text_of(line, "part"), text_of(line, "what"), text_of(line, "remedy")));
  return page.take();
}

int without_agent(const StatusCommand& command, const Config& config, const Error& why) {
  auto reader = open_store_reader(config.store.path);
  const auto facts = reader.ok() ? reader.value()->facts() : Result<StoreFacts>{reader.error()};
  if (command.read.json) {
    json out{{"schema", 1},
             {"agent", nullptr},
             {"store", nullptr},
             {"health", json::array({{{"part", "agent"}, {"what", why.message}, {"remedy", "sudo systemctl start sekisho"}}})}};
    if (facts.ok())
      out["store"] = {{"path", facts.value().path},
                      {"bytes", facts.value().bytes},
                      {"incidents", facts.value().incidents},
                      {"open_incidents", facts.value().open_incidents}};
    fmt::print("{}\n", out.dump(-1, ' ', false, json::error_handler_t::replace));
    return 3;
  }
  fmt::print(stderr, "sekisho: {}\n", why.message);
  if (facts.ok() && facts.value().last_second)
    fmt::print("The store {} ends at {}: {} incidents, {} of them open, {}. 'sekisho incidents' lists them.\n",
               escape_hostile(facts.value().path), format_local(*facts.value().last_second), format_count(facts.value().incidents),
               facts.value().open_incidents, format_bytes(facts.value().bytes));
  return 3;
}

}  // namespace

int run_status(const StatusCommand& command) {
  const auto config = load_config(command.read.config);
  if (!config.ok()) return fail(config.error());
  auto client = ControlClient::connect(config.value().control.socket);
  if (!client.ok()) return without_agent(command, config.value(), client.error());
  const auto answer = client.value()->ask("status");
  if (!answer.ok()) return fail(answer.error());
  const auto status = json::parse(answer.value(), nullptr, false);
  const auto state = text_of(part_of(status, "verdict"), "state");
  const auto health = part_of(status, "health");
  if (command.read.json)
    fmt::print("{}\n", answer.value());
  else
    fmt::print("{}", as_text(status, command.baseline, terminal_style(STDOUT_FILENO, command.color)));
  if (std::fflush(stdout) != 0) return 3;
  return state == "attacked" || state == "taking_part" || (health.is_array() && !health.empty()) ? 1 : 0;
}

}  // namespace sekisho
