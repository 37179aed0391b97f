// Reads TOML into sections of placed values, and shows problems with their line.
#include "app/config_file.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>

#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::size_t kShownColumns = 100;  // of a long line, around the place
constexpr std::size_t kMaxProblems = 10;

ConfigPlace place_of(const toml::source_region& region) {
  ConfigPlace place{region.begin.line, region.begin.column, 1};
  if (region.end.line == region.begin.line && region.end.column > region.begin.column)
    place.length = region.end.column - region.begin.column;
  return place;
}

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a section";
    case toml::node_type::array: return "a list";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date or time";
    default: return "a value";
  }
}

class Reader {
 public:
  explicit Reader(ConfigFile& file) : file_(file) {}

  void read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      const std::string name{key.str()};
      const auto* table = node.as_table();
      if (!table) {
        problem(place_of(key.source()), fmt::format("'{}' stands outside any section", escape_hostile(name, 60)),
                node.is_array_of_tables() ? fmt::format("write [{0}] with single brackets", escape_hostile(name, 60))
                                          : "every setting belongs to a [section]: sekisho config defaults");
        continue;
      }
      if (name == "detect") {
        read_detectors(*table);
        continue;
      }
      if (name == "alert") {
        read_alerts(place_of(key.source()), *table);
        continue;
      }
      read_section(name, place_of(key.source()), *table);
    }
  }

 private:
  void problem(ConfigPlace place, std::string what, std::string hint) {
    file_.problems.push_back({place, std::move(what), std::move(hint)});
  }

  void read_detectors(const toml::table& detectors) {
    for (const auto& [key, node] : detectors) {
      const std::string name{key.str()};
      if (const auto* table = node.as_table())
        read_section("detect." + name, place_of(key.source()), *table);
      else
        problem(place_of(key.source()), fmt::format("'{}' in [detect] is {}", escape_hostile(name, 60), type_name(node)),
                "[detect] has sections only, one for each detector: [detect.NAME]");
    }
  }

  // [alert] has settings of its own, and a section for each channel.
  void read_alerts(ConfigPlace place, const toml::table& alerts) {
    bool any = false;
    for (const auto& [key, node] : alerts) {
      if (const auto* channel = node.as_table())
        read_section("alert." + std::string{key.str()}, place_of(key.source()), *channel);
      else
        any = true;
    }
    if (any) read_section("alert", place, alerts, true);
  }

  void read_section(const std::string& name, ConfigPlace place, const toml::table& table, bool without_tables = false) {
    auto& section = file_.sections[name];
    section.place = place;
    for (const auto& [key, node] : table) {
      if (without_tables && node.is_table()) continue;
      ConfigEntry entry;
      entry.key = place_of(key.source());
      entry.value = place_of(node.source());
      entry.setting.place = fmt::format("{}:{}:{}", file_.name, entry.value.line, entry.value.column);
      if (read_value(node, entry))
        section.entries.emplace(std::string{key.str()}, std::move(entry));
      else
        problem(entry.key,
                fmt::format("'{}' in [{}] is {}, which no setting is", escape_hostile(key.str(), 60), escape_hostile(name, 60),
                            type_name(node)),
                "a setting is true or false, a number, a text in quotes, or a list of texts");
    }
  }

  static bool read_value(const toml::node& node, ConfigEntry& entry) {
    auto& out = entry.setting.value;
    if (const auto* boolean = node.as_boolean()) return out = boolean->get(), true;
    if (const auto* whole = node.as_integer()) return out = std::int64_t{whole->get()}, true;
    if (const auto* real = node.as_floating_point()) return out = real->get(), true;
    if (const auto* text = node.as_string()) return out = text->get(), true;
    const auto* array = node.as_array();
    if (!array) return false;
    std::vector<std::string> texts;
    for (const auto& element : *array) {
      const auto* text = element.as_string();
      if (!text) return false;
      texts.push_back(text->get());
      entry.elements.push_back(place_of(element.source()));
    }
    return out = std::move(texts), true;
  }

  ConfigFile& file_;
};

// Splits at code points, so that columns count characters; an invalid byte counts as one.
std::vector<std::string_view> characters(std::string_view line) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < line.size();) {
    std::size_t length = 1;
    while (at + length < line.size() && (static_cast<unsigned char>(line[at + length]) & 0xc0) == 0x80 && length < 4) ++length;
    out.push_back(line.substr(at, length));
    at += length;
  }
  return out;
}

// The line's characters [from, to), harmless; a tab becomes one space so that the carets stand below what they mean.
std::string shown(const std::vector<std::string_view>& line, std::size_t from, std::size_t to) {
  std::string text;
  for (std::size_t i = from; i < std::min(to, line.size()); ++i) text += line[i] == "\t" ? std::string{" "} : escape_hostile(line[i]);
  return text;
}

// Such a line is not shown: errors end in logs and on screens of others.
bool may_hold_secret(std::string_view line) {
  return line.find("secret") != std::string_view::npos || line.find("url") != std::string_view::npos ||
         line.find("://") != std::string_view::npos;
}

std::string describe_one(const ConfigFile& file, const ConfigProblem& problem) {
  const auto& place = problem.place;
  std::string out = place.line == 0 ? fmt::format("{}: {}", file.name, problem.what)
                                    : fmt::format("{}:{}:{}: {}", file.name, place.line, place.column, problem.what);
  if (place.line >= 1 && place.line <= file.lines.size() && !may_hold_secret(file.lines[place.line - 1])) {
    const auto line = characters(file.lines[place.line - 1]);
    const std::size_t at = std::min(place.column - std::min<std::size_t>(1, place.column), line.size());
    const std::size_t from = at > kShownColumns / 2 ? at - kShownColumns / 2 : 0;
    const std::size_t to = std::min(from + kShownColumns, line.size());
    const std::string before = (from > 0 ? "…" : "") + shown(line, from, at);
    const std::string marked = shown(line, at, std::min(at + place.length, to));
    const std::string after = shown(line, std::min(at + place.length, to), to) + (to < line.size() ? "…" : "");
    out += fmt::format("\n{:>5} | {}{}{}", place.line, before, marked, after);
    out +=
        fmt::format("\n{:>5} | {:{}}{:^>{}}", "", "", characters(before).size(), "", std::max<std::size_t>(1, characters(marked).size()));
  }
  if (!problem.hint.empty()) out += "\nhint: " + problem.hint;
  return out;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

ConfigFile parse_config(std::string name, std::string_view text) {
  ConfigFile file{.name = std::move(name)};
  const auto refuse = [&](ConfigPlace place, std::string what, std::string hint) -> ConfigFile& {
    file.problems.push_back({place, std::move(what), std::move(hint)});
    return file;
  };
  if (text.size() > kMaxConfigBytes) {
    const auto size = fmt::format("{} or more", format_bytes(kMaxConfigBytes));
    return refuse({}, fmt::format("is too large for a configuration file ({}; at most {} bytes)", size, format_count(kMaxConfigBytes)),
                  "is this the right file?");
  }
  if (text.find('\0') != std::string_view::npos)
    return refuse({}, "is not a text file", "a configuration is TOML: sekisho config defaults");
  file.lines = split_lines(text);
  for (std::size_t i = 0; i < file.lines.size(); ++i)
    if (file.lines[i].size() > kMaxConfigLineBytes)
      return refuse(
          {i + 1, 1, 1},
          fmt::format("this line has {} bytes; at most {}", format_count(file.lines[i].size()), format_count(kMaxConfigLineBytes)),
          "a list may be broken over lines");
  try {
    const toml::table root = toml::parse(text, file.name);
    Reader{file}.read(root);
  } catch (const toml::parse_error& error) {
    const auto place = place_of(error.source());
    // The library repeats what it did not understand.
    const bool hidden = place.line >= 1 && place.line <= file.lines.size() && may_hold_secret(file.lines[place.line - 1]);
    return refuse(place, hidden ? std::string{"not valid TOML"} : "not valid TOML: " + escape_hostile(error.description()), "");
  } catch (const std::exception& error) {
    return refuse({}, fmt::format("cannot be read as TOML: {}", escape_hostile(error.what())), "");
  }
  return file;
}

std::string describe(const ConfigFile& file, const std::vector<ConfigProblem>& problems) {
  std::string out;
  for (std::size_t i = 0; i < problems.size(); ++i) {
    if (i == kMaxProblems) return out + fmt::format("\n{}: and {} more like these", file.name, problems.size() - i);
    out += (i ? "\n" : "") + describe_one(file, problems[i]);
  }
  return out;
}

}  // namespace sekisho
