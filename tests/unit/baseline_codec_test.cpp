// Saved baselines: what comes back, what is refused, what a restart knows.
#include "features/baseline_codec.h"

#include <gtest/gtest.h>

#include "app/pipeline.h"
#include "base/bytes.h"

namespace sekisho {
namespace {

using enum TrafficClass;

const TimeNs kStart = 1'735'516'800 * kSecond;
const Address kHost = address_from_v4(0xc633640a);

// Six hours of one host's data at `pps`.
RowBaseline learned(double pps, unsigned seconds, TimeNs& now, bool attack_at_end = false) {
  RowBaseline row;
  ClassCounts counts{}, reverse{};
  const Facts facts{};
  for (unsigned i = 0; i < seconds; ++i, now += kSecond) {
    counts[index_of(tcp_data)].packets = static_cast<std::uint64_t>(pps * (0.95 + 0.01 * (i % 11)));
    counts[index_of(http_request)].packets = 40 + i % 5;
    row.learn({now, now / (3600 * kSecond), Direction::ingress, counts, facts, &reverse}, nullptr);
  }
  if (attack_at_end) row.freeze(now - kSecond);
  return row;
}

BaselineView view_of(const RowBaseline& row, TrafficClass c, TimeNs now) {
  std::vector<BaselineView> views;
  row.describe({}, now, now / (3600 * kSecond), views);
  for (const auto& v : views)
    if (v.traffic_class == c) return v;
  return {};
}

std::vector<std::uint8_t> saved(const RowBaseline& row, TimeNs now) {
  const RowToSave rows[] = {{Direction::ingress, false, false, kHost, row}};
  return BaselineCodec::encode(now, now, rows);
}

void repair(std::vector<std::uint8_t>& bytes) {
  const auto sum = BaselineCodec::checksum({bytes.data(), bytes.size() - 8});
  for (int i = 0; i < 8; ++i) bytes[bytes.size() - 8 + i] = static_cast<std::uint8_t>(sum >> (8 * i));
}

TEST(BaselineCodec, WhatWasLearnedComesBack) {
  TimeNs now = kStart;
  const RowBaseline row = learned(1000, 4 * 3600, now);
  auto back = BaselineCodec::decode(saved(row, now));
  ASSERT_TRUE(back.ok()) << back.error().message;
  ASSERT_EQ(back->rows.size(), 1u);
  EXPECT_EQ(back->saved_at, now);
  EXPECT_EQ(back->rows[0].address, kHost);
  RowBaseline& restored = back->rows[0].baseline;
  restored.resume(5 * kSecond, now + 5 * kSecond, now / (3600 * kSecond));
  for (const auto c : {tcp_data, http_request}) {
    const auto before = view_of(row, c, now), after = view_of(restored, c, now);
    EXPECT_EQ(after.normal_pps, before.normal_pps);
    EXPECT_EQ(after.ceiling_pps, before.ceiling_pps);
    EXPECT_EQ(after.rule, before.rule);
    EXPECT_EQ(after.learned_seconds, before.learned_seconds);
    EXPECT_EQ(after.day_pps, before.day_pps);
    EXPECT_EQ(after.day_seconds, before.day_seconds);
    EXPECT_EQ(after.hour_of_week_pps, before.hour_of_week_pps);
  }
  EXPECT_GT(view_of(restored, tcp_data, now).day_seconds, 3600u);
  EXPECT_EQ(BaselineCodec::encode(now, now, std::vector<RowToSave>{{Direction::ingress, false, false, kHost, restored}}), saved(row, now));
}

TEST(BaselineCodec, AfterHoursTheDayStillSpeaks) {
  TimeNs now = kStart;
  const RowBaseline row = learned(1000, 4 * 3600, now);
  for (const DurationNs age : {3 * 3600 * kSecond, -3 * 3600 * kSecond}) {  // also where the clock was set back meanwhile
    auto back = BaselineCodec::decode(saved(row, now));
    RowBaseline& restored = back->rows[0].baseline;
    restored.resume(age, now, now / (3600 * kSecond));
    const auto v = view_of(restored, tcp_data, now);
    EXPECT_EQ(v.learned_seconds, 0u);
    EXPECT_EQ(v.rule, ThresholdRule::day);
    EXPECT_NEAR(v.ceiling_pps, 2000, 500);
    Second s;
    restored.fill(s);
    EXPECT_GE(s.learned_seconds, 60u);  // detectors take that for a history
    EXPECT_GT(s.normal[index_of(tcp_data)], 800);
  }
}

TEST(BaselineCodec, WithoutAnAnchorAnOldMemoryIsForgotten) {
  TimeNs now = kStart;
  const RowBaseline row = learned(1000, 600, now);
  auto back = BaselineCodec::decode(saved(row, now));
  back->rows[0].baseline.resume(3 * 3600 * kSecond, now, 0);
  Second s;
  back->rows[0].baseline.fill(s);
  EXPECT_EQ(s.learned_seconds, 0u);
  EXPECT_EQ(s.ceiling[index_of(tcp_data)], 0);
}

TEST(BaselineCodec, AnAttackThatWentOnIsNotLearnedAfterwards) {
  TimeNs now = kStart;
  const RowBaseline row = learned(1000, 600, now, true);
  auto back = BaselineCodec::decode(saved(row, now));
  back->rows[0].baseline.resume(2 * kSecond, now + 2 * kSecond, 0);
  EXPECT_NEAR(view_of(back->rows[0].baseline, tcp_data, now + 2 * kSecond).frozen_left_s, 27, 1.01);
}

TEST(BaselineCodec, DamageIsRefused) {
  TimeNs now = kStart;
  const auto good = saved(learned(1000, 900, now), now);
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= 0x40;
    EXPECT_FALSE(BaselineCodec::decode(bad).ok()) << i;
    EXPECT_FALSE(BaselineCodec::decode({good.data(), i}).ok()) << i;
  }
}

// The checksum holds and the contents lie: no crash, nothing out of bounds (the sanitizers watch).
TEST(BaselineCodec, LiesAreSurvived) {
  TimeNs now = kStart;
  const auto good = saved(learned(1000, 4 * 3600, now), now);
  unsigned accepted = 0;
  for (std::size_t i = 8; i + 8 < good.size(); ++i)
    for (const std::uint8_t value : {0, 1, 0x7f, 0xff}) {
      auto bad = good;
      bad[i] = value;
      repair(bad);
      auto read = BaselineCodec::decode(bad);
      if (!read.ok()) continue;
      ++accepted;
      for (auto& row : read->rows) {
        row.baseline.resume(kSecond, now, now / (3600 * kSecond));
        Second s;
        row.baseline.fill(s);
        for (const float c : s.ceiling) EXPECT_TRUE(c >= 0 && c < 1e12f);
      }
    }
  EXPECT_GT(accepted, 100u);
}

TEST(BaselineCodec, AnotherFormatIsNamed) {
  TimeNs now = kStart;
  auto bytes = saved(learned(1000, 100, now), now);
  bytes[4] = 9;
  repair(bytes);
  const auto read = BaselineCodec::decode(bytes);
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().message.find("format 9"), std::string::npos) << read.error().message;
  EXPECT_FALSE(BaselineCodec::decode({}).ok());
}

TEST(BaselineCodec, ClassesOfAnotherProgramAreLeftOut) {
  TimeNs now = kStart;
  auto bytes = saved(learned(1000, 900, now), now);
  const std::string name = "tcp_data", other = "tcp_dino";
  const auto at = std::search(bytes.begin(), bytes.end(), name.begin(), name.end());
  ASSERT_NE(at, bytes.end());
  std::copy(other.begin(), other.end(), at);
  repair(bytes);
  auto read = BaselineCodec::decode(bytes);
  ASSERT_TRUE(read.ok()) << read.error().message;
  read->rows[0].baseline.resume(0, now, 0);
  EXPECT_EQ(view_of(read->rows[0].baseline, tcp_data, now).normal_pps, 0);
  EXPECT_GT(view_of(read->rows[0].baseline, http_request, now).normal_pps, 0);
}

// 300 DNS queries a second, each answered, through the whole pipeline.
std::unique_ptr<Pipeline> pipeline() {
  PipelineSettings settings;
  settings.local = {host_network(kHost)};
  return Pipeline::make(std::move(settings), Config{}).value();
}

void dns(Pipeline& p, TimeNs& now, unsigned seconds, unsigned per_second) {
  for (unsigned i = 0; i < seconds * per_second; ++i, now += kSecond / per_second) {
    const auto client = static_cast<std::uint8_t>(1 + i % 200), port = static_cast<std::uint8_t>(i % 199);
    for (const bool answer : {false, true}) {
      std::vector<std::uint8_t> b{0x45, 0, 0, 57, 0, 0, 0, 0, 60, 17, 0, 0, 198, 18, 7, client, 198, 51, 100, 10,
                                  0x90, port, 0, 53, 0, 37, 0, 0, client, port, static_cast<std::uint8_t>(answer ? 0x81 : 1), 0, 0, 1, 0, 0, 0, 0, 0, 0,
                                  7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'c', 'o', 'm', 0, 0, 1, 0, 1};
      if (answer) std::swap_ranges(b.begin() + 12, b.begin() + 16, b.begin() + 16), std::swap_ranges(b.begin() + 20, b.begin() + 22, b.begin() + 22);
      Frame f;
      f.time = now + answer;
      f.bytes = b, f.wire_bytes = static_cast<std::uint32_t>(b.size()), f.link = LinkType::raw_ip;
      p.on_frames({&f, 1});
    }
  }
}

BaselineView dns_view(const Pipeline& p, bool all) {
  for (const auto& v : p.baselines())
    if (v.traffic_class == dns_query && v.direction == Direction::ingress && v.all == all && !v.v6) return v;
  return {};
}

TEST(PipelineBaselines, ARestartIsNotBlind) {
  TimeNs now = kStart;
  auto before = pipeline();
  EXPECT_TRUE(before->save_baselines().empty());  // nothing to save yet
  dns(*before, now, 90, 300);
  const auto bytes = before->save_baselines();
  ASSERT_FALSE(bytes.empty());

  auto after = pipeline();
  ASSERT_TRUE(after->restore_baselines(bytes).ok());
  EXPECT_TRUE(after->save_baselines().empty());  // and what was saved is not overwritten before there is something to say
  now += 3 * kSecond;
  dns(*after, now, 2, 300);
  for (const bool all : {false, true}) {
    const auto v = dns_view(*after, all);
    EXPECT_GE(v.learned_seconds, 85u);
    EXPECT_NEAR(v.normal_pps, 300, 60);
    EXPECT_GT(v.ceiling_pps, 700);
    EXPECT_EQ(v.floor_pps, 500);
    EXPECT_EQ(v.threshold_pps, v.ceiling_pps);
    EXPECT_EQ(v.rule, ThresholdRule::median);
  }
  auto blind = pipeline();
  dns(*blind, now, 2, 300);
  EXPECT_LT(dns_view(*blind, false).learned_seconds, 3u);
}

TEST(PipelineBaselines, DamageLeavesAPipelineThatLearnsAnew) {
  TimeNs now = kStart;
  auto before = pipeline();
  dns(*before, now, 5, 300);
  auto bytes = before->save_baselines();
  bytes[bytes.size() / 2] ^= 1;
  auto after = pipeline();
  EXPECT_FALSE(after->restore_baselines(bytes).ok());
  dns(*after, now, 3, 300);
  EXPECT_LE(dns_view(*after, false).learned_seconds, 3u);
  EXPECT_FALSE(after->restore_baselines(before->save_baselines()).ok());  // too late
}

TEST(PipelineBaselines, AClockSetBackKeepsWhatWasLearned) {
  TimeNs now = kStart;
  auto p = pipeline();
  dns(*p, now, 70, 300);
  now -= 5 * 3600 * kSecond;  // the clock was wrong
  dns(*p, now, 10, 300);
  EXPECT_GE(dns_view(*p, false).learned_seconds, 75u);
  EXPECT_NEAR(dns_view(*p, false).normal_pps, 300, 60);
  auto next = pipeline();
  ASSERT_TRUE(next->restore_baselines(p->save_baselines()).ok());
  dns(*next, now, 2, 300);
  EXPECT_GE(dns_view(*next, false).learned_seconds, 75u);  // saved by the data's own clock, not five hours ahead
}

}  // namespace
}  // namespace sekisho
