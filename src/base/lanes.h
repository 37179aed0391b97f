// Lanes: small searches in the few numbers that one cache line holds, without a branch for each. The same results on every processor.
#pragma once
#include <algorithm>
#include <cstdint>
#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

namespace sekisho {

// Bit i is set when values[i] == wanted. The arrays are aligned to 16 bytes.
inline unsigned equal_lanes8(const std::uint32_t* values, std::uint32_t wanted) {
#if defined(__SSE4_1__)
  const __m128i w = _mm_set1_epi32(static_cast<int>(wanted));
  const auto* at = reinterpret_cast<const __m128i*>(values);
  const __m128i low = _mm_cmpeq_epi32(_mm_load_si128(at), w), high = _mm_cmpeq_epi32(_mm_load_si128(at + 1), w);
  return static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(low)) | _mm_movemask_ps(_mm_castsi128_ps(high)) << 4);
#else
  unsigned found = 0;
  for (unsigned i = 0; i < 8; ++i) found |= static_cast<unsigned>(values[i] == wanted) << i;
  return found;
#endif
}
inline unsigned equal_lanes4(const std::uint32_t* values, std::uint32_t wanted) {
#if defined(__SSE4_1__)
  const __m128i w = _mm_set1_epi32(static_cast<int>(wanted));
  return static_cast<unsigned>(
      _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(values)), w))));
#else
  unsigned found = 0;
  for (unsigned i = 0; i < 4; ++i) found |= static_cast<unsigned>(values[i] == wanted) << i;
  return found;
#endif
}

// The lane with the lowest rank (0-7), among those the one whose stamp lies farthest before `now` (to 8 stamps), among those the first.
inline unsigned lowest_oldest8(const std::uint8_t* ranks, const std::uint16_t* stamps, std::uint16_t now) {
#if defined(__SSE4_1__)
  const __m128i age = _mm_sub_epi16(_mm_set1_epi16(static_cast<short>(now)), _mm_load_si128(reinterpret_cast<const __m128i*>(stamps)));
  const __m128i youth = _mm_andnot_si128(_mm_srli_epi16(age, 3), _mm_set1_epi16(0x1fff));
  const __m128i rank = _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(ranks)));
  return static_cast<unsigned>(_mm_extract_epi16(_mm_minpos_epu16(_mm_or_si128(_mm_slli_epi16(rank, 13), youth)), 1));
#else
  std::uint32_t best = ~0U;
  for (std::uint32_t i = 0; i < 8; ++i) {
    const std::uint32_t youth = 0x1fffU - (static_cast<std::uint16_t>(now - stamps[i]) >> 3);
    best = std::min(best, (std::uint32_t{ranks[i]} << 13 | youth) << 3 | i);
  }
  return best & 7;
#endif
}

}  // namespace sekisho
