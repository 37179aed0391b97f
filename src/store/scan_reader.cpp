// Adds up minutes and hours by source and by port.
#include "store/scan_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace sekisho {
namespace {

struct Tally {
  std::uint64_t hits = 0;
  std::string label;
  std::int64_t first = 0, last = 0;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> ports;  // port_key, hits; few each
};

std::uint32_t port_key(std::uint16_t port, std::int64_t protocol) { return port | static_cast<std::uint32_t>(protocol & 0xff) << 16; }

void add_port(std::vector<std::pair<std::uint32_t, std::uint64_t>>& ports, std::uint32_t port, std::uint64_t hits) {
  for (auto& [known, n] : ports)
    if (known == port) {
      n += hits;
      return;
    }
  ports.emplace_back(port, hits);
}

}  // namespace

Result<ScanSummary> read_scanners(Database& database, const ScanFilter& filter) {
  std::unordered_map<std::string, Tally> sources;
  std::unordered_map<std::uint32_t, ScanPortRow> ports;
  ScanSummary summary;
  const std::optional<std::string> source = filter.source ? std::optional{to_string(*filter.source)} : std::nullopt;
  for (const auto* table : {"scan_hours", "scan_minutes"}) {
    const std::int64_t slice = table == std::string_view{"scan_hours"} ? 3600 : 60;
    auto rows = TRY(database.prepare(fmt::format(
        "SELECT source, port, protocol, label, hits, first, last FROM {} WHERE time>=?1 AND time<=?2 AND (?3 IS NULL OR port=?3) "
        "AND (?4 IS NULL OR label=?4) AND (?5 IS NULL OR source=?5)",
        table)));
    const auto from = filter.since / kSecond;
    for (rows.start(from - from % slice, filter.until / kSecond, filter.port ? std::optional{int{*filter.port}} : std::nullopt,
                    filter.label, source);
         TRY(rows.step());) {
      const auto hits = static_cast<std::uint64_t>(rows.integer(4));
      const auto port = static_cast<std::uint16_t>(rows.integer(1));
      auto& tally = sources[rows.text(0)];
      tally.first = tally.hits ? std::min(tally.first, rows.integer(5)) : rows.integer(5);
      tally.last = std::max(tally.last, rows.integer(6));
      tally.hits += hits;
      if (const auto label = rows.view(3); !label.empty()) tally.label = label;
      const auto key = port_key(port, rows.integer(2));
      add_port(tally.ports, key, hits);
      auto& row = ports[key];
      row.port = port, row.protocol = static_cast<std::uint8_t>(rows.integer(2));
      row.hits += hits;
      summary.hits += hits;
    }
  }
  summary.sources = sources.size() - sources.contains("::");
  for (auto& [address, tally] : sources) {
    for (const auto& [key, hits] : tally.ports) ++ports[key].sources;
    ScannerRow row;
    row.source = parse_address(address).value_or(Address{});
    row.hits = tally.hits, row.label = std::move(tally.label);
    row.ports = static_cast<std::uint32_t>(tally.ports.size());
    row.first = tally.first * kSecond, row.last = tally.last * kSecond;
    std::sort(tally.ports.begin(), tally.ports.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    for (std::size_t i = 0; i < std::min<std::size_t>(tally.ports.size(), 5); ++i)
      row.top_ports.push_back(static_cast<std::uint16_t>(tally.ports[i].first));
    summary.scanners.push_back(std::move(row));
  }
  const auto most = [&](auto& list, auto before) {
    const auto keep = std::min(list.size(), filter.limit);
    std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(keep), list.end(), before);
    list.resize(keep);
  };
  for (const auto& [key, row] : ports) summary.ports.push_back(row);
  most(summary.scanners, [](const auto& a, const auto& b) { return a.hits != b.hits ? a.hits > b.hits : a.source < b.source; });
  most(summary.ports, [](const auto& a, const auto& b) { return a.hits != b.hits ? a.hits > b.hits : a.port < b.port; });
  return summary;
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
