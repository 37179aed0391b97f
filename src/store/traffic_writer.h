// TrafficWriter: seconds of traffic into the store, rolled up into slices of 10 s and of a minute as they end, and packed by the minute
// when they are some minutes old.
#pragma once
#include <array>
#include <unordered_map>

#include "store/class_counts.h"
#include "store/database.h"
#include "store/store.h"

namespace sekisho {

// Part of the writer, on its thread, within its transaction. A slice is made from the seconds in the file, not from memory: after a crash
// the next second makes up for it.
class TrafficWriter {
 public:
  static Result<TrafficWriter> open(Database& database, const Retention& retention);
  Result<void> append(const TrafficSecond& second);
  // Slices that ended without being rolled up (the agent stopped within them), and rows that are too old.
  Result<void> maintain(std::int64_t now_s);
  // The transaction was given up: what memory knows of it is no longer true.
  void rolled_back() { names_.clear(); }

 private:
  struct Level {
    std::int64_t seconds = 0, kept_s = 0;  // length of its slices; how long they stay
    Statement roll_up, put_classes, newest, remove, remove_classes;
  };
  TrafficWriter() = default;
  Result<std::uint32_t> class_number(std::string_view name);
  Result<void> roll_up(Level& level, std::int64_t slice);
  Result<void> catch_up(Level& level, std::int64_t until_s);
  Result<void> pack(std::int64_t until_s);
  Result<void> unpack(std::int64_t minute);

  Statement oldest_second_, seconds_of_, remove_seconds_, put_minute_, minute_, remove_minute_, remove_minutes_, put_second_;
  std::int64_t packed_until_ = 0;  // minutes before this may be in second_minutes
  Statement add_, read_classes_, put_classes_, classes_between_, add_name_, name_, seconds_between_;
  std::array<Level, 3> levels_;  // 1, 10, 60 s; of the first only removing is used
  std::unordered_map<std::string, std::uint32_t> names_;
  std::array<std::int64_t, 3> current_{};  // the open slice of each level
};

}  // namespace sekisho
