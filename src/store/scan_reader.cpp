// Added up in parts, several at once; one source from its index.
#include "store/scan_reader.h"

#include "base/parallel.h"
#include "store/scan_parts.h"
#include "store/scan_sum.h"

namespace sekisho {

Result<ScanSummary> read_scanners(Database& database, const ScanFilter& filter) {
  std::vector<ScanSum> sums(filter.source ? 1 : parallel_threads(), ScanSum{filter.limit});
  const auto add = [&](ScanSum& sum, std::span<const ScanRow> rows) {
    if (!filter.label || rows.front().label == *filter.label) sum.add(rows);
  };
  HistoryRange range;
  range.since = filter.since, range.until = filter.until, range.source = filter.source;
  if (filter.port) range.ports = {*filter.port};
  if (filter.source) {
    TRY(read_each_scan(database, range, [&](const ScanRow& row) { add(sums.front(), {&row, 1}); }));
    sums.front().end_part();
  } else {
    const auto parts = TRY(read_scan_parts(database, range));
    in_parallel(parts->size(), [&](std::size_t thread, std::size_t part) {
      parts->each_source(part, [&](std::span<const ScanRow> rows) { add(sums[thread], rows); });
      sums[thread].end_part();
    });
  }
  return ScanSum::summary(sums, filter.limit);
}

Result<std::vector<ScanHour>> read_scan_hours(Database& database, const ScanFilter& filter) {
  const std::optional<std::string> source = filter.source ? std::optional{to_string(*filter.source)} : std::nullopt;
  // An hour is in one of the tables: minutes become hours when they are old.
  auto rows = TRY(database.prepare(
      "SELECT hour, sum(hits), count(DISTINCT CASE WHEN source='::' THEN NULL ELSE source END) FROM ("
      "SELECT time AS hour, port, label, source, hits FROM scan_hours WHERE time>=?1 AND time<=?2 UNION ALL "
      "SELECT time-time%3600, port, label, source, hits FROM scan_minutes WHERE time>=?1 AND time<=?2) "
      "WHERE (?3 IS NULL OR port=?3) AND (?4 IS NULL OR label=?4) AND (?5 IS NULL OR source=?5) GROUP BY hour ORDER BY hour"));
  std::vector<ScanHour> hours;
  const auto from = filter.since / kSecond;
  for (rows.start(from - from % 3600, filter.until / kSecond, filter.port ? std::optional{int{*filter.port}} : std::nullopt, filter.label,
                  source);
       TRY(rows.step());)
    hours.push_back({rows.integer(0) * kSecond, static_cast<std::uint64_t>(rows.integer(1)), static_cast<std::uint64_t>(rows.integer(2))});
  return hours;
}

}  // namespace sekisho
