// pcapng: sections, interfaces, clocks, the three packet blocks, damage.
#include "input/pcapng_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "capture_bytes.h"

namespace sekisho::test {
namespace {

constexpr std::uint64_t kTicks = 1'700'000'000'123'456;  // microseconds

TEST(PcapngReader, EnhancedPacketsInBothByteOrders) {
  for (const bool big : {false, true}) {
    const auto got = read_bytes(Pcapng(big).interface(113, 96).packet(0, kTicks, payload(61), 1500).bytes);
    ASSERT_EQ(got.frames.size(), 1u) << big;
    EXPECT_EQ(got.format, "pcapng");
    EXPECT_EQ(got.frames[0].time, static_cast<TimeNs>(kTicks) * 1000);
    EXPECT_EQ(got.frames[0].bytes, payload(61));
    EXPECT_EQ(got.frames[0].wire_bytes, 1500u);
    EXPECT_EQ(got.frames[0].link, LinkType::linux_sll);
    EXPECT_TRUE(got.tally.damage.empty());
  }
}

TEST(PcapngReader, InterfacesHaveTheirOwnLinkTypesAndClocks) {
  Pcapng file(true);
  file.interface(1, 0, file.option(9, {9}) + file.option(0, {}));
  file.packet(0, 5, payload(4));
  file.interface(101, 0, file.option(2, payload(5)) + file.option(9, {0x80 | 10}));
  file.packet(1, 1024 + 512, payload(4)).packet(0, 7, payload(4));
  const auto got = read_bytes(file.bytes);
  ASSERT_EQ(got.frames.size(), 3u);
  EXPECT_EQ(got.frames[0].time, 5);
  EXPECT_EQ(got.frames[1].time, 1'500 * kMillisecond);
  EXPECT_EQ(got.frames[1].link, LinkType::raw_ip);
  EXPECT_EQ(got.frames[1].interface, 1);
  EXPECT_EQ(got.frames[2].interface, 0);
  EXPECT_EQ(got.frames[2].time, 7);
}

TEST(PcapngReader, SectionsOfEitherByteOrderWithInterfacesOfTheirOwn) {
  Pcapng file(false);
  file.interface(1).interface(1).packet(1, 1, payload(4));
  file.section(true);
  file.interface(228).packet(0, 2, payload(8)).packet(1, 3, payload(8));  // interface 1 was the other section's
  file.section(false);
  file.interface(229).packet(0, 4, payload(12));
  const auto got = read_bytes(file.bytes);
  ASSERT_EQ(got.frames.size(), 3u);
  EXPECT_EQ(got.frames[1].link, LinkType::ipv4);
  EXPECT_EQ(got.frames[2].link, LinkType::ipv6);
  EXPECT_EQ(got.frames[2].interface, 3);
  ASSERT_EQ(got.tally.damage.size(), 1u);
  EXPECT_EQ(got.tally.damage[0].packet, 3u);
  EXPECT_NE(got.tally.damage[0].what.find("interface 1"), std::string::npos);
}

TEST(PcapngReader, EveryResolution) {
  const auto at = [](std::uint8_t resolution, std::uint64_t ticks, std::int64_t offset_s = 0) {
    return to_time(tick_clock(resolution, offset_s), ticks);
  };
  EXPECT_EQ(at(0, 3), 3 * kSecond);
  EXPECT_EQ(at(3, 1'234), 1'234 * kMillisecond);
  EXPECT_EQ(at(6, kTicks), static_cast<TimeNs>(kTicks) * 1000);
  EXPECT_EQ(at(9, 1'700'000'000'000'000'001), 1'700'000'000'000'000'001);
  EXPECT_EQ(at(12, 1'999), 1);
  EXPECT_EQ(at(18, UINT64_MAX), 18'446'744'073);
  EXPECT_EQ(at(28, UINT64_MAX), 1);
  EXPECT_EQ(at(29, UINT64_MAX), 0);
  EXPECT_EQ(at(127, UINT64_MAX), 0);
  EXPECT_EQ(at(0x80, 3), 3 * kSecond);
  EXPECT_EQ(at(0x80 | 20, 1u << 19), kSecond / 2);
  EXPECT_EQ(at(0x80 | 32, 0x6553f100'80000000), 1'700'000'000'500'000'000);
  EXPECT_EQ(at(0xff, UINT64_MAX), 0);
  // offsets, and what would not fit is clamped
  EXPECT_EQ(at(6, 5, 1'700'000'000), 1'700'000'000'000'005'000);
  EXPECT_EQ(at(0, 100, -40), 60 * kSecond);
  EXPECT_EQ(at(0, 100, -101), 0);
  EXPECT_EQ(at(0, 0, INT64_MIN), 0);
  EXPECT_EQ(at(0, UINT64_MAX, INT64_MAX), kLastTime);
  EXPECT_EQ(at(6, UINT64_MAX), kLastTime);
}

TEST(PcapngReader, TimeOffsetOption) {
  for (const bool big : {false, true}) {
    Pcapng file(big);
    Writer offset{big, {}};
    offset.u64(static_cast<std::uint64_t>(-100));
    file.interface(1, 0, file.option(14, offset.bytes)).packet(0, 160'000'000, payload(4));
    EXPECT_EQ(read_bytes(file.bytes).frames.at(0).time, 60 * kSecond);
  }
}

TEST(PcapngReader, SimpleAndObsoletePackets) {
  for (const bool big : {false, true}) {
    Pcapng file(big);
    file.interface(1, 10).obsolete(0, 2'000'000, payload(30)).simple(payload(10), 1500).simple(payload(7), 7);
    const auto got = read_bytes(file.bytes);
    ASSERT_EQ(got.frames.size(), 3u);
    EXPECT_EQ(got.frames[0].time, 2 * kSecond);
    EXPECT_EQ(got.frames[0].bytes, payload(30));
    EXPECT_EQ(got.frames[1].time, 2 * kSecond);   // has no time of its own
    EXPECT_EQ(got.frames[1].bytes, payload(10));  // by the snap length; padding is no packet
    EXPECT_EQ(got.frames[1].wire_bytes, 1500u);
    EXPECT_EQ(got.frames[2].bytes, payload(7));
    EXPECT_TRUE(got.tally.damage.empty());
  }
}

TEST(PcapngReader, PacketsWithoutATimeBeforeTheFirstTime) {
  Pcapng file;
  file.interface().simple(payload(4), 4).simple(payload(5), 5).packet(0, kTicks, payload(6)).simple(payload(7), 7);
  const auto got = read_bytes(file.bytes, SIZE_MAX, {});
  ASSERT_EQ(got.frames.size(), 4u);
  for (const Got& frame : got.frames) EXPECT_EQ(frame.time, static_cast<TimeNs>(kTicks) * 1000);
  EXPECT_EQ(got.tally.forward_jumps, 0u);
}

TEST(PcapngReader, FrameCheckSequenceOption) {
  for (const std::uint8_t value : {std::uint8_t{4}, std::uint8_t{32}}) {  // bytes as written, bits as specified
    Pcapng file;
    file.interface(1, 0, file.option(13, {value})).packet(0, 1, payload(64));
    const auto got = read_bytes(file.bytes);
    EXPECT_EQ(got.frames.at(0).bytes, payload(60));
    EXPECT_EQ(got.frames.at(0).wire_bytes, 60u);
  }
}

TEST(PcapngReader, OtherBlocksArePassedAndUnknownOnesCounted) {
  Pcapng file;
  file.block(4, payload(8)).block(0xbad, payload(64)).interface().block(5, payload(20)).block(10, payload(8));
  file.packet(0, 1, payload(9), 0, file.option(1, payload(3)) + file.option(0, {}));
  file.block(0x7777, payload(300'000)).packet(0, 2, payload(4));
  const auto got = read_bytes(file.bytes, 999);
  EXPECT_EQ(got.frames.size(), 2u);
  EXPECT_EQ(got.tally.unknown_blocks, 2u);
  EXPECT_TRUE(got.tally.damage.empty());
}

TEST(PcapngReader, DamagedPacketIsPassedByItsBlockLength) {
  Pcapng file;
  file.interface().packet(0, 1, payload(8));
  const std::size_t where = file.bytes.size();
  Writer body;
  body.u32(0).u32(0).u32(2).u32(5000).u32(5000).raw(payload(8));  // 5,000 bytes do not fit
  file.block(6, body.bytes).block(6, payload(8)).packet(0, 3, payload(12));
  const auto got = read_bytes(file.bytes);
  ASSERT_EQ(got.frames.size(), 2u);
  EXPECT_EQ(got.frames[1].bytes, payload(12));
  ASSERT_EQ(got.tally.damage.size(), 2u);
  EXPECT_EQ(got.tally.damage[0].byte, where);
  EXPECT_EQ(got.tally.damage[0].packet, 2u);
  EXPECT_NE(got.tally.damage[0].what.find("5,000"), std::string::npos);
}

TEST(PcapngReader, OneByteMoreThanTheBlockHoldsIsDamage) {
  for (const std::uint32_t more : {0u, 1u}) {
    Pcapng file;
    Writer body;
    body.u32(0).u32(0).u32(2).u32(8 + more).u32(8 + more).raw(payload(8));
    const auto got = read_bytes(file.interface().block(6, body.bytes).bytes);
    EXPECT_EQ(got.frames.size(), 1 - more);
    EXPECT_EQ(got.tally.damage.size(), more);
  }
}

TEST(PcapngReader, ListedDamageIsBounded) {
  Pcapng file;
  for (int i = 0; i < 100; ++i) file.packet(9, 1, payload(4));
  const auto got = read_bytes(file.interface().packet(0, 1, payload(4)).bytes);
  EXPECT_EQ(got.frames.size(), 1u);
  EXPECT_EQ(got.tally.damage.size(), kMaxListedDamage);
  EXPECT_EQ(got.tally.damage_not_listed, 100 - kMaxListedDamage);
}

TEST(PcapngReader, DamagedBlockLengthsStopTheFile) {
  for (const std::uint32_t length : {0u, 8u, 11u, 33u, 0xfffffff0u, 0xffffffffu}) {
    Pcapng file;
    file.interface().packet(0, 1, payload(8));
    const std::size_t where = file.bytes.size();
    file.u32(6).u32(length).raw(payload(60));
    const auto got = read_bytes(file.bytes);
    EXPECT_EQ(got.frames.size(), 1u) << length;
    ASSERT_EQ(got.tally.damage.size(), 1u) << length;
    EXPECT_EQ(got.tally.damage[0].byte, where) << length;
  }
  // lengths before and after that differ, for packets and others
  for (const std::uint32_t type : {6u, 1u, 5u}) {
    Pcapng file;
    file.interface().packet(0, 1, payload(8)).u32(type).u32(44).raw(payload(32)).u32(48);
    file.packet(0, 2, payload(8));
    const auto got = read_bytes(file.bytes);
    EXPECT_EQ(got.frames.size(), 1u) << type;
    EXPECT_EQ(got.tally.damage.size(), 1u) << type;
  }
}

TEST(PcapngReader, DamagedSections) {
  Pcapng file;
  file.interface().packet(0, 1, payload(8));
  Writer bad_mark, bad_version;
  bad_mark.u32(0x11111111).u16(1).u16(0).u64(0);
  bad_version.u32(0x1a2b3c4d).u16(2).u16(0).u64(0);
  for (const Bytes& body : {bad_mark.bytes, bad_version.bytes}) {
    Pcapng damaged = file;
    damaged.block(0x0a0d0d0a, body).packet(0, 2, payload(8));
    const auto got = read_bytes(damaged.bytes);
    EXPECT_EQ(got.frames.size(), 1u);
    EXPECT_EQ(got.tally.damage.size(), 1u);
  }
  Bytes first_mark_damaged = Pcapng().bytes;
  first_mark_damaged[8] ^= 1;
  EXPECT_FALSE(read_bytes(first_mark_damaged).opened);
}

TEST(PcapngReader, TruncationAnywhereDeliversEveryWholePacket) {
  for (const bool big : {false, true}) {
    Pcapng file(big);
    std::vector<std::size_t> block_ends{file.bytes.size()}, packet_ends;
    const auto mark = [&](bool packet) {
      block_ends.push_back(file.bytes.size());
      if (packet) packet_ends.push_back(file.bytes.size());
    };
    file.interface(1, 0, file.option(9, {6})), mark(false);
    file.packet(0, 1, payload(5)), mark(true);
    file.block(0xbad, payload(8)), mark(false);
    file.simple(payload(3), 3), mark(true);
    file.section(!big), mark(false);
    file.interface(), mark(false);
    file.obsolete(0, 2, payload(9)), mark(true);
    for (std::size_t cut = 0; cut <= file.bytes.size(); ++cut) {
      const Bytes part(file.bytes.begin(), file.bytes.begin() + static_cast<std::ptrdiff_t>(cut));
      const auto got = read_bytes(part, 5);
      ASSERT_EQ(got.opened, cut >= kPcapngHeaderBytes) << cut;
      if (!got.opened) {
        EXPECT_FALSE(got.problem.why.empty());
        continue;
      }
      const auto whole =
          static_cast<std::size_t>(std::count_if(packet_ends.begin(), packet_ends.end(), [&](std::size_t e) { return e <= cut; }));
      ASSERT_EQ(got.frames.size(), whole) << cut;
      const bool clean = std::find(block_ends.begin(), block_ends.end(), cut) != block_ends.end();
      ASSERT_EQ(got.tally.damage.size(), clean ? 0u : 1u) << cut;
      if (clean) continue;
      EXPECT_EQ(got.tally.damage[0].byte, cut);
      EXPECT_EQ(got.tally.damage[0].packet, whole + 1);
    }
  }
}

TEST(PcapngReader, EmptyCaptureIsNoDamage) {
  const auto got = read_bytes(Pcapng().bytes);
  EXPECT_TRUE(got.opened);
  EXPECT_TRUE(got.tally.damage.empty());
}

TEST(PcapngReader, StepsInTimeAreCounted) {
  Pcapng file;
  file.interface();
  for (const std::uint64_t sec : {5000u, 8601u, 4000u, 7600u}) file.packet(0, sec * 1'000'000, payload(4));
  const auto got = read_bytes(file.bytes);
  EXPECT_EQ(got.tally.backward_steps, 1u);
  EXPECT_EQ(got.tally.forward_jumps, 1u);
}

}  // namespace
}  // namespace sekisho::test
