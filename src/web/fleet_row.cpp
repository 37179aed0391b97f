// What a person reads of a member of the fleet: settings in, one row out.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "web/fleet.h"
#include "web/http.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostMembers = 200, kMostTokenLine = 500;

bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= 60 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

const Json& part(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}
std::string text(const Json& object, const char* key, std::size_t most) {
  const auto& value = part(object, key);
  return value.is_string() ? escape_hostile(value.get_ref<const std::string&>(), most) : std::string{};
}
Json number(const Json& object, const char* key) {
  const auto& value = part(object, key);
  return value.is_number() ? Json(std::clamp(value.get<double>(), 0.0, 1e15)) : Json(nullptr);
}
// A time is passed on only when it is one: the page computes with it.
Json time(const Json& object, const char* key) {
  const auto& value = part(object, key);
  if (!value.is_string()) return nullptr;
  const auto& said = value.get_ref<const std::string&>();
  const auto seconds = said.find('T') == std::string::npos ? std::nullopt : parse_when(said, 0);
  return seconds && *seconds > 0 && *seconds < 9e9 ? Json(format_rfc3339(static_cast<TimeNs>(*seconds * 1e6) * 1000)) : Json(nullptr);
}

struct State {
  int rank;
  const char* word;
};
State state_of(const std::string& standing) {
  if (standing == "taking_part") return {0, "Takes part in an attack"};
  if (standing == "attacked") return {1, "Under attack"};
  if (standing == "guessed") return {2, "Perhaps under attack"};
  if (standing == "scanned") return {5, "Scanned"};
  if (standing == "noted") return {6, "Something noted"};
  return {7, "Quiet"};
}

}  // namespace

Result<FleetMember> parse_fleet_member(std::string_view said) {
  const auto wrong = [&](std::string_view why) {
    return Error{fmt::format("[web] fleet: '{}' {}: write \"NAME=https://HOST:PORT\"", escape_hostile(said, 80), why), ErrorKind::usage};
  };
  const auto equals = said.find('=');
  if (equals == std::string_view::npos) return wrong("has no '='");
  FleetMember member{std::string{said.substr(0, equals)}, std::string{said.substr(equals + 1)}, {}};
  if (!good_name(member.name)) return wrong("does not begin with a name of letters, digits, '-', '_' and '.'");
  while (member.url.ends_with('/')) member.url.pop_back();
  const bool tls = member.url.starts_with("https://"), plain = member.url.starts_with("http://");
  if (!tls && !plain) return wrong("names no https:// address");
  const std::string_view place = std::string_view{member.url}.substr(tls ? 8 : 7);
  if (place.empty() || place.find_first_of("/?#@ \\\"'<>") != std::string_view::npos ||
      std::any_of(place.begin(), place.end(), [](unsigned char c) { return c <= ' ' || c >= 0x7f; }))
    return wrong("has more than a host and a port, or none");
  const auto host = place.starts_with('[') ? place.substr(0, place.find(']') + 1) : place.substr(0, place.find(':'));
  const bool loopback = host == "localhost" || host == "[::1]" ||
                        (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
  if (plain && !loopback) return wrong("would send its token unprotected: plain http:// is for a tunnel on loopback");
  return member;
}

Result<void> add_fleet_tokens(const std::string& file, std::vector<FleetMember>& members) {
  if (members.empty()) return {};
  if (members.size() > kMostMembers) return Error{fmt::format("[web] fleet names more than {} servers", kMostMembers), ErrorKind::usage};
  if (file.empty())
    return Error{
        "[web] fleet needs fleet_tokens, a file with one line \"NAME TOKEN\" for each server (there: sekisho web token new --role viewer)",
        ErrorKind::usage};
  const auto shown = escape_hostile(file);
  struct stat about {};
  std::ifstream in{file};
  if (!in || ::stat(file.c_str(), &about) != 0) return Error{fmt::format("[web] fleet_tokens: {} cannot be read", shown), ErrorKind::usage};
  if (about.st_mode & (S_IROTH | S_IWOTH | S_IWGRP))
    return Error{fmt::format("[web] fleet_tokens: others may read or change {}: chmod 640 {}", shown, shown), ErrorKind::usage};
  std::string line;
  for (int number = 1; std::getline(in, line) && number <= 10'000; ++number) {
    const auto from = line.find_first_not_of(" \t\r");
    if (from == std::string::npos || line[from] == '#') continue;
    const auto gap = line.find_first_of(" \t", from);
    const auto begin = gap == std::string::npos ? gap : line.find_first_not_of(" \t", gap);
    if (begin == std::string::npos || line.size() > kMostTokenLine)
      return Error{fmt::format("[web] fleet_tokens: {}:{}: write \"NAME TOKEN\"", shown, number), ErrorKind::usage};
    auto token = line.substr(begin);
    token.erase(token.find_last_not_of(" \t\r") + 1);
    if (std::any_of(token.begin(), token.end(), [](unsigned char c) { return c <= ' ' || c >= 0x7f; }))
      return Error{fmt::format("[web] fleet_tokens: {}:{}: that is no token", shown, number), ErrorKind::usage};
    const auto name = line.substr(from, gap - from);
    const auto member = std::find_if(members.begin(), members.end(), [&](const FleetMember& m) { return m.name == name; });
    if (member != members.end()) member->token = token;  // a line for a server that is not listed does no harm
  }
  for (const auto& member : members)
    if (member.token.empty())
      return Error{fmt::format("[web] fleet_tokens: {} has no line for '{}'", shown, member.name), ErrorKind::usage};
  return {};
}

Json fleet_row(const FleetMember& member, const FleetSight& sight) {
  const auto said = sight.status.empty() ? Json{} : Json::parse(sight.status, nullptr, false);
  const auto &verdict = part(said, "verdict"), &incident = part(verdict, "incident"), &agent = part(said, "agent"),
             &traffic = part(said, "traffic");
  const bool answered = sight.problem.empty() && said.is_object();
  const bool watches = part(agent, "running") == Json(true);
  State state = state_of(text(verdict, "standing", 40));
  std::string note;
  if (!answered) {
    state = {3, "Out of reach"};
    note = sight.problem.empty() ? "has not been asked yet" : sight.problem;
  } else if (!watches) {
    state = {4, "Not watched"};
    note = text(agent, "message", 300);
  } else if (const auto& lines = part(said, "health"); lines.is_array()) {
    for (const auto& line : lines)
      if (const auto word = text(line, "state", 20); note.empty() && (word == "bad" || word == "warn")) note = text(line, "what", 300);
  }
  const auto& others = part(verdict, "others");
  const auto open = (incident.is_object() ? 1U : 0U) + (others.is_array() ? others.size() : 0U);
  return {{"host", member.name},
          {"url", member.url + "/"},
          {"state", state.word},
          {"what", incident.is_object() ? text(incident, "title", 200) : std::string{}},
          {"since", time(verdict, "since")},
          {"in_pps", answered && watches ? number(part(traffic, "ingress"), "pps") : Json(nullptr)},
          {"out_pps", answered && watches ? number(part(traffic, "egress"), "pps") : Json(nullptr)},
          {"incidents", said.is_object() ? Json(open) : Json(nullptr)},
          {"version", text(said, "version", 40)},
          {"last_seen", sight.seen ? Json(format_rfc3339(sight.seen)) : Json(nullptr)},
          {"note", note},
          {"rank", state.rank}};
}

}  // namespace sekisho
