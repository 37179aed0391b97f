// Atomic replacement of a file.
#include "app/write_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.h"

namespace sekisho {
namespace {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Result<void> write_file(const std::string& path, std::string_view text) {
  const auto failed = [&](int error) {
    return Error{fmt::format("{} could not be written: {}. Name another file or make room.", escape_hostile(path), std::strerror(error))};
  };
  struct stat status {};
  const bool special = ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  const std::string target = special ? path : path + ".part";
  const int fd = ::open(target.c_str(), O_WRONLY | O_CLOEXEC | (special ? 0 : O_CREAT | O_TRUNC | O_NOFOLLOW), 0644);
  if (fd < 0) return failed(errno);
  bool done = write_all(fd, text);
  int error = errno;
  if (::close(fd) != 0 && done) done = false, error = errno;
  if (done && !special && std::rename(target.c_str(), path.c_str()) != 0) done = false, error = errno;
  if (done) return {};
  if (!special) ::unlink(target.c_str());
  return failed(error);
}

}  // namespace sekisho
