// The life of one input.
#include "input/capture_input.h"

#include <utility>

namespace sekisho {

bool CaptureInput::read_from(std::unique_ptr<ByteStream> stream, ReaderSize size, InterfaceNumbers& numbers, const std::stop_token& stop) {
  OpenReader opened = open_reader(path_, std::move(stream), size, numbers, stop);
  problem_ = std::move(opened.problem);
  reader_ = std::move(opened.reader);
  if (reader_) format_ = reader_->format();
  return reader_ != nullptr;
}

bool CaptureInput::identify(bool keep) {
  const std::uint64_t done_before = progress_.bytes_done;
  OpenFile file = open_file(path_, &progress_.bytes_done);
  if (!file.opened.stream) {
    problem_ = std::move(file.problem);
    return false;
  }
  size_bytes_ = file.opened.size_bytes;
  if (file.opened.may_block) {
    pipe_ = std::move(file.opened.stream);
    return true;
  }
  keep = keep || !file.opened.reopenable;
  InterfaceNumbers unused;
  constexpr ReaderSize just_a_look{16 * 1024, 1};
  if (!read_from(std::move(file.opened.stream), keep ? size_ : just_a_look, keep ? numbers_ : unused, {})) {
    progress_.bytes_done = done_before;
    return false;
  }
  first_batch_ = reader_->next({});
  if (!first_batch_.empty()) first_time_ = first_batch_.front().time;
  if (!keep) {
    first_batch_ = {};
    reader_.reset();
    progress_.bytes_done = done_before;
  }
  return true;
}

std::span<const Frame> CaptureInput::next(const std::stop_token& stop) {
  if (!first_batch_.empty()) return std::exchange(first_batch_, {});
  if (finished_ || stop.stop_requested()) return {};
  if (!reader_) {
    std::unique_ptr<ByteStream> stream = std::move(pipe_);
    if (!stream) {
      OpenFile file = open_file(path_, &progress_.bytes_done);
      problem_ = std::move(file.problem);
      stream = std::move(file.opened.stream);
    }
    if (!stream || !read_from(std::move(stream), size_, numbers_, stop)) {
      finished_ = true;
      return {};
    }
  }
  const auto batch = reader_->next(stop);
  if (batch.empty()) close();
  return batch;
}

void CaptureInput::close() {
  if (reader_) tally_ = reader_->tally();
  reader_.reset();
  pipe_.reset();
  finished_ = true;
}

}  // namespace sekisho
