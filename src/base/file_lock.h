// FileLock: one process at a time. Held as long as the process lives: the kernel lets go of it also when it dies.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace sekisho {

class FileLock {
 public:
  // Does not wait. `holder` and `way_out` stand in the message: "HOLDER (process 12): stop it first, or WAY_OUT".
  static Result<FileLock> take(const std::string& path, std::string_view holder, std::string_view way_out);
  // Another process has it now.
  static bool is_held(const std::string& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  FileLock() = default;
  int fd_ = -1;
};

}  // namespace sekisho
