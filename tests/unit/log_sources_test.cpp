// The sources of log lines beside files: kernel records, ulogd2's SQLite database, and what a machine has.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/log_inputs.h"
#include "decode/log_decode.h"
#include "input/kernel_log.h"
#include "input/ulogd_database.h"

namespace sekisho {
namespace {

namespace fs = std::filesystem;

class LogSources : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("sekisho_log_sources." + std::to_string(::getpid()) + "." + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream{path, std::ios::app | std::ios::binary} << text;
    return path;
  }
  fs::path folder_;
};

TEST_F(LogSources, kernel_records) {
  std::uint64_t number = 0, micros = 0;
  std::string_view text;
  EXPECT_TRUE(read_kernel_record("6,1234,5678901,-;IN=eth0 OUT=\n SUBSYSTEM=net", number, micros, text));
  EXPECT_EQ(number, 1234U);
  EXPECT_EQ(micros, 5678901U);
  EXPECT_EQ(text, "IN=eth0 OUT=");
  EXPECT_TRUE(read_kernel_record("6,1,2,-,caller=T1;x;y", number, micros, text));
  EXPECT_EQ(text, "x;y");
  for (const char* bad : {"", "x", "6;x", "6,1;x", "a,1,2,-;x", "6,1,99999999999999999999,-;x", ";"}) EXPECT_FALSE(read_kernel_record(bad, number, micros, text)) << bad;

  const auto path = write("kmsg", "6,1,1000000,-;booted\n SUBSYSTEM=x\nnonsense\n4,2,2500000,-;DROP IN=eth0 OUT= SRC=203.0.113.7 DST=10.0.0.2 LEN=40 PROTO=TCP SPT=1 DPT=23 SYN\n");
  auto log = KernelLog::open(path, {.booted = 1'700'000'000 * kSecond});
  ASSERT_TRUE(log.ok());
  LogLine line;
  ASSERT_EQ((*log)->next(line), LineState::line);
  EXPECT_EQ(line.text, "booted");
  ASSERT_EQ((*log)->next(line), LineState::line);
  EXPECT_EQ(line.time, 1'700'000'002'500'000'000);
  LogClock clock;
  LogEvent e;
  ASSERT_EQ(decode_log_line(line, clock, e), LineVerdict::event);
  EXPECT_EQ(to_string(e.source), "203.0.113.7");
  EXPECT_EQ(e.prefix, "DROP");
  EXPECT_EQ((*log)->next(line), LineState::end);
  EXPECT_FALSE(KernelLog::open(folder_ / "none", {}).ok());
}

TEST_F(LogSources, rows_of_ulogd_in_sqlite) {
  const std::string path = folder_ / "ulogd.db";
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  const auto run = [&](const std::string& sql) { ASSERT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db); };
  run("CREATE TABLE other (a); CREATE TABLE ulog_pkt (oob_time_sec INT, oob_time_usec INT, oob_prefix TEXT, oob_in TEXT, oob_out TEXT, ip_saddr_str TEXT, "
      "ip_daddr_str TEXT, ip_protocol INT, tcp_sport INT, tcp_dport INT, tcp_seq INT, tcp_syn INT, tcp_window INT, blobby BLOB)");
  for (int i = 0; i < 1500; ++i)
    run("INSERT INTO ulog_pkt VALUES (" + std::to_string(1'700'000'000 + i) + ", 5, 'it''s \"x\\', 'eth0', NULL, '198.51.100.9', '203.0.113.5', 6, 4000, 23, 3405803781, 1, 1400, x'00')");
  const auto open = [&](UlogdOptions options) {
    auto opened = UlogdDatabase::open(path, std::move(options));
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    return std::move(opened).value();
  };
  auto database = open({});
  LogLine line;
  LogClock clock;
  LogEvent e;
  int rows = 0;
  LogPositions positions;
  while (database->next(line) == LineState::line) {
    ASSERT_EQ(decode_log_line(line, clock, e), LineVerdict::event) << line.text;
    EXPECT_EQ(e.time, (1'700'000'000LL + rows) * kSecond + 5 * kMicrosecond);
    EXPECT_EQ(e.seq, v4_value(e.destination));
    EXPECT_EQ(e.tcp_flags, kSyn);
    ++rows;
  }
  EXPECT_EQ(rows, 1500);
  database->remember(positions);
  // New rows are read, and none of the old ones, also after a restart.
  run("INSERT INTO ulog_pkt (oob_time_sec, ip_saddr_str, ip_daddr_str, ip_protocol) VALUES (1700009999, '198.51.100.10', '203.0.113.5', 17)");
  auto following = open({.follow = true, .position = positions.begin()->second});
  ASSERT_EQ(following->next(line), LineState::line);
  ASSERT_EQ(decode_log_line(line, clock, e), LineVerdict::event);
  EXPECT_EQ(to_string(e.source), "198.51.100.10");
  EXPECT_EQ(following->next(line), LineState::none);
  auto since = open({.since = 1'700'001'000 * kSecond});
  ASSERT_EQ(since->next(line), LineState::line);
  decode_log_line(line, clock, e);
  EXPECT_EQ(e.time / kSecond, 1'700'001'000);
  sqlite3_close(db);
  EXPECT_FALSE(UlogdDatabase::open(path, {.table = "none"}).ok());
  EXPECT_TRUE(is_sqlite(path));
  EXPECT_FALSE(is_sqlite(write("text", "SQLite format 4 and more text")));
  EXPECT_TRUE(is_postgres("postgresql://u@h/d"));
  EXPECT_TRUE(is_postgres("host=/tmp dbname=x"));
}

TEST_F(LogSources, what_a_machine_has) {
  const std::string root = folder_;
  EXPECT_TRUE(found_logs(root, false).empty());
  write("var/log/syslog", "");
  write("var/log/auth.log", "");
  write("var/log/kern.log", "");
  write("var/log/nginx/access.log", "");
  EXPECT_EQ(found_logs(root, false), (std::vector<std::string>{root + "/var/log/auth.log", root + "/var/log/kern.log", root + "/var/log/nginx/access.log"}));
  // The journal has what syslog's files have: both would count everything twice.
  EXPECT_EQ(found_logs(root, true), (std::vector<std::string>{"journal", root + "/var/log/nginx/access.log"}));
}

TEST_F(LogSources, names_on_the_command_line) {
  const auto text = write("auth.log", "x\n");
  EXPECT_TRUE(open_log_inputs({.names = {text}}).ok());
  EXPECT_EQ(open_log_inputs({.names = {text, text}}).value().sources.size(), 2U);
  EXPECT_FALSE(open_log_inputs({.names = {text + ".none"}}).ok());
  EXPECT_FALSE(open_log_inputs({.names = {folder_}}).ok());
  EXPECT_FALSE(open_log_inputs({.names = {"ulogd:" + text + ".none"}}).ok());
  EXPECT_TRUE(open_log_inputs({.names = {"ulogd:" + text}}).ok());
}

}  // namespace
}  // namespace sekisho
