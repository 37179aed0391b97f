// The three tables of seconds and the three of classes.
#include "store/traffic_writer.h"

#include <fmt/format.h>

#include "store/second_minutes.h"

namespace sekisho {
namespace {

constexpr std::array<std::int64_t, 3> kSlices{1, 10, 60};
constexpr int kRemovedAtOnce = 20'000;                   // rows a call: keeps a transaction short
constexpr std::int64_t kMinuteS = 60, kUnpackedS = 600;  // so old are seconds when they are packed
constexpr int kPackedAtOnce = 60;                        // minutes a call

}  // namespace

Result<TrafficWriter> TrafficWriter::open(Database& database, const Retention& retention) {
  TrafficWriter w;
  w.add_ = TRY(database.prepare(
      "INSERT INTO seconds_1 VALUES(?1,1,?2,?3,?2,?4,?5,?6,?7,?6,?8,?9,?10) ON CONFLICT(time) DO UPDATE SET "
      "in_packets=in_packets+?2, in_bytes=in_bytes+?3, in_peak_pps=in_packets+?2, in_normal_pps=?4, in_threshold_pps=?5,"
      "out_packets=out_packets+?6, out_bytes=out_bytes+?7, out_peak_pps=out_packets+?6, out_normal_pps=?8, out_threshold_pps=?9,"
      "dropped=dropped+?10"));
  w.read_classes_ = TRY(database.prepare("SELECT counts FROM classes_1 WHERE time=?"));
  w.put_classes_ = TRY(database.prepare("INSERT OR REPLACE INTO classes_1 VALUES(?,?)"));
  w.classes_between_ = TRY(database.prepare("SELECT counts FROM classes_1 WHERE time>=? AND time<?"));
  w.seconds_between_ = TRY(database.prepare("SELECT time FROM seconds_1 WHERE time>=? AND time<? ORDER BY time LIMIT 1"));
  w.add_name_ = TRY(database.prepare("INSERT INTO class_names(name) VALUES(?) ON CONFLICT DO NOTHING"));
  w.name_ = TRY(database.prepare("SELECT id FROM class_names WHERE name=?"));
  w.oldest_second_ = TRY(database.prepare("SELECT min(time) FROM seconds_1"));
  w.seconds_of_ =
      TRY(database.prepare("SELECT time, in_packets, in_bytes, in_normal_pps, in_threshold_pps, out_packets, out_bytes, out_normal_pps, "
                           "out_threshold_pps, dropped FROM seconds_1 WHERE time>=? AND time<? ORDER BY time"));
  w.remove_seconds_ = TRY(database.prepare("DELETE FROM seconds_1 WHERE time>=? AND time<?"));
  w.put_minute_ = TRY(database.prepare("INSERT OR REPLACE INTO second_minutes VALUES(?,?)"));
  w.minute_ = TRY(database.prepare("SELECT seconds FROM second_minutes WHERE time=?"));
  w.remove_minute_ = TRY(database.prepare("DELETE FROM second_minutes WHERE time=?"));
  w.remove_minutes_ = TRY(database.prepare("DELETE FROM second_minutes WHERE time<=?"));
  w.put_second_ = TRY(database.prepare("INSERT OR IGNORE INTO seconds_1 VALUES(?1,1,?2,?3,?2,?4,?5,?6,?7,?6,?8,?9,?10)"));
  const auto packed = TRY(database.integer("SELECT max(time)+60 FROM second_minutes"));
  w.packed_until_ = packed;
  const std::array<DurationNs, 3> kept{retention.second_detail, retention.ten_second_detail, retention.history};
  for (std::size_t i = 0; i < kSlices.size(); ++i) {
    Level& level = w.levels_[i];
    const auto s = kSlices[i];
    level.seconds = s, level.kept_s = kept[i] / kSecond;
    level.newest = TRY(database.prepare(fmt::format("SELECT max(time) FROM seconds_{}", s)));
    level.remove = TRY(database.prepare(
        fmt::format("DELETE FROM seconds_{0} WHERE time IN (SELECT time FROM seconds_{0} WHERE time<? LIMIT {1})", s, kRemovedAtOnce)));
    level.remove_classes = TRY(database.prepare(
        fmt::format("DELETE FROM classes_{0} WHERE time IN (SELECT time FROM classes_{0} WHERE time<? LIMIT {1})", s, kRemovedAtOnce)));
    if (s == 1) continue;
    // The last second's normal and threshold stand for the slice.
    const auto latest = [](std::string_view column) {
      return fmt::format("(SELECT {} FROM seconds_1 WHERE time>=?1 AND time<?2 ORDER BY time DESC LIMIT 1)", column);
    };
    level.roll_up = TRY(database.prepare(
        fmt::format("INSERT OR REPLACE INTO seconds_{} SELECT ?1, count(*), sum(in_packets), sum(in_bytes), max(in_peak_pps), {}, {}, "
                    "sum(out_packets), "
                    "sum(out_bytes), max(out_peak_pps), {}, {}, sum(dropped) FROM seconds_1 WHERE time>=?1 AND time<?2 HAVING count(*)>0",
                    s, latest("in_normal_pps"), latest("in_threshold_pps"), latest("out_normal_pps"), latest("out_threshold_pps"))));
    level.put_classes = TRY(database.prepare(fmt::format("INSERT OR REPLACE INTO classes_{} VALUES(?,?)", s)));
  }
  return w;
}

Result<std::uint32_t> TrafficWriter::class_number(std::string_view name) {
  const std::string key{name};
  if (const auto found = names_.find(key); found != names_.end()) return found->second;
  TRY(add_name_.run(name));
  name_.start(name);
  TRY(name_.step());
  const auto number = static_cast<std::uint32_t>(name_.integer(0));
  TRY(name_.step());
  return names_[key] = number;
}

Result<void> TrafficWriter::append(const TrafficSecond& second) {
  const std::int64_t time = second.time / kSecond;
  if (time < packed_until_) TRY(unpack(time - time % kMinuteS));  // the clock was set back
  const auto& [in, out] = second.sides;
  TRY(add_.run(time, in.packets, in.bytes, in.normal_pps, in.threshold_pps, out.packets, out.bytes, out.normal_pps, out.threshold_pps,
               second.dropped));
  StoredClasses classes;
  for (std::size_t d = 0; d < 2; ++d)
    for (std::size_t c = 0; c < kTrafficClasses; ++c) {
      const auto& count = second.sides[d].classes[c];
      if (!count.packets) continue;
      const auto number = TRY(class_number(to_string(static_cast<TrafficClass>(c))));
      classes[{static_cast<Direction>(d), number}] = count;
    }
  if (!classes.empty()) {
    read_classes_.start(time);
    if (TRY(read_classes_.step())) add_classes(read_classes_.blob(0), classes);
    TRY(put_classes_.run(time, std::span<const std::uint8_t>{pack_classes(classes)}));
  }
  for (std::size_t i = 1; i < levels_.size(); ++i) {
    const auto slice = time - time % levels_[i].seconds;
    if (current_[i] != slice && current_[i]) TRY(roll_up(levels_[i], current_[i]));
    current_[i] = slice;
  }
  return {};
}

Result<void> TrafficWriter::roll_up(Level& level, std::int64_t slice) {
  const auto end = slice + level.seconds;
  TRY(level.roll_up.run(slice, end));
  StoredClasses classes;
  for (classes_between_.start(slice, end); TRY(classes_between_.step());) add_classes(classes_between_.blob(0), classes);
  if (classes.empty()) return {};
  return level.put_classes.run(slice, std::span<const std::uint8_t>{pack_classes(classes)});
}

Result<void> TrafficWriter::catch_up(Level& level, std::int64_t until_s) {
  level.newest.start();
  TRY(level.newest.step());
  // The newest slice may be incomplete too; from there slice by slice, skipping gaps.
  auto from = level.newest.integer(0);
  TRY(level.newest.step());
  for (;;) {
    seconds_between_.start(from, until_s - until_s % level.seconds);
    const bool any = TRY(seconds_between_.step());
    if (!any) return {};
    const auto slice = seconds_between_.integer(0) / level.seconds * level.seconds;
    TRY(seconds_between_.step());
    TRY(roll_up(level, slice));
    from = slice + level.seconds;
  }
}

// The oldest first, some minutes a call.
Result<void> TrafficWriter::pack(std::int64_t until_s) {
  for (int minutes = 0; minutes < kPackedAtOnce; ++minutes) {
    oldest_second_.start();
    TRY(oldest_second_.step());
    const bool none = oldest_second_.is_null(0);
    const auto oldest = oldest_second_.integer(0), minute = oldest - oldest % kMinuteS;
    TRY(oldest_second_.step());
    if (none || minute + kMinuteS > until_s) return {};
    std::vector<TrafficPoint> seconds;
    for (seconds_of_.start(minute, minute + kMinuteS); TRY(seconds_of_.step());) {
      const auto& r = seconds_of_;
      TrafficPoint p{r.integer(0) * kSecond, 1, {}, static_cast<std::uint64_t>(r.integer(9))};
      for (int d = 0; d < 2; ++d) {
        const int c = 1 + 4 * d;
        p.sides[static_cast<std::size_t>(d)] = {static_cast<std::uint64_t>(r.integer(c)), static_cast<std::uint64_t>(r.integer(c + 1)), 0,
                                                r.real(c + 2), r.real(c + 3)};
      }
      seconds.push_back(p);
    }
    TRY(put_minute_.run(minute, std::span<const std::uint8_t>{pack_minute(minute, seconds)}));
    TRY(remove_seconds_.run(minute, minute + kMinuteS));
    packed_until_ = std::max(packed_until_, minute + kMinuteS);
  }
  return {};
}

// Back into rows, where seconds can be added to it.
Result<void> TrafficWriter::unpack(std::int64_t minute) {
  std::vector<TrafficPoint> seconds;
  minute_.start(minute);
  if (!TRY(minute_.step())) return {};
  unpack_minute(minute, minute_.blob(0), seconds);
  TRY(minute_.step());
  for (const auto& p : seconds) {
    const auto& [in, out] = p.sides;
    TRY(put_second_.run(p.time / kSecond, in.packets, in.bytes, in.normal_pps, in.threshold_pps, out.packets, out.bytes, out.normal_pps,
                        out.threshold_pps, p.dropped));
  }
  return remove_minute_.run(minute);
}

Result<void> TrafficWriter::maintain(std::int64_t now_s) {
  for (std::size_t i = 1; i < levels_.size(); ++i) TRY(catch_up(levels_[i], now_s));
  TRY(pack(now_s - kUnpackedS));
  TRY(remove_minutes_.run(now_s - levels_[0].kept_s - kMinuteS));
  for (auto& level : levels_) {
    TRY(level.remove.run(now_s - level.kept_s));
    TRY(level.remove_classes.run(now_s - level.kept_s));
  }
  return {};
}

}  // namespace sekisho
