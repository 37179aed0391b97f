// Prints a generated page of docs/: make_docs labels | settings. `./dev docs` writes them.
#include <cstdio>
#include <string>
#include <string_view>

#include "app/reference_docs.h"

int main(int argc, char** argv) {
  const std::string_view page = argc == 2 ? argv[1] : "";
  if (page != "labels" && page != "settings") {
    std::fputs("usage: make_docs labels | settings\n", stderr);
    return 2;
  }
  const std::string text = page == "labels" ? sekisho::labels_page() : sekisho::settings_page();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}
