// Text out; or one transaction on trial, with the record and the confirmation of containments.
#include "app/rules_command.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/config.h"
#include "app/contain_log.h"
#include "app/rules_state.h"
#include "app/time_words.h"
#include "base/text.h"
#include "response/nft.h"
#include "response/rules_text.h"
#include "response/session.h"
#include "store/store.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

Error usage(std::string message) { return {std::move(message), ErrorKind::usage}; }

Result<std::string> new_rules_id() {
  constexpr std::string_view letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::uint8_t bytes[6];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return Error{"the kernel gives no random numbers"};
  std::string id = "R";
  for (const auto b : bytes) id += letters[b & 31];
  return id;
}

Result<RulesPlan> plan_of(const RulesCommand& c, const Config& config) {
  RulesPlan plan;
  plan.ports = c.ports;
  if (plan.ports.empty())
    for (const auto& text : config.response.ports) {
      const auto port = std::strtoul(text.c_str(), nullptr, 10);
      if (port == 0 || port > 65'535) return usage(fmt::format("'{}' in 'ports' of [response] is no port", escape_hostile(text, 40)));
      plan.ports.push_back(static_cast<std::uint16_t>(port));
    }
  std::sort(plan.ports.begin(), plan.ports.end());
  plan.ports.erase(std::unique(plan.ports.begin(), plan.ports.end()), plan.ports.end());
  std::erase(plan.ports, 0);
  if (plan.ports.empty()) return usage("which ports? --port 23, or [response] ports");
  return plan;
}

Result<int> install(const RulesCommand& c, const Config& config) {
  auto plan = TRY(plan_of(c, config));
  const auto trial_s = config.response.confirm_within.count / 1000;
  if (trial_s > 0) {
    plan.id = TRY(new_rules_id());
    plan.trial_s = trial_s;
  }
  const auto batch = rules_nft(plan);
  Nft nft;
  TRY(nft.check(batch));
  if (!c.yes && !isatty(STDIN_FILENO)) return usage("this changes the firewall: --yes to do it, 'sekisho rules print' to see it");
  if (!c.yes) {
    fmt::print(stderr, "{}\nInstall these rules? [y/N] ", batch);
    std::fflush(stderr);
    std::string answer;
    if (!std::getline(std::cin, answer) || (answer != "y" && answer != "Y" && answer != "yes"))
      return fmt::print(stderr, "Nothing was changed.\n"), 0;
  }
  const auto session = current_session();
  ContainRecord record;
  record.id = plan.id.empty() ? std::string{"RULES"} : plan.id;
  record.target = fmt::format("table {}", kRulesTable), record.for_s = trial_s;
  TRY(append_contain_event(config.contain.log, "started", record, session, batch));
  if (auto done = nft.apply(batch); !done.ok()) {
    static_cast<void>(append_contain_event(config.contain.log, "failed", record, session, done.error().message));
    return done.error();
  }
  if (trial_s > 0)
    fmt::print("installed, on trial: within {} confirm it from a NEW connection, or it ends by itself:\n  sekisho rules confirm\n",
               format_duration(trial_s * kSecond));
  else
    fmt::print("installed: the table inet {} counts, logs and remembers scans to {} ports\n", kRulesTable, plan.ports.size());
  return 0;
}

Result<int> confirm(const Config& config) {
  Nft nft;
  const auto state = TRY(read_rules(nft));
  if (!state.installed) return fmt::print(stderr, "sekisho: no rules are installed\n"), 1;
  if (state.endless) return fmt::print("the rules were confirmed already\n"), 0;
  if (state.left_s == 0) return fmt::print(stderr, "sekisho: the trial is over: install them again\n"), 1;
  const auto records = TRY(read_contain_log(config.contain.log));
  const auto found = records.find(state.id);
  const auto record = found == records.end() ? ContainRecord{.id = state.id} : found->second;
  const auto session = current_session();
  if (found != records.end())
    if (const auto why = why_not_new(session, record.ssh, record.session_id, record.started / kSecond))
      return Error{fmt::format("{}; open a new connection (ssh, or another terminal) and confirm there", *why)};
  const auto batch = rules_confirm_batch();
  TRY(append_contain_event(config.contain.log, "confirmed", record, session, batch));
  TRY(nft.apply(batch));
  fmt::print("the rules are confirmed: they stay until 'sekisho rules remove' or a restart of the machine\n");
  return 0;
}

Result<int> remove(const Config& config) {
  Nft nft;
  const auto state = TRY(read_rules(nft));
  if (!state.installed) return fmt::print(stderr, "sekisho: no rules are installed\n"), 1;
  const auto batch = rules_remove_batch();
  ContainRecord record;
  record.id = state.id.empty() ? std::string{"RULES"} : state.id, record.target = fmt::format("table {}", kRulesTable);
  TRY(append_contain_event(config.contain.log, "released", record, current_session(), batch));
  TRY(nft.apply(batch));
  fmt::print("the rules are removed\n");
  return 0;
}

std::string_view phase(const RulesState& s) {
  return !s.installed ? "not installed" : s.endless ? "in force" : s.left_s ? "on trial" : "rolled back";
}

struct Minutes {
  std::map<TimeNs, std::uint64_t> sums;
  std::map<std::uint16_t, std::uint64_t> ports;
};
// What the agent kept of the counters.
Result<Minutes> history(const RulesCommand& c, const Config& config) {
  Minutes m;
  if (!c.since) return m;
  const auto now = wall_clock();
  const auto since = TRY(parse_time_word(*c.since, now, "--since"));
  auto reader = TRY(open_store_reader(config.store.path));
  const auto rows = TRY(reader->port_counts(since, now));
  for (const auto& row : rows) m.sums[row.time] += row.packets, m.ports[row.port] += row.packets;
  return m;
}

Result<int> status(const RulesCommand& c, const Config& config) {
  const auto past = TRY(history(c, config));
  Nft nft;
  const auto state = TRY(read_rules(nft));
  if (c.json) {
    Json ports = Json::object();
    for (const auto& [port, packets] : state.ports) ports[std::to_string(port)] = packets;
    Json minutes = Json::array();
    for (const auto& [time, packets] : past.sums) minutes.push_back({{"time", format_rfc3339(time)}, {"packets", packets}});
    fmt::print("{}\n", Json({{"schema", 1},
                             {"phase", phase(state)},
                             {"trial_left_s", state.left_s},
                             {"ports", std::move(ports)},
                             {"minutes", std::move(minutes)}})
                           .dump(2));
    return state.installed ? 0 : 1;
  }
  fmt::print("{}{}\n", phase(state),
             state.left_s && !state.endless ? fmt::format(": ends in {} unless confirmed", format_duration(state.left_s * kSecond)) : "");
  for (const auto& [port, packets] : state.ports) fmt::print("  {:>5}/tcp  {} SYNs\n", port, format_count(packets));
  for (const auto& [time, packets] : past.sums) fmt::print("  {}  {} SYNs\n", format_datetime(time), format_count(packets));
  return state.installed ? 0 : 1;
}

Result<int> run(const RulesCommand& c) {
  const Config config = TRY(load_config(c.config));
  if (c.action == "install") return install(c, config);
  if (c.action == "confirm") return confirm(config);
  if (c.action == "remove") return remove(config);
  if (c.action == "status") return status(c, config);
  const auto plan = TRY(plan_of(c, config));
  fmt::print("{}", c.format == "iptables" ? rules_iptables(plan) : c.format == "ipset" ? rules_ipset(plan) : rules_nft(plan));
  return std::fflush(stdout) == 0 ? 0 : 3;
}

}  // namespace

int run_rules(const RulesCommand& command) {
  const auto done = run(command);
  return done.ok() ? done.value() : fail(done.error());
}

}  // namespace sekisho
