// SHA-256 in hexadecimal, of a text or piece by piece.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sekisho {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void add(std::span<const std::uint8_t> bytes);
  void add(std::string_view text);
  std::string hex();  // 64 lower-case digits; once, at the end

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string sha256_hex(std::string_view text);

}  // namespace sekisho
