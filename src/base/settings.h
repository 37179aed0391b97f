// Settings are declared once: name, member, range, help. Validation, `config defaults` and the docs come from that.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace sekisho {

struct Milliseconds {
  std::int64_t count = 0;  // written as a number of milliseconds or as "500ms", "10s", "5m", "1h", "7d"
};
using SettingValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

// A value as read from the file, with its place for messages.
struct PlacedValue {
  SettingValue value;
  std::string place;  // "/etc/sekisho/sekisho.toml:41:13"
};
using SettingTable = std::map<std::string, PlacedValue>;  // key -> value within one [section]

template <class S>
struct Field {
  std::string_view name;
  std::variant<bool S::*, std::int64_t S::*, double S::*, std::string S::*, std::vector<std::string> S::*, Milliseconds S::*> member;
  double min = 0, max = 0;  // numbers and durations (ms); ignored for others
  std::string_view help;
};

// A field without its struct's type, for printing and validation.
struct FieldInfo {
  std::string_view name, type;
  SettingValue default_value;
  double min = 0, max = 0;
  std::string_view help;
};

// Converts and range-checks; the message names place, key, what was expected.
Result<SettingValue> convert_setting(std::string_view section, const FieldInfo& field, const PlacedValue& given);
// "unknown key 'treshold_pps'; did you mean 'threshold_pps'?" for keys that no field has.
Result<void> reject_unknown_keys(std::string_view section, std::span<const FieldInfo> fields, const SettingTable& given);
// The nearest of the candidates by edit distance, empty if none is near.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> candidates);

namespace settings_detail {
template <class M>
struct member_value;
template <class S, class T>
struct member_value<T S::*> {
  using type = T;
};
inline SettingValue erase(bool v) { return v; }
inline SettingValue erase(std::int64_t v) { return v; }
inline SettingValue erase(double v) { return v; }
inline SettingValue erase(const std::string& v) { return v; }
inline SettingValue erase(const std::vector<std::string>& v) { return v; }
inline SettingValue erase(Milliseconds v) { return v.count; }
inline std::string_view type_name(bool) { return "true or false"; }
inline std::string_view type_name(std::int64_t) { return "whole number"; }
inline std::string_view type_name(double) { return "number"; }
inline std::string_view type_name(const std::string&) { return "text"; }
inline std::string_view type_name(const std::vector<std::string>&) { return "list of texts"; }
inline std::string_view type_name(Milliseconds) { return "duration"; }
}  // namespace settings_detail

template <class S>
std::vector<FieldInfo> field_infos(std::span<const Field<S>> fields) {
  const S defaults{};
  std::vector<FieldInfo> infos;
  for (const auto& f : fields)
    std::visit(
        [&](auto member) {
          const auto& value = defaults.*member;
          infos.push_back({f.name, settings_detail::type_name(value), settings_detail::erase(value), f.min, f.max, f.help});
        },
        f.member);
  return infos;
}

// The defaults of S overlaid with what the file says for [section].
template <class S>
Result<S> read_settings(std::string_view section, std::span<const Field<S>> fields, const SettingTable& given) {
  const auto infos = field_infos(fields);
  TRY(reject_unknown_keys(section, infos, given));
  S settings{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto found = given.find(std::string{fields[i].name});
    if (found == given.end()) continue;
    const SettingValue value = TRY(convert_setting(section, infos[i], found->second));
    std::visit(
        [&](auto member) {
          using T = typename settings_detail::member_value<decltype(member)>::type;
          if constexpr (std::is_same_v<T, Milliseconds>)
            settings.*member = Milliseconds{std::get<std::int64_t>(value)};
          else
            settings.*member = std::get<T>(value);
        },
        fields[i].member);
  }
  return settings;
}

}  // namespace sekisho
