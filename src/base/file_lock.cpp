// flock(2) on a file that also says whose it is.
#include "base/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace sekisho {

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

bool FileLock::is_held(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return false;
  const bool held = ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(fd);
  return held;
}

Result<FileLock> FileLock::take(const std::string& path, std::string_view holder, std::string_view way_out) {
  FileLock lock;
  lock.fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (lock.fd_ < 0) return Error{fmt::format("cannot make the lock {}: {}", escape_hostile(path), std::strerror(errno))};
  if (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    char pid[32]{};
    const auto size = ::pread(lock.fd_, pid, sizeof pid - 1, 0);
    std::string who{holder};
    if (size > 0 && std::strspn(pid, "0123456789\n") == static_cast<std::size_t>(size)) who += fmt::format(" (process {})", std::atol(pid));
    return Error{fmt::format("{}: stop it first, or {}; the lock is {}", who, way_out, escape_hostile(path))};
  }
  const auto pid = fmt::format("{}\n", ::getpid());
  // The number is a courtesy: a full disk must not keep the lock from being held.
  if (::ftruncate(lock.fd_, 0) == 0) static_cast<void>(::pwrite(lock.fd_, pid.data(), pid.size(), 0) < 0);
  return lock;
}

}  // namespace sekisho
