// Reads the file piece by piece.
#include "evidence/file_hash.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/sha256.h"
#include "base/text.h"

namespace sekisho {

Result<std::string> sha256_of_file(const std::string& path) {
  const auto failed = [&](int error) {
    return Error{fmt::format("no SHA-256 of {}: {}", escape_hostile(path, 1000), std::strerror(error))};
  };
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return failed(errno);
  Sha256 hash;
  std::vector<std::uint8_t> piece(64 * 1024);
  ssize_t got = 0;
  while ((got = ::read(fd, piece.data(), piece.size())) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    hash.add(std::span{piece}.first(static_cast<std::size_t>(got)));
  }
  const int error = errno;
  ::close(fd);
  if (got < 0) return failed(error);
  return hash.hex();
}

}  // namespace sekisho
