// Chooses the table that reaches back far enough, and joins its slices to those that are asked for.
#include "store/traffic_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "store/class_counts.h"
#include "store/second_minutes.h"

namespace sekisho {
namespace {

constexpr std::array<std::int64_t, 3> kSlices{1, 10, 60};

struct Choice {
  std::int64_t slice = 1, step = 1;  // seconds of the table, of the answer
};

// The finest table whose first row is not later than `since` (one slice of tolerance: a new store has nothing older anyway) and whose
// slices are not longer than the step.
Result<Choice> choose(Database& database, std::int64_t since, DurationNs step) {
  const auto wanted = std::max<std::int64_t>(step / kSecond, 0);
  const auto oldest = TRY(database.integer("SELECT min(time) FROM seconds_60"));
  std::int64_t slice = kSlices.back();
  for (const auto s : kSlices) {
    const auto first = TRY(
        database.integer(s == 1 ? "SELECT min(t) FROM (SELECT min(time) t FROM seconds_1 UNION ALL SELECT min(time) FROM second_minutes)"
                                : fmt::format("SELECT min(time) FROM seconds_{}", s)));
    // Nothing in the table is older either: then the finest one holds everything.
    const bool reaches = first && (first <= since + s || (oldest && first <= oldest + kSlices.back()) || !oldest);
    if (reaches) {
      slice = s;
      break;
    }
  }
  // A coarse answer is read from the coarsest table that divides it.
  for (const auto s : kSlices)
    if (s > slice && wanted >= s && wanted % s == 0) slice = s;
  const auto length = std::max(wanted, slice);
  return Choice{slice, (length + slice - 1) / slice * slice};
}

}  // namespace

Result<TrafficSeries> read_traffic(Database& database, TimeNs since, TimeNs until, DurationNs step) {
  const auto from = since / kSecond, to = until / kSecond;
  const auto choice = TRY(choose(database, from, step));
  auto rows = TRY(database.prepare(fmt::format(
      "SELECT time, seconds, in_packets, in_bytes, in_peak_pps, in_normal_pps, in_threshold_pps, out_packets, out_bytes, out_peak_pps, "
      "out_normal_pps, out_threshold_pps, dropped FROM seconds_{} WHERE time>=? AND time<=? ORDER BY time",
      choice.slice)));
  TrafficSeries series;
  series.step = choice.step * kSecond;
  series.points.reserve(static_cast<std::size_t>(std::clamp<std::int64_t>((to - from) / choice.step + 1, 0, 100'000)));
  // Until the rows of the coarser tables are written, their newest part is made of seconds.
  std::int64_t last = from - 1;
  const auto merge = [&](const TrafficPoint& s) {
    const auto time = s.time / kSecond, slot = time - time % choice.step;
    if (time < from - from % choice.slice || time > to) return;
    if (series.points.empty() || series.points.back().time != slot * kSecond) series.points.push_back({slot * kSecond});
    auto& p = series.points.back();
    p.seconds += s.seconds;
    for (std::size_t d = 0; d < 2; ++d) {
      auto& side = p.sides[d];
      side.packets += s.sides[d].packets, side.bytes += s.sides[d].bytes;
      side.peak_pps = std::max(side.peak_pps, s.sides[d].peak_pps);
      side.normal_pps = s.sides[d].normal_pps, side.threshold_pps = s.sides[d].threshold_pps;
    }
    p.dropped += s.dropped;
  };
  const auto add = [&](const Statement& r) {
    TrafficPoint s{r.integer(0) * kSecond, static_cast<std::uint32_t>(r.integer(1)), {}, static_cast<std::uint64_t>(r.integer(12))};
    last = r.integer(0) + choice.slice - 1;
    for (int d = 0; d < 2; ++d) {
      const int c = 2 + 5 * d;
      s.sides[static_cast<std::size_t>(d)] = {static_cast<std::uint64_t>(r.integer(c)), static_cast<std::uint64_t>(r.integer(c + 1)),
                                              r.real(c + 2), r.real(c + 3), r.real(c + 4)};
    }
    merge(s);
  };
  if (choice.slice == 1) {
    // A minute is packed or in rows, never both.
    auto minutes = TRY(database.prepare("SELECT time, seconds FROM second_minutes WHERE time>=? AND time<=? ORDER BY time"));
    minutes.start(from - from % 60, to), rows.start(from, to);
    bool row = TRY(rows.step()), minute = TRY(minutes.step());
    std::vector<TrafficPoint> seconds;
    while (row || minute) {
      if (!minute || (row && rows.integer(0) < minutes.integer(0))) {
        add(rows);
        row = TRY(rows.step());
        continue;
      }
      seconds.clear();
      unpack_minute(minutes.integer(0), minutes.blob(1), choice.step == 1 ? series.points : seconds);
      for (const auto& p : seconds) merge(p);
      minute = TRY(minutes.step());
    }
    // Of the first and the last minute only what was asked for.
    const auto outside = [&](const TrafficPoint& p) { return p.time < from * kSecond || p.time > to * kSecond; };
    if (choice.step == 1) std::erase_if(series.points, outside);
    return series;
  }
  for (rows.start(from - from % choice.slice, to); TRY(rows.step());) add(rows);
  auto seconds = TRY(database.prepare(
      "SELECT time, seconds, in_packets, in_bytes, in_peak_pps, in_normal_pps, in_threshold_pps, out_packets, out_bytes, out_peak_pps, "
      "out_normal_pps, out_threshold_pps, dropped FROM seconds_1 WHERE time>? AND time<=? ORDER BY time"));
  for (seconds.start(last, to); TRY(seconds.step());) add(seconds);
  return series;
}

Result<std::vector<ClassPoint>> read_classes(Database& database, TimeNs since, TimeNs until, DurationNs step) {
  const auto from = since / kSecond, to = until / kSecond;
  const auto choice = TRY(choose(database, from, step));
  std::map<std::uint32_t, std::string> names;
  auto name = TRY(database.prepare("SELECT id, name FROM class_names"));
  for (name.start(); TRY(name.step());) names[static_cast<std::uint32_t>(name.integer(0))] = name.text(1);
  std::map<std::int64_t, StoredClasses> slots;
  std::int64_t last = from - 1;
  auto rows =
      TRY(database.prepare(fmt::format("SELECT time, counts FROM classes_{} WHERE time>=? AND time<=? ORDER BY time", choice.slice)));
  for (rows.start(from - from % choice.slice, to); TRY(rows.step());) {
    last = rows.integer(0) + choice.slice - 1;
    add_classes(rows.blob(1), slots[rows.integer(0) / choice.step * choice.step]);
  }
  if (choice.slice != 1) {
    auto seconds = TRY(database.prepare("SELECT time, counts FROM classes_1 WHERE time>? AND time<=? ORDER BY time"));
    for (seconds.start(last, to); TRY(seconds.step());) add_classes(seconds.blob(1), slots[seconds.integer(0) / choice.step * choice.step]);
  }
  std::vector<ClassPoint> points;
  for (const auto& [time, classes] : slots)
    for (const auto& [key, count] : classes)
      points.push_back({time * kSecond, key.first, names.contains(key.second) ? names[key.second] : "unknown", count.packets, count.bytes});
  return points;
}

}  // namespace sekisho
