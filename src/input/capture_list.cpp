// Walking folders without being trapped by links in a circle, pipes or devices.
#include "input/capture_list.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

namespace sekisho {
namespace {

using FileId = std::pair<dev_t, ino_t>;

class Walk {
 public:
  // Something named on the command line: pipes and devices are meant when they are named.
  void named(const std::string& path) {
    struct stat about {};
    if (path == "-") {
      if (standard_input_) return skip(path, "named twice");
      standard_input_ = true;
      list_.files.push_back(path);
    } else if (::stat(path.c_str(), &about) != 0) {
      list_.files.push_back(path);  // opening it will say what is wrong
    } else if (S_ISDIR(about.st_mode)) {
      folder(path, about);
    } else {
      file(path, about);
    }
  }
  CaptureList take() { return std::move(list_); }

 private:
  void file(const std::string& path, const struct stat& about) {
    if (S_ISREG(about.st_mode)) {
      const auto [first, fresh] = seen_files_.try_emplace(FileId{about.st_dev, about.st_ino}, path);
      if (!fresh) return skip(path, "the same file as " + first->second);
    }
    list_.files.push_back(path);
  }

  void folder(const std::string& path, const struct stat& about) {
    if (!seen_folders_.emplace(about.st_dev, about.st_ino).second) return skip(path, "a folder that was read already");
    std::error_code error;
    std::vector<std::string> entries;
    std::filesystem::directory_iterator entry(path, error), end;
    for (; !error && entry != end; entry.increment(error)) entries.push_back(entry->path().native());
    if (error) skip(path, error.message());
    std::sort(entries.begin(), entries.end());
    for (const std::string& inside : entries) {
      struct stat what {};
      if (::stat(inside.c_str(), &what) != 0)
        skip(inside, std::strerror(errno));
      else if (S_ISDIR(what.st_mode))
        folder(inside, what);
      else if (S_ISREG(what.st_mode))
        file(inside, what);
      else
        skip(inside, "not a regular file");
    }
  }

  void skip(const std::string& path, const std::string& why) { list_.skipped.push_back(path + ": " + why); }

  CaptureList list_;
  std::set<FileId> seen_folders_;
  std::map<FileId, std::string> seen_files_;
  bool standard_input_ = false;
};

}  // namespace

CaptureList list_captures(const std::vector<std::string>& paths) {
  Walk walk;
  for (const std::string& path : paths) walk.named(path);
  return walk.take();
}

}  // namespace sekisho
