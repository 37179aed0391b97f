// A JSON object on one line, value by value, without building anything: paths and raw values. Total; at most 8 levels are told apart.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace sekisho {

enum class JsonType : std::uint8_t { string, number, word };  // word: true, false, null

struct JsonValue {
  std::array<std::string_view, 8> path{};  // keys from the outermost; elements of a list have the list's path
  std::size_t depth = 0;                   // keys in `path`
  JsonType type = JsonType::word;
  std::string_view raw;  // a string without its quotes, escapes as they stand (nginx's \x22 too)

  std::string_view key() const { return depth ? path[depth - 1] : std::string_view{}; }
};

// Calls on_value(const JsonValue&) for each string, number and word. False where the line is no JSON object or ends early; what came
// before was told. Bytes behind the object are ignored.
template <class F>
bool scan_json(std::string_view text, F&& on_value) {
  constexpr std::size_t kDeepest = 32;
  JsonValue value;
  std::array<bool, kDeepest> is_object{};
  std::array<bool, kDeepest> has_key{};
  std::size_t level = 0, at = 0;
  const auto blank = [&] {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n')) ++at;
    return at < text.size();
  };
  const auto string = [&](std::string_view& out) {
    const std::size_t begin = ++at;
    while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
    if (at >= text.size()) return false;
    out = text.substr(begin, at++ - begin);
    return true;
  };
  if (!blank() || text[at] != '{') return false;
  is_object[level++] = true;
  ++at;
  bool want_value = false;
  while (level > 0) {
    if (!blank()) return false;
    const char c = text[at];
    if (c == ',') {
      ++at;
      continue;
    }
    if (c == '}' || c == ']') {
      if (want_value || is_object[level - 1] != (c == '}')) return false;
      --level, ++at;
      if (level && has_key[level]) value.depth -= value.depth > 0;
      continue;
    }
    if (is_object[level - 1] && !want_value) {
      std::string_view key;
      if (c != '"' || !string(key) || !blank() || text[at] != ':') return false;
      ++at;
      if (value.depth >= value.path.size()) return false;
      value.path[value.depth++] = key;
      want_value = true;
      continue;
    }
    const bool keyed = want_value;
    want_value = false;
    if (c == '{' || c == '[') {
      if (level >= kDeepest) return false;
      has_key[level] = keyed;
      is_object[level++] = c == '{';
      ++at;
      continue;
    }
    if (c == '"') {
      value.type = JsonType::string;
      if (!string(value.raw)) return false;
    } else {
      const std::size_t begin = at;
      while (at < text.size() && text[at] != ',' && text[at] != '}' && text[at] != ']' && text[at] != ' ' && text[at] != ':' &&
             text[at] != '"')
        ++at;
      if (at == begin) return false;
      value.raw = text.substr(begin, at - begin);
      value.type = (c >= '0' && c <= '9') || c == '-' ? JsonType::number : JsonType::word;
    }
    on_value(static_cast<const JsonValue&>(value));
    if (keyed) --value.depth;
  }
  return true;
}

}  // namespace sekisho
