// Compressor: turns a buffer into one zstd frame of its own, so that a file that ends anywhere can be read up to its last whole frame.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct ZSTD_CCtx_s;

namespace sekisho {

// One thread. Memory: about 1 MiB, once for all files. Level 3, content size and checksum in each frame.
class Compressor {
 public:
  Compressor();
  ~Compressor();
  // Valid until the next call. Empty when there is no memory.
  std::span<const std::uint8_t> compress(std::span<const std::uint8_t> data);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
  std::vector<std::uint8_t> out_;
};

}  // namespace sekisho
