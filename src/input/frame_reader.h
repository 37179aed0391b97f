// FrameReader: one capture of one format; a batch of frames per call, and the tally of what was met on the way.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "input/byte_stream.h"
#include "input/capture_files.h"
#include "input/read_buffer.h"
#include "model/packet.h"

namespace sekisho {

constexpr std::size_t kMaxPacketBytes = 256 * 1024;  // libpcap's largest snap length; more is damage
constexpr DurationNs kLongGap = 3600 * kSecond;
constexpr TimeNs kLastTime = TimeNs{1} << 62;  // the year 2116: sums and differences of times stay within 64 bits
constexpr std::size_t kMaxListedDamage = 16;   // per file; the rest is counted

struct FileTally {
  std::uint64_t packets = 0, wire_bytes = 0, captured_bytes = 0;
  std::uint64_t backward_steps = 0, forward_jumps = 0, unknown_blocks = 0;
  std::vector<CaptureDamage> damage;
  std::uint64_t damage_not_listed = 0;
};

// Numbers the interfaces of all inputs of one run; the last number is shared by all that come after it.
struct InterfaceNumbers {
  std::uint16_t next = 0;
  std::uint16_t take() { return next == UINT16_MAX ? next : next++; }
};

// How a reader is set up: one big buffer for one file, small ones for many.
struct ReaderSize {
  std::size_t buffer_bytes = 256 * 1024;  // fits the second-level cache together with the batch: measured fastest
  std::size_t batch_frames = kMaxBatch;
};

// Not thread-safe. After the first empty batch the reader is at its end and its tally is complete.
class FrameReader {
 public:
  FrameReader(std::string name, std::string format, ReadBuffer buffer, std::size_t batch_frames)
      : buffer_(std::move(buffer)), frames_(batch_frames), name_(std::move(name)), format_(std::move(format)) {}
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;
  virtual ~FrameReader() = default;
  // Valid until the next call. Empty = the end, damage that cannot be passed, or `stop`.
  virtual std::span<const Frame> next(const std::stop_token& stop) = 0;
  const std::string& format() const { return format_; }
  const FileTally& tally() const { return tally_; }
  std::size_t memory_bytes() const { return buffer_.stream().memory_bytes() + buffer_.capacity() + frames_.capacity() * sizeof(Frame); }

 protected:
  // Damage at `ahead` bytes after the buffer's beginning.
  void damaged(std::string what, std::uint64_t ahead = 0);
  // The stream gave no more bytes although `wanted` were needed for `thing`: a clean end, a stop, or damage.
  void ended(const std::string& thing, std::uint64_t wanted, const std::stop_token& stop);
  // Counts steps in time; called for every frame.
  void count_step(TimeNs time) {
    const DurationNs step = time - previous_;
    if (static_cast<std::uint64_t>(step) > static_cast<std::uint64_t>(kLongGap)) [[unlikely]]
      count_odd_step(step);
    previous_ = time;
    time_known_ = true;
  }

  ReadBuffer buffer_;
  std::vector<Frame> frames_;
  FileTally tally_;
  TimeNs previous_ = 0;      // the last frame's time
  bool time_known_ = false;  // some frame had one

 private:
  void count_odd_step(DurationNs step);

  std::string name_, format_;
};

// Recognises packing and format. On failure the reader is null and the problem says what the input is instead.
struct OpenReader {
  std::unique_ptr<FrameReader> reader;
  Unreadable problem;
};
OpenReader open_reader(const std::string& name, std::unique_ptr<ByteStream> stream, ReaderSize size, InterfaceNumbers& interfaces,
                       const std::stop_token& stop);

}  // namespace sekisho
