// Members of a JSON object that somebody else made: there or not, of the right type or not, never an exception.
#pragma once
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"

namespace sekisho {

// Null when `from` is no object or has no such member. For nlohmann::json and ordered_json alike.
template <class Json>
Json part_of(const Json& from, const char* name) {
  if (!from.is_object()) return {};
  const auto at = from.find(name);
  return at == from.end() ? Json{} : *at;
}
// 0 when it is no number.
template <class Json>
double number_of(const Json& from, const char* name) {
  const auto value = part_of(from, name);
  return value.is_number() ? value.template get<double>() : 0;
}
template <class Json>
std::uint64_t count_of(const Json& from, const char* name) {
  return static_cast<std::uint64_t>(std::max(number_of(from, name), 0.0));
}
// As it was given; empty when it is no text.
template <class Json>
std::string raw_text_of(const Json& from, const char* name) {
  const auto value = part_of(from, name);
  return value.is_string() ? value.template get<std::string>() : std::string{};
}
// The same, made harmless for a terminal, at most `most` bytes.
template <class Json>
std::string text_of(const Json& from, const char* name, std::size_t most = 2000) {
  return escape_hostile(raw_text_of(from, name), most);
}

}  // namespace sekisho
