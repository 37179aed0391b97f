// LineBuffer: cuts bytes into lines. Lines beyond kMaxLineBytes are skipped and counted; memory stays bounded.
#pragma once
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "input/line_source.h"

namespace sekisho {

class LineBuffer {
 public:
  // Room for the next read; filled(n) says how much of it was used. Views of earlier lines are invalid from here on.
  std::span<char> room() {
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_, scanned_ -= begin_, begin_ = 0;
    }
    if (buffer_.size() - end_ < kRead) buffer_.resize(end_ + kRead);
    return {buffer_.data() + end_, buffer_.size() - end_};
  }
  void filled(std::size_t bytes) { end_ += bytes; }

  // The next whole line without its end ("\n", "\r\n"). `taken` is how many bytes it took with its end and with what was skipped before it.
  bool next(std::string_view& line, std::uint64_t& taken, std::uint64_t& too_long) {
    while (true) {
      const char* const from = buffer_.data() + scanned_;
      const char* const found = scanned_ < end_ ? static_cast<const char*>(std::memchr(from, '\n', end_ - scanned_)) : nullptr;
      if (!found) {
        scanned_ = end_;
        if (end_ - begin_ > kMaxLineBytes) {
          if (!skipping_) ++too_long;
          skipping_ = true;
          skipped_ += end_ - begin_;
          begin_ = scanned_ = end_;
        }
        return false;
      }
      const auto at = static_cast<std::size_t>(found - buffer_.data());
      const std::string_view whole{buffer_.data() + begin_, at - begin_};
      begin_ = scanned_ = at + 1;
      skipped_ += whole.size() + 1;
      if (skipping_ || whole.size() > kMaxLineBytes) {
        if (!skipping_) ++too_long;
        skipping_ = false;
        continue;
      }
      taken = std::exchange(skipped_, 0);
      line = whole.ends_with('\r') ? whole.substr(0, whole.size() - 1) : whole;
      return true;
    }
  }
  // What stands behind the last line's end: a line whose end is still to come, or never comes.
  bool rest(std::string_view& line, std::uint64_t& taken) {
    if (begin_ == end_ || skipping_) return false;
    line = {buffer_.data() + begin_, end_ - begin_};
    taken = std::exchange(skipped_, 0) + line.size();
    begin_ = scanned_ = end_;
    return true;
  }
  void clear() { begin_ = end_ = scanned_ = 0, skipping_ = false, skipped_ = 0; }
  bool empty() const { return begin_ == end_; }

 private:
  static constexpr std::size_t kRead = 256 << 10;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0, scanned_ = 0;  // scanned_: no line end before it
  std::uint64_t skipped_ = 0;                      // bytes since the last line that was handed out
  bool skipping_ = false;
};

}  // namespace sekisho
