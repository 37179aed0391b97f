// Whole days from their blocks, the rest from hours and minutes; one source from its index.
#include "store/scan_reader.h"

#include <fmt/format.h>

#include "store/scan_day.h"
#include "store/scan_sum.h"

namespace sekisho {
namespace {

constexpr std::int64_t kHourS = 3600, kDayS = 86'400;

// Rows of a table of minutes or hours that begin in [from, to).
Result<void> add_rows(Database& database, std::string_view table, std::int64_t from, std::int64_t to, const ScanFilter& filter,
                      ScanSum& sum) {
  if (from >= to) return {};
  auto rows = TRY(database.prepare(
      fmt::format("SELECT source, port, protocol, label, hits, first, last FROM {} WHERE time>=?1 AND time<?2 AND (?3 IS NULL OR port=?3) "
                  "AND (?4 IS NULL OR label=?4) AND (?5 IS NULL OR source=?5)",
                  table)));
  const std::optional<std::string> source = filter.source ? std::optional{to_string(*filter.source)} : std::nullopt;
  for (rows.start(from, to, filter.port ? std::optional{int{*filter.port}} : std::nullopt, filter.label, source); TRY(rows.step());) {
    const auto address = parse_address(rows.view(0));
    if (!address) continue;
    sum.add(*address, rows.view(3), scan_port_key(static_cast<std::uint16_t>(rows.integer(1)), rows.integer(2)),
            static_cast<std::uint64_t>(rows.integer(4)), rows.integer(5), rows.integer(6));
  }
  return {};
}

Result<void> add_source(Database& database, std::int64_t from, std::int64_t to, const ScanFilter& filter, ScanSum& sum) {
  auto rows =
      TRY(database.prepare("SELECT port, protocol, label, hits, first, last FROM scan_hours INDEXED BY scan_hours_source WHERE source=?1 "
                           "AND time>=?2 AND time<?3 "
                           "AND (?4 IS NULL OR port=?4) AND (?5 IS NULL OR label=?5)"));
  for (rows.start(to_string(*filter.source), from, to, filter.port ? std::optional{int{*filter.port}} : std::nullopt, filter.label);
       TRY(rows.step());)
    sum.add(*filter.source, rows.view(2), scan_port_key(static_cast<std::uint16_t>(rows.integer(0)), rows.integer(1)),
            static_cast<std::uint64_t>(rows.integer(3)), rows.integer(4), rows.integer(5));
  return {};
}

void add_day(std::span<const std::uint8_t> block, std::int64_t day, const ScanFilter& filter, ScanSum& sum) {
  ScanDayReader reader{block};
  ScanDaySource source;
  while (reader.next(source)) {
    if (filter.label && source.label != *filter.label) continue;
    for (const auto& port : source.ports)
      if (!filter.port || (port.key & 0xffff) == *filter.port)
        sum.add(source.source, source.label, port.key, port.hits, day + source.first_s, day + source.last_s);
  }
}

}  // namespace

Result<ScanSummary> read_scanners(Database& database, const ScanFilter& filter) {
  ScanSum sum;
  const auto from = filter.since / kSecond, to = filter.until / kSecond + 1;
  const auto from_hour = from - from % kHourS;
  if (filter.source) {
    TRY(add_source(database, from_hour, to, filter, sum));
  } else {
    auto at = from_hour;  // hours from here on are still to be added
    auto days = TRY(database.prepare("SELECT time, sources FROM scan_days WHERE time>=? AND time<=? ORDER BY time"));
    for (days.start(from, to - kDayS); TRY(days.step());) {
      const auto day = days.integer(0);
      TRY(add_rows(database, "scan_hours", at, day, filter, sum));
      add_day(days.blob(1), day, filter, sum);
      at = day + kDayS;
    }
    TRY(add_rows(database, "scan_hours", at, to, filter, sum));
  }
  TRY(add_rows(database, "scan_minutes", from - from % 60, to, filter, sum));
  return sum.summary(filter.limit);
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
