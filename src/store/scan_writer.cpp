// One row for each source, port and minute; later one for each source, port and hour.
#include "store/scan_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/scan_day.h"

namespace sekisho {
namespace {

constexpr std::int64_t kMinuteS = 60, kHourS = 3600, kDayS = 86'400;
constexpr int kRemovedAtOnce = 20'000;
constexpr std::string_view kOthers = "::";  // no source can have the unspecified address

}  // namespace

Result<ScanWriter> ScanWriter::open(Database& database, const Retention& retention) {
  ScanWriter w;
  w.detail_s_ = retention.scan_detail / kSecond, w.history_s_ = retention.history / kSecond;
  w.rows_a_day_ = retention.scan_rows_a_day;
  w.update_ =
      TRY(database.prepare("UPDATE scan_minutes SET hits=hits+?5, last=max(last,?6), label=CASE WHEN ?7='' THEN label ELSE ?7 END "
                           "WHERE time=?1 AND port=?2 AND protocol=?3 AND source=?4 RETURNING 1"));
  w.insert_ = TRY(database.prepare(
      "INSERT INTO scan_minutes VALUES(?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET hits=hits+excluded.hits, last=max(last,excluded.last)"));
  w.rows_of_day_ = TRY(database.prepare("SELECT count(*) FROM scan_minutes WHERE time>=? AND time<?"));
  w.oldest_ = TRY(database.prepare("SELECT min(time) FROM scan_minutes WHERE time<?"));
  w.roll_up_ = TRY(database.prepare(
      "INSERT INTO scan_hours SELECT ?1, port, protocol, source, max(label), sum(hits), min(first), max(last) FROM scan_minutes "
      "WHERE time>=?1 AND time<?2 GROUP BY port, protocol, source "
      "ON CONFLICT DO UPDATE SET hits=hits+excluded.hits, first=min(first,excluded.first), last=max(last,excluded.last), "
      "label=CASE WHEN excluded.label='' THEN label ELSE excluded.label END"));
  w.remove_rolled_ = TRY(database.prepare("DELETE FROM scan_minutes WHERE time>=? AND time<?"));
  w.remove_hours_ =
      TRY(database.prepare(fmt::format("DELETE FROM scan_hours WHERE (time, port, protocol, source) IN (SELECT time, port, protocol, "
                                       "source FROM scan_hours WHERE time<? LIMIT {})",
                                       kRemovedAtOnce)));
  w.unpacked_ =
      TRY(database.prepare("SELECT min(time) FROM scan_hours WHERE time>=(SELECT ifnull(max(time)+86400, 0) FROM scan_days) AND time<?"));
  w.hours_of_day_ = TRY(
      database.prepare("SELECT source, port, protocol, label, hits, first, last FROM scan_hours WHERE time>=? AND time<? ORDER BY source"));
  w.put_day_ = TRY(database.prepare("INSERT OR REPLACE INTO scan_days VALUES(?,?)"));
  w.remove_days_ = TRY(database.prepare("DELETE FROM scan_days WHERE time<?"));
  return w;
}

Result<bool> ScanWriter::room_for_another(std::int64_t day) {
  if (day != day_) {
    rows_of_day_.start(day * kDayS, (day + 1) * kDayS);
    TRY(rows_of_day_.step());
    rows_ = static_cast<std::uint64_t>(rows_of_day_.integer(0));
    TRY(rows_of_day_.step());
    day_ = day;
  }
  return rows_ < rows_a_day_;
}

Result<void> ScanWriter::add(std::span<const ScanHit> hits) {
  for (const auto& hit : hits) {
    const auto last = hit.last / kSecond, minute = last - last % kMinuteS;
    const auto source = to_string(hit.source);
    update_.start(minute, hit.port, hit.protocol, source, hit.hits, last, hit.label);
    const bool known = TRY(update_.step());
    if (known) {
      TRY(update_.step());
      continue;
    }
    // Whoever comes after the day's last row is counted among the others; known sources go on having their own.
    const bool own = TRY(room_for_another(minute / kDayS));
    rows_ += own;
    TRY(insert_.run(minute, hit.port, hit.protocol, own ? std::string_view{source} : kOthers, hit.label, hit.hits, hit.first / kSecond,
                    last));
  }
  return {};
}

Result<void> ScanWriter::pack_day(std::int64_t day) {
  std::vector<ScanDaySource> sources;
  std::vector<std::string> labels;  // of each source
  std::string current;
  for (hours_of_day_.start(day, day + kDayS); TRY(hours_of_day_.step());) {
    const auto& row = hours_of_day_;
    const auto address = parse_address(row.view(0));
    if (!address) continue;
    const auto first = static_cast<std::uint32_t>(std::max<std::int64_t>(row.integer(5) - day, 0)),
               last = static_cast<std::uint32_t>(std::max<std::int64_t>(row.integer(6) - day, 0));
    if (sources.empty() || row.view(0) != current) {
      current = row.text(0);
      ScanDaySource fresh;
      fresh.source = *address, fresh.first_s = first;
      sources.push_back(std::move(fresh));
      labels.emplace_back();
    }
    auto& s = sources.back();
    s.first_s = std::min(s.first_s, first), s.last_s = std::max(s.last_s, last);
    if (!row.view(3).empty()) labels.back() = row.text(3);
    const auto key = scan_port_key(static_cast<std::uint16_t>(row.integer(1)), row.integer(2));
    const auto known = std::find_if(s.ports.begin(), s.ports.end(), [&](const auto& p) { return p.key == key; });
    if (known != s.ports.end())
      known->hits += static_cast<std::uint64_t>(row.integer(4));
    else
      s.ports.push_back({key, static_cast<std::uint64_t>(row.integer(4))});
  }
  for (std::size_t i = 0; i < sources.size(); ++i) sources[i].label = labels[i];
  return put_day_.run(day, std::span<const std::uint8_t>{pack_scan_day(std::move(sources))});
}

// An hour at a time, the oldest first; then a day, when all of its hours are there.
Result<void> ScanWriter::maintain(std::int64_t now_s) {
  const auto before = (now_s - detail_s_) / kHourS * kHourS;
  for (int hours = 0; hours < 4; ++hours) {
    oldest_.start(before);
    TRY(oldest_.step());
    const bool none = oldest_.is_null(0);
    const auto hour = oldest_.integer(0) / kHourS * kHourS;
    TRY(oldest_.step());
    if (none) break;
    TRY(roll_up_.run(hour, hour + kHourS));
    TRY(remove_rolled_.run(hour, hour + kHourS));
  }
  const auto whole = before - before % kDayS;  // everything before it is rolled up, unless much waits
  oldest_.start(whole);
  TRY(oldest_.step());
  const bool waits = !oldest_.is_null(0);
  TRY(oldest_.step());
  if (!waits) {
    unpacked_.start(whole);
    TRY(unpacked_.step());
    const bool none = unpacked_.is_null(0);
    const auto day = unpacked_.integer(0) / kDayS * kDayS;
    TRY(unpacked_.step());
    if (!none) TRY(pack_day(day));
  }
  TRY(remove_days_.run(now_s - history_s_ - kDayS));
  return remove_hours_.run(now_s - history_s_);
}

}  // namespace sekisho
