// Keyed mixing for tables and sketches that an attacker can feed.
#pragma once
#include <cstdint>

namespace sekisho {

// A per-boot secret; fixed in analyze and under test so that replays are exact.
struct HashKey {
  std::uint64_t a = 0x9e3779b97f4a7c15ULL;
  std::uint64_t b = 0xd1b54a32d192ed03ULL;
};

// 64x64->128 multiply, folded: the mixing step of the wyhash family (public domain construction).
inline std::uint64_t fold_multiply(std::uint64_t x, std::uint64_t y) {
  const auto product = static_cast<unsigned __int128>(x) * y;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
inline std::uint64_t keyed_hash(const HashKey& key, std::uint64_t x, std::uint64_t y = 0) {
  return fold_multiply(fold_multiply(x ^ key.a, y ^ key.b) ^ key.b, 0xa0761d6478bd642fULL ^ key.a);
}

}  // namespace sekisho
