// Parsing and writing of the lines.
#include "control/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sekisho {
namespace {

using nlohmann::json;

Error bad(std::string_view what) { return {fmt::format("bad request: {}; see docs/control.md", what), ErrorKind::usage}; }

bool is_verb(std::string_view text) {
  return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

std::string json_text(std::string_view text) { return json(text).dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::viewer: return "viewer";
    case Role::operator_: return "operator";
    case Role::admin: return "admin";
    case Role::none: break;
  }
  return "none";
}

Role parse_role(std::string_view text) {
  for (const auto role : {Role::viewer, Role::operator_, Role::admin})
    if (text == to_string(role)) return role;
  return Role::none;
}

Result<RequestLine> parse_request(std::string_view line) {
  if (line.size() > kMaxRequestBytes) return bad("the line is longer than 64 KiB");
  const json parsed = json::parse(line, nullptr, false);
  if (!parsed.is_object()) return bad("a line must be one JSON object");
  const auto version = parsed.find("v");
  if (version == parsed.end() || !version->is_number_integer() || *version != kControlVersion)
    return bad(fmt::format("\"v\" must be {}", kControlVersion));
  RequestLine request;
  if (const auto id = parsed.find("id"); id != parsed.end()) {
    if (!id->is_number_unsigned()) return bad("\"id\" must be a whole number");
    request.id = id->get<std::uint64_t>();
  }
  const auto verb = parsed.find("do");
  if (verb == parsed.end() || !verb->is_string() || !is_verb(verb->get_ref<const std::string&>()))
    return bad("\"do\" must name what is asked for");
  request.verb = verb->get<std::string>();
  if (const auto role = parsed.find("role"); role != parsed.end()) {
    request.role = role->is_string() ? parse_role(role->get_ref<const std::string&>()) : Role::none;
    if (request.role == Role::none) return bad("\"role\" must be viewer, operator or admin");
  }
  if (const auto with = parsed.find("with"); with != parsed.end()) {
    if (!with->is_object()) return bad("\"with\" must be an object");
    request.with = with->dump(-1, ' ', false, json::error_handler_t::replace);
  }
  return request;
}

std::string request_line(const RequestLine& request) {
  return fmt::format(R"({{"v":{},"id":{},"do":{},"role":"{}","with":{}}})", kControlVersion, request.id, json_text(request.verb),
                     to_string(request.role), request.with);
}

std::string answer_line(std::uint64_t id, std::string_view data) {
  return fmt::format(R"({{"v":{},"id":{},"ok":true,"data":{}}})", kControlVersion, id, data);
}

std::string error_line(std::uint64_t id, std::string_view code, std::string_view sentence) {
  return fmt::format(R"({{"v":{},"id":{},"ok":false,"code":"{}","error":{}}})", kControlVersion, id, code, json_text(sentence));
}

std::string event_line(std::string_view event, std::uint64_t sequence, std::string_view data) {
  return fmt::format(R"({{"v":{},"event":"{}","seq":{},"data":{}}})", kControlVersion, event, sequence, data);
}

}  // namespace sekisho
