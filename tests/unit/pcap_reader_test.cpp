// The classic pcap format.
#include <gtest/gtest.h>

#include "capture_bytes.h"

namespace sekisho::test {
namespace {

constexpr std::uint32_t kMicro = 0xa1b2c3d4, kNano = 0xa1b23c4d, kModified = 0xa1b2cd34;

TEST(PcapReader, BothPrecisionsInBothByteOrders) {
  struct Case {
    std::uint32_t magic;
    bool big;
    TimeNs time;
    const char* format;
  };
  for (const Case& c : {Case{kMicro, false, 1'700'000'000'123'456'000, "pcap (microseconds, little-endian)"},
                        Case{kMicro, true, 1'700'000'000'123'456'000, "pcap (microseconds, big-endian)"},
                        Case{kNano, false, 1'700'000'000'000'123'456, "pcap (nanoseconds, little-endian)"},
                        Case{kNano, true, 1'700'000'000'000'123'456, "pcap (nanoseconds, big-endian)"}}) {
    const auto got = read_bytes(Pcap(c.magic, c.big).packet(1'700'000'000, 123'456, payload(60), 1500).bytes);
    ASSERT_EQ(got.frames.size(), 1u) << c.format;
    EXPECT_EQ(got.format, c.format);
    EXPECT_EQ(got.frames[0].time, c.time);
    EXPECT_EQ(got.frames[0].bytes, payload(60));
    EXPECT_EQ(got.frames[0].wire_bytes, 1500u);
    EXPECT_EQ(got.frames[0].link, LinkType::ethernet);
    EXPECT_TRUE(got.tally.damage.empty());
    EXPECT_EQ(got.tally.packets, 1u);
    EXPECT_EQ(got.tally.wire_bytes, 1500u);
    EXPECT_EQ(got.tally.captured_bytes, 60u);
  }
}

TEST(PcapReader, SecondsBeyond2038AreNotNegative) {
  const auto got = read_bytes(Pcap().packet(4'000'000'000, 0, payload(1)).bytes);
  EXPECT_EQ(got.frames.at(0).time, 4'000'000'000 * kSecond);
}

TEST(PcapReader, ModifiedFormatHasLongerRecordHeaders) {
  Pcap file(kModified);
  for (std::uint8_t i = 0; i < 2; ++i) file.u32(10 + i).u32(0).u32(4).u32(4).u32(7).u16(0x0800).u8(0).u8(0).raw(payload(4, i));
  const auto got = read_bytes(file.bytes);
  ASSERT_EQ(got.frames.size(), 2u);
  EXPECT_EQ(got.frames[1].bytes, payload(4, 1));
  EXPECT_EQ(got.frames[1].time, 11 * kSecond);
}

TEST(PcapReader, SnapLengthZeroAndPacketsAboveTheSnapLengthAreAccepted) {
  EXPECT_EQ(read_bytes(Pcap(kMicro, false, 1, 0).packet(1, 0, payload(100)).bytes).frames.size(), 1u);
  EXPECT_EQ(read_bytes(Pcap(kMicro, false, 1, 68).packet(1, 0, payload(100)).bytes).frames.at(0).bytes.size(), 100u);
}

TEST(PcapReader, FrameCheckSequenceIsTakenOff) {
  // Two 16-bit words of FCS, valid bit set, Ethernet.
  Pcap file(kMicro, false, 0x24000001);
  file.packet(1, 0, payload(64)).packet(2, 0, payload(62), 64).packet(3, 0, payload(20), 64).packet(4, 0, payload(2));
  const auto got = read_bytes(file.bytes);
  ASSERT_EQ(got.frames.size(), 4u);
  EXPECT_EQ(got.frames[0].link, LinkType::ethernet);
  EXPECT_EQ(got.frames[0].wire_bytes, 60u);
  EXPECT_EQ(got.frames[0].bytes, payload(60));
  EXPECT_EQ(got.frames[1].bytes.size(), 60u);  // cut inside the FCS
  EXPECT_EQ(got.frames[2].bytes.size(), 20u);  // cut before it
  EXPECT_EQ(got.frames[3].bytes.size(), 0u);   // shorter than it
  EXPECT_EQ(got.frames[3].wire_bytes, 0u);
}

TEST(PcapReader, UnknownLinkTypesArePassedOn) {
  EXPECT_EQ(read_bytes(Pcap(kMicro, true, 147).packet(1, 0, payload(4)).bytes).frames.at(0).link, static_cast<LinkType>(147));
  EXPECT_EQ(read_bytes(Pcap(kMicro, true, 276).packet(1, 0, payload(4)).bytes).frames.at(0).link, LinkType::linux_sll2);
  // A number that does not fit 16 bits must not turn into Ethernet.
  EXPECT_EQ(read_bytes(Pcap(kMicro, true, 0x10001).packet(1, 0, payload(4)).bytes).frames.at(0).link, static_cast<LinkType>(0xffff));
}

TEST(PcapReader, WireLengthIsNeverBelowTheCapturedLength) {
  EXPECT_EQ(read_bytes(Pcap().packet(1, 0, payload(50), 3).bytes).frames.at(0).wire_bytes, 50u);
}

TEST(PcapReader, OldVersionsHaveTheLengthsSwapped) {
  for (const std::uint16_t minor : {std::uint16_t{2}, std::uint16_t{3}}) {
    Pcap file(kMicro, false, 1, 65535, minor);
    file.u32(1).u32(0).u32(1500).u32(20).raw(payload(20));
    const auto got = read_bytes(file.bytes);
    ASSERT_EQ(got.frames.size(), 1u) << minor;
    EXPECT_EQ(got.frames[0].wire_bytes, 1500u);
    EXPECT_EQ(got.frames[0].bytes, payload(20));
  }
}

TEST(PcapReader, ConcatenatedFilesGoOn) {
  const Bytes first = Pcap().packet(1, 5, payload(10)).bytes, second = Pcap(kNano, true, 101).packet(2, 5, payload(20)).bytes;
  const auto got = read_bytes(first + second + second);
  ASSERT_EQ(got.frames.size(), 3u);
  EXPECT_TRUE(got.tally.damage.empty());
  EXPECT_EQ(got.frames[1].time, 2 * kSecond + 5);
  EXPECT_EQ(got.frames[1].link, LinkType::raw_ip);
  EXPECT_EQ(got.frames[2].interface, 2);
}

TEST(PcapReader, EmptyCaptureIsNoDamage) {
  const auto got = read_bytes(Pcap().bytes);
  EXPECT_TRUE(got.opened);
  EXPECT_TRUE(got.frames.empty());
  EXPECT_TRUE(got.tally.damage.empty());
}

TEST(PcapReader, TruncationAnywhereDeliversEveryWholePacket) {
  for (const bool big : {false, true}) {
    Pcap file(kMicro, big);
    std::vector<std::size_t> ends{file.bytes.size()};
    for (std::uint8_t i = 0; i < 5; ++i) {
      file.packet(i, 0, payload(i * 7u, i));
      ends.push_back(file.bytes.size());
    }
    for (std::size_t cut = 0; cut <= file.bytes.size(); ++cut) {
      const Bytes part(file.bytes.begin(), file.bytes.begin() + static_cast<std::ptrdiff_t>(cut));
      const auto got = read_bytes(part, 3);
      ASSERT_EQ(got.opened, cut >= 24) << cut;
      if (!got.opened) {
        EXPECT_FALSE(got.problem.why.empty());
        continue;
      }
      std::size_t whole = 0;
      while (whole + 1 < ends.size() && ends[whole + 1] <= cut) ++whole;
      ASSERT_EQ(got.frames.size(), whole) << cut;
      for (std::size_t i = 0; i < whole; ++i) ASSERT_EQ(got.frames[i].bytes, payload(i * 7, static_cast<std::uint8_t>(i)));
      ASSERT_EQ(got.tally.damage.size(), cut == ends[whole] ? 0u : 1u) << cut;
      if (cut == ends[whole]) continue;
      EXPECT_EQ(got.tally.damage[0].byte, cut);
      EXPECT_EQ(got.tally.damage[0].packet, whole + 1);
      EXPECT_NE(got.tally.damage[0].what.find("cut off"), std::string::npos);
    }
  }
}

TEST(PcapReader, AbsurdLengthStopsTheFile) {
  Pcap file;
  file.packet(1, 0, payload(10));
  const std::size_t where = file.bytes.size();
  file.u32(2).u32(0).u32(kMaxPacketBytes + 1).u32(kMaxPacketBytes + 1).raw(payload(100));
  const auto got = read_bytes(file.bytes);
  EXPECT_EQ(got.frames.size(), 1u);
  ASSERT_EQ(got.tally.damage.size(), 1u);
  EXPECT_EQ(got.tally.damage[0].byte, where);
  EXPECT_EQ(got.tally.damage[0].packet, 2u);
  EXPECT_NE(got.tally.damage[0].what.find("262,145"), std::string::npos);
  EXPECT_EQ(got.tally.damage[0].file, "bytes");
}

TEST(PcapReader, LargestPacketFitsEvenASmallBuffer) {
  const auto got = read_bytes(Pcap().packet(1, 0, payload(kMaxPacketBytes)).packet(2, 0, payload(3)).bytes, 1000);
  ASSERT_EQ(got.frames.size(), 2u);
  EXPECT_EQ(got.frames[0].bytes, payload(kMaxPacketBytes));
  EXPECT_EQ(got.frames[1].bytes, payload(3));
}

TEST(PcapReader, StepsInTimeAreCounted) {
  Pcap file;
  // forward 1 h exactly: fine; more: a jump; back: a backward step; the first packet's own time is no jump
  for (const std::uint32_t sec : {1'000'000u, 1'003'600u, 1'003'599u, 1'007'200u, 1'007'200u, 5u}) file.packet(sec, 0, payload(1));
  const auto got = read_bytes(file.bytes);
  EXPECT_EQ(got.frames.size(), 6u);
  EXPECT_EQ(got.tally.backward_steps, 2u);
  EXPECT_EQ(got.tally.forward_jumps, 1u);
}

TEST(PcapReader, EverySizeOfBufferAndPieceGivesTheSame) {
  Pcap file(kNano, true);
  for (std::uint32_t i = 0; i < 50; ++i) file.packet(i, i, payload(i * 13 % 90, static_cast<std::uint8_t>(i)));
  const auto whole = read_bytes(file.bytes, SIZE_MAX, {});
  for (const std::size_t chunk : {1u, 7u, 1000u})
    for (const std::size_t buffer : {1u, 40u, 333u}) {
      const auto got = read_bytes(file.bytes, chunk, {buffer, 3});
      ASSERT_EQ(got.frames.size(), whole.frames.size());
      for (std::size_t i = 0; i < whole.frames.size(); ++i) {
        EXPECT_EQ(got.frames[i].bytes, whole.frames[i].bytes);
        EXPECT_EQ(got.frames[i].time, whole.frames[i].time);
      }
    }
}

}  // namespace
}  // namespace sekisho::test
