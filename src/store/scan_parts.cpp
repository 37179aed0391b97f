// Each day's block has its sources in order of address: a part is a range of addresses in all of them, small enough for a processor's
// cache.
#include "store/scan_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "store/scan_day.h"

namespace sekisho {
namespace {

constexpr std::int64_t kHourS = 3600, kDayS = 86'400;
constexpr std::size_t kPartBytes = 256 << 10, kMostParts = 512;

using EachScan = std::function<void(const ScanRow&)>;

// Which ports are asked for.
class PortSet {
 public:
  explicit PortSet(const std::vector<std::uint16_t>& ports) : any_(ports.empty()) {
    if (any_) return;
    wanted_.resize(65'536);
    for (const auto port : ports) wanted_[port] = true;
  }
  bool has(std::uint16_t port) const { return any_ || wanted_[port]; }

 private:
  bool any_;
  std::vector<bool> wanted_;
};

Result<void> table_rows(Database& database, std::string_view table, std::int64_t from, std::int64_t to, const HistoryRange& range,
                        const EachScan& each) {
  if (from >= to) return {};
  const PortSet ports{range.ports};
  const std::string_view index = range.source && table == "scan_hours" ? "INDEXED BY scan_hours_source" : "";
  const std::string_view of_source = range.source ? "source=?3" : "?3 IS NULL";
  auto rows = TRY(database.prepare(fmt::format(
      "SELECT time, source, protocol, port, label, hits, first, last FROM {} {} WHERE time>=?1 AND time<?2 AND {} AND (?4 IS NULL "
      "OR port=?4)",
      table, index, of_source)));
  const std::optional<std::string> source = range.source ? std::optional{to_string(*range.source)} : std::nullopt;
  ScanRow row;
  for (rows.start(from, to, source, range.ports.size() == 1 ? std::optional{int{range.ports.front()}} : std::nullopt); TRY(rows.step());) {
    const auto port = static_cast<std::uint16_t>(rows.integer(3));
    const auto address = parse_address(rows.view(1));
    if (!address || !ports.has(port)) continue;
    row = {rows.integer(0) * kSecond,
           *address,
           static_cast<std::uint8_t>(rows.integer(2)),
           port,
           rows.view(4),
           static_cast<std::uint64_t>(rows.integer(5)),
           rows.integer(6) * kSecond,
           rows.integer(7) * kSecond};
    each(row);
  }
  return {};
}

template <class Each>
void rows_of(const ScanDaySource& source, std::int64_t day, const PortSet& ports, Each&& each) {
  for (const auto& port : source.ports)
    if (ports.has(static_cast<std::uint16_t>(port.key & 0xffff)))
      each(ScanRow{day * kSecond, source.source, static_cast<std::uint8_t>(port.key > 0xffff ? 17 : 6),
                   static_cast<std::uint16_t>(port.key & 0xffff), source.label, port.hits, (day + source.first_s) * kSecond,
                   (day + source.last_s) * kSecond});
}

// Hands on the blocks of whole days in the range, and the rows of everything beside them.
Result<void> walk(Database& database, const HistoryRange& range,
                  const std::function<void(std::int64_t, std::span<const std::uint8_t>)>& block, const EachScan& each) {
  const auto from = range.since / kSecond, to = range.until / kSecond + 1;
  auto at = from - from % kHourS;  // hours from here on are still to be read
  if (!range.by_hour && !range.source) {
    auto days = TRY(database.prepare("SELECT time, sources FROM scan_days WHERE time>=? AND time<=? ORDER BY time"));
    for (days.start(from, to - kDayS); TRY(days.step());) {
      const auto day = days.integer(0);
      TRY(table_rows(database, "scan_hours", at, day, range, each));
      block(day, days.blob(1));
      at = day + kDayS;
    }
  }
  TRY(table_rows(database, "scan_hours", at, to, range, each));
  return table_rows(database, "scan_minutes", from - from % 60, to, range, each);
}

// A day of before, with its sources in order.
std::vector<std::uint8_t> in_order(std::span<const std::uint8_t> block) {
  std::vector<ScanDaySource> sources;
  ScanDayReader reader{block};
  for (ScanDaySource source; reader.next(source);) sources.push_back(source);
  return pack_scan_day(std::move(sources));
}

class Parts final : public ScanParts {
 public:
  static Result<std::unique_ptr<ScanParts>> read(Database& database, const HistoryRange& range) {
    std::unique_ptr<Parts> parts{new Parts(range)};
    TRY(walk(
        database, range,
        [&](std::int64_t day, std::span<const std::uint8_t> block) {
          auto bytes = ScanDayReader{block}.sorted() ? std::vector<std::uint8_t>{block.begin(), block.end()} : in_order(block);
          parts->days_.push_back({day, std::move(bytes)});
        },
        [&](const ScanRow& row) { parts->keep(row); }));
    parts->divide();
    return std::unique_ptr<ScanParts>{std::move(parts)};
  }

  std::size_t size() const override { return bounds_.size() + 1; }

  void each(std::size_t part, const EachScan& row) const override {
    walk_part(part, row, [&](const ScanDaySource& source, std::int64_t day) { rows_of(source, day, ports_, row); });
  }

  void each_source(std::size_t part, const std::function<void(std::span<const ScanRow>)>& rows) const override {
    std::vector<ScanRow> own;
    walk_part(
        part,
        [&](const ScanRow& row) {
          rows({&row, 1});
        },
        [&](const ScanDaySource& source, std::int64_t day) {
          if (own.size() < source.ports.size()) own.resize(source.ports.size());
          std::size_t count = 0;
          rows_of(source, day, ports_, [&](const ScanRow& row) { own[count++] = row; });
          if (count) rows({own.data(), count});
        });
  }

 private:
  explicit Parts(const HistoryRange& range) : ports_(range.ports), within_(range.within) {
    if (!within_) return;
    const auto ones = [](unsigned bits) { return bits == 0 ? 0 : ~std::uint64_t{0} >> (64 - bits); };
    const unsigned free = 128U - within_->prefix_bits;
    last_within_ = within_->base;
    last_within_.high |= ones(free > 64 ? free - 64 : 0), last_within_.low |= ones(std::min(free, 64U));
  }

  template <class Row, class Source>
  void walk_part(std::size_t part, Row&& row, Source&& take) const {
    for (const auto& kept : rows_[part]) row(kept);
    const Address* from = part == 0 ? nullptr : &bounds_[part - 1];
    const Address* end = part < bounds_.size() ? &bounds_[part] : nullptr;
    if (within_ && ((end && !(within_->base < *end)) || (from && last_within_ < *from))) return;
    if (within_ && (!from || *from < within_->base)) from = &within_->base;
    ScanDaySource source;
    for (const auto& [day, bytes] : days_) {
      ScanDayReader reader{bytes};
      if (from) reader.seek(*from);
      while (reader.next(source)) {
        if (from && source.source < *from) continue;
        if ((end && !(source.source < *end)) || (within_ && last_within_ < source.source)) break;
        take(source, day);
      }
    }
  }

  void keep(const ScanRow& row) {
    if (within_ && !contains(*within_, row.source)) return;
    auto label = std::find(labels_.begin(), labels_.end(), row.label);  // a handful
    if (label == labels_.end()) labels_.emplace_back(row.label), label = labels_.end() - 1;
    rows_.front().push_back(row);
    rows_.front().back().label = *label;
  }

  // Bounds where the addresses are, and never within a network that counts as one.
  void divide() {
    std::size_t bytes = 0;
    std::vector<Address> samples;
    for (const auto& [day, block] : days_) {
      bytes += block.size();
      const auto some = ScanDayReader{block}.samples();
      samples.insert(samples.end(), some.begin(), some.end());
    }
    std::sort(samples.begin(), samples.end());
    const auto wanted = std::min(bytes / kPartBytes + 1, kMostParts);
    for (std::size_t i = 1; i < wanted && !samples.empty(); ++i) {
      const auto& at = samples[samples.size() * i / wanted];
      const auto bound = is_v4(at) ? masked(at, 120) : masked(at, 64);
      if (bounds_.empty() ? Address{} < bound : bounds_.back() < bound) bounds_.push_back(bound);
    }
    auto all = std::move(rows_.front());
    rows_.assign(size(), {});
    for (auto& row : all)
      rows_[static_cast<std::size_t>(std::upper_bound(bounds_.begin(), bounds_.end(), row.source) - bounds_.begin())].push_back(row);
  }

  const PortSet ports_;
  const std::optional<Network> within_;
  Address last_within_;
  std::vector<std::pair<std::int64_t, std::vector<std::uint8_t>>> days_;
  std::vector<Address> bounds_;
  std::vector<std::vector<ScanRow>> rows_{1};  // by part: of hours and minutes
  std::deque<std::string> labels_;             // of these rows
};

}  // namespace

Result<void> read_each_scan(Database& database, const HistoryRange& range, const EachScan& each) {
  const PortSet ports{range.ports};
  return walk(
      database, range,
      [&](std::int64_t day, std::span<const std::uint8_t> block) {
        ScanDayReader reader{block};
        for (ScanDaySource source; reader.next(source);) rows_of(source, day, ports, each);
      },
      each);
}

Result<std::unique_ptr<ScanParts>> read_scan_parts(Database& database, const HistoryRange& range) { return Parts::read(database, range); }

}  // namespace sekisho
