// The ring of recent frames: what it holds, in which order, and how much memory it takes.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "evidence/frame_ring.h"

namespace sekisho {
namespace {

TEST(EvidenceRing, AgreesWithASimpleModel) {
  std::mt19937 random{7};
  FrameRing ring{20'000, 500, 128};
  struct Kept {
    TimeNs time;
    std::uint64_t index;
    std::vector<std::uint8_t> bytes;
  };
  std::deque<Kept> fed;
  TimeNs now = 0;
  for (std::uint64_t index = 0; index < 20'000; ++index) {
    now += random() % 3 == 0 ? 1 : 0;
    std::vector<std::uint8_t> bytes(random() % 300);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    Frame frame;
    frame.time = now - 3;  // a clock that was corrected
    frame.bytes = bytes;
    ring.add(frame, now, {}, index);
    bytes.resize(std::min<std::size_t>(bytes.size(), 128));
    fed.push_back({now, index, bytes});
    if (fed.size() > 400) fed.pop_front();
    // What the ring has must be an unbroken run that ends with the newest frame, byte for byte, and not too short.
    std::vector<std::uint64_t> seen;
    ring.each(INT64_MIN, [&](const FrameRing::Seen& s) {
      seen.push_back(s.index());
      ASSERT_GE(s.index(), fed.front().index);
      const auto& expected = fed[s.index() - fed.front().index];
      const auto stored = s.frame();
      ASSERT_EQ(s.when(), expected.time);
      ASSERT_EQ(stored.time, expected.time - 3);
      ASSERT_TRUE(std::equal(stored.bytes.begin(), stored.bytes.end(), expected.bytes.begin(), expected.bytes.end()));
    });
    ASSERT_FALSE(seen.empty());
    ASSERT_EQ(seen.back(), index);
    ASSERT_EQ(seen.size(), ring.frames());
    ASSERT_EQ(seen.front(), ring.first_index(Direction::ingress));
    for (std::size_t n = 1; n < seen.size(); ++n) ASSERT_EQ(seen[n], seen[n - 1] + 1);
    if (index > 1'000) {
      ASSERT_GT(seen.size(), 60U);
    }
  }
  EXPECT_GT(ring.evicted(), 1'000U);
}

class EvidenceLanes : public ::testing::Test {
 protected:
  void add(FrameRing& ring, TimeNs time, Direction direction = Direction::ingress, Address local = address_from_v4(0xcb007105),
           Address remote = address_from_v4(0xc6336407)) {
    Frame frame;
    frame.time = time;
    frame.bytes = bytes_;
    frame.wire_bytes = 1'400, frame.weight = 3, frame.interface = 2;
    ring.add(frame, time, {local, remote, 443, 53, TrafficClass::udp, direction}, index_++);
  }
  std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(60, 0xee);
  std::uint64_t index_ = 0;
};

TEST_F(EvidenceLanes, ForgetsByAgeChunkByChunk) {
  FrameRing ring{1'000'000, 10 * kSecond, 128};
  // 8 kB chunks hold some 70 of these: never less than ten seconds, and not more than one chunk beyond them.
  for (int n = 0; n < 3'000; ++n) add(ring, n * 10 * kMillisecond);
  EXPECT_GE(ring.frames(), 1'000U);
  EXPECT_LE(ring.frames(), 1'100U);
  EXPECT_EQ(ring.evicted(), 0U);
}

TEST_F(EvidenceLanes, OnePacketFromTheFarFutureDoesNotStayForGood) {
  FrameRing ring{64 * 1024, 10 * kSecond, 128};
  add(ring, 1'000'000 * kSecond);
  for (int n = 0; n < 400; ++n) add(ring, n * 100 * kMillisecond);
  ring.each(INT64_MIN, [&](const FrameRing::Seen& seen) { EXPECT_LT(seen.when(), 40 * kSecond); });
  EXPECT_GE(ring.frames(), 100U);
}

TEST_F(EvidenceLanes, AFloodInOneDirectionLeavesTheOther) {
  FrameRing ring{1'000'000, 10 * kSecond, 128};
  for (int n = 0; n < 100; ++n) add(ring, n, Direction::egress);
  for (int n = 0; n < 100'000; ++n) add(ring, 100 + n);
  std::uint64_t egress = 0, last = 0;
  ring.each(INT64_MIN, [&](const FrameRing::Seen& seen) {
    egress += seen.direction() == Direction::egress;
    EXPECT_TRUE(seen.index() == 0 || seen.index() > last) << "in the order of the packets' numbers";
    last = seen.index();
  });
  EXPECT_EQ(egress, 100U);
  EXPECT_GT(ring.evicted(), 90'000U);
  EXPECT_GT(ring.frames(), 7'000U) << "the flood has nearly all of the room";
  // A flood in the other direction takes half of it, not more.
  for (int n = 0; n < 100'000; ++n) add(ring, 200'000 + n, Direction::egress);
  std::uint64_t ingress = 0;
  ring.each(INT64_MIN, [&](const FrameRing::Seen& seen) { ingress += seen.direction() == Direction::ingress; });
  EXPECT_NEAR(double(ingress), double(ring.frames()) / 2, double(ring.frames()) / 20);
}

TEST_F(EvidenceLanes, KeepsWhatIsAskedAboutAPacket) {
  FrameRing ring{1'000'000, 10 * kSecond, 32};
  const Address six = *parse_address("2001:db8::5");
  add(ring, 1), add(ring, 2, Direction::egress, six, address_from_v4(7)), add(ring, 3, Direction::ingress, six, six);
  std::vector<FrameRing::Seen> all;
  ring.each(INT64_MIN, [&](const FrameRing::Seen& s) { all.push_back(s); });
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].key().local, address_from_v4(0xcb007105));
  EXPECT_EQ(all[0].key().remote, address_from_v4(0xc6336407));
  EXPECT_EQ(all[0].key().local_port, 443);
  EXPECT_EQ(all[0].key().remote_port, 53);
  EXPECT_EQ(all[0].key().traffic_class, TrafficClass::udp);
  EXPECT_EQ(all[0].frame().bytes.size(), 32U);
  EXPECT_EQ(all[0].frame().wire_bytes, 1'400U);
  EXPECT_EQ(all[0].frame().weight, 3U);
  EXPECT_EQ(all[0].frame().interface, 2U);
  EXPECT_EQ(all[1].key().direction, Direction::egress);
  EXPECT_EQ(all[1].key().local, six);
  EXPECT_EQ(all[1].key().remote, address_from_v4(7));
  EXPECT_EQ(all[2].key().remote, six);
}

TEST_F(EvidenceLanes, FindsWhatIsWantedAndASampleOfTheRest) {
  FrameRing ring{4'000'000, 10 * kSecond, 128};
  const auto ask = [&](TimeNs since, Direction direction, TrafficClass c) {
    FrameRing::Classes classes{};
    classes[direction == Direction::egress].set(index_of(c));
    std::size_t found = 0;
    FrameRing::each(ring, nullptr, since, classes, [&](const FrameRing::Seen& seen) {
      EXPECT_GE(seen.when(), since);
      EXPECT_EQ(seen.direction(), direction);
      ++found;
    });
    return found;
  };
  for (int n = 0; n < 10'000; ++n) add(ring, n * kMillisecond, n % 10 ? Direction::ingress : Direction::egress);
  EXPECT_EQ(ask(5 * kSecond, Direction::egress, TrafficClass::udp), 500U);
  EXPECT_EQ(ask(5 * kSecond, Direction::ingress, TrafficClass::udp), 4'500U);
  EXPECT_EQ(ask(0, Direction::ingress, TrafficClass::tcp_syn), 0U);
  for (const std::size_t count : {1U, 50U, 500U, 20'000U}) {
    const auto sample = ring.sample(2 * kSecond, 8 * kSecond, count);
    std::size_t stands_for = 0, late = 0;
    for (std::size_t n = 0; n < sample.size(); ++n) {
      EXPECT_GE(sample[n].seen.when(), 2 * kSecond);
      EXPECT_LT(sample[n].seen.when(), 8 * kSecond);
      if (n > 0) {
        EXPECT_GT(sample[n].seen.index(), sample[n - 1].seen.index());
      }
      stands_for += sample[n].stands_for, late += sample[n].seen.when() >= 5 * kSecond;
    }
    if (count == 1) {
      EXPECT_LE(sample.size(), 40U);
      continue;
    }
    EXPECT_NEAR(double(sample.size()), double(std::min<std::size_t>(count, 6'000)), double(count) / 2);
    EXPECT_NEAR(double(late), double(sample.size()) / 2, double(sample.size()) / 8) << "spread over the time";
    EXPECT_NEAR(double(stands_for), 6'000, 1'500);
  }
  EXPECT_TRUE(ring.sample(100 * kSecond, 200 * kSecond, 100).empty());
}

TEST_F(EvidenceLanes, TakesMemoryAsItNeedsItAndGivesItBack) {
  FrameRing ring{16 << 20, 10 * kSecond, 128};
  EXPECT_EQ(ring.memory(), 0U);
  TimeNs now = 0;
  const auto quiet = [&](int seconds) {
    for (int s = 0; s < seconds; ++s, now += kSecond) add(ring, now), ring.age(now);
  };
  quiet(60);
  EXPECT_LE(ring.memory(), 4U * 256 * 1024);
  for (int n = 0; n < 400'000; ++n) add(ring, now += 10);
  EXPECT_EQ(ring.memory(), 16U << 20);
  quiet(60);
  EXPECT_LE(ring.memory(), 4U * 256 * 1024);
  EXPECT_GE(ring.frames(), 10U);
  // While nothing comes at all, time alone empties it.
  ring.age(now + 3600 * kSecond);
  EXPECT_EQ(ring.frames(), 0U);
}

}  // namespace
}  // namespace sekisho
