// The generated pages of docs/: what the tables of the program say, as Markdown.
#pragma once
#include <string>

namespace sekisho {

std::string labels_page();    // docs/labels.md
std::string settings_page();  // docs/settings.md

}  // namespace sekisho
