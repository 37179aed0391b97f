// Atomic replacement of a file.
#include "app/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "base/text.h"

namespace sekisho {
namespace {

Error failure(const std::string& path, int error) {
  return Error{fmt::format("cannot write {}: {}", escape_hostile(path, 1000), std::strerror(error))};
}

// 0, or the errno of the first write that failed.
int write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return ENOSPC;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

// Opens a new file beside `target`; its name is returned in `name`.
int open_beside(const std::string& target, std::string& name) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    name = fmt::format("{}.{}-{}.tmp", target, ::getpid(), attempt);
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

}  // namespace

Result<void> write_output(const std::string& path, std::string_view content) {
  if (path == "-") {
    if (const int error = write_all(STDOUT_FILENO, content)) return failure("standard output", error);
    return {};
  }
  struct stat existing {};
  const bool exists = ::stat(path.c_str(), &existing) == 0;
  if (exists && S_ISDIR(existing.st_mode)) return failure(path, EISDIR);
  if (exists && !S_ISREG(existing.st_mode)) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return failure(path, errno);
    const int error = write_all(fd, content);
    const int close_error = ::close(fd) == 0 ? 0 : errno;
    if (error || close_error) return failure(path, error ? error : close_error);
    return {};
  }
  std::string target = path;
  if (char resolved[PATH_MAX]; exists && ::realpath(path.c_str(), resolved)) target = resolved;

  std::string temporary;
  const int fd = open_beside(target, temporary);
  if (fd < 0) return failure(path, errno);
  int error = exists && ::fchmod(fd, existing.st_mode & 07777) != 0 ? errno : 0;
  if (!error) error = write_all(fd, content);
  if (!error && ::fsync(fd) != 0) error = errno;
  if (::close(fd) != 0 && !error) error = errno;
  if (!error && ::rename(temporary.c_str(), target.c_str()) != 0) error = errno;
  if (error) {
    ::unlink(temporary.c_str());
    return failure(path, error);
  }
  return {};
}

}  // namespace sekisho
