// Every plug-in that has a file is in the registry (the linker dropped none), and what is registered has its file: one name everywhere.
#include "base/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "detect/detector.h"
#include "model/amplification.h"
#include "model/labels.h"

namespace sekisho {
namespace {

// The names that the files of a room register: the text after each mark. amplification.cpp registers a table instead.
std::map<std::string, std::vector<std::string>> registrations(const std::string& room, const std::string& mark) {
  std::map<std::string, std::vector<std::string>> names;
  for (const auto& entry : std::filesystem::directory_iterator{std::string{SEKISHO_SOURCE_DIR} + "/src/" + room}) {
    if (entry.path().extension() != ".cpp") continue;
    std::stringstream stream;
    stream << std::ifstream{entry.path()}.rdbuf();
    const std::string text = stream.str();
    for (auto at = text.find(mark); at != std::string::npos;) {
      const auto next = text.find(mark, at + 1), begin = text.find('"', at) + 1;
      if (begin != 0 && begin < next) names[entry.path().stem()].push_back(text.substr(begin, text.find('"', begin) - begin));
      at = next;
    }
  }
  return names;
}

TEST(Registry, holds_what_the_files_register_and_nothing_else) {
  std::vector<std::string> registered, written;
  for (const auto& spec : Registry<DetectorSpec>::all()) registered.emplace_back(spec.name);
  for (const auto& [file, names] : registrations("detect", "Register<DetectorSpec>"))
    written.insert(written.end(), names.begin(), names.end());
  for (const auto& vector : amplification_vectors()) written.emplace_back(vector.label);
  std::sort(written.begin(), written.end());
  EXPECT_EQ(registered, written);
}

TEST(Registry, a_file_with_one_detector_has_its_name) {
  for (const auto& [file, names] : registrations("detect", "Register<DetectorSpec>"))
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
