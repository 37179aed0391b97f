// Baselines: learning, freezing, the new normal, ramps, hours of the week.
#include <gtest/gtest.h>

#include <cmath>

#include "features/row_baseline.h"

namespace sekisho {
namespace {

using enum TrafficClass;

const TimeNs kStart = 1'735'516'800 * kSecond;  // Monday, 2024-12-30 00:00 UTC

// One row, fed second by second.
struct Host {
  RowBaseline row;
  TimeNs now = kStart;
  Direction direction = Direction::ingress;
  TrafficClass traffic_class = tcp_data;
  std::uint64_t answers = 1'000'000;  // of each class in the other direction
  AnchorBudget budget;

  void second(double pps, bool attack = false) {
    ClassCounts counts{}, reverse{};
    Facts facts{};
    counts[index_of(traffic_class)].packets = static_cast<std::uint64_t>(pps);
    for (const auto c : {udp_answer, tcp_data, tcp_ack}) reverse[index_of(c)].packets = answers;
    row.learn({now, now / (3600 * kSecond), direction, counts, facts, &reverse}, &budget);
    if (attack) row.freeze(now);
    now += kSecond;
  }
  void seconds(unsigned n, double pps, bool attack = false) {
    for (unsigned i = 0; i < n; ++i) second(pps * (0.95 + 0.01 * (i % 11)), attack);
  }
  BaselineView view() const {
    std::vector<BaselineView> views;
    row.describe({}, now, now / (3600 * kSecond), views);
    for (const auto& v : views)
      if (v.traffic_class == traffic_class) return v;
    return {};
  }
  double ceiling() const { return view().ceiling_pps; }
};

TEST(Baseline, LearnsMedianAndCeiling) {
  Host run;
  run.seconds(300, 1000);
  EXPECT_NEAR(run.view().normal_pps, 1000, 150);
  EXPECT_NEAR(run.ceiling(), 3000, 450);  // hardly any variation: three times the median
  EXPECT_EQ(run.view().rule, ThresholdRule::median);
  EXPECT_EQ(run.view().learned_seconds, 300u);
}

TEST(Baseline, ARareClassNeedsNoBaseline) {
  Host run;
  run.seconds(300, 15);
  EXPECT_EQ(run.ceiling(), 0);
}

TEST(Baseline, AnAttackTeachesNothing) {
  Host run;
  run.seconds(600, 1000);
  const double before = run.ceiling();
  run.second(2500, true);  // below the ceiling: it would be learned
  run.seconds(600, 2500, true);
  EXPECT_LE(run.ceiling(), before);
  EXPECT_EQ(run.view().learned_seconds, 601u);
  EXPECT_GT(run.view().frozen_left_s, 28);
}

TEST(Baseline, LearnsAgainHalfAMinuteAfterTheAttack) {
  Host run;
  run.seconds(600, 1000);
  run.second(1000, true);
  run.seconds(29, 1000);
  EXPECT_EQ(run.view().learned_seconds, 601u);
  run.seconds(10, 1000);
  EXPECT_EQ(run.view().learned_seconds, 611u);
}

TEST(Baseline, PulsesOfAMinuteEachSevenMinutesTeachNothing) {
  Host run;
  run.seconds(900, 1000);
  for (int pulse = 0; pulse < 20; ++pulse) {
    run.second(6000);  // before the verdict
    run.seconds(59, 6000, true);
    run.seconds(360, 1000);
  }
  EXPECT_LT(run.ceiling(), 3600);
}

TEST(Baseline, ALegitimateStepIsAcceptedWithinMinutes) {
  Host run;
  run.seconds(900, 1000);
  run.seconds(540, 6000);
  EXPECT_LT(run.ceiling(), 6000);
  EXPECT_GT(run.view().waiting_seconds, 500u);
  EXPECT_GT(run.view().waiting_left_s, 1);
  run.seconds(90, 6000);
  EXPECT_GT(run.ceiling(), 6500);
  EXPECT_EQ(run.view().waiting_seconds, 0u);
  run.seconds(600, 6000);
  EXPECT_NEAR(run.view().normal_pps, 6000, 900);
}

TEST(Baseline, ABurstIsRememberedOnceItWasHarmless) {
  Host run;
  run.seconds(900, 1000);
  run.seconds(30, 9000);
  const double during = run.ceiling();
  EXPECT_LT(during, 4000);
  run.seconds(580, 1000);
  EXPECT_GT(run.ceiling(), 9000);  // 1.2 times the busiest thousandth
  EXPECT_NEAR(run.view().normal_pps, 1000, 150);
}

TEST(Baseline, WhatNobodyAnswersIsNeverAccepted) {
  Host run;
  run.traffic_class = udp;
  run.seconds(900, 1000);
  run.answers = 0;
  run.seconds(3600, 6000);
  EXPECT_LT(run.ceiling(), 4000);
}

TEST(Baseline, HalfAnHourOfAnsweredAlarmIsTheNewNormal) {
  Host run;
  run.traffic_class = http_request;
  run.seconds(900, 100);
  run.seconds(1790, 700, true);
  EXPECT_LT(run.ceiling(), 700);
  run.seconds(30, 700, true);
  EXPECT_GT(run.ceiling(), 700);
}

TEST(Baseline, AnAlarmIsNotAcceptedWithPausesUnansweredFarAboveOrFromHere) {
  {
    Host run;  // pauses
    run.traffic_class = http_request;
    run.seconds(900, 100);
    for (int i = 0; i < 10; ++i) run.seconds(300, 700, true), run.seconds(60, 100);
    EXPECT_LT(run.ceiling(), 700);
  }
  {
    Host run;  // nobody answers
    run.traffic_class = http_request;
    run.seconds(900, 100);
    run.answers = 0;
    run.seconds(3600, 700, true);
    EXPECT_LT(run.ceiling(), 700);
  }
  {
    Host run;  // ten times the ceiling and more
    run.traffic_class = http_request;
    run.seconds(900, 100);
    run.seconds(3600, 9000, true);
    EXPECT_LT(run.ceiling(), 1000);
  }
  {
    Host run;  // this host may be the attacker
    run.direction = Direction::egress;
    run.traffic_class = http_request;
    run.seconds(900, 100);
    run.seconds(3600, 700, true);
    EXPECT_LT(run.ceiling(), 700);
  }
}

TEST(Baseline, AFalseVerdictFromTheFirstSecondEndsToo) {
  Host run;
  run.traffic_class = http_request;
  run.seconds(1900, 300, true);  // never a clean second
  EXPECT_GT(run.ceiling(), 300);
}

// After half a day of 1,000/s the traffic grows by 5 or 8 % a minute. The threshold must stay where the day put it.
TEST(Baseline, ASlowRampDoesNotTeachItsWayPast) {
  for (const double growth : {1.05, 1.08}) {
    Host run;
    for (int hour = 0; hour < 6; ++hour) run.seconds(3600, 1000);
    double level = 1000, caught = 0;
    for (unsigned i = 0; i < 3600 && caught == 0; ++i) {
      level = 1000 * std::pow(growth, i / 60.0);
      run.second(level);
      if (run.view().rule == ThresholdRule::day && level > run.ceiling()) caught = level;
    }
    EXPECT_GT(caught, 1500) << growth;
    EXPECT_LT(caught, 3500) << growth;
  }
}

TEST(Baseline, WithoutAnAnchorTheRampWouldPass) {
  Host run;
  run.budget.left = 0;
  for (int hour = 0; hour < 6; ++hour) run.seconds(3600, 1000);
  unsigned above = 0;
  for (unsigned i = 0; i < 1800; ++i) {
    const double level = 1000 * std::pow(1.05, i / 60.0);
    run.second(level);
    above += level > run.ceiling();
  }
  EXPECT_EQ(above, 0u);
  EXPECT_GT(run.budget.refused, 0u);
}

// A class that this host never had: there is no level to compare with, but that it never occurred is known.
TEST(Baseline, ARampOfANewClassIsSeenToo) {
  Host run;
  for (int hour = 0; hour < 2; ++hour) run.seconds(3600, 1000);
  run.traffic_class = http_request;
  double caught = 0;
  for (unsigned i = 0; i < 7200 && caught == 0; ++i) {
    const double level = 10 * std::pow(1.05, i / 60.0);
    run.second(level);
    if (level > 100 && level > run.ceiling()) caught = level;  // 100: the floor of its detector
  }
  EXPECT_GT(caught, 0);
  EXPECT_LT(caught, 250);  // what stays below the floor for ten minutes is accepted, once
}

TEST(Baseline, CusumSeesSecondsThatStayAboveNormal) {
  Host run;
  run.seconds(600, 1000);
  run.second(2800);
  EXPECT_NE(run.view().rule, ThresholdRule::cusum);
  run.seconds(12, 2800);
  EXPECT_EQ(run.view().rule, ThresholdRule::cusum);
  EXPECT_LT(run.ceiling(), 2800);
  EXPECT_LE(run.view().cusum, 5);
  run.seconds(10, 1000);  // the cap: it recovers at once
  EXPECT_NE(run.view().rule, ThresholdRule::cusum);
}

TEST(Baseline, AnchorsAreBounded) {
  AnchorBudget budget{3, 0};
  std::vector<Host> runs(5);
  for (auto& run : runs) {
    run.budget = budget;
    run.seconds(60, 1000);
    budget = run.budget;
  }
  std::size_t taken = 0;
  for (const auto& run : runs) taken += run.row.anchors();
  EXPECT_EQ(taken, 3u);
  EXPECT_EQ(budget.left, 0u);
  EXPECT_GT(budget.refused, 0u);
}

// An hour: 360 means of ten seconds.
void hour_of(LongAnchor& anchor, std::int64_t hour, double pps) {
  for (int i = 0; i < 360; ++i) anchor.add(pps * (0.9 + 0.001 * (i % 200)), hour);
}

const std::int64_t kMonday = kStart / (3600 * kSecond);

TEST(LongAnchor, TakesAnHourInWhenAnotherHasPassedWithoutAttack) {
  LongAnchor anchor;
  hour_of(anchor, kMonday, 1000);
  hour_of(anchor, kMonday + 1, 1000);
  EXPECT_FALSE(anchor.mature());
  hour_of(anchor, kMonday + 2, 8000);
  EXPECT_TRUE(anchor.mature());
  EXPECT_NEAR(anchor.day_pps(), 1100, 200);
  anchor.discard();  // an attack: hours 1 and 2 may hold its beginning
  hour_of(anchor, kMonday + 3, 1000);
  hour_of(anchor, kMonday + 4, 1000);
  hour_of(anchor, kMonday + 5, 1000);
  EXPECT_NEAR(anchor.day_pps(), 1100, 200);
  EXPECT_EQ(anchor.day_samples(), 720u);
}

TEST(LongAnchor, ADayRaisesItByHalfAtMost) {
  LongAnchor anchor;
  std::int64_t hour = kMonday;
  for (int i = 0; i < 27; ++i) hour_of(anchor, hour++, 1000);
  for (int i = 0; i < 12; ++i) hour_of(anchor, hour++, 10'000);
  EXPECT_LT(anchor.day_pps(), 2000);
  anchor.accept(10'000);
  EXPECT_EQ(anchor.reference(hour).pps, 10'000);
}

TEST(LongAnchor, ANightlyJobIsExpectedAtNightAlone) {
  LongAnchor anchor;
  for (std::int64_t h = 0; h < 9 * 24; ++h) hour_of(anchor, kMonday + h, h % 24 == 2 ? 20'000 : 1000);
  const std::int64_t monday = kMonday + 9 * 24 + 5 * 24;  // two weeks after the first
  EXPECT_GT(anchor.reference(monday + 2).pps, 18'000);
  EXPECT_TRUE(anchor.reference(monday + 2).by_hour);
  EXPECT_LT(anchor.reference(monday + 14).pps, 1500);
  // Daylight saving time: the job comes an hour earlier or later.
  EXPECT_GT(anchor.reference(monday + 1).pps, 18'000);
  EXPECT_GT(anchor.reference(monday + 3).pps, 18'000);
  EXPECT_LT(anchor.reference(monday + 4).pps, 1500);
}

TEST(LongAnchor, TheWeekWrapsFromSundayToMonday) {
  LongAnchor anchor;
  for (std::int64_t h = 0; h < 8 * 24; ++h) hour_of(anchor, kMonday + h, h % 168 == 0 ? 9000 : 1000);
  const std::int64_t next = kMonday + 14 * 24;
  EXPECT_GT(anchor.reference(next - 1).pps, 7000);  // Sunday 23:00: its neighbour is Monday 00:00
  EXPECT_GT(anchor.reference(next + 1).pps, 7000);
  EXPECT_LT(anchor.reference(next + 3).pps, 1500);
  EXPECT_EQ(anchor.hour_pps(next), anchor.hour_pps(next + 168));
  EXPECT_EQ(anchor.hour_pps(next), anchor.hour_pps(next - 100 * 168));  // and before 1970, should a clock say so
}

TEST(LongAnchor, YesterdaysHourStandsInWhileTheWeekIsNotKnown) {
  LongAnchor anchor;
  for (std::int64_t h = 0; h < 27; ++h) hour_of(anchor, kMonday + h, h % 24 == 12 ? 5000 : 1000);
  EXPECT_GT(anchor.reference(kMonday + 24 + 12).pps, 4000);
  EXPECT_LT(anchor.reference(kMonday + 24 + 8).pps, 1500);
}

TEST(LongAnchor, AClockThatIsSetBackLosesNothing) {
  LongAnchor anchor;
  for (std::int64_t h = 0; h < 30; ++h) hour_of(anchor, kMonday + h, 1000);
  const auto before = anchor.day_samples();
  const double level = anchor.day_pps();
  for (int flip = 0; flip < 50; ++flip) {  // to and fro within one hour
    anchor.add(1000, kMonday + 27);
    anchor.add(1000, kMonday + 30);
  }
  EXPECT_GE(anchor.day_samples(), before);
  EXPECT_NEAR(anchor.day_pps(), level, 0.3 * level);
  anchor.add(1000, -5);
  hour_of(anchor, kMonday - 100'000, 1000);
  EXPECT_NEAR(anchor.day_pps(), level, 0.3 * level);
}

TEST(LongAnchor, AWeekdaysHourGrowsSlowly) {
  LongAnchor anchor;
  for (std::int64_t h = 0; h < 3; ++h) hour_of(anchor, kMonday + h, 1000);
  const std::int64_t later = kMonday + 168;
  for (std::int64_t h = 0; h < 3; ++h) hour_of(anchor, later + h, 100'000);
  hour_of(anchor, later + 3, 1000), hour_of(anchor, later + 4, 1000);
  EXPECT_LT(anchor.hour_pps(kMonday + 2 * 168 + 1), 1600);
}

}  // namespace
}  // namespace sekisho
