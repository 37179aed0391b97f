// zstd, one frame a call.
#include "evidence/compressor.h"

#include <zstd.h>

namespace sekisho {

Compressor::Compressor() : context_(ZSTD_createCCtx()) {
  if (!context_) return;
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, 3);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
}

Compressor::~Compressor() = default;

void Compressor::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

std::span<const std::uint8_t> Compressor::compress(std::span<const std::uint8_t> data) {
  if (!context_) return {};
  if (const auto most = ZSTD_compressBound(data.size()); out_.size() < most) out_.resize(most);
  const auto size = ZSTD_compress2(context_.get(), out_.data(), out_.size(), data.data(), data.size());
  return ZSTD_isError(size) ? std::span<const std::uint8_t>{} : std::span<const std::uint8_t>{out_.data(), size};
}

}  // namespace sekisho
