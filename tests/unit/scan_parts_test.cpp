// Scan hits read in parts by several threads: the same rows and sums as one after the other, from days of both forms, hours and minutes.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <random>
#include <set>

#include "app/query_run.h"
#include "base/parallel.h"
#include "store/database.h"
#include "store/leb128.h"
#include "store/scan_day.h"

namespace sekisho {
namespace {

constexpr std::int64_t kDayS = 86'400;
constexpr TimeNs kStart = 20'000 * kDayS * kSecond, kEnd = kStart + 6 * kDayS * kSecond;

// As days were packed before they had an index: in the order given.
std::vector<std::uint8_t> pack_as_before(const std::vector<ScanDaySource>& sources, const std::vector<std::string>& labels) {
  std::vector<std::uint8_t> out;
  put_number(out, labels.size());
  for (const auto& label : labels) put_number(out, label.size()), out.insert(out.end(), label.begin(), label.end());
  const auto bytes = [&](std::uint64_t value, unsigned count) {
    for (unsigned i = count; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  for (const auto& s : sources) {
    out.push_back(is_v4(s.source) ? 4 : 6);
    if (is_v4(s.source))
      bytes(v4_value(s.source), 4);
    else
      bytes(s.source.high, 8), bytes(s.source.low, 8);
    const auto label = std::find(labels.begin(), labels.end(), s.label);
    put_number(out, label == labels.end() ? 0 : static_cast<std::uint64_t>(label - labels.begin()) + 1);
    put_number(out, s.first_s), put_number(out, s.last_s), put_number(out, s.ports.size());
    for (const auto& port : s.ports) put_number(out, port.key), put_number(out, port.hits);
  }
  return out;
}

struct ScanPartsTest : ::testing::Test {
  ScanPartsTest() {
    char name[] = "/tmp/sekisho-parts-XXXXXX";
    folder = ::mkdtemp(name);
    path = folder + "/store.db";
    auto writer = open_store_writer(path, {}, "test").value();
    std::mt19937_64 random{7};
    std::vector<ScanHit> hits;
    for (int i = 0; i < 40'000; ++i) {
      const auto time = kStart + static_cast<std::int64_t>(random() % (6 * kDayS)) * kSecond;
      Address source = address_from_v4(0x0a000000 + static_cast<std::uint32_t>(random() % 6000) * 7);
      if (i % 5 == 0) source = {0x20010db800000000ULL + random() % 800, random() % 3};
      if (i % 997 == 0) source = {};
      hits.push_back({source, i % 3 ? kTcp : kUdp, static_cast<std::uint16_t>(i % 4 ? 23 : random() % 2000), i % 7 ? "" : "mirai_scan",
                      1 + random() % 3, time, time});
    }
    EXPECT_TRUE(writer->add_scan_hits(hits).ok());
    // Five days are packed, the sixth is left in hours and minutes.
    for (int i = 0; i < 60; ++i) EXPECT_TRUE(writer->maintain(kEnd + 12 * 3600 * kSecond).ok());
    EXPECT_TRUE(writer->commit().ok());
    writer.reset();
    one_day_as_before();
    reader = open_store_reader(path).value();
  }
  ~ScanPartsTest() override {
    reader.reset();
    std::filesystem::remove_all(folder);
  }

  void one_day_as_before() {
    auto database = Database::open_for_writing(path).value();
    EXPECT_GE(database->integer("SELECT count(*) FROM scan_days").value(), 4);
    EXPECT_GT(database->integer("SELECT count(*) FROM scan_minutes").value(), 0);
    const auto day = database->integer("SELECT min(time) FROM scan_days").value();
    std::vector<std::uint8_t> bytes;
    {
      auto rows = database->prepare("SELECT sources FROM scan_days WHERE time=?").value();
      rows.start(day);
      ASSERT_TRUE(rows.step().value());
      bytes.assign(rows.blob(0).begin(), rows.blob(0).end());
    }
    std::vector<ScanDaySource> sources;
    ScanDayReader reading{bytes};
    ASSERT_TRUE(reading.sorted());
    for (ScanDaySource source; reading.next(source);) sources.push_back(source);
    std::shuffle(sources.begin(), sources.end(), std::mt19937{1});
    const auto before = pack_as_before(sources, {"mirai_scan"});
    ASSERT_FALSE(ScanDayReader{before}.sorted());
    ASSERT_TRUE(database->prepare("UPDATE scan_days SET sources=? WHERE time=?").value().run(std::span{before}, day).ok());
  }

  // Source, port, protocol, label, time -> hits.
  using Rows = std::map<std::tuple<Address, std::uint16_t, std::uint8_t, std::string, TimeNs>, std::uint64_t>;
  static void add(Rows& rows, const ScanRow& r) { rows[{r.source, r.port, r.protocol, std::string{r.label}, r.time}] += r.hits; }
  Rows one_by_one(const HistoryRange& range) {
    Rows rows;
    EXPECT_TRUE(reader->each_scan(range, [&](const ScanRow& r) { add(rows, r); }).ok());
    return rows;
  }

  std::string folder, path;
  std::unique_ptr<StoreReader> reader;
};

TEST_F(ScanPartsTest, TheSameRowsAndNoSourceInTwo) {
  for (const auto& ports : {std::vector<std::uint16_t>{}, {23}, {23, 80, 1999}}) {
    HistoryRange range;
    range.since = kStart, range.until = kEnd, range.ports = ports;
    const auto parts = reader->scan_parts(range);
    ASSERT_TRUE(parts.ok());
    EXPECT_GT(parts.value()->size(), 1U) << "a test of parts needs some";
    Rows rows;
    std::map<Address, std::set<std::size_t>> parts_of;
    std::mutex mutex;
    in_parallel(parts.value()->size(), [&](std::size_t, std::size_t part) {
      parts.value()->each(part, [&](const ScanRow& r) {
        const std::lock_guard lock{mutex};
        add(rows, r);
        parts_of[is_v4(r.source) ? masked(r.source, 120) : masked(r.source, 64)].insert(part);
      });
    });
    EXPECT_EQ(rows, one_by_one(range));
    for (const auto& [network, in] : parts_of) EXPECT_EQ(in.size(), 1U) << to_string(network);
  }
}

TEST_F(ScanPartsTest, WithinANetworkAlone) {
  for (const auto* text : {"10.0.4.0/22", "10.0.9.6", "2001:db8::/48", "2001:db8:0:7::/64", "::/0"}) {
    HistoryRange range;
    range.since = kStart, range.until = kEnd;
    auto wanted = one_by_one(range);
    range.within = *parse_network(text);
    std::erase_if(wanted, [&](const auto& row) { return !contains(*range.within, std::get<0>(row.first)); });
    EXPECT_FALSE(wanted.empty()) << text;
    const auto parts = reader->scan_parts(range);
    Rows rows;
    for (std::size_t part = 0; part < parts.value()->size(); ++part) parts.value()->each(part, [&](const ScanRow& r) { add(rows, r); });
    EXPECT_EQ(rows, wanted) << text;
  }
}

TEST_F(ScanPartsTest, SumsAreExact) {
  HistoryRange range;
  range.since = kStart, range.until = kEnd;
  std::map<Address, std::uint64_t> hits;
  std::map<std::uint16_t, std::pair<std::uint64_t, std::set<Address>>> ports;
  std::uint64_t all = 0;
  for (const auto& [key, n] : one_by_one(range)) {
    const auto& [source, port, protocol, label, time] = key;
    all += n, hits[source] += n, ports[port].first += n;
    if (source != Address{}) ports[port].second.insert(source);
  }
  const auto sum = reader->scanners({.since = kStart, .until = kEnd, .limit = 50}).value();
  EXPECT_EQ(sum.hits, all);
  EXPECT_EQ(sum.sources, hits.size() - hits.count(Address{}));
  ASSERT_EQ(sum.scanners.size(), 50U);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(sum.scanners[i].hits, hits[sum.scanners[i].source]);
    EXPECT_GE(sum.scanners[i == 0 ? 0 : i - 1].hits, sum.scanners[i].hits);
  }
  const auto answer = [&](const std::string& text) {
    const auto ready = prepare_query(parse_query(text).value(), kEnd).value();
    auto found = answer_query(*reader, ready, false);
    EXPECT_TRUE(found.ok());
    return std::move(found).value();
  };
  const auto by_port = answer("scans since 7d group by port top 3000");
  ASSERT_EQ(by_port.rows.size(), ports.size());
  for (const auto& row : by_port.rows) {
    const auto& port = ports[static_cast<std::uint16_t>(std::get<std::int64_t>(row[0]))];
    EXPECT_EQ(std::get<std::int64_t>(row[1]), static_cast<std::int64_t>(port.first));
    EXPECT_EQ(std::get<std::int64_t>(row.back()), static_cast<std::int64_t>(port.second.size()));
  }
  const auto by_source = answer("scans since 7d group by source top 100000");
  EXPECT_EQ(by_source.rows.size(), hits.size());
  for (const auto& row : by_source.rows) {
    const auto& text = std::get<std::string>(row[0]);
    EXPECT_EQ(std::get<std::int64_t>(row[1]), static_cast<std::int64_t>(hits[text == "others" ? Address{} : *parse_address(text)])) << text;
  }
  const auto one = answer("scans where source = 10.0.4.0/22 since 7d group by label");
  std::int64_t within = 0, told = 0;
  for (const auto& [source, n] : hits)
    if (contains(*parse_network("10.0.4.0/22"), source)) within += static_cast<std::int64_t>(n);
  for (const auto& row : one.rows) told += std::get<std::int64_t>(row[1]);
  EXPECT_EQ(told, within);
}

}  // namespace
}  // namespace sekisho
