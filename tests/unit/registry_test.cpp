// Every plug-in that has a file is in the registry (the linker dropped none), and what is registered has its file: one name everywhere.
#include "base/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "detect/detector.h"
#include "model/amplification.h"
#include "model/labels.h"

namespace sekisho {
namespace {

// The names that the files of the room register, by file: the file's own detector, or the vectors of a family that share a file.
std::map<std::string, std::vector<std::string>> names_by_file() {
  static const std::regex pattern{R"re((?:\.name = |detector<\w+>\(|one<[\w:]+>\()"(\w+)")re"};
  std::map<std::string, std::vector<std::string>> names;
  for (const auto& entry : std::filesystem::directory_iterator{std::string{SEKISHO_SOURCE_DIR} + "/src/detect"}) {
    if (entry.path().extension() != ".cpp") continue;
    std::stringstream stream;
    stream << std::ifstream{entry.path()}.rdbuf();
    const std::string text = stream.str();
    if (text.find("Register<DetectorSpec>") == std::string::npos) continue;
    for (auto match = std::sregex_iterator{text.begin(), text.end(), pattern}; match != std::sregex_iterator{}; ++match)
      names[entry.path().stem()].push_back((*match)[1]);
  }
  for (const auto& vector : amplification_vectors()) names["amplification"].emplace_back(vector.label);
  return names;
}

TEST(Registry, holds_every_detector_of_the_files_and_nothing_else) {
  std::vector<std::string> registered, written;
  for (const auto& spec : Registry<DetectorSpec>::all()) registered.emplace_back(spec.name);
  for (const auto& [file, names] : names_by_file()) written.insert(written.end(), names.begin(), names.end());
  std::sort(written.begin(), written.end());
  EXPECT_EQ(registered, written);
}

TEST(Registry, a_file_with_one_detector_has_its_name) {
  for (const auto& [file, names] : names_by_file())
    if (names.size() == 1) {
      EXPECT_EQ(file, names.front());
    }
}

TEST(Registry, every_detector_is_described_and_accepts_its_defaults) {
  for (const auto& spec : Registry<DetectorSpec>::all()) {
    SettingTable defaults;
    EXPECT_FALSE(spec.help.empty()) << spec.name;
    for (const auto& field : spec.fields) {
      EXPECT_FALSE(field.help.empty()) << spec.name << "." << field.name;
      defaults[std::string{field.name}] = {field.default_value, "default"};
    }
    const auto made = spec.make(defaults);
    EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
  }
}

TEST(Labels, are_unique_and_sorted_by_kind_then_id) {
  const auto labels = all_labels();
  for (std::size_t i = 1; i < labels.size(); ++i)
    EXPECT_TRUE(labels[i - 1].kind < labels[i].kind || (labels[i - 1].kind == labels[i].kind && labels[i - 1].id < labels[i].id))
        << labels[i].id;
}

}  // namespace
}  // namespace sekisho
