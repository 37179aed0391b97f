// Words to verbs, answers to lines.
#include "app/block_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/block_desk.h"
#include "app/block_link.h"
#include "app/command.h"
#include "app/config.h"
#include "app/json_parts.h"
#include "app/time_words.h"
#include "base/text.h"
#include "response/block_file.h"
#include "response/session.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::int64_t kShortestS = 1, kLongestS = 400LL * 86'400;
constexpr std::size_t kMaxImportBytes = 64 << 20;
// The kernel looks after its whole set with each change: few large ones are quicker. A request is one line of at most 64 KiB.
constexpr std::size_t kPerRequest = 1000, kRequestBytes = 50'000;

Error usage(std::string message) { return {std::move(message), ErrorKind::usage}; }
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Result<std::int64_t> duration_s(const std::string& text) {
  if (text.empty()) return std::int64_t{0};
  const FieldInfo field{"--for", "duration", std::int64_t{0}, kShortestS * 1000.0, kLongestS * 1000.0, ""};
  const auto value = convert_setting("block", field, {text, "--for"});
  if (!value.ok()) return usage(fmt::format("--for '{}' is no duration from 1s to 400d, such as 30m, 1h, 7d", escape_hostile(text, 40)));
  return std::max<std::int64_t>(std::get<std::int64_t>(value.value()) / 1000, 1);
}

Result<Json> ask(BlockLink& link, const std::string& verb, const Json& with) {
  const auto text = TRY(link.ask(verb, dump(with)));
  auto answer = Json::parse(text, nullptr, false);
  if (!answer.is_object()) return Error{"the agent's answer is not understood"};
  if (const auto why = text_of(answer, "not_stored"); !why.empty())
    fmt::print(stderr, "sekisho: it is done, but not stored: a restart of the agent takes it back: {}\n", why);
  return answer;
}

bool agreed(const std::string& question) {
  fmt::print(stderr, "{} [y/N] ", question);
  std::fflush(stderr);
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes");
}

// Wherever the list is kept: never this very session.
Result<void> keep_session(const std::vector<std::string>& networks) {
  const auto session = current_session();
  if (!session.ssh) return {};
  for (const auto& text : networks)
    if (const auto network = parse_network(text))
      if (contains(meant_network(*network, text.find('/') != std::string::npos), session.ssh->address))
        return Error{fmt::format("{} holds {}, the other end of {}: this would cut it", escape_hostile(text, 64),
                                 to_string(session.ssh->address), session.how)};
  return {};
}

Result<void> check_networks(const std::vector<std::string>& networks) {
  if (networks.empty()) return usage("which address or network?");
  for (const auto& text : networks)
    if (!parse_network(text))
      return usage(
          fmt::format("'{}' is no address or network; write 203.0.113.5, 203.0.113.0/24 or 2001:db8::/64", escape_hostile(text, 64)));
  return {};
}

Result<int> add(const BlockCommand& c, const Config& config) {
  TRY(check_networks(c.networks));
  const auto for_s = TRY(duration_s(c.duration));
  TRY(keep_session(c.networks));
  auto link = TRY(open_block_link(config, true));
  Json networks = Json::array();
  for (const auto& text : c.networks) networks.push_back(text);
  const auto answer =
      TRY(ask(*link, "block.add", {{"networks", networks}, {"for_s", for_s}, {"reason", c.reason.empty() ? "by hand" : c.reason}}));
  if (c.json) fmt::print("{}\n", answer.dump(2));
  bool refused = false;
  for (const auto& row : part_of(answer, "results")) {
    const bool added = text_of(row, "verdict") == "add";
    const bool already = text_of(row, "refusal") == "already";
    refused |= !added && !already;
    if (c.json) continue;
    if (added)
      fmt::print("{} {}\n", text_of(row, "network"), text_of(row, "why"));
    else
      fmt::print(stderr, "sekisho: {}{}\n", already ? "" : "not blocked: ", text_of(row, "why"));
  }
  return refused ? 3 : 0;
}

Result<int> del(const BlockCommand& c, const Config& config) {
  TRY(check_networks(c.networks));
  auto link = TRY(open_block_link(config, true));
  Json networks = Json::array();
  for (const auto& text : c.networks) networks.push_back(text);
  const auto answer = TRY(ask(*link, "block.del", {{"networks", networks}}));
  if (c.json)
    fmt::print("{}\n", answer.dump(2));
  else
    fmt::print("{} entries removed\n", count_of(answer, "removed"));
  for (const auto& row : part_of(answer, "covered"))
    fmt::print(stderr, "sekisho: {0} is blocked as part of {1}: sekisho block del {1}\n", text_of(row, "network"), text_of(row, "by"));
  return count_of(answer, "removed") > 0 ? 0 : 1;
}

std::string head(const Json& answer) {
  const auto s = part_of(answer, "state");
  const auto mode = text_of(s, "mode");
  std::string out = fmt::format("mode {} ({}); {} in force, {} suggested, of at most {}; {} packets dropped\n", mode,
                                mode == "on"        ? "what is proven is blocked by itself"
                                : mode == "suggest" ? "nothing is blocked by itself: sekisho config explain response.mode"
                                                    : "nothing is blocked or suggested",
                                format_count(count_of(s, "in_force")), format_count(count_of(s, "suggested")),
                                format_count(count_of(s, "most")), format_count(count_of(s, "dropped_packets")));
  if (part_of(s, "panic") == Json(true)) out += "panic: nothing is blocked by itself until 'sekisho block resume'\n";
  if (part_of(s, "trial_left_s").is_number())
    out += fmt::format("mode on is on trial and ends by itself in {}: from a new connection, sekisho block confirm\n",
                       format_duration(count_of(s, "trial_left_s") * kSecond));
  if (part_of(s, "rolled_back") == Json(true)) out += "mode on was not confirmed in time: suggest holds until the agent is reloaded\n";
  if (const auto problem = text_of(s, "problem"); !problem.empty()) out += fmt::format("! {}\n", problem);
  const auto refused = part_of(s, "refused");
  std::string why;
  if (refused.is_object())
    for (const auto& [name, count] : refused.items())
      why += fmt::format("{}{} {}", why.empty() ? "" : ", ", escape_hostile(name, 40), count.is_number() ? count.get<std::int64_t>() : 0);
  if (!why.empty()) out += fmt::format("not blocked: {}\n", why);
  return out;
}

Result<int> list(const BlockCommand& c, const Config& config) {
  auto link = TRY(open_block_link(config, false));
  auto answer = TRY(ask(*link, "block.list", {{"limit", std::clamp<std::int64_t>(c.limit, 1, 5000)}}));
  // Further pages.
  auto next = text_of(answer, "next");
  while (!next.empty() && static_cast<std::int64_t>(answer["entries"].size()) < c.limit) {
    const auto more = TRY(ask(
        *link, "block.list",
        {{"limit", std::clamp<std::int64_t>(c.limit - static_cast<std::int64_t>(answer["entries"].size()), 1, 5000)}, {"after", next}}));
    for (const auto& row : part_of(more, "entries")) answer["entries"].push_back(row);
    answer["next"] = part_of(more, "next");
    next = text_of(more, "next");
  }
  if (c.json) return fmt::print("{}\n", answer.dump(2, ' ', false, Json::error_handler_t::replace)), 0;
  std::string out = head(answer);
  const auto rows = part_of(answer, "entries");
  if (!rows.empty()) out += fmt::format("{:<26} {:<11} {:>7}  {:<12} why\n", "entry", "proof", "hits", "ends in");
  for (const auto& row : rows) {
    const auto incident = text_of(row, "incident");
    out += fmt::format("{:<26} {:<11} {:>7}  {:<12} {}{}{}\n", text_of(row, "network"), text_of(row, "proof"), count_of(row, "hits"),
                       part_of(row, "suggested") == Json(true) ? "(suggested)" : format_duration(count_of(row, "left_s") * kSecond),
                       text_of(row, "reason"), incident.empty() ? "" : " " + incident,
                       count_of(row, "offence") > 1 ? fmt::format(" (offence {})", count_of(row, "offence")) : "");
  }
  if (!text_of(answer, "next").empty()) out += "… more: --limit N\n";
  std::string never;
  std::size_t count = 0;
  for (const auto& row : part_of(answer, "never"))
    if (++count <= 12) never += fmt::format("{}{} ({})", never.empty() ? "" : ", ", text_of(row, "network"), text_of(row, "why"));
  out += fmt::format("never blocked: {}{}\n", never, count > 12 ? fmt::format(", and {} more", count - 12) : "");
  fmt::print("{}", out);
  return 0;
}

Result<int> why(const BlockCommand& c, const Config& config) {
  TRY(check_networks(c.networks));
  auto link = TRY(open_block_link(config, false));
  auto answer = TRY(ask(*link, "block.why", {{"network", c.networks.front()}}));
  Json events = Json::array();
  if (::access(config.store.path.c_str(), R_OK) == 0)
    if (auto reader = open_store_reader(config.store.path); reader.ok())
      if (const auto past = (*reader)->block_events(text_of(answer, "network"), 0, 20); past.ok())
        for (const auto& e : past.value())
          events.push_back({{"time", format_rfc3339(e.time)},
                            {"event", e.event},
                            {"proof", e.proof},
                            {"for_s", e.seconds},
                            {"reason", escape_hostile(e.reason, 400)},
                            {"actor", escape_hostile(e.actor)}});
  answer["events"] = events;
  if (c.json) return fmt::print("{}\n", answer.dump(2, ' ', false, Json::error_handler_t::replace)), 0;
  const auto network = text_of(answer, "network");
  const auto entry = part_of(answer, "entry"), never = part_of(answer, "never"), last = part_of(answer, "last_refusal");
  std::string out;
  if (entry.is_object())
    out += fmt::format("{}: {}{} for another {} (proof: {}; {}; by {})\n", network,
                       part_of(entry, "suggested") == Json(true) ? "suggested, not blocked; would be in the list" : "blocked",
                       text_of(entry, "network") == network ? "" : " as part of " + text_of(entry, "network"),
                       format_duration(count_of(entry, "left_s") * kSecond), text_of(entry, "proof"), text_of(entry, "reason"),
                       text_of(entry, "origin"));
  else
    out += fmt::format("{}: not blocked\n", network);
  if (never.is_object()) out += fmt::format("  never      {} is {}\n", text_of(never, "network"), text_of(never, "why"));
  const auto line = [&](const char* name, const char* key) {
    const auto verdict = part_of(answer, key);
    out += fmt::format("  {:<10} {}{}\n", name, text_of(verdict, "verdict") == "refuse" ? "no: " : "yes: ", text_of(verdict, "why"));
  };
  line("by hand", "by_hand"), line("proven", "proven"), line("a SYN", "unproven");
  if (last.is_object()) out += fmt::format("  last asked {}: {}\n", text_of(last, "time"), text_of(last, "why"));
  for (const auto& e : events)
    out += fmt::format("  {}  {} {}{} by {}\n", text_of(e, "time"), text_of(e, "event"), text_of(e, "reason"),
                       count_of(e, "for_s") ? " for " + format_duration(count_of(e, "for_s") * kSecond) : "", text_of(e, "actor"));
  fmt::print("{}", out);
  return 0;
}

Result<int> flush(const BlockCommand& c, const Config& config) {
  if (!c.yes && !isatty(STDIN_FILENO)) return usage("this empties the block list: --yes to do it");
  if (!c.yes && !agreed("Remove every entry of the block list?")) return fmt::print(stderr, "Nothing was changed.\n"), 0;
  auto link = TRY(open_block_link(config, true));
  const auto answer = TRY(ask(*link, "block.flush", Json::object()));
  fmt::print("{} entries removed\n", count_of(answer, "removed"));
  return 0;
}

// Whatever the agent and the store say, the tables must go.
Result<int> panic(const Config& config) {
  Nft nft;
  const auto gone = nft.apply(
      fmt::format("table inet {0}\ndelete table inet {0}\ntable inet sekisho_rules\ndelete table inet sekisho_rules\n", kBlockTable));
  std::string trouble = gone.ok() ? "" : gone.error().message;
  auto link = open_block_link(config, true);
  std::int64_t removed = 0;
  if (link.ok()) {
    const auto answer = ask(**link, "block.panic", Json::object());
    if (answer.ok())
      removed = count_of(answer.value(), "removed"), trouble.clear();
    else
      trouble = answer.error().message;
  } else {
    trouble = link.error().message;
  }
  if (!gone.ok() && !trouble.empty()) return Error{trouble};
  fmt::print("nothing is blocked any more ({} entries); nothing is blocked by itself until: sekisho block resume\n", removed);
  if (!trouble.empty()) return Error{fmt::format("the tables are gone, but {}", trouble)};
  return 0;
}

Result<int> confirm(const Config& config) {
  auto link = TRY(open_block_link(config, true));
  if (!link->is_agent()) return Error{"no agent is running: there is no trial to confirm"};
  const auto before = TRY(ask(*link, "block.list", {{"limit", 1}}));
  if (const auto since = part_of(part_of(before, "state"), "trial_since"); since.is_number_integer())
    if (const auto no = why_not_new(current_session(), std::nullopt, 0, since.get<std::int64_t>()))
      return Error{
          "this connection is older than the trial: it does not prove that a new one gets through; open a new one and confirm there"};
  TRY(ask(*link, "block.confirm", Json::object()));
  fmt::print("mode on is confirmed\n");
  return 0;
}

Result<std::string> read_whole(const std::string& path) {
  const int fd = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Error{fmt::format("{}: {}", escape_hostile(path), std::strerror(errno))};
  const Fd file{fd};
  std::string text;
  char buffer[65'536];
  for (;;) {
    const auto got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{fmt::format("{}: {}", escape_hostile(path), std::strerror(errno))};
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > kMaxImportBytes)
      return Error{fmt::format("{} is longer than {}", escape_hostile(path), format_bytes(kMaxImportBytes))};
  }
}

Result<int> import(const BlockCommand& c, const Config& config) {
  const auto for_s = TRY(duration_s(c.duration));
  const auto text = TRY(read_whole(c.file));
  const auto file = parse_block_file(text);
  for (const auto line : file.bad_lines)
    if (&line - file.bad_lines.data() < 5) fmt::print(stderr, "sekisho: {}:{}: no address or network\n", escape_hostile(c.file), line);
  if (file.lines.empty()) return Error{fmt::format("{} holds no address", escape_hostile(c.file))};
  const auto session = current_session();
  auto link = TRY(open_block_link(config, true));
  std::size_t added = 0, renewed = 0, refused = 0, already = 0;
  for (std::size_t at = 0; at < file.lines.size();) {
    Json networks = Json::array();
    const auto seconds = [&](const auto& line) { return for_s ? for_s : line.duration.value_or(0) / kSecond; };
    const auto all_s = seconds(file.lines[at]);
    for (std::size_t bytes = 0; at < file.lines.size() && networks.size() < kPerRequest && bytes < kRequestBytes; ++at) {
      const auto& line = file.lines[at];
      if (session.ssh && contains(meant_network(line.network, line.exact), session.ssh->address)) {
        fmt::print(stderr, "sekisho: not blocked: {} holds the other end of {}\n", to_string(line.network), session.how);
        ++refused;
        continue;
      }
      Json one = to_string(line.network);
      const auto s = seconds(line);
      const bool with_reason = !line.reason.empty() && c.reason.empty();
      if (line.exact || s != all_s || with_reason) {
        one = {{"network", one}};
        if (line.exact) one["exact"] = true;
        if (s != all_s) one["for_s"] = s;
        if (with_reason) one["reason"] = escape_hostile(line.reason, 100);
      }
      bytes += one.is_string() ? 50 : 300;
      networks.push_back(std::move(one));
    }
    if (networks.empty()) continue;
    const auto answer = TRY(ask(*link, "block.add",
                                {{"networks", std::move(networks)},
                                 {"origin", "import"},
                                 {"for_s", all_s},
                                 {"more", at < file.lines.size()},
                                 {"reason", c.reason.empty() ? "imported from " + escape_hostile(c.file, 100) : c.reason}}));
    added += static_cast<std::size_t>(count_of(answer, "added")), renewed += static_cast<std::size_t>(count_of(answer, "renewed"));
    for (const auto& row : part_of(answer, "results")) {
      if (text_of(row, "verdict") != "refuse") continue;
      if (text_of(row, "refusal") == "already") {
        ++already;
      } else if (++refused <= 10) {
        fmt::print(stderr, "sekisho: not blocked: {}\n", text_of(row, "why"));
      }
    }
  }
  fmt::print("{} added, {} were in the list{}, {} refused, {} lines not understood{}\n", added, already + renewed,
             renewed ? fmt::format(" ({} of them end at another time now)", renewed) : "", refused, file.bad,
             file.surplus ? fmt::format(", {} beyond the {} that the list holds", file.surplus, kMaxBlockEntries) : "");
  return refused || file.bad ? 3 : 0;
}

Result<int> export_list(const BlockCommand& c, const Config& config) {
  auto link = TRY(open_block_link(config, false));
  std::vector<BlockEntry> entries;
  Json all = Json::array();
  std::string after;
  do {
    Json with{{"limit", 5000}};
    if (!after.empty()) with["after"] = after;
    const auto answer = TRY(ask(*link, "block.list", with));
    for (const auto& row : part_of(answer, "entries")) {
      if (part_of(row, "suggested") == Json(true)) continue;
      BlockEntry e;
      const auto network = parse_network(text_of(row, "network"));
      if (!network) continue;
      e.network = *network, e.expires = count_of(row, "left_s") * kSecond, e.reason = text_of(row, "reason");
      entries.push_back(std::move(e));
      if (c.format == "json") all.push_back(row);
    }
    after = text_of(answer, "next");
  } while (!after.empty());
  if (c.format == "json")
    fmt::print("{}\n", Json({{"schema", 1}, {"entries", std::move(all)}}).dump(2, ' ', false, Json::error_handler_t::replace));
  else
    fmt::print("{}", c.format == "ipset" ? block_list_ipset(entries, 0)
                     : c.format == "nft" ? block_list_nft(entries, 0)
                                         : block_list_plain(entries, 0));
  return 0;
}

Result<int> run(const BlockCommand& c) {
  const Config config = TRY(load_config(c.config));
  if (c.action == "add") return add(c, config);
  if (c.action == "del") return del(c, config);
  if (c.action == "list") return list(c, config);
  if (c.action == "why") return why(c, config);
  if (c.action == "flush") return flush(c, config);
  if (c.action == "panic") return panic(config);
  if (c.action == "confirm") return confirm(config);
  if (c.action == "import") return import(c, config);
  if (c.action == "export") return export_list(c, config);
  auto link = TRY(open_block_link(config, true));
  TRY(ask(*link, "block.resume", Json::object()));
  fmt::print("blocking by itself goes on as [response] mode says\n");
  return 0;
}

}  // namespace

int run_block(const BlockCommand& command) {
  const auto done = run(command);
  if (!done.ok()) return fail(done.error());
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return done.value();
  return fail(Error{fmt::format("the output was not written: {}", std::strerror(errno))});
}

}  // namespace sekisho
