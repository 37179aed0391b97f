// What the store has, and what the running agent sees.
#include "app/show_address.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/address_story.h"
#include "app/address_story_json.h"
#include "app/command.h"
#include "base/text.h"
#include "control/client.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
constexpr DurationNs kReach = 30LL * 24 * 3600 * kSecond;

// The agent, when it runs.
Ask ask_agent(const Config& config) {
  if (agent_is_absent(config.control.socket)) return {};
  auto client = ControlClient::connect(config.control.socket);
  if (!client.ok()) return {};
  return [agent = std::shared_ptr{std::move(client).value()}](const std::string& verb, const std::string& with) {
    return agent->ask(verb, with);
  };
}

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", format_count(n), n == 1 ? one : many);
}

std::string as_text(const AddressStory& story, const Json& connections) {
  std::string out = fmt::format("{} since {}: {}, {}, {}{}\n", to_string(story.network), format_local(story.range.since).substr(0, 19),
                                counted(story.incidents, "incident", "incidents"), counted(story.scan_hits, "probe", "probes"),
                                counted(story.failures, "failed login", "failed logins"),
                                story.successes ? fmt::format(", {} that SUCCEEDED", format_count(story.successes)) : "");
  for (const auto& b : story.blocks)
    out += fmt::format("{} {} until {}\n", escape_hostile(b.network, 64), b.suggested ? "is suggested for the block list" : "is BLOCKED",
                       format_local(b.expires).substr(0, 19));
  for (const auto& row : connections) {
    out += "now connected:";
    for (const auto& [name, value] : row.items())
      if (value.is_string() && !value.get_ref<const std::string&>().empty())
        out += fmt::format(" {}", escape_hostile(value.get_ref<const std::string&>(), 200));
    out += "\n";
  }
  out += "\n";
  if (story.entries.empty())
    return out + fmt::format("Nothing is recorded of it since {}; --since reaches further back.\n", format_local(story.range.since));
  if (story.cut)
    out += fmt::format("Only the newest {} entries; a later --since shows fewer, an earlier --until those before.\n",
                       format_count(story.entries.size()));
  for (const auto& e : story.entries)
    out += fmt::format("{}  {:<8}  {}{}\n", format_local(e.time).substr(0, 19), e.what, e.text,
                       e.incident.empty() ? "" : "  " + escape_hostile(e.incident, 40));
  return out;
}

}  // namespace

int show_address(const ShowCommand& command, const Network& network) {
  if (!command.bundle.empty() || command.abuse_reply)
    return fail({"--bundle and --abuse-reply belong to an incident: sekisho show ID", ErrorKind::usage});
  auto history = open_history(command.read, kReach);
  if (!history.ok()) return fail(history.error());
  const auto story = tell_story(*history->reader, network, history->range);
  if (!story.ok()) return fail(story.error());
  const auto connections = connections_of(network, ask_agent(history->config));
  fmt::print("{}", command.read.json ? story_json(story.value(), connections).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
                                     : as_text(story.value(), connections));
  return std::fflush(stdout) == 0 ? 0 : 3;
}

}  // namespace sekisho
