// Questions in words: the language, its refusals, the answers from a store; SQL that can only read; the story of an address.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/address_story.h"
#include "app/answer_table.h"
#include "app/login_counts.h"
#include "app/query_run.h"

namespace sekisho {
namespace {

constexpr DurationNs kHour = 60 * kMinute;
constexpr TimeNs kNow = 1'795'312'800 * kSecond;  // 2026-11-22 02:00:00 UTC

std::string refusal(const std::string& text) {
  const auto query = parse_query(text);
  if (!query.ok()) return query.error().message;
  const auto ready = prepare_query(query.value(), kNow);
  return ready.ok() ? "" : ready.error().message;
}

TEST(QueryLanguage, AWholeSentence) {
  auto q = parse_query(
      "Scans WHERE port = 23 and (label = mirai_scan or not source in (198.51.100.0/24, '2001:db8::/32')) since 7d group by source, port "
      "top 20 by hits over 1h");
  ASSERT_TRUE(q.ok()) << q.error().message;
  EXPECT_EQ(q->table, "scans");
  EXPECT_EQ(q->since, "7d");
  EXPECT_EQ(q->over, "1h");
  EXPECT_EQ(q->group, (std::vector<std::string>{"source", "port"}));
  EXPECT_EQ(q->top, 20u);
  EXPECT_EQ(q->by, "hits");
  ASSERT_TRUE(q->where);
  ASSERT_EQ(q->where->kind, QueryCondition::Kind::all);
  ASSERT_EQ(q->where->parts.size(), 2u);
  EXPECT_EQ(q->where->parts[1].kind, QueryCondition::Kind::any);
  EXPECT_EQ(q->where->parts[1].parts[1].kind, QueryCondition::Kind::none);
  EXPECT_EQ(q->where->parts[1].parts[1].parts[0].values, (std::vector<std::string>{"198.51.100.0/24", "2001:db8::/32"}));
}

TEST(QueryLanguage, AndBindsTighterThanOr) {
  auto q = parse_query("scans where port=23 or port=22 and hits>5");
  ASSERT_TRUE(q.ok());
  ASSERT_EQ(q->where->kind, QueryCondition::Kind::any);
  EXPECT_EQ(q->where->parts[1].kind, QueryCondition::Kind::all);
}

TEST(QueryLanguage, TimesOfSeveralWords) {
  auto q = parse_query("logins since 1 hour ago until now top 3");
  ASSERT_TRUE(q.ok());
  EXPECT_EQ(q->since, "1 hour ago");
  EXPECT_EQ(q->until, "now");
}

TEST(QueryLanguage, RefusalsNameThePlaceAndTheWayOut) {
  const auto says = [](const std::string& text, const std::string& what) {
    EXPECT_NE(refusal(text).find(what), std::string::npos) << text << " -> " << refusal(text);
  };
  says("", "a table is expected");
  says("scan", "the tables are scans");
  says("scans where", "a field is expected");
  says("scans where port", "after 'port'");
  says("scans where port =", "a value is expected");
  says("scans where port = 23 or", "a field is expected");
  says("scans where (port = 23", "a ')' is expected");
  says("scans where port in 23", "in brackets");
  says("scans where port in (23, 22", "a ',' or ')' is expected");
  says("scans where label = 'mirai", "is not closed");
  says("scans where colour = 3", "its fields are time, source");
  says("scans where port = many", "no number");
  says("scans where port = 2.5", "no whole number");
  says("scans where source = 300.1.1.1", "no address");
  says("scans where source > 198.51.100.1", "has no order");
  says("scans where port ~ 2", "looks into texts");
  says("incidents where severity > terrible", "no severity");
  says("scans where time > soon", "time");
  says("scans group source", "followed by 'by'");
  says("scans group by hits", "added up");
  says("scans group by time", "over 1h");
  says("scans group by source, port, label, protocol, network", "the most");
  says("scans top none", "a number");
  says("scans top 0", "a number");
  says("scans top 5 by port", "added up");
  says("scans over yesterday", "no length of time");
  says("scans since", "followed by a time");
  says("scans since 7d since 8d", "stands once");
  says("scans please", "'please' is not expected");
  says("scans where " + std::string(40, '(') + "port=1", "levels of brackets");
  std::string many = "scans where port=1";
  for (int i = 0; i < 70; ++i) many += " or port=1";
  says(many, "conditions are the most");
  says("scans " + std::string(5000, ' '), "longer than");
  // What is hostile comes back harmless.
  EXPECT_EQ(refusal("scans \x1b[31m").find('\x1b'), std::string::npos);
}

class Answers : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sekisho-query-XXXXXX";
    folder_ = ::mkdtemp(name);
    auto opened = open_store_writer(folder_ + "/s.db", {}, "test");
    ASSERT_TRUE(opened.ok());
    writer_ = std::move(opened).value();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void scan(const std::string& source, std::uint16_t port, std::uint64_t hits, TimeNs time, std::string_view label = "") {
    const ScanHit hit{*parse_address(source), 6, port, label, hits, time, time};
    ASSERT_TRUE(writer_->add_scan_hits(std::span{&hit, 1}).ok());
  }
  void login(const std::string& source, std::uint64_t failures, std::uint64_t successes, TimeNs time) {
    const LoginCount count{*parse_network(source), "ssh", failures, successes, time, time};
    ASSERT_TRUE(writer_->add_logins(std::span{&count, 1}).ok());
  }
  std::unique_ptr<StoreReader> reader() {
    EXPECT_TRUE(writer_->commit().ok());
    auto opened = open_store_reader(folder_ + "/s.db");
    EXPECT_TRUE(opened.ok());
    return std::move(opened).value();
  }
  std::string csv(const std::string& text) {
    auto query = parse_query(text);
    if (!query.ok()) return query.error().message;
    auto ready = prepare_query(query.value(), kNow);
    if (!ready.ok()) return ready.error().message;
    auto answer = answer_query(*reader(), ready.value(), false);
    if (!answer.ok()) return answer.error().message;
    AnswerTable table;
    table.columns = answer->columns, table.rows = answer->rows;
    auto out = table.csv();
    std::erase(out, '\r');
    return out;
  }
  std::string folder_;
  std::unique_ptr<StoreWriter> writer_;
};

TEST_F(Answers, GroupsAddUpAndCountSources) {
  scan("198.51.100.1", 23, 5, kNow - kHour, "mirai_scan");
  scan("198.51.100.2", 23, 7, kNow - 2 * kHour);
  scan("198.51.100.2", 22, 1, kNow - 2 * kHour);
  EXPECT_EQ(csv("scans group by port"),
            "port,hits,first,last,sources\n"
            "23,12,2026-11-22T00:00:00.000000Z,2026-11-22T01:00:00.000000Z,2\n"
            "22,1,2026-11-22T00:00:00.000000Z,2026-11-22T00:00:00.000000Z,1\n");
  EXPECT_EQ(csv("scans where source = 198.51.100.2 group by port top 1"),
            "port,hits,first,last,sources\n23,7,2026-11-22T00:00:00.000000Z,2026-11-22T00:00:00.000000Z,1\n");
  EXPECT_EQ(csv("scans where label = mirai_scan over 1h"),
            "time,hits,first,last,sources\n2026-11-22T01:00:00.000000Z,5,2026-11-22T01:00:00.000000Z,2026-11-22T01:00:00.000000Z,1\n");
}

TEST_F(Answers, ConditionsOfEveryKind) {
  scan("198.51.100.1", 23, 5, kNow - kHour, "mirai_scan");
  scan("203.0.113.9", 2323, 50, kNow - 3 * kHour, "zmap_scan");
  scan("2001:db8::7", 22, 2, kNow - 3 * kHour);
  const auto sources = [&](const std::string& where) {
    std::string found;
    std::istringstream lines{csv("scans where " + where + " group by source top 9")};
    for (std::string line; std::getline(lines, line);)
      if (line[0] != 's') found += line.substr(0, line.find(',')) + " ";
    return found;
  };
  EXPECT_EQ(sources("source = 198.51.100.0/24"), "198.51.100.1 ");
  EXPECT_EQ(sources("source != 198.51.100.0/24"), "203.0.113.9 2001:db8::7 ");
  EXPECT_EQ(sources("source in (2001:db8::/32, 203.0.113.9)"), "203.0.113.9 2001:db8::7 ");
  EXPECT_EQ(sources("port >= 23 and not port = 2323"), "198.51.100.1 ");
  EXPECT_EQ(sources("port < 23 or hits > 49"), "203.0.113.9 2001:db8::7 ");
  EXPECT_EQ(sources("label ~ SCAN"), "203.0.113.9 198.51.100.1 ");
  EXPECT_EQ(sources("label = ''"), "2001:db8::7 ");
  EXPECT_EQ(sources("time > '2 hours ago'"), "198.51.100.1 ");
  EXPECT_EQ(sources("hits <= 5 and port in (22, 23)"), "198.51.100.1 2001:db8::7 ");
}

// Rolled up to hours and packed by the day, the sums are the same, and a condition on the time still reads the hours.
TEST_F(Answers, DaysThatAreOverAnswerAlike) {
  constexpr TimeNs day = 24 * kHour;
  const TimeNs midnight = kNow - 2 * kHour;
  for (int i = 0; i < 24; ++i)
    scan("198.51.100.1", 23, 1, midnight - 4 * day + i * kHour), scan("198.51.100.2", 23, 2, midnight - 4 * day + i * kHour);
  const std::string asked = "scans where port = 23 since 6d group by source",
                    by_time = "scans where time < '2026-11-18 12:00' since 6d group by port";
  const auto before = csv(asked);
  EXPECT_NE(before.find("198.51.100.2,48,"), std::string::npos) << before;
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(writer_->maintain(kNow).ok());
  EXPECT_EQ(csv(asked), before);
  auto days = reader()->sql("SELECT count(*) FROM scan_days", {});
  ASSERT_TRUE(days.ok());
  EXPECT_EQ(std::get<std::int64_t>(days->rows[0][0]), 1);
  // The zone of the machine decides where noon is; either way it is not the whole day.
  const auto part = csv(by_time);
  EXPECT_NE(part.find("23,"), std::string::npos) << part;
  EXPECT_EQ(part.find("23,72,"), std::string::npos) << part;
}

TEST_F(Answers, LoginsRollUpByTheHourAndEnd) {
  login("203.0.113.4", 3, 0, kNow - 30 * kHour);
  login("203.0.113.4", 4, 1, kNow - 30 * kHour + 20 * kMinute);
  login("203.0.113.4", 9, 0, kNow - kHour);
  login("2001:db8::/64", 2, 0, kNow - 401LL * 24 * kHour);
  EXPECT_EQ(csv("logins since 2d group by source"),
            "source,failures,successes,first,last\n203.0.113.4,16,1,2026-11-20T20:00:00.000000Z,2026-11-22T01:00:00.000000Z\n");
  const auto rows = [&] { return std::get<std::int64_t>(reader()->sql("SELECT count(*) FROM logins", {})->rows[0][0]); };
  EXPECT_EQ(rows(), 4);
  ASSERT_TRUE(writer_->maintain(kNow).ok());
  ASSERT_TRUE(writer_->maintain(kNow).ok());
  EXPECT_EQ(rows(), 2);  // two minutes have become their hour, what is older than 400 days is gone
  EXPECT_EQ(csv("logins since 2d group by source"),
            "source,failures,successes,first,last\n203.0.113.4,16,1,2026-11-20T20:00:00.000000Z,2026-11-22T01:00:00.000000Z\n");
  EXPECT_EQ(csv("logins where source = 203.0.113.4 and successes > 0 since 2d group by service"),
            "service,failures,successes,first,last,sources\nssh,7,1,2026-11-20T20:00:00.000000Z,2026-11-20T20:20:00.000000Z,1\n");
}

TEST_F(Answers, ABoundedNumberOfSourcesADay) {
  Retention retention;
  retention.scan_rows_a_day = 2;
  writer_.reset();
  writer_ = std::move(open_store_writer(folder_ + "/s.db", retention, "test")).value();
  for (int i = 1; i <= 5; ++i) login("203.0.113." + std::to_string(i), 1, 0, kNow - kMinute);
  login("203.0.113.1", 1, 0, kNow - kMinute);
  const auto found = csv("logins group by source");
  EXPECT_NE(found.find("203.0.113.1,2,"), std::string::npos) << found;
  EXPECT_NE(found.find("others,3,"), std::string::npos) << found;
}

TEST_F(Answers, SqlCanOnlyRead) {
  scan("198.51.100.1", 23, 5, kNow);
  auto store = reader();
  auto good = store->sql("SELECT source, hits, NULL AS n, 1.5 FROM scan_minutes;  ", {});
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->columns, (std::vector<std::string>{"source", "hits", "n", "1.5"}));
  EXPECT_EQ(std::get<std::string>(good->rows[0][0]), "198.51.100.1");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(good->rows[0][2]));
  for (const std::string bad :
       {"DELETE FROM scan_minutes", "UPDATE scan_minutes SET hits=0", "DROP TABLE scan_minutes", "CREATE TABLE x(a)",
        "CREATE TEMP TABLE x(a)", "PRAGMA query_only=0", "PRAGMA journal_mode=DELETE", "ATTACH '/tmp/x.db' AS x",
        "SELECT load_extension('x')", "VACUUM INTO '/tmp/x.db'", "BEGIN", "SELECT 1; SELECT 2", "", "SELEC",
        "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM a) SELECT count(*) FROM a"}) {
    auto answer = store->sql(bad, {100, 50 * kMillisecond});
    EXPECT_FALSE(answer.ok()) << bad;
  }
  // Afterwards the reader is what it was.
  EXPECT_TRUE(store->facts().ok());
  auto cut = store->sql("WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM a) SELECT n FROM a", {10, kSecond});
  ASSERT_TRUE(cut.ok());
  EXPECT_TRUE(cut->cut);
  EXPECT_EQ(cut->rows.size(), 10u);
}

TEST(AnswerTable, NothingBreaksOut) {
  AnswerTable table;
  table.columns = {"a\x1b[31m", "b"};
  table.rows = {{std::string{"=cmd|'/c calc'!A1"}, std::int64_t{-5}},
                {std::string{"x\n\x1b]0;t\x07\"y,\xe2\x80\xae"}, 1.5},
                {std::monostate{}, std::string{"\xff"}}};
  for (const auto& out : {table.text(), table.csv(), table.json()}) {
    EXPECT_EQ(out.find('\x1b'), std::string::npos);
    EXPECT_EQ(out.find('\x07'), std::string::npos);
    EXPECT_EQ(out.find("\xe2\x80\xae"), std::string::npos);
    EXPECT_EQ(out.find('\xff'), std::string::npos);
  }
  EXPECT_NE(table.csv().find("\n'=cmd|"), std::string::npos) << table.csv();
  EXPECT_NE(table.csv().find(",-5\r\n"), std::string::npos);
}

TEST_F(Answers, TheStoryOfAnAddress) {
  scan("198.51.100.7", 23, 5, kNow - 5 * kHour, "mirai_scan");
  scan("198.51.100.70", 23, 500, kNow - 5 * kHour);
  login("198.51.100.7", 4, 1, kNow - 4 * kHour);
  ASSERT_TRUE(writer_->append_block_event({kNow - 3 * kHour, "198.51.100.0/24", "added", "log", 3600, "many", "I1", "sekisho"}).ok());
  StoredIncident i;
  i.id = "01JD000000000000000000000A", i.kind = "scan", i.direction = "ingress", i.label = "mirai_scan", i.subject = "host";
  i.started = kNow - 6 * kHour, i.detected = i.updated = i.started, i.ended = kNow - 2 * kHour;
  i.json = R"({"peers":{"top":[{"ip":"198.51.100.7"}]}})", i.state = "{}";
  ASSERT_TRUE(writer_->put_incident(i, {}).ok());
  i.id = "01JD000000000000000000000B", i.json = R"({"peers":{"top":[{"ip":"198.51.100.70"}]}})";
  ASSERT_TRUE(writer_->put_incident(i, {}).ok());
  auto told = tell_story(*reader(), *parse_network("198.51.100.7"), {kNow - 24 * kHour, kNow});
  ASSERT_TRUE(told.ok());
  const auto& story = told.value();
  EXPECT_EQ(story.incidents, 1u);
  EXPECT_EQ(story.scan_hits, 5u);
  EXPECT_EQ(story.failures, 4u);
  EXPECT_EQ(story.successes, 1u);
  std::vector<std::string> what;
  for (const auto& e : story.entries) what.emplace_back(e.what);
  EXPECT_EQ(what, (std::vector<std::string>{"incident", "scan", "login", "block", "incident"}));
  EXPECT_EQ(story.entries[1].text, "5 probes on port 23, looks like: Mirai-style scan");
  EXPECT_EQ(story.entries[2].text, "4 failed, 1 SUCCEEDED at ssh");
  auto wide = tell_story(*reader(), *parse_network("198.51.100.0/24"), {kNow - 24 * kHour, kNow});
  ASSERT_TRUE(wide.ok());
  EXPECT_EQ(wide->incidents, 2u);
  EXPECT_EQ(wide->scan_hits, 505u);
}

TEST(LoginCounts, OnlyWhatIsNew) {
  LoginCounts counts;
  LoginFact a;
  a.source = *parse_network("203.0.113.4"), a.service = LogService::ssh, a.failures = 3, a.first_seen = 10 * kSecond,
  a.last_seen = 20 * kSecond;
  const auto take = [&] { return counts.take([&](const auto& hand) { hand(a); }); };
  auto news = take();
  ASSERT_EQ(news.size(), 1u);
  EXPECT_EQ(news[0].failures, 3u);
  EXPECT_TRUE(take().empty());
  a.failures = 5, a.successes = 1, a.last_seen = 30 * kSecond;
  news = take();
  ASSERT_EQ(news.size(), 1u);
  EXPECT_EQ(news[0].failures, 2u);
  EXPECT_EQ(news[0].successes, 1u);
  EXPECT_EQ(news[0].first, 20 * kSecond);
  a.failures = 1, a.successes = 0;  // pushed out of its table, and come again
  news = take();
  ASSERT_EQ(news.size(), 1u);
  EXPECT_EQ(news[0].failures, 1u);
}

TEST(QueryDocs, EveryTableAndFieldIsDescribed) {
  std::ifstream file{std::string{SEKISHO_SOURCE_DIR} + "/docs/query.md"};
  std::stringstream text;
  text << file.rdbuf();
  const auto page = text.str();
  ASSERT_FALSE(page.empty());
  for (const auto& table : query_tables()) {
    const auto at = page.find(std::string{"`"} + std::string{table.name} + "`");
    EXPECT_NE(at, std::string::npos) << table.name;
    for (const auto& field : table.fields)
      EXPECT_NE(page.find(std::string{"`"} + std::string{field.name} + "`", at), std::string::npos) << table.name << "." << field.name;
  }
}

}  // namespace
}  // namespace sekisho
