// Conversion, range checks and messages for settings.
#include "base/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

namespace sekisho {
namespace {

// "500ms", "10s", "5m", "1h", "7d"; a bare number is not text and never comes here.
bool parse_duration_ms(std::string_view text, std::int64_t& ms) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return false;
  const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  const std::int64_t scale = unit == "ms"  ? 1
                             : unit == "s" ? 1000
                             : unit == "m" ? 60'000
                             : unit == "h" ? 3'600'000
                             : unit == "d" ? 86'400'000
                                           : 0;
  return scale != 0 && !__builtin_mul_overflow(number, scale, &ms);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const auto candidate : candidates)
    if (const auto d = edit_distance(name, candidate); d < best_distance) best = candidate, best_distance = d;
  return best;
}

Result<void> reject_unknown_keys(std::string_view section, std::span<const FieldInfo> fields, const SettingTable& given) {
  std::vector<std::string_view> names;
  for (const auto& f : fields) names.push_back(f.name);
  for (const auto& [key, value] : given) {
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    const auto near = nearest_name(key, names);
    return Error{fmt::format("{}: unknown key '{}' in [{}]{}", value.place, key, section,
                             near.empty() ? std::string{} : fmt::format("; did you mean '{}'?", near)),
                 ErrorKind::usage};
  }
  return {};
}

Result<SettingValue> convert_setting(std::string_view section, const FieldInfo& field, const PlacedValue& given) {
  const auto wrong = [&](std::string_view expected) {
    return Error{fmt::format("{}: '{}' in [{}] must be {}", given.place, field.name, section, expected), ErrorKind::usage};
  };
  const auto in_range = [&](double v) { return v >= field.min && v <= field.max; };
  if (field.type == "whole number") {
    const auto* v = std::get_if<std::int64_t>(&given.value);
    if (!v || !in_range(double(*v))) return wrong(fmt::format("a whole number from {} to {}", field.min, field.max));
    return SettingValue{*v};
  }
  if (field.type == "number") {
    const auto* whole = std::get_if<std::int64_t>(&given.value);
    const auto* real = std::get_if<double>(&given.value);
    if ((!whole && !real) || !in_range(whole ? double(*whole) : *real))
      return wrong(fmt::format("a number from {} to {}", field.min, field.max));
    return SettingValue{whole ? double(*whole) : *real};
  }
  if (field.type == "duration") {
    std::int64_t ms = -1;
    if (const auto* v = std::get_if<std::int64_t>(&given.value)) ms = *v;
    if (const auto* v = std::get_if<std::string>(&given.value); v && !parse_duration_ms(*v, ms)) ms = -1;
    if (ms < 0 || !in_range(double(ms)))
      return wrong(fmt::format("a duration such as 500 (ms), \"10s\", \"5m\" or \"1h\", from {} to {} ms", field.min, field.max));
    return SettingValue{ms};
  }
  if (field.type == "true or false" && std::holds_alternative<bool>(given.value)) return given.value;
  if (field.type == "text" && std::holds_alternative<std::string>(given.value)) return given.value;
  if (field.type == "list of texts" && std::holds_alternative<std::vector<std::string>>(given.value)) return given.value;
  return wrong(field.type == "text" ? "a text in quotes" : std::string{field.type});
}

}  // namespace sekisho
