// The agent's reading of logs at its first start: what they held is history, what goes on is told, and nothing is read twice.
#include "app/log_watch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "app/time_words.h"

namespace sekisho {
namespace {

struct LogWatchTest : ::testing::Test {
  LogWatchTest() {
    char name[] = "/tmp/sekisho-logwatch-XXXXXX";
    folder = ::mkdtemp(name);
    log = folder + "/auth.log";
  }
  ~LogWatchTest() override { std::filesystem::remove_all(folder); }

  void write(const std::string& message, DurationNs ago) {
    static unsigned pid = 1000;
    std::ofstream{log, std::ios::app} << format_rfc3339(wall_clock() - ago) << " web-3 sshd[" << ++pid << "]: " << message << "\n";
  }
  void fail(const std::string& source, int count, DurationNs ago) {
    for (int i = 0; i < count; ++i) write(fmt::format("Failed password for root from {} port 4000 ssh2", source), ago);
  }
  std::unique_ptr<LogWatch> watch() {
    LogWatchSettings settings;
    settings.sources = {log}, settings.positions = folder + "/positions", settings.past = 24 * 60 * kMinute;
    auto made = LogWatch::make(settings, load_config(std::nullopt).value());
    EXPECT_TRUE(made.ok());
    made.value()->keep = [this](std::vector<LoginCount> counts) {
      const std::lock_guard lock{mutex};
      for (const auto& c : counts) kept += c.failures;
    };
    made.value()->on_offender = [this](const Offender& o, const std::string&) {
      const std::lock_guard lock{mutex};
      offenders.push_back(to_string(o.source));
    };
    made.value()->start();
    return std::move(made).value();
  }
  // What was told until `enough` holds, ten seconds at most.
  std::vector<IncidentNotice> told_until(LogWatch& watch, const std::function<bool(const std::vector<IncidentNotice>&)>& enough) {
    std::vector<IncidentNotice> all;
    for (int i = 0; i < 200 && !enough(all); ++i) {
      for (auto& notice : watch.take()) all.push_back(std::move(notice));
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    return all;
  }
  static bool has(const std::vector<IncidentNotice>& notices, std::string_view what, std::string_view label) {
    return std::any_of(notices.begin(), notices.end(), [&](const auto& n) { return n.what == what && n.incident->label == label; });
  }

  std::string folder, log;
  std::mutex mutex;
  std::uint64_t kept = 0;
  std::vector<std::string> offenders;
};

TEST_F(LogWatchTest, ThePastIsHistoryUntilItGoesOn) {
  fail("203.0.113.7", 25, 120 * kMinute);
  {
    auto reading = watch();
    const auto told = told_until(*reading, [](const auto& all) { return has(all, "past", "ssh_bruteforce"); });
    EXPECT_TRUE(has(told, "past", "ssh_bruteforce"));
    EXPECT_FALSE(has(told, "opened", "ssh_bruteforce"));
    fail("203.0.113.8", 6, 0);
    const auto news = told_until(*reading, [](const auto& all) { return has(all, "opened", "ssh_bruteforce"); });
    EXPECT_TRUE(has(news, "opened", "ssh_bruteforce"));
    for (int i = 0; i < 150; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
      const std::lock_guard lock{mutex};
      if (kept == 31) break;
    }
    reading->finish();
  }
  const std::lock_guard lock{mutex};
  EXPECT_EQ(kept, 31U);
  ASSERT_FALSE(offenders.empty());
  for (const auto& source : offenders) EXPECT_EQ(source, "203.0.113.8") << "what is long over accuses nobody";
}

TEST_F(LogWatchTest, ALoginAfterFailuresIsToldHoweverLongAgo) {
  fail("203.0.113.7", 25, 120 * kMinute);
  write("Accepted password for root from 203.0.113.7 port 4000 ssh2", 119 * kMinute);
  auto reading = watch();
  const auto told = told_until(*reading, [](const auto& all) { return has(all, "opened", "login_after_failures"); });
  EXPECT_TRUE(has(told, "opened", "login_after_failures"));
}

TEST_F(LogWatchTest, ARestartReadsNothingTwice) {
  fail("203.0.113.7", 25, kMinute);
  for (int run = 0; run < 2; ++run) {
    auto reading = watch();
    for (int i = 0; i < 140; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
      if (reading->failures() >= 25) break;
    }
    EXPECT_EQ(reading->failures(), run == 0 ? 25U : 0U);
    reading->finish();
  }
}

}  // namespace
}  // namespace sekisho
