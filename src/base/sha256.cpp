// OpenSSL's SHA-256.
#include "base/sha256.h"

#include <openssl/evp.h>

#include <array>

#include "base/check.h"

namespace sekisho {

struct Sha256::Context {
  EVP_MD_CTX* md = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(md); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  check(context_->md && EVP_DigestInit_ex(context_->md, EVP_sha256(), nullptr) == 1, "OpenSSL has SHA-256");
}
Sha256::~Sha256() = default;

void Sha256::add(std::span<const std::uint8_t> bytes) { EVP_DigestUpdate(context_->md, bytes.data(), bytes.size()); }
void Sha256::add(std::string_view text) { EVP_DigestUpdate(context_->md, text.data(), text.size()); }

std::string Sha256::hex() {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context_->md, digest.data(), &size);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += kDigits[digest[i] >> 4], text += kDigits[digest[i] & 15];
  return text;
}

std::string sha256_hex(std::string_view text) {
  Sha256 sum;
  sum.add(text);
  return sum.hex();
}

}  // namespace sekisho
