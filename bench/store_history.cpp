// Fills a store with days of a busy host through the agent's own writer, then asks it what people ask, and prints size and times.
// usage: store_history FILE DAYS        one line of JSON on stdout
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "store/store.h"

namespace {

using namespace sekisho;
using Clock = std::chrono::steady_clock;

constexpr TimeNs kEnd = 1'795'313'640 * kSecond;  // 2026-11-22 02:14:00 UTC
constexpr std::int64_t kDayS = 86'400;
constexpr unsigned kHitsADay = 75'000, kIncidentsADay = 30;  // hits: rows, of one or two packets: 10 million packets in 90 days
constexpr std::size_t kClasses = 18;                         // that a busy host sees each second

double ms_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }
// Of this thread: what a question costs, whatever else the machine does.
double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

template <class T>
T must(Result<T> result) {
  if (!result.ok()) {
    fmt::print(stderr, "store_history: {}\n", result.error().message);
    std::exit(3);
  }
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

// Medians of 11, by the wall and by the processor: {"wall_ms":1.5,"cpu_ms":1.2}
template <class Ask>
std::string timed(Ask ask) {
  std::vector<double> wall, cpu;
  for (int i = 0; i < 11; ++i) {
    const auto start = Clock::now();
    const auto used = cpu_ms();
    ask();
    wall.push_back(ms_since(start)), cpu.push_back(cpu_ms() - used);
  }
  for (auto* times : {&wall, &cpu}) std::nth_element(times->begin(), times->begin() + 5, times->end());
  return fmt::format(R"({{"wall_ms":{:.2f},"cpu_ms":{:.2f}}})", wall[5], cpu[5]);
}

TrafficSecond second_of(std::int64_t second, std::mt19937_64& random) {
  TrafficSecond s;
  s.time = second * kSecond;
  const double day = 1 + 0.6 * std::sin(2 * M_PI * static_cast<double>(second % kDayS) / kDayS);
  for (std::size_t d = 0; d < 2; ++d) {
    auto& side = s.sides[d];
    for (std::size_t c = 0; c < kClasses; ++c) {
      const auto packets = static_cast<std::uint64_t>(day * 3000 / static_cast<double>(c + 1)) + random() % 500;
      side.classes[(c * 4 + d) % kTrafficClasses] = {packets, packets * (60 + random() % 1200)};
    }
    for (const auto& c : side.classes) side.packets += c.packets, side.bytes += c.bytes;
    side.normal_pps = 9000 * day, side.threshold_pps = 40'000;
  }
  return s;
}

// Sources come back as scanners do: a few every day, most once.
ScanHit hit_at(TimeNs time, std::mt19937_64& random) {
  constexpr std::uint16_t kPorts[] = {23, 23, 23, 22, 2323, 80, 443, 8080, 3389, 445, 5555, 37215, 52869, 7547, 6379, 5060};
  // About 9,000 sources a day: 6,000 that are never seen again, 3,000 of 20,000 that come back.
  const auto day = static_cast<std::uint64_t>(time / kSecond / kDayS);
  const auto address = static_cast<std::uint32_t>(random() % 8 == 0 ? random() : 0x0a000000 + (day * 7919 + random() % 3120) % 20'000);
  const auto port = random() % 3 ? kPorts[random() % std::size(kPorts)] : static_cast<std::uint16_t>(random() % 65'535 + 1);
  return {address_from_v4(address | 0x01000000), kTcp, port, port == 23 ? "mirai_scan" : "", 1 + random() % 2, time, time};
}

StoredIncident incident_at(std::uint64_t number, TimeNs time) {
  StoredIncident i;
  i.id = fmt::format("01M8{:022}", number);
  i.kind = "scan", i.direction = "ingress", i.label = "mirai_scan", i.subject = "203.0.113.5", i.severity = Severity::medium;
  i.started = i.detected = time, i.updated = i.ended.emplace(time + 600 * kSecond);
  i.json = std::string(3500, 'j'), i.state = std::string(6000, 's');
  return i;
}

void fill(const std::string& path, std::int64_t days) {
  auto writer = must(open_store_writer(path, {}, "bench"));
  std::mt19937_64 random{1};
  const std::int64_t first = kEnd / kSecond - days * kDayS;
  std::uint64_t incidents = 0;
  std::vector<ScanHit> hits;
  for (std::int64_t second = first; second < kEnd / kSecond; ++second) {
    must(writer->append_second(second_of(second, random)));
    while (static_cast<double>(hits.size()) < kHitsADay * 10.0 / kDayS + static_cast<double>(random() % 3) - 1 && second % 10 == 9)
      hits.push_back(hit_at(second * kSecond, random));
    if (second % 10 == 9) must(writer->add_scan_hits(hits)), hits.clear();
    if (second % (kDayS / kIncidentsADay) == 0)
      must(writer->put_incident(incident_at(++incidents, second * kSecond),
                                TimelineEntry{second * kSecond, "opened", Severity::medium, "mirai_scan", 90, 10}));
    if (second % 60 == 59) must(writer->maintain(second * kSecond));
    if (second % 600 == 599)
      must(writer->commit());  // the agent commits each second: that costs time here, and changes no byte of the result
    if (second % kDayS == kDayS - 1) fmt::print(stderr, "\r{} of {} days ", (second - first) / kDayS + 1, days);
  }
  must(writer->commit());
  fmt::print(stderr, "\n");
}

// The same hits as they are often kept: one row a hit, an index by source and time. Four days of them, which is what the question is about.
std::string plain_table(const std::string& path) {
  sqlite3* db = nullptr;
  sqlite3_open(path.c_str(), &db);
  sqlite3_exec(db,
               "PRAGMA journal_mode=WAL; CREATE TABLE hits(time INTEGER, source TEXT, port INTEGER); CREATE INDEX by_source ON "
               "hits(source, time); BEGIN",
               nullptr, nullptr, nullptr);
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO hits VALUES(?,?,?)", -1, &insert, nullptr);
  std::mt19937_64 random{1};
  const auto first = kEnd / kSecond - 7 * kDayS;
  for (std::int64_t n = 0; n < 7 * kHitsADay; ++n) {
    const auto hit = hit_at((first + n * 7 * kDayS / (7 * kHitsADay)) * kSecond, random);
    const auto source = to_string(hit.source);
    sqlite3_bind_int64(insert, 1, hit.last / kSecond);
    sqlite3_bind_text(insert, 2, source.c_str(), -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(insert, 3, hit.port);
    sqlite3_step(insert), sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr);
  auto result = timed([&] {
    sqlite3_exec(db,
                 "SELECT source, count(*), count(DISTINCT port), min(time), max(time) FROM hits GROUP BY source ORDER BY 2 DESC LIMIT 20",
                 nullptr, nullptr, nullptr);
  });
  sqlite3_close(db);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return fmt::print(stderr, "usage: store_history FILE DAYS\n"), 2;
  const std::string path = argv[1];
  const auto days = std::atol(argv[2]);
  const auto used = cpu_ms();
  if (!std::filesystem::exists(path)) fill(path, days);
  const double fill_us = (cpu_ms() - used) * 1000 / static_cast<double>(days * kDayS);
  auto reader = must(open_store_reader(path));
  const auto week = std::min<std::int64_t>(days, 7) * kDayS * kSecond, all = days * kDayS * kSecond, day = kDayS * kSecond;
  std::size_t points = 0;
  std::string out = fmt::format(R"({{"days":{},"write_cpu_us_a_second":{:.1f})", days, fill_us);
  const auto ask = [&](std::string_view name, auto question) { out += fmt::format(R"(,"{}":{})", name, timed(question)); };
  ask("day_graph", [&] { points = must(reader->traffic(kEnd - day + kSecond, kEnd, 0)).points.size(); });
  ask("all_graph_by_hour", [&] { must(reader->traffic(kEnd - all, kEnd, 3600 * kSecond)); });
  ask("day_classes_by_minute", [&] { must(reader->classes(kEnd - day, kEnd, 60 * kSecond)); });
  ask("scanners_day", [&] { must(reader->scanners({.since = kEnd - day, .until = kEnd})); });
  ask("scanners_week", [&] { must(reader->scanners({.since = kEnd - week, .until = kEnd})); });
  ask("scanners_week_port_23", [&] { must(reader->scanners({.since = kEnd - week, .until = kEnd, .port = 23})); });
  ask("scanners_all", [&] { must(reader->scanners({.since = kEnd - all, .until = kEnd})); });
  ask("scanners_all_port_23", [&] { must(reader->scanners({.since = kEnd - all, .until = kEnd, .port = 23})); });
  ask("one_source_all", [&] { must(reader->scanners({.since = kEnd - all, .until = kEnd, .source = address_from_v4(0x0b000005)})); });
  ask("incidents_week", [&] { must(reader->incidents({.since = kEnd - week, .limit = 100})); });
  ask("open", [&] { must(open_store_reader(path)); });
  const auto sum = must(reader->scanners({.since = kEnd - all, .until = kEnd}));
  reader.reset();
  out += fmt::format(R"(,"plain_table_week":{})", plain_table(path + ".plain"));
  std::uint64_t bytes = 0;
  for (const auto* suffix : {"", "-wal"})
    if (std::filesystem::exists(path + suffix)) bytes += std::filesystem::file_size(path + suffix);
  fmt::print(R"({},"points":{},"hits":{},"sources":{},"bytes":{},"end_s":{}}})"
             "\n",
             out, points, sum.hits, sum.sources, bytes, kEnd / kSecond);
}
