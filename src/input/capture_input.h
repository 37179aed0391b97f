// CaptureInput: one file or pipe of a run: identified first, opened when its time comes, closed at its end.
#pragma once
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "input/capture_files.h"
#include "input/frame_reader.h"

namespace sekisho {

class CaptureInput {
 public:
  CaptureInput(std::string path, ReaderSize size, InterfaceNumbers& numbers, CaptureProgress& progress)
      : path_(std::move(path)), size_(size), numbers_(numbers), progress_(progress) {}

  // Opens the input and reads its first packet's time. A file is closed again unless `keep`; a pipe stays open and unread.
  // False: it cannot be read, problem() says why.
  bool identify(bool keep);
  // The next frames, valid until the next call; opens the input when it is not open. Empty = the end or `stop`.
  std::span<const Frame> next(const std::stop_token& stop);
  void close();

  const std::string& path() const { return path_; }
  const Unreadable& problem() const { return problem_; }  // `why` is empty while the input is readable
  const std::string& format() const { return format_; }
  const FileTally& tally() const { return tally_; }  // complete once closed
  TimeNs first_time() const { return first_time_; }  // INT64_MIN when it is not known before reading
  std::uint64_t size_bytes() const { return size_bytes_; }
  std::size_t memory_bytes() const { return reader_ ? reader_->memory_bytes() : 0; }

 private:
  bool read_from(std::unique_ptr<ByteStream> stream, ReaderSize size, InterfaceNumbers& numbers, const std::stop_token& stop);

  std::string path_;
  ReaderSize size_;
  InterfaceNumbers& numbers_;
  CaptureProgress& progress_;
  std::unique_ptr<ByteStream> pipe_;  // opened, not yet read
  std::unique_ptr<FrameReader> reader_;
  std::span<const Frame> first_batch_;  // read by identify() and kept
  Unreadable problem_;
  std::string format_;
  FileTally tally_;
  TimeNs first_time_ = INT64_MIN;
  std::uint64_t size_bytes_ = 0;
  bool finished_ = false;
};

}  // namespace sekisho
