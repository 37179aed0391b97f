// The strings of tests/hostile/strings.json, which scripts and browser tests read, too.
#pragma once
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace sekisho::samples {

inline std::vector<std::string> hostile_strings(const std::string& path) {
  std::ifstream file{path};
  const auto list = nlohmann::json::parse(file, nullptr, false);
  if (!list.is_array() || list.empty()) throw std::runtime_error(path + " is no list of strings");
  std::vector<std::string> all;
  for (const auto& one : list) {
    std::string text = one.value("text", ""), digits;
    for (int times = one.value("times", 0); times > 0; --times) text += one.value("repeat", "");
    for (const char c : one.value("bytes", "")) {
      if (c != ' ') digits += c;
      if (digits.size() == 2) text += static_cast<char>(std::strtoul(digits.c_str(), nullptr, 16)), digits.clear();
    }
    all.push_back(std::move(text));
  }
  return all;
}

}  // namespace sekisho::samples
