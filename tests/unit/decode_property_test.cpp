// What must hold for every frame: any truncation is handled, nothing is read beyond the captured bytes, noise does no harm.
#include <array>
#include <memory>
#include <random>
#include <tuple>

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

// Ethernet with plain IPv4 takes a way of its own: it must say what the steps say, which bare IPv4 goes through.
TEST(DecodeProperty, ThePlainWaySaysWhatTheStepsSay) {
  std::mt19937 random{2};
  const Bytes timestamp{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2}, other{2, 4, 5, 0xb4, 1, 1, 4, 2};
  const std::vector<Bytes> packets{ipv4(kTcp, tcp(kSyn)),
                                   ipv4(kTcp, tcp(kAck | kPsh, fill(40), timestamp)),
                                   ipv4(kTcp, tcp(kSyn, {}, other)),
                                   ipv4(kUdp, udp(4000, 53, fill(30))),
                                   ipv4(kUdp, udp(1, 2, fill(9), 12)),
                                   ipv4(kIcmp, fill(16))};
  for (int round = 0; round < 30'000; ++round) {
    auto ip = packets[random() % packets.size()];
    if (random() % 2) ip.insert(ip.end(), random() % 20, 0);  // Ethernet's padding
    for (auto flips = random() % 3; flips > 0; --flips)
      ip[random() % std::min<std::size_t>(ip.size(), 40)] = static_cast<std::uint8_t>(random());
    const auto frame = ethernet(0x0800, ip);
    const auto captured = random() % 3 ? frame.size() : 14 + random() % (ip.size() + 1);
    const auto decoded = [&](LinkType link, std::size_t skip) {
      const std::unique_ptr<std::uint8_t[]> block(new std::uint8_t[captured - skip]);
      std::copy(frame.begin() + static_cast<std::ptrdiff_t>(skip), frame.begin() + static_cast<std::ptrdiff_t>(captured), block.get());
      Packet p;
      decode({.bytes = {block.get(), captured - skip}, .wire_bytes = static_cast<std::uint32_t>(frame.size() - skip), .link = link}, {}, p);
      const std::ptrdiff_t payload_at = p.payload == nullptr ? -1 : p.payload - block.get() + static_cast<std::ptrdiff_t>(skip);
      const std::array<std::uint64_t, 8> numbers{
          p.ip_bytes, p.ip_id, p.tcp_seq, p.tcp_ack, p.payload_bytes, p.payload_captured, p.ethertype, p.fragment_offset_bytes};
      return std::tuple{numbers,
                        p.src,
                        p.dst,
                        p.sport,
                        p.dport,
                        p.protocol,
                        p.family,
                        p.ttl,
                        p.tos,
                        p.fragment,
                        p.malformed,
                        p.truncated,
                        p.dont_fragment,
                        p.tcp_flags,
                        p.tcp_options,
                        p.tcp_window,
                        p.icmp_type,
                        p.icmp_code,
                        p.tcp_header_bytes,
                        payload_at,
                        p.inner.tunnel};
    };
    EXPECT_EQ(decoded(LinkType::ethernet, 0), decoded(LinkType::ipv4, 14)) << "round " << round;
  }
}

}  // namespace
}  // namespace sekisho
