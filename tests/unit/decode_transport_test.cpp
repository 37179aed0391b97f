// TCP, UDP, ICMP, SCTP.
#include "wire.h"

namespace sekisho {
namespace {
using namespace wire;

Packet carried(std::uint8_t protocol, const Bytes& bytes) { return decoded(ipv4(protocol, bytes), LinkType::ipv4); }
Packet with_options(const Bytes& options) { return carried(kTcp, tcp(kSyn, fill(7), options)); }

TEST(DecodeTcp, Fields) {
  const auto p = carried(kTcp, tcp(kSyn | kEce | kCwr, fill(7)));
  EXPECT_EQ(p.tcp_seq, 0x01020304U);
  EXPECT_EQ(p.tcp_ack, 0x0a0b0c0dU);
  EXPECT_EQ(p.tcp_flags, kSyn | kEce | kCwr);
  EXPECT_EQ(p.tcp_window, 29200);
  EXPECT_EQ(p.tcp_header_bytes, 20);
  EXPECT_EQ(p.tcp_options, 0);
  EXPECT_EQ(p.payload_bytes, 7);
}
TEST(DecodeTcp, Options) {
  const Bytes mss{2, 4, 5, 0xb4}, sack_ok{4, 2}, nop{1}, scale{3, 3, 7}, stamp = Bytes{8, 10} + fill(8), end{0};
  const auto linux_syn = with_options(mss + sack_ok + stamp + nop + scale);
  EXPECT_EQ(linux_syn.tcp_options, kOptMss | kOptSackPermitted | kOptTimestamp | kOptWindowScale);
  EXPECT_EQ(linux_syn.tcp_header_bytes, 40);
  EXPECT_EQ(linux_syn.payload_bytes, 7);
  EXPECT_EQ(linux_syn.malformed, Malformed::none);
  EXPECT_EQ(with_options(nop + nop + stamp).tcp_options, kOptTimestamp);
  EXPECT_EQ(with_options(nop + nop + Bytes{5, 10} + fill(8)).tcp_options, kOptSack);
  EXPECT_EQ(with_options(Bytes{254, 4, 0xf9, 0x89}).tcp_options, kOptOther);
  EXPECT_EQ(with_options(end + Bytes{99, 99, 99}).tcp_options, 0) << "nothing counts behind the end";
}
TEST(DecodeTcp, BadOptions) {
  EXPECT_EQ(with_options(Bytes{2, 0, 0, 0}).malformed, Malformed::bad_tcp_options);
  EXPECT_EQ(with_options(Bytes{2, 4, 5, 0xb4, 8, 10, 0, 0}).malformed, Malformed::bad_tcp_options);
  EXPECT_EQ(with_options(Bytes{1, 1, 1, 8}).malformed, Malformed::bad_tcp_options);
  EXPECT_EQ(with_options(Bytes{2, 4, 5, 0xb4, 8, 10, 0, 0}).tcp_options, kOptMss) << "what came before counts";
}
TEST(DecodeTcp, BadHeaderLength) {
  auto low = tcp(kSyn);
  low[12] = 0x40;
  const auto p = carried(kTcp, low);
  EXPECT_EQ(p.malformed, Malformed::bad_tcp_header_length);
  EXPECT_EQ(p.dport, 443);
  auto high = tcp(kSyn);
  high[12] = 0xf0;
  EXPECT_EQ(carried(kTcp, high).malformed, Malformed::bad_tcp_header_length);
  EXPECT_EQ(carried(kTcp, cut(tcp(kSyn), 19)).malformed, Malformed::short_transport);
}
TEST(DecodeTcp, CutBySnapLength) {
  const auto frame = ethernet(0x0800, ipv4(kTcp, tcp(kSyn, fill(100), Bytes{2, 4, 5, 0xb4, 4, 2, 1, 1})));
  const auto at = [&](std::size_t snap) { return decoded(frame, LinkType::ethernet, {}, snap); };
  const auto ports = at(14 + 20 + 4);
  EXPECT_TRUE(ports.truncated);
  EXPECT_EQ(ports.malformed, Malformed::none);
  EXPECT_EQ(ports.dport, 443);
  EXPECT_EQ(ports.tcp_flags, 0);
  const auto flags = at(14 + 20 + 14);
  EXPECT_TRUE(flags.truncated);
  EXPECT_EQ(flags.tcp_flags, kSyn);
  EXPECT_EQ(flags.tcp_seq, 0x01020304U);
  const auto options = at(14 + 20 + 20 + 4);
  EXPECT_TRUE(options.truncated);
  EXPECT_EQ(options.tcp_options, kOptMss);
  EXPECT_EQ(options.payload_bytes, 100) << "from the IP length";
  EXPECT_EQ(options.payload_captured, 0);
  const auto payload = at(14 + 20 + 28 + 10);
  EXPECT_FALSE(payload.truncated) << "the transport header is whole";
  EXPECT_EQ(payload.payload_bytes, 100);
  EXPECT_EQ(payload.payload_captured, 10);
}

TEST(DecodeUdp, Lengths) {
  const auto p = carried(kUdp, udp(53, 5353, fill(40)));
  EXPECT_EQ(p.sport, 53);
  EXPECT_EQ(p.dport, 5353);
  EXPECT_EQ(p.payload_bytes, 40);
  EXPECT_EQ(carried(kUdp, udp(1, 2, fill(40), 28)).payload_bytes, 20) << "trailing bytes are not its payload";
  EXPECT_EQ(carried(kUdp, udp(1, 2, fill(40), 0)).payload_bytes, 40);
  const auto too_long = carried(kUdp, udp(1, 2, fill(40), 100));
  EXPECT_EQ(too_long.malformed, Malformed::bad_udp_length);
  EXPECT_EQ(too_long.payload_bytes, 40);
  EXPECT_EQ(carried(kUdp, udp(1, 2, fill(40), 7)).malformed, Malformed::bad_udp_length);
  EXPECT_EQ(carried(kUdp, fill(7)).malformed, Malformed::short_transport);
}
TEST(DecodeIcmp, TypeAndCode) {
  const auto p = carried(kIcmp, Bytes{3, 1, 0, 0, 0, 0, 0, 0} + fill(28));
  EXPECT_EQ(p.icmp_type, 3);
  EXPECT_EQ(p.icmp_code, 1);
  EXPECT_EQ(p.payload_bytes, 28);
  EXPECT_EQ(carried(kIcmp, Bytes{8, 0, 0, 0}).malformed, Malformed::short_transport);
  const auto six = decoded(ipv6(kIcmpv6, Bytes{135, 0, 0, 0, 0, 0, 0, 0} + fill(16)), LinkType::ipv6);
  EXPECT_EQ(six.protocol, kIcmpv6);
  EXPECT_EQ(six.icmp_type, 135);
  EXPECT_EQ(six.payload_bytes, 16);
}
TEST(DecodeSctp, Ports) {
  const auto p = carried(kSctp, be16(2905) + be16(36412) + fill(8) + fill(20));
  EXPECT_EQ(p.sport, 2905);
  EXPECT_EQ(p.dport, 36412);
  EXPECT_EQ(p.payload_bytes, 20);
  EXPECT_EQ(carried(kSctp, fill(11)).malformed, Malformed::short_transport);
}

}  // namespace
}  // namespace sekisho
