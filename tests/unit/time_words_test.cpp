// Times as people write them.
#include "app/time_words.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace sekisho {
namespace {

constexpr TimeNs kNow = 1'795'313'643 * kSecond;  // 2026-11-22 02:14:03 UTC

class TimeWords : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* zone = std::getenv("TZ")) zone_ = zone;
    ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);  // as Europe/Berlin, without needing its file
    ::tzset();
  }
  void TearDown() override {
    zone_.empty() ? ::unsetenv("TZ") : ::setenv("TZ", zone_.c_str(), 1);
    ::tzset();
  }
  static std::string utc(const char* text) {
    const auto time = parse_time_word(text, kNow, "--since");
    return time.ok() ? format_datetime(time.value()) : "refused";
  }
  std::string zone_;
};

TEST_F(TimeWords, EveryForm) {
  EXPECT_EQ(utc("now"), "2026-11-22 02:14:03");
  EXPECT_EQ(utc("10m"), "2026-11-22 02:04:03");
  EXPECT_EQ(utc("90s"), "2026-11-22 02:12:33");
  EXPECT_EQ(utc("2h"), "2026-11-22 00:14:03");
  EXPECT_EQ(utc("7d"), "2026-11-15 02:14:03");
  EXPECT_EQ(utc("1w"), "2026-11-15 02:14:03");
  EXPECT_EQ(utc("1 hour ago"), "2026-11-22 01:14:03");
  EXPECT_EQ(utc("3 days ago"), "2026-11-19 02:14:03");
  EXPECT_EQ(utc("5 min ago"), "2026-11-22 02:09:03");
  EXPECT_EQ(utc("today"), "2026-11-21 23:00:00") << "midnight here";
  EXPECT_EQ(utc("yesterday"), "2026-11-20 23:00:00");
  EXPECT_EQ(utc("03:00"), "2026-11-22 02:00:00");
  EXPECT_EQ(utc("23:30"), "2026-11-21 22:30:00") << "the last one";
  EXPECT_EQ(utc("2026-07-01"), "2026-06-30 22:00:00") << "summer time";
  EXPECT_EQ(utc("2026-11-22 02:15"), "2026-11-22 01:15:00");
  EXPECT_EQ(utc("2026-11-22T02:15:10Z"), "2026-11-22 02:15:10");
  EXPECT_EQ(utc("2026-11-22T02:15:10.123456Z"), "2026-11-22 02:15:10");
  EXPECT_EQ(utc("2026-11-22T02:15:10+05:30"), "2026-11-21 20:45:10");
  EXPECT_EQ(utc("@1795313643"), "2026-11-22 02:14:03");
}

TEST_F(TimeWords, NonsenseIsRefusedWithTheForms) {
  for (const auto* text : {"", "soon", "10", "10x", "m", "-5m", "1 hour from now", "25:00", "2026-13-01", "2026-11-22T99:00:00Z", "@", "@x",
                           "99999999999d", "1d\x1b[31m"}) {
    EXPECT_EQ(utc(text), "refused") << text;
    EXPECT_EQ(parse_time_word(text, kNow, "--until").error().message.find('\x1b'), std::string::npos);
  }
  EXPECT_NE(parse_time_word("soon", kNow, "--until").error().message.find("--until 'soon'"), std::string::npos);
  EXPECT_EQ(parse_time_word("soon", kNow, "--until").error().kind, ErrorKind::usage);
}

TEST_F(TimeWords, RangesAreInOrder) {
  const auto day = parse_time_range(std::nullopt, std::nullopt, kNow, 3600 * kSecond);
  EXPECT_EQ(day.value().until, kNow);
  EXPECT_EQ(day.value().since, kNow - 3600 * kSecond);
  EXPECT_FALSE(parse_time_range("1h", "2h", kNow, kSecond).ok());
  EXPECT_TRUE(parse_time_range("2h", "1h", kNow, kSecond).ok());
}

TEST(Rfc3339, FractionsAndOffsets) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01.5Z"), 1'500 * kMillisecond);
  EXPECT_EQ(parse_rfc3339(format_rfc3339(kNow)), kNow);
  EXPECT_FALSE(parse_rfc3339("2026-11-22"));
  EXPECT_FALSE(parse_rfc3339("2026-11-22T02:14:03Zjunk"));
}

}  // namespace
}  // namespace sekisho
