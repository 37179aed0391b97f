// From the command line to a plan, a preview, a record, a transaction; and from the kernel's tables to a list.
#include "app/contain_command.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/config.h"
#include "app/contain_log.h"
#include "base/text.h"
#include "input/interfaces.h"
#include "response/cgroup_path.h"
#include "response/contain_tables.h"
#include "response/session.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::int64_t kShortestS = 60, kLongestS = 30LL * 86'400;

Error usage(std::string message) { return {std::move(message), ErrorKind::usage}; }

Result<std::int64_t> duration_s(const std::string& text) {
  const FieldInfo field{"--for", "duration", std::int64_t{0}, kShortestS * 1000.0, kLongestS * 1000.0, ""};
  const auto value = convert_setting("contain", field, {text, "--for"});
  if (text.empty()) return usage("for how long? --for 1h (from 1m to 30d)");
  if (!value.ok()) return usage(fmt::format("--for '{}' is no duration from 1m to 30d, such as 30m, 1h, 2d", escape_hostile(text, 40)));
  return std::get<std::int64_t>(value.value()) / 1000;
}

Result<std::string> new_id() {
  constexpr std::string_view letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::uint8_t bytes[6];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return Error{"the kernel gives no random numbers"};
  std::string id;
  for (const auto b : bytes) id += letters[b & 31];
  return id;
}

std::string endpoint(const ManagementPeer& p) { return fmt::format("{} (from port {} here)", to_string(p.address), p.local_port); }

struct Prepared {
  ContainPlan plan;
  ContainRecord record;
  std::vector<std::string> notes;
};

// Processes in another network namespace send past this one's rules.
Result<void> check_network(const RootedFolder& files, const CgroupPlace& place, std::vector<std::string>& notes) {
  const auto own = files.link_text("/proc/self/ns/net");
  std::int64_t foreign = 0;
  std::size_t count = 0;
  for (const auto pid : place.processes)
    if (const auto ns = files.link_text(fmt::format("/proc/{}/ns/net", pid)); ns.ok() && own.ok() && ns.value() != own.value())
      foreign = pid, ++count;
  if (count == 0) return {};
  const auto there = fmt::format("nsenter -t {} -n sekisho contain --cgroup {}", foreign, place.path);
  if (count == place.processes.size())
    return Error{fmt::format("its processes have a network of their own (a container), where rules of the host do not reach: {}", there)};
  notes.push_back(fmt::format("{} of its {} processes have a network of their own; for these: {}", count, place.processes.size(), there));
  return {};
}

Result<Prepared> prepare(const ContainCommand& c, const Session& session) {
  const int targets = c.unit.has_value() + c.cgroup.has_value() + c.uid.has_value() + c.host;
  if (targets != 1) return usage("say one of --unit U, --cgroup PATH, --uid N, --host");
  Prepared p;
  p.record.for_s = TRY(duration_s(c.duration));
  p.plan.allow = TRY(networks_of(c.allow, "--allow"));
  p.plan.id = TRY(new_id());
  const auto files = TRY(RootedFolder::open("/"));
  if (c.uid) {
    p.plan.kind = ContainKind::uid;
    p.plan.uid = *c.uid;
    p.record.target = fmt::format("uid {}", *c.uid);
    if (*c.uid == 0) p.notes.emplace_back("uid 0 is also the system's own programs: names, updates and time stop as well");
  } else if (c.host) {
    p.plan.kind = ContainKind::host;
    p.plan.devices = default_interfaces();
    p.record.target = "host";
    p.notes.emplace_back("names, updates, time and backups stop as well, unless --allow keeps them");
  } else {
    const auto place = TRY(c.unit ? find_unit(files, *c.unit) : find_cgroup(files, *c.cgroup));
    p.plan.kind = ContainKind::cgroup;
    p.plan.cgroup = place.nft_path;
    p.plan.cgroup_level = place.level;
    p.record.target = fmt::format("cgroup {}", escape_hostile(place.path));
    p.notes.push_back(fmt::format(
        "{} processes are in it; if it is stopped and started anew, its cgroup is another: systemctl mask --runtime, or contain its uid",
        place.processes.size()));
    TRY(check_network(files, place, p.notes));
  }
  if (p.plan.kind != ContainKind::host)
    p.notes.emplace_back("packets that a program writes through a packet socket pass by these rules (--host stops them)");
  if (session.ssh) {
    p.plan.management.push_back(*session.ssh);
  } else if (!session.other_ssh.empty()) {
    p.plan.management = session.other_ssh;
    p.notes.emplace_back("which SSH connection is yours could not be told: all that are open stay reachable");
  }
  p.record.id = p.plan.id;
  p.record.session_id = session.session_id;
  p.record.ssh = session.ssh;
  return p;
}

std::string preview(const Prepared& p, const Session& session, std::int64_t trial_s) {
  std::string out = fmt::format("contain {}  for {}, on trial for the first {}   id c-{}\n", p.record.target,
                                format_duration(p.record.for_s * kSecond), format_duration(trial_s * kSecond), p.plan.id);
  const auto what =
      p.plan.kind == ContainKind::host ? std::string{"what this host sends and forwards"} : fmt::format("what {} sends", p.record.target);
  out += fmt::format("  drops  {}, IPv4 and IPv6, established connections too\n  keeps  loopback\n", what);
  for (std::size_t i = 0; i < p.plan.management.size() && i < 10; ++i)
    out += fmt::format("         {}, {}\n", endpoint(p.plan.management[i]), session.ssh ? session.how : "an open SSH connection");
  for (const auto& n : p.plan.allow) out += fmt::format("         {} (--allow)\n", to_string(n));
  if (p.plan.kind == ContainKind::host) out += "         neighbour discovery and DHCP\n";
  if (p.plan.management.empty()) out += "  note   there is no SSH connection here to keep\n";
  for (const auto& note : p.notes) out += "  note   " + note + "\n";
  return out + "  ends   by the kernel itself, also when no process of Sekisho is alive; a restart of the machine ends it too\n";
}

bool agreed() {
  std::fputs("Apply? [y/N] ", stderr);
  std::fflush(stderr);
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes");
}

Result<int> start(const ContainCommand& c, const Config& config) {
  const Session session = current_session();
  Prepared p = TRY(prepare(c, session));
  const auto trial_s = std::min(config.contain.confirm_within.count / 1000, p.record.for_s);
  const auto batch = contain_batch(p.plan, trial_s);
  Nft nft;
  if (c.dry_run) {
    if (c.json)
      fmt::print("{}\n", Json({{"schema", 1},
                               {"id", "c-" + p.plan.id},
                               {"target", p.record.target},
                               {"for_s", p.record.for_s},
                               {"trial_s", trial_s},
                               {"notes", p.notes},
                               {"rules", batch}})
                             .dump(2));
    else
      fmt::print("{}\nThese rules would be loaded, in one transaction (nothing was changed):\n\n{}", preview(p, session, trial_s), batch);
    return 0;
  }
  if (!c.json) fmt::print(stderr, "{}", preview(p, session, trial_s));
  if (!c.yes && !isatty(STDIN_FILENO)) return usage("this changes the firewall: --yes to do it, --dry-run to see it");
  if (!c.yes && !agreed()) return fmt::print(stderr, "Nothing was changed.\n"), 0;
  TRY(append_contain_event(config.contain.log, "started", p.record, session, batch));
  auto applied = nft.apply(batch);
  if (!applied.ok() && !p.plan.devices.empty()) {
    // Kernels before 5.16 have no egress hook: then packet sockets are not stopped, and everything else is.
    p.plan.devices.clear();
    fmt::print(stderr, "sekisho: {}; without the rules for packet sockets:\n", applied.error().message);
    applied = nft.apply(contain_batch(p.plan, trial_s));
  }
  if (!applied.ok()) {
    static_cast<void>(append_contain_event(config.contain.log, "failed", p.record, session, applied.error().message));
    return applied.error();
  }
  const auto confirm = fmt::format("sekisho contain confirm c-{}", p.plan.id);
  if (c.json)
    fmt::print("{}\n", Json({{"schema", 1},
                             {"id", "c-" + p.plan.id},
                             {"target", p.record.target},
                             {"for_s", p.record.for_s},
                             {"trial_s", trial_s},
                             {"confirm", confirm},
                             {"notes", p.notes}})
                           .dump(2));
  else
    fmt::print("contained, on trial: within {} confirm it from a NEW connection, or it ends by itself:\n  {}\n",
               format_duration(trial_s * kSecond), confirm);
  return 0;
}

std::string bare_id(const std::string& id) { return id.starts_with("c-") ? id.substr(2) : id; }

const ContainState* find(const std::vector<ContainState>& states, const std::string& id) {
  const auto found = std::find_if(states.begin(), states.end(), [&](const ContainState& s) { return s.id == id; });
  return found == states.end() ? nullptr : &*found;
}

Result<int> confirm(const ContainCommand& c, const Config& config) {
  Nft nft;
  const auto states = TRY(containments(nft));
  const auto id = bare_id(c.id);
  const auto* state = find(states, id);
  const auto records = TRY(read_contain_log(config.contain.log));
  const auto record = records.find(id);
  if (!state || state->left_s == 0 || record == records.end()) {
    fmt::print(stderr, "sekisho: no containment {} is in force{}\n", escape_hostile(c.id, 40),
               record == records.end() ? "" : ": its trial is over");
    return 1;
  }
  const auto& r = record->second;
  if (r.confirmed) return fmt::print("c-{} was confirmed already\n", id), 0;
  const Session session = current_session();
  if (const auto why = why_not_new(session, r.ssh, r.session_id, r.started / kSecond))
    return Error{fmt::format("{}; open a new connection (ssh, or another terminal) and confirm there", *why)};
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto left_s = std::clamp<std::int64_t>(r.for_s - (now - r.started) / kSecond, 1, r.for_s);
  const auto batch = extend_batch(id, state->has_devices, left_s);
  TRY(append_contain_event(config.contain.log, "confirmed", r, session, batch));
  TRY(nft.apply(batch));
  fmt::print("c-{} ({}) is confirmed: it ends in {}; before that: sekisho contain release c-{}\n", id, r.target,
             format_duration(left_s * kSecond), id);
  return 0;
}

Result<int> release(const ContainCommand& c, const Config& config) {
  Nft nft;
  const auto states = TRY(containments(nft));
  const auto id = bare_id(c.id);
  const auto* state = find(states, id);
  if (!state) {
    fmt::print(stderr, "sekisho: no containment {} is in force\n", escape_hostile(c.id, 40));
    return 1;
  }
  // To give a host back must not depend on the record: a full disk is no reason to stay cut off.
  auto records = read_contain_log(config.contain.log);
  ContainRecord record = records.ok() ? records.value()[id] : ContainRecord{};
  record.id = id;
  const auto batch = release_batch(id, state->has_devices);
  TRY(nft.apply(batch));
  fmt::print("c-{} is released: {} packets were dropped\n", id, format_count(state->dropped_packets));
  if (const auto noted = append_contain_event(config.contain.log, "released", record, current_session(), batch); !noted.ok())
    return Error{fmt::format("it is released, but that is not on record: {}", noted.error().message)};
  return 0;
}

// "on trial", "in force", "ended", "rolled back"
std::string_view phase(const ContainState& state, const ContainRecord* record) {
  const bool confirmed = record && record->confirmed;
  if (state.left_s == 0) return confirmed ? "ended" : "rolled back";
  return confirmed ? "in force" : "on trial";
}

Result<int> list(const ContainCommand& c, const Config& config) {
  Nft nft;
  const auto states = TRY(containments(nft));
  auto records = read_contain_log(config.contain.log);
  if (!records.ok()) fmt::print(stderr, "sekisho: {}\n", records.error().message);
  Json all = Json::array();
  std::string text;
  for (const auto& s : states) {
    const ContainRecord* r = nullptr;
    if (records.ok())
      if (const auto found = records.value().find(s.id); found != records.value().end()) r = &found->second;
    all.push_back({{"id", "c-" + s.id},
                   {"target", r ? Json(r->target) : Json(nullptr)},
                   {"phase", phase(s, r)},
                   {"started", r ? Json(format_rfc3339(r->started)) : Json(nullptr)},
                   {"left_s", s.left_s},
                   {"dropped_packets", s.dropped_packets},
                   {"dropped_bytes", s.dropped_bytes}});
    text += fmt::format("c-{}  {:<11}  {}  {} dropped ({})  {}\n", s.id, phase(s, r),
                        s.left_s ? "ends in " + format_duration(s.left_s * kSecond) : "over", format_count(s.dropped_packets),
                        format_bytes(s.dropped_bytes), r ? r->target : "(no record of it)");
  }
  if (c.json)
    fmt::print("{}\n", Json({{"schema", 1}, {"containments", std::move(all)}}).dump(2));
  else
    fmt::print("{}", text.empty() ? "nothing is contained\n" : text);
  return 0;
}

Result<int> run(const ContainCommand& c) {
  const Config config = TRY(load_config(c.config));
  if (c.action == "list") return list(c, config);
  if (c.action == "confirm") return confirm(c, config);
  if (c.action == "release") return release(c, config);
  return start(c, config);
}

}  // namespace

int run_contain(const ContainCommand& command) {
  const auto done = run(command);
  return done.ok() ? done.value() : fail(done.error());
}

}  // namespace sekisho
