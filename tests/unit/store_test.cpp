// The store: what is written is read; histories roll up and end; migrations; refusals; a full disk.
#include "store/store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "store/class_counts.h"
#include "store/database.h"
#include "store/migrations.h"
#include "store/scan_day.h"
#include "store/second_minutes.h"

namespace sekisho {
namespace {

constexpr TimeNs kT0 = 1'795'312'800 * kSecond;  // 2026-11-22 02:00:00 UTC, a whole hour

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sekisho-store-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/sekisho.db";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<StoreWriter> writer(const Retention& retention = {}) {
    auto opened = open_store_writer(path_, retention, "test");
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    return std::move(opened).value();
  }
  std::unique_ptr<StoreReader> reader() {
    auto opened = open_store_reader(path_);
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    return std::move(opened).value();
  }

  std::string folder_, path_;
};

StoredIncident flood(const std::string& id, TimeNs started, std::optional<TimeNs> ended = {}) {
  StoredIncident i;
  i.id = id, i.kind = "flood", i.direction = "ingress", i.label = "syn_flood", i.subject = "203.0.113.5";
  i.severity = Severity::high, i.confidence = 90;
  i.started = started, i.detected = started + 300 * kMillisecond, i.updated = i.detected, i.ended = ended;
  i.peak_pps = 1000, i.peak_bps = 480'000, i.packets = 5000, i.bytes = 300'000;
  i.json = R"({"id":")" + id + R"("})", i.state = "{}";
  return i;
}

TrafficSecond second_at(TimeNs time, std::uint64_t in, std::uint64_t out) {
  TrafficSecond s;
  s.time = time;
  s.sides[0].packets = in, s.sides[0].bytes = in * 100, s.sides[0].normal_pps = 50, s.sides[0].threshold_pps = 200;
  s.sides[0].classes[index_of(TrafficClass::tcp_syn)] = {in, in * 100};
  s.sides[1].packets = out, s.sides[1].bytes = out * 60;
  s.sides[1].classes[index_of(TrafficClass::tcp_ack)] = {out, out * 60};
  return s;
}

TEST_F(StoreTest, IncidentsAreFoundByTimeKindAndId) {
  auto w = writer();
  const std::string old_id = "01M7YA0000AAAAAAAAAAAA7K3F", new_id = "01M80GJC4Y5Q9WSCBY2R0T7K3F";
  ASSERT_TRUE(
      w->put_incident(flood(old_id, kT0, kT0 + 60 * kSecond), TimelineEntry{kT0, "opened", Severity::high, "syn_flood", 90, 1000}).ok());
  auto open = flood(new_id, kT0 + 3600 * kSecond);
  open.kind = "scan", open.severity = Severity::low;
  ASSERT_TRUE(w->put_incident(open, TimelineEntry{kT0 + 3600 * kSecond, "opened", Severity::low, "syn_flood", 90, 1000}).ok());
  ASSERT_TRUE(w->commit().ok());
  auto r = reader();
  const auto ids = [&](const IncidentFilter& filter) {
    std::string all;
    const auto list = r->incidents(filter);
    EXPECT_TRUE(list.ok());
    for (const auto& i : list.value()) all += i.id == old_id ? "old " : i.id == new_id ? "new " : "? ";
    return all;
  };
  EXPECT_EQ(ids({}), "new old ");
  EXPECT_EQ(ids({.since = kT0 + 61 * kSecond}), "new ");
  EXPECT_EQ(ids({.since = kT0 + 30 * kSecond, .until = kT0 + 40 * kSecond}), "old ");
  EXPECT_EQ(ids({.kind = "scan"}), "new ");
  EXPECT_EQ(ids({.at_least = Severity::medium}), "old ");
  EXPECT_EQ(ids({.open_only = true}), "new ");
  EXPECT_EQ(ids({.before = new_id}), "old ");
  EXPECT_EQ(ids({.limit = 1}), "new ");

  EXPECT_EQ(r->incident(new_id).value()->id, new_id);
  EXPECT_EQ(r->incident("7k3f").value()->id, new_id) << "the newest of several";
  EXPECT_EQ(r->incident("i-20261122-7K3F").value()->id, new_id);
  EXPECT_FALSE(r->incident("i-20261123-7K3F").value()) << "another day";
  EXPECT_FALSE(r->incident("'; DROP TABLE incidents; --").value());
  EXPECT_FALSE(r->incident("%").value());
  const auto back = r->incident(old_id).value();
  EXPECT_EQ(back->ended, kT0 + 60 * kSecond);
  EXPECT_EQ(back->json, flood(old_id, kT0).json);
  EXPECT_EQ(r->timeline(old_id).value().size(), 1U);
  EXPECT_EQ(r->timeline(old_id).value()[0].what, "opened");

  // The same incident again replaces it; its timeline goes on.
  ASSERT_TRUE(w->put_incident(flood(new_id, kT0 + 3600 * kSecond, kT0 + 3700 * kSecond),
                              TimelineEntry{kT0 + 3730 * kSecond, "closed", Severity::high, "syn_flood", 95, 2000})
                  .ok());
  ASSERT_TRUE(w->commit().ok());
  EXPECT_EQ(ids({.open_only = true}), "");
  EXPECT_EQ(r->timeline(new_id).value().size(), 2U);
}

TEST_F(StoreTest, ReadersSeeWhatIsCommittedOnly) {
  auto w = writer();
  ASSERT_TRUE(w->put_incident(flood("01M80GJC4Y5Q9WSCBY2R0T7K3F", kT0), std::nullopt).ok());
  auto r = reader();
  EXPECT_TRUE(r->incidents({}).value().empty());
  ASSERT_TRUE(w->commit().ok());
  EXPECT_EQ(r->incidents({}).value().size(), 1U);
}

TEST_F(StoreTest, SecondsRollUpWhileTheyAreWritten) {
  auto w = writer();
  for (int s = 0; s < 130; ++s) ASSERT_TRUE(w->append_second(second_at(kT0 + s * kSecond, 100 + (s == 65 ? 900 : 0), 10)).ok());
  // A restart within a second adds up.
  ASSERT_TRUE(w->append_second(second_at(kT0 + 129 * kSecond, 7, 0)).ok());
  ASSERT_TRUE(w->commit().ok());
  auto r = reader();
  const auto fine = r->traffic(kT0, kT0 + 129 * kSecond, 0).value();
  EXPECT_EQ(fine.step, kSecond);
  ASSERT_EQ(fine.points.size(), 130U);
  EXPECT_EQ(fine.points[129].sides[0].packets, 107U);
  EXPECT_EQ(fine.points[0].sides[0].bytes, 10'000U);
  EXPECT_EQ(fine.points[0].sides[0].threshold_pps, 200);
  const auto minutes = r->traffic(kT0, kT0 + 129 * kSecond, kMinute).value();
  EXPECT_EQ(minutes.step, kMinute);
  ASSERT_EQ(minutes.points.size(), 3U) << "two whole ones, and the one that goes on, from its seconds";
  EXPECT_EQ(minutes.points[1].sides[0].packets, 6900U);
  EXPECT_EQ(minutes.points[1].sides[0].peak_pps, 1000);
  EXPECT_EQ(minutes.points[1].seconds, 60U);
  EXPECT_EQ(minutes.points[1].sides[1].packets, 600U);
  EXPECT_EQ(minutes.points[2].seconds, 10U);
  const auto classes = r->classes(kT0, kT0 + 119 * kSecond, kMinute).value();
  ASSERT_EQ(classes.size(), 4U);
  EXPECT_EQ(classes[0].traffic_class, "tcp_syn");
  EXPECT_EQ(classes[0].packets, 6000U);
  EXPECT_EQ(classes[3].traffic_class, "tcp_ack");
  EXPECT_EQ(classes[3].direction, Direction::egress);
  EXPECT_EQ(classes[3].bytes, 36'000U);
}

TEST_F(StoreTest, AStopWithinASliceIsMadeUpFor) {
  {
    auto w = writer();
    for (int s = 0; s < 65; ++s) ASSERT_TRUE(w->append_second(second_at(kT0 + s * kSecond, 10, 1)).ok());
    ASSERT_TRUE(w->commit().ok());
  }
  auto w = writer();
  ASSERT_TRUE(w->append_second(second_at(kT0 + 7200 * kSecond, 10, 1)).ok());
  ASSERT_TRUE(w->maintain(kT0 + 7200 * kSecond).ok());
  ASSERT_TRUE(w->commit().ok());
  const auto minutes = reader()->traffic(kT0, kT0 + 7199 * kSecond, kMinute).value();
  ASSERT_EQ(minutes.points.size(), 2U);
  EXPECT_EQ(minutes.points[0].seconds, 60U);
  EXPECT_EQ(minutes.points[1].seconds, 5U);
}

TEST_F(StoreTest, WhatIsTooOldGoesAndCoarserStays) {
  Retention retention;
  retention.second_detail = 100 * kSecond, retention.ten_second_detail = 300 * kSecond, retention.history = 3600 * kSecond;
  auto w = writer(retention);
  for (int s = 0; s < 600; ++s) ASSERT_TRUE(w->append_second(second_at(kT0 + s * kSecond, 10, 1)).ok());
  ASSERT_TRUE(w->maintain(kT0 + 600 * kSecond).ok());
  ASSERT_TRUE(w->commit().ok());
  auto r = reader();
  EXPECT_EQ(r->traffic(kT0 + 550 * kSecond, kT0 + 599 * kSecond, 0).value().step, kSecond);
  EXPECT_EQ(r->traffic(kT0 + 400 * kSecond, kT0 + 599 * kSecond, 0).value().step, 10 * kSecond);
  const auto all = r->traffic(kT0, kT0 + 599 * kSecond, 0).value();
  EXPECT_EQ(all.step, kMinute);
  std::uint64_t packets = 0;
  for (const auto& p : all.points) packets += p.sides[0].packets;
  EXPECT_EQ(packets, 6000U) << "nothing is lost by rolling up";
  ASSERT_TRUE(w->maintain(kT0 + 5000 * kSecond).ok());
  ASSERT_TRUE(w->commit().ok());
  EXPECT_TRUE(r->traffic(kT0, kT0 + 599 * kSecond, 0).value().points.empty());
}

TEST_F(StoreTest, OldSecondsArePackedAndReadTheSame) {
  auto w = writer();
  // 25 minutes, the first from its 13th second on, with a gap of three.
  for (int s = 13; s < 1500; s += s == 399 ? 4 : 1)
    ASSERT_TRUE(w->append_second(second_at(kT0 + s * kSecond, static_cast<std::uint64_t>(s), 1)).ok());
  ASSERT_TRUE(w->commit().ok());
  const auto points = [&](TimeNs from, TimeNs to, DurationNs step) {
    std::vector<std::string> lines;
    const auto series = reader()->traffic(from, to, step).value();
    for (const auto& p : series.points)
      lines.push_back(fmt::format("{} {} {} {} {} {} {} {} {}", p.time / kSecond, p.seconds, p.sides[0].packets, p.sides[0].bytes,
                                  p.sides[0].peak_pps, p.sides[0].normal_pps, p.sides[0].threshold_pps, p.sides[1].packets, p.dropped));
    return lines;
  };
  const std::vector<std::pair<TimeNs, TimeNs>> spans{{0, 1600}, {70, 70}, {130, 1000}, {880, 930}, {59, 60}};
  std::vector<std::vector<std::string>> before;
  for (const auto& [from, to] : spans)
    for (const DurationNs step : {DurationNs{0}, 7 * kSecond, kMinute})
      before.push_back(points(kT0 + from * kSecond, kT0 + to * kSecond, step));
  ASSERT_TRUE(w->maintain(kT0 + 1500 * kSecond).ok());
  ASSERT_TRUE(w->commit().ok());
  const auto rows = [&](const char* table) {
    return Database::open_for_reading(path_).value()->integer(fmt::format("SELECT count(*) FROM {}", table)).value();
  };
  EXPECT_EQ(rows("seconds_1"), 600);
  EXPECT_EQ(rows("second_minutes"), 15);
  std::size_t n = 0;
  for (const auto& [from, to] : spans)
    for (const DurationNs step : {DurationNs{0}, 7 * kSecond, kMinute})
      EXPECT_EQ(points(kT0 + from * kSecond, kT0 + to * kSecond, step), before[n++]) << from << " to " << to << " by " << step;
  EXPECT_EQ(reader()->facts().value().first_second, kT0) << "of the minute";
  EXPECT_EQ(reader()->facts().value().last_second, kT0 + 1499 * kSecond);

  // The clock was set back into a minute that is packed: it adds up, and is packed again.
  ASSERT_TRUE(w->append_second(second_at(kT0 + 70 * kSecond, 1000, 0)).ok());
  ASSERT_TRUE(w->append_second(second_at(kT0 + 401 * kSecond, 5, 0)).ok());
  ASSERT_TRUE(w->commit().ok());
  for (int packed = 0; packed < 2; ++packed) {
    auto r = reader();
    const auto second = r->traffic(kT0 + 70 * kSecond, kT0 + 70 * kSecond, 0).value();
    ASSERT_EQ(second.points.size(), 1U);
    EXPECT_EQ(second.points[0].sides[0].packets, 1070U);
    EXPECT_EQ(r->traffic(kT0 + 400 * kSecond, kT0 + 402 * kSecond, 0).value().points.size(), 1U);
    ASSERT_TRUE(w->maintain(kT0 + 1500 * kSecond).ok());
    ASSERT_TRUE(w->commit().ok());
  }
  EXPECT_EQ(rows("seconds_1"), 600);
  // And goes with the rest of its day.
  ASSERT_TRUE(w->maintain(kT0 + (86'400 + 1600) * kSecond).ok());
  ASSERT_TRUE(w->commit().ok());
  EXPECT_EQ(rows("second_minutes"), 0);
}

TEST(SecondMinutes, EveryCutIsSafe) {
  std::vector<TrafficPoint> seconds;
  for (int s = 0; s < 60; s += 3) {
    TrafficPoint p{(600 + s) * kSecond, 1, {}, static_cast<std::uint64_t>(s)};
    p.sides[0] = {~0ULL >> (s + 1), 7, 0, 1e14, 0.126};
    p.sides[1] = {0, ~0ULL >> (60 - s), 0, -1, 5};
    seconds.push_back(p);
  }
  const auto bytes = pack_minute(600, seconds);
  std::vector<TrafficPoint> got;
  ASSERT_TRUE(unpack_minute(600, bytes, got));
  ASSERT_EQ(got.size(), seconds.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].time, seconds[i].time);
    EXPECT_EQ(got[i].sides[0].packets, seconds[i].sides[0].packets);
    EXPECT_EQ(got[i].sides[1].bytes, seconds[i].sides[1].bytes);
    EXPECT_EQ(got[i].sides[0].threshold_pps, 0.13);
    EXPECT_EQ(got[i].sides[1].normal_pps, -1);
    EXPECT_EQ(got[i].dropped, seconds[i].dropped);
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    got.clear();
    EXPECT_FALSE(unpack_minute(600, std::span{bytes}.first(size), got));
    EXPECT_TRUE(got.empty());
  }
}

TEST_F(StoreTest, ScannersAreCountedRolledUpAndBounded) {
  Retention retention;
  retention.scan_rows_a_day = 3;
  auto w = writer(retention);
  const auto ip = [](const char* text) { return *parse_address(text); };
  const auto hit = [&](const char* source, std::uint16_t port, std::uint64_t hits, TimeNs time, std::string_view label = "") {
    return ScanHit{ip(source), kTcp, port, label, hits, time, time};
  };
  const std::vector<ScanHit> hits{hit("198.51.100.7", 23, 5, kT0, "mirai_scan"),
                                  hit("198.51.100.7", 23, 2, kT0 + 20 * kSecond),
                                  hit("198.51.100.7", 2323, 1, kT0),
                                  hit("2001:db8::7", 23, 9, kT0 + 70 * kSecond),
                                  hit("192.0.2.1", 80, 4, kT0 + 80 * kSecond),
                                  hit("192.0.2.2", 80, 4, kT0 + 80 * kSecond)};
  ASSERT_TRUE(w->add_scan_hits(hits).ok());
  ASSERT_TRUE(w->commit().ok());
  auto r = reader();
  const auto check_all = [&] {
    const auto all = r->scanners({.since = kT0, .until = kT0 + 3600 * kSecond}).value();
    EXPECT_EQ(all.hits, 25U);
    EXPECT_EQ(all.sources, 2U) << "the day's rows are used up: the others are one row";
    ASSERT_EQ(all.scanners.size(), 3U);
    EXPECT_EQ(all.scanners[0].source, ip("2001:db8::7"));
    EXPECT_EQ(all.scanners[1].source, Address{});
    EXPECT_EQ(all.scanners[1].hits, 8U);
    EXPECT_EQ(all.scanners[2].hits, 8U);
    EXPECT_EQ(all.scanners[2].ports, 2U);
    EXPECT_EQ(all.scanners[2].label, "mirai_scan");
    EXPECT_EQ(all.scanners[2].last, kT0 + 20 * kSecond);
    ASSERT_FALSE(all.ports.empty());
    EXPECT_EQ(all.ports[0].port, 23);
    EXPECT_EQ(all.ports[0].hits, 16U);
    EXPECT_EQ(all.ports[0].sources, 2U);
    EXPECT_EQ(r->scanners({.since = kT0, .until = kT0 + 3600 * kSecond, .port = 2323}).value().hits, 1U);
    EXPECT_EQ(r->scanners({.since = kT0, .until = kT0 + 3600 * kSecond, .source = ip("198.51.100.7")}).value().hits, 8U);
  };
  check_all();
  ASSERT_TRUE(w->maintain(kT0 + 30 * 3600 * kSecond).ok());
  ASSERT_TRUE(w->commit().ok());
  check_all();
  auto raw = Database::open_for_reading(path_);
  EXPECT_EQ(raw.value()->integer("SELECT count(*) FROM scan_minutes").value(), 0);
  EXPECT_GT(raw.value()->integer("SELECT count(*) FROM scan_hours").value(), 0);
  EXPECT_EQ(raw.value()->integer("SELECT count(*) FROM scan_days").value(), 0);
  // Two days later the day is in one piece, and a question about it reads that.
  ASSERT_TRUE(w->add_scan_hits(std::vector{hit("198.51.100.7", 23, 100, kT0 + 40 * 3600 * kSecond)}).ok());
  ASSERT_TRUE(w->maintain(kT0 + 60 * 3600 * kSecond).ok());
  ASSERT_TRUE(w->commit().ok());
  EXPECT_EQ(raw.value()->integer("SELECT count(*) FROM scan_days").value(), 1);
  check_all();
  const auto day = r->scanners({.since = kT0 - 2 * 3600 * kSecond, .until = kT0 + 22 * 3600 * kSecond}).value();
  EXPECT_EQ(day.hits, 25U);
  EXPECT_EQ(day.sources, 2U);
  EXPECT_EQ(day.scanners[2].label, "mirai_scan");
  EXPECT_EQ(day.scanners[2].first, kT0);
  EXPECT_EQ(day.scanners[2].last, kT0 + 20 * kSecond);
  EXPECT_EQ(day.ports[0].sources, 2U);
  EXPECT_EQ(r->scanners({.since = kT0 - 2 * 3600 * kSecond, .until = kT0 + 22 * 3600 * kSecond, .label = "mirai_scan"}).value().hits, 8U);
  const auto both = r->scanners({.since = kT0 - 2 * 3600 * kSecond, .until = kT0 + 60 * 3600 * kSecond}).value();
  EXPECT_EQ(both.hits, 125U) << "the day in one piece and the rows of the next";
  EXPECT_EQ(both.scanners[0].hits, 108U);
}

TEST_F(StoreTest, BlobsAndEvidence) {
  auto w = writer();
  const std::vector<std::uint8_t> bytes{0, 1, 255};
  ASSERT_TRUE(w->put_blob("baselines", kT0, bytes).ok());
  ASSERT_TRUE(w->put_evidence({"01M8", "/e/a.pcapng", "", 100, 2, kT0}).ok());
  ASSERT_TRUE(w->put_evidence({"01M8", "/e/a.pcapng", "ab12", 200, 4, kT0}).ok());
  ASSERT_TRUE(w->put_evidence({"01M9", "/e/b.pcapng", "", 1, 1, kT0 + kSecond}).ok());
  ASSERT_TRUE(w->commit().ok());
  auto r = reader();
  EXPECT_EQ(r->blob("baselines").value(), bytes);
  EXPECT_FALSE(r->blob("nothing").value());
  ASSERT_EQ(r->evidence("01M8").value().size(), 1U);
  EXPECT_EQ(r->evidence("01M8").value()[0].sha256, "ab12");
  EXPECT_EQ(r->evidence("").value().size(), 2U);
  EXPECT_EQ(r->facts().value().evidence_bytes, 201U);
  ASSERT_TRUE(w->remove_evidence("/e/a.pcapng").ok());
  ASSERT_TRUE(w->commit().ok());
  EXPECT_EQ(r->evidence("").value().size(), 1U);
}

TEST_F(StoreTest, TheAuditLogIsAChain) {
  {
    auto w = writer();
    ASSERT_TRUE(w->append_audit({0, kT0 + 5, "uid 0", "block.add", "198.51.100.7", "", ""}).ok());
    ASSERT_TRUE(w->commit().ok());
  }
  auto w = writer();
  const auto second = w->append_audit({0, kT0 + kSecond, "web:ann", "block.del", "198.51.100.7", "", ""});
  ASSERT_TRUE(second.ok());
  ASSERT_TRUE(w->commit().ok());
  const auto list = reader()->audit(0, 10).value();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].sequence, 1U);
  EXPECT_EQ(list[0].previous, std::string(64, '0'));
  EXPECT_EQ(list[1].previous, list[0].hash);
  for (const auto& entry : list) EXPECT_EQ(entry.hash, audit_hash(entry));
  auto forged = list[0];
  forged.action += "x", forged.detail.erase(0, 1);
  EXPECT_NE(audit_hash(forged), list[0].hash);
  EXPECT_EQ(reader()->audit(1, 10).value().size(), 1U);
}

TEST_F(StoreTest, ASecondWriterIsRefused) {
  auto w = writer();
  const auto second = open_store_writer(path_, {}, "test");
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("another agent"), std::string::npos) << second.error().message;
  w.reset();
  EXPECT_TRUE(open_store_writer(path_, {}, "test").ok());
}

TEST_F(StoreTest, ANewerSchemaIsRefusedAndNotTouched) {
  writer();
  {
    auto raw = Database::open_for_writing(path_);
    ASSERT_TRUE(raw.value()->execute("INSERT INTO schema_version VALUES(9999, 0, 'future')").ok());
  }
  const auto refused = open_store_writer(path_, {}, "test");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("newer sekisho"), std::string::npos) << refused.error().message;
  const auto unread = open_store_reader(path_);
  ASSERT_FALSE(unread.ok());
  EXPECT_NE(unread.error().message.find("newer sekisho"), std::string::npos);
}

TEST_F(StoreTest, EveryOlderSchemaIsBroughtUpToDate) {
  // The first schema, empty, as it was released: later ones add their dumps here.
  {
    auto raw = Database::open_for_writing(path_);
    ASSERT_TRUE(migrate(*raw.value(), "test").ok());
    EXPECT_EQ(schema_of(*raw.value()).value(), newest_schema());
    ASSERT_TRUE(migrate(*raw.value(), "test").ok()) << "once more changes nothing";
    EXPECT_EQ(raw.value()->integer("SELECT count(*) FROM schema_version").value(), newest_schema());
  }
  EXPECT_TRUE(writer());
}

TEST_F(StoreTest, ForeignDamagedAndMissingFilesAreNamed) {
  const auto missing = open_store_reader(path_);
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("there is no store"), std::string::npos);
  {
    auto raw = Database::open_for_writing(path_);
    ASSERT_TRUE(raw.value()->execute("CREATE TABLE others(a)").ok());
  }
  const auto foreign = open_store_writer(path_, {}, "test");
  ASSERT_FALSE(foreign.ok());
  EXPECT_NE(foreign.error().message.find("another program"), std::string::npos) << foreign.error().message;
  const auto damaged_path = folder_ + "/damaged.db";
  std::ofstream{damaged_path} << std::string(8192, 'x');
  for (const auto& message :
       {open_store_writer(damaged_path, {}, "test").error().message, open_store_reader(damaged_path).error().message}) {
    EXPECT_NE(message.find("is damaged"), std::string::npos) << message;
    EXPECT_NE(message.find("mv "), std::string::npos) << message;
  }
  EXPECT_FALSE(open_store_writer("/proc/nothing/sekisho.db", {}, "test").ok());
}

TEST_F(StoreTest, DamageInTheMiddleIsFound) {
  {
    auto w = writer();
    for (int s = 0; s < 3000; ++s) ASSERT_TRUE(w->append_second(second_at(kT0 + s * kSecond, 10, 1)).ok());
    ASSERT_TRUE(w->commit().ok());
  }
  {
    auto raw = Database::open_for_writing(path_);
    ASSERT_TRUE(raw.value()->execute("PRAGMA wal_checkpoint(TRUNCATE)").ok());
  }
  EXPECT_TRUE(reader()->check().ok());
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path_));
  {
    std::fstream file{path_, std::ios::in | std::ios::out | std::ios::binary};
    for (std::streamoff at = size - 4 * 4096; at + 4096 <= size; at += 4096)
      file.seekp(at), file.write(std::string(512, '\xff').data(), 512);
  }
  const auto found = reader()->check();
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().message.find("is damaged"), std::string::npos) << found.error().message;
}

// SQLite's own bound on pages stands for the disk's: the same code is returned.
TEST_F(StoreTest, AFullDiskLosesNothingThatWasStored) {
  auto w = writer();
  ASSERT_TRUE(w->put_incident(flood("01M80GJC4Y5Q9WSCBY2R0T7K3F", kT0), std::nullopt).ok());
  ASSERT_TRUE(w->commit().ok());
  w.reset();
  auto raw = Database::open_for_writing(path_);
  ASSERT_TRUE(raw.ok());
  ASSERT_TRUE(raw.value()->execute("PRAGMA max_page_count=1").ok());  // no further page
  auto fill = raw.value()->prepare("INSERT INTO blobs VALUES('x',0,?)");
  const std::vector<std::uint8_t> large(1 << 20);
  const auto full = fill.value().run(std::span<const std::uint8_t>{large});
  ASSERT_FALSE(full.ok());
  EXPECT_NE(full.error().message.find("full"), std::string::npos) << full.error().message;
  EXPECT_EQ(reader()->incidents({}).value().size(), 1U);
}

TEST(ScanDay, EveryCutIsSafe) {
  std::vector<ScanDaySource> sources(2);
  sources[0].source = *parse_address("198.51.100.7"), sources[0].label = "mirai_scan", sources[0].first_s = 5, sources[0].last_s = 86'399;
  sources[0].ports = {{scan_port_key(23, 6), 7}, {scan_port_key(53, 17), 1ULL << 40}};
  sources[1].source = *parse_address("2001:db8::7"), sources[1].ports = {{scan_port_key(0, 6), 1}};
  const auto packed = pack_scan_day(sources);
  const auto count = [](std::span<const std::uint8_t> bytes) {
    ScanDayReader reader{bytes};
    ScanDaySource source;
    int n = 0;
    while (reader.next(source)) ++n;
    return n;
  };
  EXPECT_EQ(count(packed), 2);
  for (std::size_t cut = 0; cut < packed.size(); ++cut) EXPECT_LT(count(std::span{packed}.first(cut)), 2);
  ScanDayReader reader{packed};
  ScanDaySource back;
  ASSERT_TRUE(reader.next(back));
  EXPECT_EQ(back.source, sources[0].source);
  EXPECT_EQ(back.label, "mirai_scan");
  EXPECT_EQ(back.last_s, 86'399U);
  ASSERT_EQ(back.ports.size(), 2U);
  EXPECT_EQ(back.ports[1].key, scan_port_key(53, 17));
  EXPECT_EQ(back.ports[1].hits, 1ULL << 40);
}

TEST(ClassCounts, PackAndAddUp) {
  const StoredClasses classes{{{Direction::ingress, 1}, {5, 300}}, {{Direction::egress, 200}, {~0ULL >> 1, 1}}};
  const auto packed = pack_classes(classes);
  StoredClasses sum;
  add_classes(packed, sum);
  add_classes(packed, sum);
  EXPECT_EQ((sum[{Direction::ingress, 1}].packets), 10U);
  EXPECT_EQ((sum[{Direction::egress, 200}].bytes), 2U);
  for (std::size_t cut = 0; cut < packed.size(); ++cut) {
    StoredClasses part;
    add_classes(std::span{packed}.first(cut), part);
    EXPECT_LE(part.size(), 2U);
  }
}

}  // namespace
}  // namespace sekisho
