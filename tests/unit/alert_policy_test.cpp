// Who is told what and when: the policy is driven with times of the test's own.
#include "alert/policy.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sekisho {
namespace {

constexpr TimeNs kT0 = 1'795'313'720 * kSecond;  // Sunday 2026-11-22 02:15:20 UTC
constexpr DurationNs kHour = 60 * kMinute;

AlertFacts incident(const std::string& id, Severity severity = Severity::high, const std::string& label = "udp_flood") {
  AlertFacts f;
  f.id = id, f.name = "i-20261122-" + id.substr(id.size() - 4);
  f.severity = severity, f.label = label, f.what = "inbound UDP flood", f.subject = "203.0.113.5";
  f.peak_pps = 1000;
  return f;
}
const std::string kA = "01M80GJC4Y5Q9WSCBY2R0TAAAA", kB = "01M80GJC4Y5Q9WSCBY2R0TBBBB", kC = "01M80GJC4Y5Q9WSCBY2R0TCCCC";

AlertRoute route(const std::string& channel, const AlertChannelSettings& settings = {}) {
  auto made = alert_route(channel, settings);
  EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
  return made.value();
}
AlertPolicy policy_of(std::vector<AlertRoute> routes, AlertRules rules = {}) {
  rules.host = "web-3";
  rules.routes = std::move(routes);
  return AlertPolicy{std::move(rules)};
}
// "chat:opened chat:resolved"
std::string told(const std::vector<OutgoingAlert>& alerts) {
  std::string out;
  for (const auto& a : alerts) out += (out.empty() ? "" : " ") + a.channel + ":" + std::string{to_string(a.alert.event)};
  return out;
}
std::string told(const Result<std::vector<OutgoingAlert>>& alerts) {
  return alerts.ok() ? told(alerts.value()) : "error: " + alerts.error().message;
}

TEST(AlertPolicy, OpenedAndResolvedOnce) {
  auto p = policy_of({route("chat")});
  const auto first = p.on_incident("opened", incident(kA), kT0);
  ASSERT_EQ(told(first), "chat:opened");
  EXPECT_EQ(first[0].alert.group, kA);
  EXPECT_EQ(told(p.on_incident("progress", incident(kA), kT0 + kSecond)), "");
  EXPECT_EQ(told(p.on_time(kT0 + kMinute)), "");
  const auto last = p.on_incident("closed", incident(kA), kT0 + kHour);
  ASSERT_EQ(told(last), "chat:resolved");
  EXPECT_EQ(last[0].alert.group, kA);
  EXPECT_NE(last[0].alert.id, first[0].alert.id);
  EXPECT_EQ(p.open_groups(), 0U);
  EXPECT_EQ(told(p.on_incident("closed", incident(kA), kT0 + kHour)), "");
}

TEST(AlertPolicy, TheSameCallsGiveTheSameAlerts) {
  const auto play = [] {
    auto p = policy_of({route("chat"), route("pager", {.severity = "critical"})});
    std::string all;
    for (const auto& a : p.on_incident("opened", incident(kA), kT0)) all += alert_json(a.alert);
    for (const auto& a : p.on_incident("worse", incident(kA, Severity::critical), kT0 + kSecond)) all += alert_json(a.alert);
    return all;
  };
  EXPECT_EQ(play(), play());
}

TEST(AlertPolicy, RoutesByKindDirectionSeverity) {
  auto p = policy_of({route("all", {.severity = "info"}), route("scans", {.kinds = {"scan"}, .severity = "low"}),
                      route("out", {.directions = {"egress"}, .severity = "low"}), route("pager", {.severity = "critical"})});
  EXPECT_EQ(told(p.on_incident("opened", incident(kA), kT0)), "all:opened");
  auto scan = incident(kB, Severity::low, "port_scan");
  scan.kind = Kind::scan, scan.direction = Direction::egress;
  EXPECT_EQ(told(p.on_incident("opened", scan, kT0)), "all:opened scans:opened out:opened");
  const auto worse = p.on_incident("worse", incident(kA, Severity::critical), kT0 + kSecond);
  EXPECT_EQ(told(worse), "all:worse pager:opened");
  EXPECT_EQ(worse[0].alert.former, Severity::high);
}

TEST(AlertPolicy, WhatBeginsTogetherIsOneAlert) {
  auto p = policy_of({route("chat")});
  EXPECT_EQ(told(p.on_incident("opened", incident(kA), kT0)), "chat:opened");
  EXPECT_EQ(told(p.on_incident("opened", incident(kB), kT0 + kMinute)), "");
  EXPECT_EQ(told(p.on_incident("opened", incident(kC, Severity::high, "syn_flood"), kT0 + kMinute)), "chat:opened");
  EXPECT_EQ(told(p.on_time(kT0 + 9 * kMinute)), "");
  const auto update = p.on_time(kT0 + 10 * kMinute);
  ASSERT_EQ(told(update), "chat:update");
  EXPECT_EQ(update[0].alert.incidents, 2U);
  EXPECT_EQ(told(p.on_time(kT0 + 3 * kHour)), "");  // nothing has changed
  EXPECT_EQ(told(p.on_incident("closed", incident(kA), kT0 + 4 * kHour)), "");
  EXPECT_EQ(told(p.on_incident("closed", incident(kB), kT0 + 4 * kHour)), "chat:resolved");
}

TEST(AlertPolicy, WhatBeginsLaterIsItsOwnAlert) {
  auto p = policy_of({route("chat")});
  EXPECT_EQ(told(p.on_incident("opened", incident(kA), kT0)), "chat:opened");
  EXPECT_EQ(told(p.on_incident("opened", incident(kB), kT0 + 11 * kMinute)), "chat:opened");
}

TEST(AlertPolicy, UpdatesOnDoublingAtMostEachTenMinutes) {
  auto p = policy_of({route("chat"), route("calm", {.updates = false})});
  EXPECT_EQ(told(p.on_incident("opened", incident(kA), kT0)), "chat:opened calm:opened");
  auto grown = incident(kA);
  grown.peak_pps = 2500;
  EXPECT_EQ(told(p.on_incident("progress", grown, kT0 + kMinute)), "");
  EXPECT_EQ(told(p.on_incident("progress", grown, kT0 + 10 * kMinute)), "chat:update");
  EXPECT_EQ(told(p.on_incident("progress", grown, kT0 + 30 * kMinute)), "");
}

TEST(AlertPolicy, EscalatesUntilAcknowledged) {
  const std::vector<AlertRoute> routes{route("chat", {.repeat = {5 * 60'000}}), route("pager", {.after = {10 * 60'000}}),
                                       route("boss", {.after = {30 * 60'000}})};
  auto p = policy_of(routes);
  EXPECT_EQ(told(p.on_incident("opened", incident(kA), kT0)), "chat:opened");
  EXPECT_EQ(told(p.on_time(kT0 + 5 * kMinute)), "chat:reminder");
  EXPECT_EQ(told(p.on_time(kT0 + 9 * kMinute)), "");
  EXPECT_EQ(told(p.on_time(kT0 + 10 * kMinute)), "chat:reminder pager:opened");
  const auto acknowledged = p.acknowledge("i-20261122-AAAA", "uid 0", kT0 + 12 * kMinute);
  EXPECT_EQ(told(acknowledged), "chat:acknowledged pager:acknowledged");
  EXPECT_EQ(acknowledged.value()[0].alert.by, "uid 0");
  EXPECT_EQ(told(p.on_time(kT0 + 5 * kHour)), "");
  EXPECT_EQ(told(p.acknowledge(kA, "uid 0", kT0)), "");  // once
  EXPECT_EQ(told(p.on_incident("closed", incident(kA), kT0 + 6 * kHour)), "chat:resolved pager:resolved");
}

TEST(AlertPolicy, AcknowledgeNamesOneOpenIncident) {
  auto p = policy_of({route("chat")});
  p.on_incident("opened", incident(kA), kT0);
  p.on_incident("opened", incident("01M80GJC4Y5Q9WSCBY2R0XAAAA", Severity::high, "syn_flood"), kT0);
  EXPECT_EQ(told(p.acknowledge("AAAA", "x", kT0)), "error: 'AAAA' names several incidents: give more of the id");
  EXPECT_EQ(told(p.acknowledge("TAAAA", "x", kT0)), "chat:acknowledged");
  EXPECT_FALSE(p.acknowledge("AAA", "x", kT0).ok());
  EXPECT_FALSE(p.acknowledge("", "x", kT0).ok());
  EXPECT_FALSE(p.acknowledge("ZZZZ", "x", kT0).ok());
}

TEST(AlertPolicy, SilenceHoldsBackAndTellsWhatStillGoesOn) {
  auto p = policy_of({route("chat", {.digest = "08:00"})});
  AlertSilence s;
  s.until = kT0 + 2 * kHour, s.label = "udp_flood", s.by = "uid 0";
  const auto made = p.silence(s, kT0);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(told(p.on_incident("opened", incident(kA), kT0)), "");
  EXPECT_EQ(told(p.on_incident("opened", incident(kB, Severity::high, "syn_flood"), kT0)), "chat:opened");
  EXPECT_EQ(told(p.on_incident("opened", incident(kC), kT0 + 30 * kMinute)), "");
  EXPECT_EQ(told(p.on_incident("closed", incident(kC), kT0 + kHour)), "");
  EXPECT_EQ(told(p.on_time(kT0 + 2 * kHour)), "chat:opened");
  EXPECT_TRUE(p.silences(kT0 + 2 * kHour).empty());
  const auto digest = p.on_time(kT0 + 6 * kHour);
  ASSERT_EQ(told(digest), "chat:digest");
  EXPECT_NE(digest[0].alert.notes[0].text.find("1 suppressed alert"), std::string::npos) << digest[0].alert.notes[0].text;
}

TEST(AlertPolicy, AnEndIsToldInASilenceToo) {
  auto p = policy_of({route("pager")});
  p.on_incident("opened", incident(kA), kT0);
  AlertSilence s;
  s.until = kT0 + 2 * kHour;
  ASSERT_TRUE(p.silence(s, kT0).ok());
  EXPECT_EQ(told(p.on_incident("closed", incident(kA), kT0 + kMinute)), "pager:resolved");
  EXPECT_TRUE(p.end_silence("s-1", kT0));
  EXPECT_FALSE(p.end_silence("s-1", kT0));
}

TEST(AlertPolicy, QuietHoursLetTheWorstThrough) {
  AlertRules rules;
  rules.quiet = {parse_week_span("22:00-07:00").value()};
  auto p = policy_of({route("chat")}, rules);
  EXPECT_EQ(told(p.on_incident("opened", incident(kA), kT0)), "");
  EXPECT_EQ(told(p.on_incident("opened", incident(kB, Severity::critical, "syn_flood"), kT0)), "chat:opened");
  EXPECT_EQ(told(p.on_time(kT0 + 4 * kHour)), "");
  EXPECT_EQ(told(p.on_time(kT0 + 5 * kHour)), "chat:opened");
}

TEST(AlertPolicy, MaintenanceAndHours) {
  AlertRules rules;
  rules.maintenance_once = {{kT0 - kHour, kT0 + kHour}};
  rules.maintenance = {parse_week_span("Sun 10:00-11:00").value()};
  auto p = policy_of({route("chat"), route("office", {.hours = {"Mon-Fri 08:00-18:00"}})}, rules);
  EXPECT_EQ(told(p.on_incident("opened", incident(kA, Severity::critical), kT0)), "");
  EXPECT_EQ(told(p.on_time(kT0 + kHour)), "chat:opened");
  EXPECT_EQ(told(p.on_incident("opened", incident(kB, Severity::critical, "syn_flood"), kT0 + 8 * kHour)), "");
  EXPECT_EQ(told(p.on_time(kT0 + 9 * kHour)), "chat:opened");
  EXPECT_EQ(told(p.on_time(kT0 + 30 * kHour)), "office:opened office:opened");  // Monday morning
}

TEST(AlertPolicy, ABoundAnHourSaidOnce) {
  auto p = policy_of({route("chat", {.per_hour = 3})});
  std::string all;
  for (int i = 0; i < 10; ++i)
    for (const auto& a : p.on_incident(
             "opened", incident("01M80GJC4Y5Q9WSCBY2R0T" + std::to_string(1000 + i), Severity::high, "label_" + std::to_string(i)), kT0))
      all += std::string{to_string(a.alert.event)} + " ";
  EXPECT_EQ(all, "opened opened opened overflow ");
  // What is critical still gets through, up to twice the bound.
  EXPECT_EQ(told(p.on_incident("opened", incident(kA, Severity::critical, "amp_dns"), kT0 + kSecond)), "chat:opened");
  EXPECT_EQ(told(p.on_time(kT0 + 10 * kMinute)), "");
  // The next hour: those that still go on, and again one word about the rest.
  EXPECT_EQ(told(p.on_time(kT0 + kHour)), "chat:opened chat:opened chat:opened chat:overflow");
  EXPECT_EQ(told(p.on_time(kT0 + kHour + kMinute)), "");
}

TEST(AlertPolicy, DigestOfTheDay) {
  auto p = policy_of({route("chat", {.digest = "08:00"})});
  for (int i = 0; i < 5; ++i) {
    auto scan = incident("01M80GJC4Y5Q9WSCBY2R0T" + std::to_string(1000 + i), Severity::low, i < 3 ? "mirai_scan" : "zmap_scan");
    scan.kind = Kind::scan;
    EXPECT_EQ(told(p.on_incident("opened", scan, kT0 + i * 20 * kMinute)), "");
    EXPECT_EQ(told(p.on_incident("closed", scan, kT0 + (i * 20 + 1) * kMinute)), "");
    EXPECT_EQ(told(p.on_time(kT0 + i * 20 * kMinute)), "");
  }
  EXPECT_EQ(told(p.on_time(kT0 + 5 * kHour)), "");
  const auto digest = p.on_time(kT0 + 6 * kHour);
  ASSERT_EQ(told(digest), "chat:digest");
  const auto& notes = digest[0].alert.notes;
  EXPECT_EQ(notes[0].text, "since the last digest: 5 incidents of background noise, 0 suppressed alerts");
  EXPECT_EQ(notes[1].text, "3");
  EXPECT_EQ(notes[2].text, "2");
  EXPECT_EQ(told(p.on_time(kT0 + 7 * kHour)), "");
  EXPECT_EQ(told(p.on_time(kT0 + 30 * kHour)), "");  // an empty day has none
}

TEST(AlertPolicy, ARestartTellsNothingTwiceAndForgetsNothing) {
  const std::vector<AlertRoute> routes{route("chat"), route("pager", {.after = {10 * 60'000}})};
  auto before = policy_of(routes);
  EXPECT_EQ(told(before.on_incident("opened", incident(kA), kT0)), "chat:opened");
  EXPECT_EQ(told(before.on_incident("opened", incident(kB, Severity::high, "syn_flood"), kT0)), "chat:opened");
  AlertSilence s;
  s.until = kT0 + 2 * kHour, s.label = "amp_dns";
  ASSERT_TRUE(before.silence(s, kT0).ok());
  const auto state = before.state();

  auto after = policy_of(routes);
  after.restore(state, kT0 + kMinute);
  EXPECT_EQ(after.state(), state);
  EXPECT_EQ(told(after.on_incident("resumed", incident(kA), kT0 + kMinute)), "");
  EXPECT_EQ(told(after.on_incident("resumed", incident(kC, Severity::high, "ack_flood"), kT0 + kMinute)),
            "chat:opened");  // it was not told before
  // What did not come back has ended in between.
  const auto ended = after.on_time(kT0 + 2 * kMinute);
  ASSERT_EQ(told(ended), "chat:resolved");
  EXPECT_EQ(ended[0].alert.group, kB);
  EXPECT_EQ(told(after.on_incident("opened", incident("01M80GJC4Y5Q9WSCBY2R0TDDDD", Severity::high, "amp_dns"), kT0 + 3 * kMinute)), "");
  EXPECT_EQ(told(after.on_time(kT0 + 10 * kMinute)), "pager:opened");
}

TEST(AlertPolicy, DamagedStateIsAsNone) {
  for (const auto* text : {"", "{", "[]", "{\"groups\":7,\"meters\":[],\"silences\":{}}",
                           "{\"groups\":{\"x\":{\"members\":{\"x\":7},\"facts\":[]},\"y\":1}}"}) {
    auto p = policy_of({route("chat")});
    p.restore(text, kT0);
    EXPECT_EQ(told(p.on_incident("opened", incident(kA), kT0)), "chat:opened") << text;
  }
}

TEST(AlertPolicy, TablesAreBounded) {
  auto p = policy_of({route("chat", {.severity = "critical"})});
  for (int i = 0; i < 1200; ++i)
    p.on_incident("opened", incident("01M80GJC4Y5Q9WSCBY2R0T" + std::to_string(1000 + i), Severity::low, "label_" + std::to_string(i)),
                  kT0);
  EXPECT_EQ(p.open_groups(), AlertPolicy::kMaxGroups);
  EXPECT_EQ(p.counts().forgotten, 200U);
}

TEST(WeekSpans, AreReadAndMatched) {
  const auto in = [](const char* text, int weekday, int minute) {
    const auto span = parse_week_span(text);
    EXPECT_TRUE(span.ok()) << text;
    return in_week_span(span.value(), {0, weekday, minute});
  };
  EXPECT_TRUE(in("Mon-Fri 08:00-18:00", 0, 480));
  EXPECT_FALSE(in("Mon-Fri 08:00-18:00", 0, 1080));
  EXPECT_FALSE(in("Mon-Fri 08:00-18:00", 5, 600));
  EXPECT_TRUE(in("22:00-07:00", 3, 1330));
  EXPECT_TRUE(in("22:00-07:00", 3, 30));
  EXPECT_TRUE(in("Fri 22:00-07:00", 5, 30));  // Saturday, begun on Friday
  EXPECT_FALSE(in("Fri 22:00-07:00", 4, 30));
  EXPECT_TRUE(in("Sat,Sun", 6, 700));
  EXPECT_TRUE(in("Sun-Mon", 0, 0));
  EXPECT_FALSE(in("Sun-Mon", 1, 0));
  for (const auto* text : {"", "Mo", "8:00-9:00", "08:00", "25:00-26:00", "Mon-", "Mon 08:00-", "24:00-08:00", "08:60-09:00"})
    EXPECT_FALSE(parse_week_span(text).ok()) << text;
  const auto clock = utc_clock(kT0);
  EXPECT_EQ(clock.weekday, 6);
  EXPECT_EQ(clock.minute, 135);
}

TEST(AlertRoutes, RefuseWhatIsWrong) {
  EXPECT_FALSE(alert_route("x", {.kinds = {"floods"}}).ok());
  EXPECT_FALSE(alert_route("x", {.directions = {"in"}}).ok());
  EXPECT_FALSE(alert_route("x", {.severity = "worst"}).ok());
  EXPECT_FALSE(alert_route("x", {.hours = {"always"}}).ok());
  EXPECT_FALSE(alert_route("x", {.digest = "8"}).ok());
  EXPECT_FALSE(alert_route("x", {.repeat = {1000}}).ok());
}

}  // namespace
}  // namespace sekisho
