// ByteStream: the bytes of one input, wherever they come from: a file, a pipe, memory, or packed inside another stream.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "base/result.h"

namespace sekisho {

// One reader at a time. Streams are read once, from the beginning to the end.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Fills the beginning of `into` and says with how much; gives what is there instead of waiting for all of it.
  // 0 = nothing more comes: the end, a failure (see failure()), or `stop` was requested.
  virtual std::size_t read(std::span<std::uint8_t> into, const std::stop_token& stop) = 0;
  // Why the bytes ended before their end, as a sentence without the file's name; empty while all is well.
  virtual const std::string& failure() const = 0;
  // What this stream holds in memory beyond a few kilobytes.
  virtual std::size_t memory_bytes() const { return 0; }
};

// What has to be told to a person about an input that cannot be read at all.
struct Unreadable {
  std::string why;      // "not a capture: it starts with 25 50 44 46"
  std::string way_out;  // "Convert it with ...", may be empty
};

struct OpenedFile {
  std::unique_ptr<ByteStream> stream;
  std::uint64_t size_bytes = 0;  // 0 = unknown
  bool may_block = false;        // a pipe or device: reading may have to wait
  bool reopenable = true;        // not standard input, not a pipe
};

// Opens a regular file, a pipe or a device; "-" is standard input. Opening never blocks. `done` (may be null) counts the bytes read.
struct OpenFile {
  OpenedFile opened;
  Unreadable problem;  // meaningful when opened.stream is null
};
OpenFile open_file(const std::string& path, std::atomic<std::uint64_t>* done);

// Bytes in memory, handed out at most `chunk` at a time (tests and fuzzers). The bytes must outlive the stream.
std::unique_ptr<ByteStream> memory_stream(std::span<const std::uint8_t> bytes, std::size_t chunk = SIZE_MAX);

}  // namespace sekisho
