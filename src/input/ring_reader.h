// RingReader: the reading side of a BPF ring buffer (kernel/bpf/ringbuf.c), in batches: records stay valid until they are released.
#pragma once
#include <atomic>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "input/mapping.h"

namespace sekisho {

// One thread. libbpf's own reader gives each record back before the next one is looked at; batches need them side by side.
class RingReader {
 public:
  // `bytes`: the ring's size, a power of two.
  static Result<RingReader> map(int fd, std::size_t bytes);

  // Hands each record to `take` (a span of bytes) in order, at most `most`; returns how many it took.
  template <class Take>
  std::size_t read(std::size_t most, Take take) {
    constexpr std::uint32_t kBusy = 1U << 31, kDiscarded = 1U << 30;
    constexpr std::size_t kHeader = 8;
    std::size_t taken = 0;
    for (const auto end = written(); read_ < end && taken < most;) {
      std::uint8_t* record = data_ + (read_ & (bytes_ - 1));
      const auto word = std::atomic_ref<std::uint32_t>{*reinterpret_cast<std::uint32_t*>(record)}.load(std::memory_order_acquire);
      if (word & kBusy) break;
      const std::uint32_t size = word & ~(kBusy | kDiscarded);
      if (!(word & kDiscarded)) take(std::span<const std::uint8_t>{record + kHeader, size}), ++taken;
      read_ += (size + kHeader + 7) / 8 * 8;
    }
    return taken;
  }
  // All records that were read may be overwritten.
  void release() { std::atomic_ref<std::uint64_t>{*consumed_}.store(read_, std::memory_order_release); }
  // In bytes since the ring was made: how far it is written, and read.
  std::uint64_t written() const { return std::atomic_ref<std::uint64_t>{*produced_}.load(std::memory_order_acquire); }
  std::uint64_t position() const { return read_; }
  std::size_t bytes() const { return bytes_; }

 private:
  RingReader() = default;
  Mapping consumer_, producer_;
  std::uint64_t* consumed_ = nullptr;
  std::uint64_t* produced_ = nullptr;  // mapped read-only: only loaded
  std::uint8_t* data_ = nullptr;
  std::size_t bytes_ = 0;
  std::uint64_t read_ = 0;
};

}  // namespace sekisho
