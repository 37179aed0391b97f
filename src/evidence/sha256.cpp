// Reads the file piece by piece.
#include "evidence/sha256.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "base/text.h"

namespace sekisho {

Result<std::string> sha256_of_file(const std::string& path) {
  const auto failed = [&](const char* why) { return Error{fmt::format("no SHA-256 of {}: {}", escape_hostile(path, 1000), why)}; };
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) return failed("OpenSSL refuses it");
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return failed(std::strerror(errno));
  std::vector<unsigned char> piece(64 * 1024);
  ssize_t got = 0;
  while ((got = ::read(fd, piece.data(), piece.size())) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    EVP_DigestUpdate(context.get(), piece.data(), static_cast<std::size_t>(got));
  }
  const int error = errno;
  ::close(fd);
  if (got < 0) return failed(std::strerror(error));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_DigestFinal_ex(context.get(), digest, &size) != 1) return failed("OpenSSL refuses it");
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace sekisho
