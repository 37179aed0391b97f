// Which files a command line means: folders are opened up, doubles and things that are no files are left out with a line.
#pragma once
#include <string>
#include <vector>

namespace sekisho {

struct CaptureList {
  std::vector<std::string> files;    // in the order given; inside a folder by name
  std::vector<std::string> skipped;  // "DIR/pipe: not a regular file"
};

CaptureList list_captures(const std::vector<std::string>& paths);

}  // namespace sekisho
