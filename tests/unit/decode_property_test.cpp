// What must hold for every frame: any truncation is handled, nothing is read beyond the captured bytes, noise does no harm.
#include <memory>
#include <random>

#include "wire.h"

namespace sekisho {
namespace {
using namespace wire;

struct Sample {
  const char* name;
  LinkType link;
  Bytes bytes;
};
std::vector<Sample> samples() {
  const Bytes options{2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7};
  const auto segment = tcp(kSyn, fill(20), options);
  const auto inside = ipv4(kUdp, udp(1024, 80, fill(64)));
  const Bytes extensions =
      Bytes{60, 0} + fill(6, 0) + Bytes{44, 1} + fill(14, 0) + Bytes{51, 0} + be16(0) + be32(9) + Bytes{kTcp, 4} + fill(22);
  const Bytes snap = Bytes{0xaa, 0xaa, 3, 0, 0, 0} + be16(0x0800);
  const Bytes wifi = Bytes{0x88, 0x03, 0, 0} + fill(18) + be16(0) + fill(6) + be16(0);
  const auto gtp = udp(
      9, 2152, Bytes{0x34, 0xff} + be16(static_cast<unsigned>(inside.size() + 8)) + be32(7) + Bytes{0, 0, 0, 0x85, 1, 0, 9, 0} + inside);
  return {
      {"tcp", LinkType::ethernet, ethernet(0x0800, ipv4(kTcp, segment, {.options = fill(8, 1)}))},
      {"qinq", LinkType::ethernet, ethernet(0x88a8, be16(1) + be16(0x8100) + be16(2) + be16(0x86dd) + ipv6(kTcp, segment))},
      {"extensions", LinkType::ethernet, ethernet(0x86dd, ipv6(0, extensions + segment))},
      {"pppoe", LinkType::ethernet,
       ethernet(0x8864, Bytes{0x11, 0, 0, 1} + be16(static_cast<unsigned>(inside.size() + 2)) + be16(0x21) + inside)},
      {"mpls", LinkType::ethernet, ethernet(0x8847, Bytes{0, 0, 0, 9, 0, 0, 1, 9} + inside)},
      {"gre", LinkType::ethernet,
       ethernet(0x0800, ipv4(kGre, be16(0xf000) + be16(0x6558) + fill(12) + be32(0) + ethernet(0x0800, inside)))},
      {"gtp", LinkType::raw_ip, ipv4(kUdp, gtp)},
      {"vxlan", LinkType::raw_ip, ipv4(kUdp, udp(9, 4789, Bytes{8, 0, 0, 0, 0, 0, 1, 0} + ethernet(0x0800, inside)))},
      {"6in4", LinkType::linux_sll, fill(14, 0) + be16(0x0800) + ipv4(kIpv6InIp, ipv6(kUdp, udp(1, 2, fill(9))))},
      {"cooked2", LinkType::linux_sll2, be16(0x86dd) + fill(18, 0) + ipv6(kSctp, fill(30))},
      {"icmp", LinkType::null, be32(2) + ipv4(kIcmp, Bytes{8, 0, 0, 0, 0, 0, 0, 0} + fill(9))},
      {"ah", LinkType::ppp, Bytes{0xff, 3, 0, 0x21} + ipv4(kAh, Bytes{kUdp, 4, 0, 0} + fill(20) + udp(5, 6, fill(3)))},
      {"hdlc", LinkType::ppp_hdlc, Bytes{0x0f, 0, 8, 0} + inside},
      {"wifi", LinkType::ieee80211_radiotap, Bytes{0, 0, 9, 0, 2, 0, 0, 0, 0} + wifi + snap + inside},
  };
}

// Decodes from a heap block of exactly the captured size, so that the address sanitizer sees any read beyond it.
Packet decode_exactly(LinkType link, std::span<const std::uint8_t> bytes, std::size_t wire) {
  const std::unique_ptr<std::uint8_t[]> block(new std::uint8_t[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), block.get());
  Frame frame;
  frame.link = link;
  frame.bytes = {block.get(), bytes.size()};
  frame.wire_bytes = static_cast<std::uint32_t>(wire);
  Packet packet;
  decode(frame, {.vxlan_port = 4789, .gtp_u_port = 2152}, packet);
  if (packet.payload_captured) {
    EXPECT_GE(packet.payload, block.get());
    EXPECT_LE(packet.payload + packet.payload_captured, block.get() + bytes.size());
  }
  EXPECT_LE(packet.payload_captured, packet.payload_bytes);
  return packet;
}

TEST(DecodeProperty, WholeSamplesAreFine) {
  for (const auto& s : samples()) {
    const auto p = decode_exactly(s.link, s.bytes, s.bytes.size());
    EXPECT_EQ(p.malformed, Malformed::none) << s.name << " " << to_string(p.malformed);
    EXPECT_FALSE(p.truncated) << s.name;
    EXPECT_NE(p.family, 0) << s.name;
    EXPECT_GT(p.payload_bytes, 0) << s.name;
  }
}
TEST(DecodeProperty, SnapLengthNeverMakesMalformed) {
  for (const auto& s : samples()) {
    const auto whole = decode_exactly(s.link, s.bytes, s.bytes.size());
    for (std::size_t n = 0; n < s.bytes.size(); ++n) {
      const auto p = decode_exactly(s.link, std::span{s.bytes}.first(n), s.bytes.size());
      EXPECT_EQ(p.malformed, Malformed::none) << s.name << " cut at " << n << ": " << to_string(p.malformed);
      if (p.truncated || p.inner.tunnel != Tunnel::none) continue;
      EXPECT_EQ(p.protocol, whole.protocol) << s.name << " cut at " << n;
      EXPECT_EQ(p.dport, whole.dport) << s.name << " cut at " << n;
      EXPECT_EQ(p.payload_bytes, whole.payload_bytes) << s.name << " cut at " << n;
    }
  }
}
TEST(DecodeProperty, MissingBytesAreNamed) {
  for (const auto& s : samples())
    for (std::size_t n = 0; n < s.bytes.size(); ++n) {
      const auto p = decode_exactly(s.link, std::span{s.bytes}.first(n), n);
      EXPECT_FALSE(p.truncated) << s.name << " ends at " << n << ": nothing says that the capture cut it";
      EXPECT_NE(p.malformed, Malformed::none) << s.name << " ends at " << n;
    }
}
TEST(DecodeProperty, NoiseAndFlippedBits) {
  std::mt19937 random{1};
  const auto all = samples();
  for (int round = 0; round < 20'000; ++round) {
    const auto& s = all[random() % all.size()];
    auto bytes = s.bytes;
    for (auto flips = 1 + random() % 4; flips > 0; --flips) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    decode_exactly(s.link, std::span{bytes}.first(random() % (bytes.size() + 1)), random() % 2 ? bytes.size() : 0);
  }
}

}  // namespace
}  // namespace sekisho
