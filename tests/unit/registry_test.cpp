// Every plug-in that has a file is in the registry (the linker dropped none), and what is registered has its file: one name everywhere.
#include "base/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "detect/detector.h"
#include "model/labels.h"

namespace sekisho {
namespace {

// The stems of the files of a room that hold `mark`; helper files without a registration are not listed.
std::vector<std::string> files_with(const std::string& room, const std::string& mark) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{std::string{SEKISHO_SOURCE_DIR} + "/src/" + room}) {
    if (entry.path().extension() != ".cpp") continue;
    std::stringstream text;
    text << std::ifstream{entry.path()}.rdbuf();
    if (text.str().find(mark) != std::string::npos) names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Registry, holds_every_detector_file_and_nothing_else) {
  std::vector<std::string> registered;
  for (const auto& spec : Registry<DetectorSpec>::all()) registered.emplace_back(spec.name);
  EXPECT_EQ(registered, files_with("detect", "Register<DetectorSpec>"));
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
