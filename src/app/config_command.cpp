// Prints the settings: all with help, those in force, one explained; checks a file.
#include "app/config_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"

namespace sekisho {
namespace {

using nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kActions{"defaults", "check", "show", "explain"};

void print(std::FILE* to, const std::string& text) { std::fwrite(text.data(), 1, text.size(), to); }

int fail(std::FILE* err, const Error& error) {
  print(err, "sekisho: " + error.message + "\n");
  return error.kind == ErrorKind::usage ? 2 : 3;
}

ordered_json as_json(const SettingValue& value) {
  return std::visit([](const auto& v) { return ordered_json(v); }, value);
}

ordered_json as_json(const SectionInfo& section, const FieldInfo& field) {
  ordered_json out{{"key", section.name + "." + std::string{field.name}}, {"type", field.type}, {"default", as_json(field.default_value)}};
  if (field.type == "whole number" || field.type == "number" || field.type == "duration") out["min"] = field.min, out["max"] = field.max;
  if (field.type == "duration") out["unit"] = "ms";
  out["expected"] = expected(section.name, field);
  out["help"] = field.help;
  return out;
}

std::string dump(const ordered_json& document) { return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n"; }

// One setting for people.
std::string explain_one(const SectionInfo& section, const FieldInfo& field) {
  return fmt::format("{}.{}\n  {}\n  takes    {}\n  default  {}\n  in the file:\n    [{}]\n    {} = {}\n", section.name, field.name,
                     field.help, expected(section.name, field), to_toml(field, field.default_value), section.name, field.name,
                     to_toml(field, field.default_value));
}

int explain(const ConfigCommand& command, const std::vector<SectionInfo>& sections, std::FILE* out, std::FILE* err) {
  ordered_json found = ordered_json::array();
  std::string text;
  std::vector<std::string> names;
  for (const auto& s : sections) {
    names.push_back(s.name);
    const bool whole_section = command.key.empty() || s.name == command.key;
    if (s.name == command.key && !command.json) text += fmt::format("[{}] {}\n\n", s.name, s.help);
    for (const auto& f : s.fields) {
      const auto full = s.name + "." + std::string{f.name};
      names.push_back(full);
      names.emplace_back(f.name);
      if (!whole_section && full != command.key && f.name != command.key) continue;
      found.push_back(as_json(s, f));
      text += (text.empty() || text.ends_with("\n\n") ? "" : "\n") + explain_one(s, f);
    }
  }
  if (text.empty() && found.empty()) {
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    const auto near = nearest_name(command.key, candidates);
    return fail(err, {fmt::format("there is no setting '{}'; {}", escape_hostile(command.key, 60),
                                  near.empty() ? "all are listed by: sekisho config defaults" : fmt::format("did you mean '{}'?", near)),
                      ErrorKind::usage});
  }
  print(out, command.json ? dump({{"schema", 1}, {"settings", found}}) : text);
  return 0;
}

// Each setting in force: section, field, value, and where the file gives it (null: the default holds).
template <class Each>
void for_each_setting(const Config& config, const std::vector<SectionInfo>& sections, Each each) {
  for (const auto& s : sections) {
    const auto& given = section(config, s.name);
    for (const auto& f : s.fields) {
      const auto found = given.find(std::string{f.name});
      const bool is_given = found != given.end();
      // Converted once more, so that "90s" and 90000 are shown alike.
      auto converted = is_given ? convert_setting(s.name, f, found->second) : Result<SettingValue>{f.default_value};
      each(s, f, shown_setting(s.name, f.name, converted.ok() ? converted.value() : f.default_value),
           is_given ? &found->second.place : nullptr);
    }
  }
}

ordered_json settings_json(const Config& config, const std::vector<SectionInfo>& sections) {
  ordered_json settings = ordered_json::array();
  for_each_setting(config, sections, [&](const SectionInfo& s, const FieldInfo& f, const SettingValue& value, const std::string* place) {
    settings.push_back({{"key", s.name + "." + std::string{f.name}},
                        {"value", as_json(value)},
                        {"default", !place},
                        {"place", place ? ordered_json(*place) : ordered_json(nullptr)},
                        {"text", to_toml(f, value)},
                        {"default_text", to_toml(f, f.default_value)},
                        {"expected", expected(s.name, f)},
                        {"help", f.help}});
  });
  return {{"schema", 1}, {"file", config.file.empty() ? ordered_json(nullptr) : ordered_json(config.file)}, {"settings", settings}};
}

// The settings in force: those of the file with their place, the others as defaults.
int show(const ConfigCommand& command, const Config& config, const std::vector<SectionInfo>& sections, std::FILE* out) {
  if (command.json) return print(out, dump(settings_json(config, sections))), 0;
  std::string text = config.file.empty() ? fmt::format("# no {}: every setting has its default\n", kDefaultConfigFile)
                                         : fmt::format("# from {}\n", escape_hostile(config.file));
  const SectionInfo* current = nullptr;
  for_each_setting(config, sections, [&](const SectionInfo& s, const FieldInfo& f, const SettingValue& value, const std::string* place) {
    if (std::exchange(current, &s) != &s) text += fmt::format("\n[{}]\n", s.name);
    const auto line = fmt::format("{} = {}", f.name, to_toml(f, value));
    text += place ? fmt::format("{:<40}  # {}\n", line, escape_hostile(*place)) : line + "\n";
  });
  print(out, text);
  return 0;
}

int check_file(const ConfigCommand& command, const Result<Config>& config, std::FILE* out, std::FILE* err) {
  if (command.json) {
    ordered_json document{{"schema", 1}, {"ok", config.ok()}};
    if (!config.ok()) document["error"] = config.error().message;
    print(out, dump(document));
    return config.ok() ? 0 : config.error().kind == ErrorKind::usage ? 2 : 3;
  }
  if (!config.ok()) return fail(err, config.error());
  const auto& c = config.value();
  std::size_t given = 0;
  for (const auto& [name, table] : c.sections) given += table.size();
  print(out, c.file.empty()
                 ? fmt::format("there is no {}: every setting has its default\n", kDefaultConfigFile)
                 : fmt::format("{}: correct, {} {} given\n", escape_hostile(c.file), given, given == 1 ? "setting" : "settings"));
  return 0;
}

}  // namespace

std::string settings_document(const Config& config, std::span<const DetectorSpec> detectors) {
  return settings_json(config, config_sections_of(config, detectors)).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string config_defaults(std::span<const DetectorSpec> detectors) {
  std::string out = fmt::format("# Every setting of sekisho with its default. Put those that you change into {}.\n", kDefaultConfigFile);
  for (const auto& s : config_sections(detectors)) {
    // A pattern: without a type there is no channel.
    const std::string_view off = s.name == "alert.NAME" ? "# " : "";
    out += fmt::format("\n# {}\n{}[{}]\n", s.help, off, s.name);
    for (const auto& f : s.fields)
      out += fmt::format("# {}; {}\n{}{} = {}\n", f.help, expected(s.name, f), off, f.name, to_toml(f, f.default_value));
  }
  return out;
}

int run_config(const ConfigCommand& command, std::FILE* out, std::FILE* err, std::span<const DetectorSpec> detectors) {
  const auto sections = config_sections(detectors);
  if (command.action == "explain") return explain(command, sections, out, err);
  if (command.action == "defaults") {
    ordered_json settings = ordered_json::array();
    for (const auto& s : sections)
      for (const auto& f : s.fields) settings.push_back(as_json(s, f));
    print(out, command.json ? dump({{"schema", 1}, {"settings", settings}}) : config_defaults(detectors));
    return 0;
  }
  if (command.action != "check" && command.action != "show") {
    const auto near = nearest_name(command.action, kActions);
    return fail(err, {fmt::format("config does not know '{}'; {}", escape_hostile(command.action, 60),
                                  near.empty() ? "it knows defaults, check, show and explain" : fmt::format("did you mean '{}'?", near)),
                      ErrorKind::usage});
  }
  const auto config = load_config(command.file, detectors);
  if (command.action == "check") return check_file(command, config, out, err);
  if (!config.ok()) return fail(err, config.error());
  return show(command, config.value(), config_sections_of(config.value(), detectors), out);
}

}  // namespace sekisho
