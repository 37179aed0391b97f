// ConfigFile: a TOML file as sections of placed values, and messages that show the line. The one file that knows the TOML library.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.h"

namespace sekisho {

// A stretch of one line; line and column count from 1, columns in characters.
struct ConfigPlace {
  std::size_t line = 0, column = 0, length = 1;
};

struct ConfigEntry {
  PlacedValue setting;
  ConfigPlace key, value;
  std::vector<ConfigPlace> elements;  // of a list
};

struct ConfigFileSection {
  ConfigPlace place;
  std::map<std::string, ConfigEntry> entries;
};

// What is wrong at one place, and the way out.
struct ConfigProblem {
  ConfigPlace place;
  std::string what;  // "unknown key 'treshold_pps' in [detect.syn_flood]"
  std::string hint;  // "did you mean 'threshold_pps'?"; may be empty
};

struct ConfigFile {
  std::string name;
  std::vector<std::string> lines;
  std::map<std::string, ConfigFileSection> sections;  // "capture", "detect.c2_keepalive"
  std::vector<ConfigProblem> problems;                // what the TOML itself has wrong for a configuration
};

constexpr std::size_t kMaxConfigBytes = 1 << 20;
constexpr std::size_t kMaxConfigLineBytes = 4096;  // also bounds how deep keys can nest: the library frees its tables recursively

// `text` is untrusted: anything may be in it. Errors of syntax come back as the file's only problem.
ConfigFile parse_config(std::string name, std::string_view text);

// "FILE:LINE:COLUMN: what", the line, carets, the hint; several problems below one another, at most ten.
std::string describe(const ConfigFile& file, const std::vector<ConfigProblem>& problems);

}  // namespace sekisho
