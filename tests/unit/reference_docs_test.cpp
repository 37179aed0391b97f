// The generated pages name every label and every setting, in tables that stay whole.
#include "app/reference_docs.h"

#include <gtest/gtest.h>

#include <sstream>

#include "app/config.h"
#include "model/labels.h"

namespace sekisho {
namespace {

TEST(ReferenceDocs, name_every_label_and_setting) {
  const auto labels = labels_page();
  for (const auto& label : all_labels())
    EXPECT_NE(labels.find("<a id=\"" + std::string{label.id} + "\"></a>"), std::string::npos) << label.id;
  const auto settings = settings_page();
  for (const auto& section : config_sections()) {
    EXPECT_NE(settings.find("\n## [" + section.name + "]\n"), std::string::npos) << section.name;
    for (const auto& field : section.fields)
      EXPECT_NE(settings.find("| `" + std::string{field.name} + "` |"), std::string::npos) << field.name;
  }
}

// A row has as many cells as its table's heading, whatever stands in help texts.
TEST(ReferenceDocs, rows_have_the_cells_of_their_heading) {
  for (const auto& page : {labels_page(), settings_page()}) {
    std::istringstream lines{page};
    std::string line;
    long heading = 0;
    while (std::getline(lines, line)) {
      long bars = 0;
      for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
      if (!line.starts_with('|')) heading = 0;
      if (line.starts_with('|') && heading == 0) heading = bars;
      if (line.starts_with("|")) {
        EXPECT_EQ(bars, heading) << line;
      }
    }
  }
}

}  // namespace
}  // namespace sekisho
