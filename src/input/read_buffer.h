// ReadBuffer: a window that slides over a stream, so that a record is always contiguous in memory.
#pragma once
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "input/byte_stream.h"

namespace sekisho {

// Pointers into data() are valid until the next ensure() or skip().
class ReadBuffer {
 public:
  ReadBuffer(std::unique_ptr<ByteStream> stream, std::size_t capacity) : stream_(std::move(stream)), bytes_(capacity) {}

  const std::uint8_t* data() const { return bytes_.data() + begin_; }
  std::size_t available() const { return end_ - begin_; }
  std::uint64_t offset() const { return offset_; }  // of data()[0] in the unpacked file
  std::size_t capacity() const { return bytes_.capacity(); }
  const ByteStream& stream() const { return *stream_; }

  void consume(std::size_t n) {
    begin_ += n;
    offset_ += n;
  }

  // Makes at least `wanted` bytes available; false when the stream ends before. The caller bounds `wanted`: the buffer grows to it.
  bool ensure(std::size_t wanted, const std::stop_token& stop) {
    if (available() >= wanted) return true;
    if (begin_ != 0) {
      std::memmove(bytes_.data(), data(), available());
      end_ -= begin_;
      begin_ = 0;
    }
    if (wanted > bytes_.size()) bytes_.resize(wanted);
    while (end_ < wanted) {
      const std::size_t got = stream_->read(std::span(bytes_).subspan(end_), stop);
      if (got == 0) return false;
      end_ += got;
    }
    return true;
  }

  // Passes over `n` bytes of any number without holding them; false when the stream ends before.
  bool skip(std::uint64_t n, const std::stop_token& stop) {
    while (n > available()) {
      n -= available();
      consume(available());
      if (stop.stop_requested() || !ensure(1, stop)) return false;
    }
    consume(static_cast<std::size_t>(n));
    return true;
  }

 private:
  std::unique_ptr<ByteStream> stream_;
  std::vector<std::uint8_t> bytes_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace sekisho
