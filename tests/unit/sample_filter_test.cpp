// How packet sockets decide what to sample, and how totals are compared.
#include "input/sample_filter.h"

#include <gtest/gtest.h>

#include <vector>

#include "input/totals_check.h"

namespace sekisho {
namespace {

TEST(SampleRates, NothingIsSampledThatFits) {
  EXPECT_EQ(rates_for(1000, 50'000, 100'000), (SampleRates{1, 1}));
  EXPECT_EQ(rates_for(0, 0, 100'000), (SampleRates{1, 1}));
  EXPECT_TRUE(sample_filter({1, 1}, 7).empty());
}

TEST(SampleRates, AFloodOfOneKindLeavesTheOtherWhole) {
  EXPECT_EQ(rates_for(1000, 400'000, 100'000), (SampleRates{1, 8}));
  EXPECT_EQ(rates_for(400'000, 1000, 100'000), (SampleRates{8, 1}));
  const auto both = rates_for(1'000'000, 1'000'000, 100'000);
  EXPECT_LE(1e6 / both.syn + 1e6 / both.rest, 100'000);
}

TEST(SampleRates, OldFramesKeepTheRateOfTheirTime) {
  RateHistory history;
  history.change({2, 4}, 1000);
  history.change({1, 8}, 2000);
  EXPECT_EQ(history.at(500), (SampleRates{1, 1}));
  EXPECT_EQ(history.at(1000), (SampleRates{2, 4}));
  EXPECT_EQ(history.at(1999), (SampleRates{2, 4}));
  EXPECT_EQ(history.at(9999), (SampleRates{1, 8}));
  EXPECT_EQ(history.now(), (SampleRates{1, 8}));
}

Frame frame_of(const std::vector<std::uint8_t>& bytes) {
  Frame f;
  f.bytes = bytes;
  return f;
}

TEST(SampleFilter, KnowsASynAsTheFilterDoes) {
  std::vector<std::uint8_t> v4(14 + 20 + 20);
  v4[12] = 0x08, v4[14] = 0x45, v4[23] = kTcp, v4[47] = kSyn;
  EXPECT_TRUE(is_sampled_as_syn(frame_of(v4)));
  v4[47] = kAck;
  EXPECT_FALSE(is_sampled_as_syn(frame_of(v4)));
  v4[47] = kSyn | kAck, v4[21] = 1;  // a later fragment
  EXPECT_FALSE(is_sampled_as_syn(frame_of(v4)));
  std::vector<std::uint8_t> tagged(18 + 40 + 20);
  tagged[12] = 0x81, tagged[16] = 0x86, tagged[17] = 0xdd, tagged[18] = 0x60, tagged[24] = kTcp, tagged[18 + 40 + 13] = kSyn;
  EXPECT_TRUE(is_sampled_as_syn(frame_of(tagged)));
  for (std::size_t size = 0; size < tagged.size() - 7; ++size)
    EXPECT_FALSE(is_sampled_as_syn(frame_of({tagged.begin(), tagged.begin() + static_cast<std::ptrdiff_t>(size)})));
}

TEST(TotalsCheck, ChanceAndFramesOnTheirWayAreNoDisagreement) {
  TotalsCheck check;
  for (std::uint64_t s = 1; s <= 10; ++s) {
    check.update({s * 100'000 - 1500, s * 10'000'000}, {s * 100'000, s * 10'000'000}, 16);
    EXPECT_EQ(check.disagreement(), 0);
  }
}

TEST(TotalsCheck, AMissingTenthIsOne) {
  TotalsCheck check;
  for (std::uint64_t s = 1; s <= 10; ++s) check.update({s * 90'000, s * 9'000'000}, {s * 100'000, s * 10'000'000}, 1);
  EXPECT_NEAR(check.disagreement(), 0.1, 0.01);
  // Super-frames: the packets differ, the bytes agree.
  TotalsCheck offload;
  for (std::uint64_t s = 1; s <= 10; ++s) offload.update({s * 100'000, s * 10'000'000}, {s * 10'000, s * 10'000'000}, 1);
  EXPECT_EQ(offload.disagreement(), 0);
}

}  // namespace
}  // namespace sekisho
