// IPv4 and IPv6 headers, extension headers, fragments, authentication headers.
#include "wire.h"

namespace sekisho {
namespace {
using namespace wire;

Packet v4(const Bytes& bytes) { return decoded(bytes, LinkType::ipv4); }
Packet v6(const Bytes& bytes) { return decoded(bytes, LinkType::ipv6); }
Bytes extension(std::uint8_t next, std::size_t units = 0) { return Bytes{next, static_cast<std::uint8_t>(units)} + fill(6 + units * 8, 0); }
Bytes fragment_header(std::uint8_t next, unsigned offset, bool more) { return Bytes{next, 0} + be16(offset | more) + be32(9); }
Bytes ah(std::uint8_t next) { return Bytes{next, 4, 0, 0} + be32(1) + be32(2) + fill(12); }

TEST(DecodeIpv4, Header) {
  const auto p = v4(ipv4(kUdp, udp(1, 2, fill(4)), {.fragment = 0x4000, .ttl = 57, .tos = 0xb8}));
  EXPECT_EQ(to_string(p.src), "192.0.2.1");
  EXPECT_EQ(to_string(p.dst), "198.51.100.7");
  EXPECT_EQ(p.ttl, 57);
  EXPECT_EQ(p.tos, 0xb8);
  EXPECT_EQ(p.ip_id, 0x1234);
  EXPECT_TRUE(p.dont_fragment);
  EXPECT_EQ(p.ip_bytes, 32U);
  EXPECT_EQ(p.fragment, Fragment::none);
  EXPECT_EQ(p.malformed, Malformed::none);
}
TEST(DecodeIpv4, Options) {
  const auto p = v4(ipv4(kUdp, udp(53, 2, fill(4)), {.options = fill(40, 1)}));
  EXPECT_EQ(p.sport, 53);
  EXPECT_EQ(p.payload_bytes, 4);
  EXPECT_EQ(p.malformed, Malformed::none);
}
TEST(DecodeIpv4, SegmentationOffload) {
  const auto p = v4(ipv4(kTcp, tcp(kAck, fill(3000)), {.total = 0}));
  EXPECT_EQ(p.malformed, Malformed::none);
  EXPECT_EQ(p.ip_bytes, 3040U);
  EXPECT_EQ(p.payload_bytes, 3000);
}
TEST(DecodeIpv4, BadHeaders) {
  auto bad_length = ipv4(kTcp, tcp(kSyn));
  bad_length[0] = 0x44;
  EXPECT_EQ(v4(bad_length).malformed, Malformed::bad_ip_header_length);
  auto long_header = ipv4(kUdp, {}, {.total = 60});
  long_header[0] = 0x4f;
  EXPECT_EQ(v4(long_header + Bytes{}).malformed, Malformed::bad_ip_total_length);
  EXPECT_EQ(v4(ipv4(kTcp, tcp(kSyn), {.total = 19})).malformed, Malformed::bad_ip_total_length);
  const auto too_long = v4(ipv4(kTcp, tcp(kSyn), {.total = 1500}));
  EXPECT_EQ(too_long.malformed, Malformed::bad_ip_total_length);
  EXPECT_EQ(too_long.dport, 443) << "what is there is decoded all the same";
  EXPECT_EQ(too_long.ip_bytes, 1500U);
  EXPECT_EQ(v4(cut(ipv4(kTcp, tcp(kSyn)), 19)).malformed, Malformed::short_ip);
}
TEST(DecodeIpv4, Fragments) {
  const auto first = v4(ipv4(kUdp, udp(53, 4444, fill(1472), 3000), {.fragment = 0x2000}));
  EXPECT_EQ(first.fragment, Fragment::first);
  EXPECT_EQ(first.malformed, Malformed::none) << "its UDP length counts the other fragments";
  EXPECT_EQ(first.sport, 53);
  EXPECT_EQ(first.payload_bytes, 1472);
  const auto later = v4(ipv4(kUdp, fill(100), {.fragment = 185}));
  EXPECT_EQ(later.fragment, Fragment::later);
  EXPECT_EQ(later.fragment_offset_bytes, 1480);
  EXPECT_EQ(later.protocol, kUdp);
  EXPECT_EQ(later.sport, 0);
  EXPECT_EQ(later.payload_bytes, 100);
  EXPECT_EQ(later.malformed, Malformed::none);
  EXPECT_EQ(v4(ipv4(kUdp, fill(100), {.fragment = 0x2000 | 185})).malformed, Malformed::bad_fragment) << "not a multiple of 8";
  EXPECT_EQ(v4(ipv4(kIcmp, fill(100), {.fragment = 0x1fff})).malformed, Malformed::bad_fragment) << "ping of death";
  EXPECT_EQ(v4(ipv4(kUdp, {}, {.fragment = 185})).malformed, Malformed::bad_fragment) << "empty";
}
TEST(DecodeIpv4, Authentication) {
  const auto p = v4(ipv4(kAh, ah(kTcp) + tcp(kSyn)));
  EXPECT_EQ(p.protocol, kTcp);
  EXPECT_EQ(p.dport, 443);
  EXPECT_EQ(p.ipv6_extensions, kExtAh);
  EXPECT_EQ(v4(ipv4(kAh, ah(200) + fill(8))).protocol, kAh);
  EXPECT_EQ(v4(ipv4(kAh, ah(kEsp) + fill(8))).protocol, kEsp);
  EXPECT_EQ(v4(ipv4(kAh, Bytes{kTcp, 200} + fill(30))).malformed, Malformed::short_transport);
}
TEST(DecodeIpv4, OtherProtocols) {
  const auto p = v4(ipv4(kIgmp, fill(8)));
  EXPECT_EQ(p.protocol, kIgmp);
  EXPECT_EQ(p.payload_bytes, 8);
  EXPECT_EQ(p.malformed, Malformed::none);
  EXPECT_EQ(v4(ipv4(kEsp, fill(80))).protocol, kEsp);
}

TEST(DecodeIpv6, Header) {
  const auto p = v6(ipv6(kUdp, udp(1, 2, fill(4))));
  EXPECT_EQ(to_string(p.src), "2001:db8::1");
  EXPECT_EQ(to_string(p.dst), "2001:db8::2");
  EXPECT_EQ(p.ttl, 63);
  EXPECT_EQ(p.tos, 0xab);
  EXPECT_EQ(p.ip_bytes, 52U);
  EXPECT_EQ(p.ipv6_extensions, 0);
  EXPECT_EQ(p.payload_bytes, 4);
}
TEST(DecodeIpv6, ExtensionHeaders) {
  const auto p = v6(ipv6(0, extension(60) + extension(43, 1) + extension(135) + extension(kTcp, 2) + tcp(kSyn, fill(3))));
  EXPECT_EQ(p.protocol, kTcp);
  EXPECT_EQ(p.dport, 443);
  EXPECT_EQ(p.payload_bytes, 3);
  EXPECT_EQ(p.ipv6_extensions, kExtHopByHop | kExtDestination | kExtRouting | kExtOther);
  EXPECT_EQ(p.malformed, Malformed::none);
}
TEST(DecodeIpv6, Fragments) {
  const auto first = v6(ipv6(44, fragment_header(kUdp, 0, true) + udp(53, 4444, fill(1400), 3000)));
  EXPECT_EQ(first.fragment, Fragment::first);
  EXPECT_EQ(first.sport, 53);
  EXPECT_EQ(first.ipv6_extensions, kExtFragment);
  EXPECT_EQ(first.malformed, Malformed::none);
  const auto later = v6(ipv6(44, fragment_header(kUdp, 1408, false) + fill(50)));
  EXPECT_EQ(later.fragment, Fragment::later);
  EXPECT_EQ(later.fragment_offset_bytes, 1408);
  EXPECT_EQ(later.protocol, kUdp);
  EXPECT_EQ(later.sport, 0);
  EXPECT_EQ(later.payload_bytes, 50);
  const auto atomic = v6(ipv6(44, fragment_header(kTcp, 0, false) + tcp(kSyn)));
  EXPECT_EQ(atomic.fragment, Fragment::none);
  EXPECT_EQ(atomic.dport, 443);
  EXPECT_EQ(v6(ipv6(44, fragment_header(kUdp, 0xfff8, false) + fill(50))).malformed, Malformed::bad_fragment);
  EXPECT_EQ(v6(ipv6(44, fragment_header(kUdp, 8, true) + fill(50))).malformed, Malformed::bad_fragment);
}
TEST(DecodeIpv6, Authentication) {
  const auto p = v6(ipv6(kAh, ah(60) + extension(kIcmpv6) + Bytes{128, 0, 0, 0, 0, 1, 0, 1} + fill(2)));
  EXPECT_EQ(p.protocol, kIcmpv6);
  EXPECT_EQ(p.icmp_type, 128);
  EXPECT_EQ(p.ipv6_extensions, kExtAh | kExtDestination);
  EXPECT_EQ(v6(ipv6(kAh, ah(59))).protocol, kAh);
}
TEST(DecodeIpv6, BadExtensions) {
  EXPECT_EQ(v6(ipv6(0, Bytes{kTcp, 200} + fill(30))).malformed, Malformed::bad_ipv6_extension);
  EXPECT_EQ(v6(ipv6(0, Bytes{kTcp, 0, 0})).malformed, Malformed::bad_ipv6_extension);
  Bytes chain;
  for (int i = 0; i < 100; ++i) chain = chain + extension(60);
  const auto p = v6(ipv6(60, chain));
  EXPECT_EQ(p.malformed, Malformed::too_many_headers);
  EXPECT_EQ(p.ipv6_extensions, kExtDestination);
  const auto nothing = v6(ipv6(0, extension(59)));
  EXPECT_EQ(nothing.protocol, 59);
  EXPECT_EQ(nothing.malformed, Malformed::none);
}
TEST(DecodeIpv6, Lengths) {
  EXPECT_EQ(v6(ipv6(kTcp, tcp(kSyn), 1000)).malformed, Malformed::bad_ip_total_length);
  const auto offloaded = v6(ipv6(kTcp, tcp(kAck, fill(5000)), 0));
  EXPECT_EQ(offloaded.payload_bytes, 5000);
  EXPECT_EQ(offloaded.malformed, Malformed::none);
  EXPECT_EQ(v6(cut(ipv6(kTcp, tcp(kSyn)), 39)).malformed, Malformed::short_ip);
  EXPECT_EQ(v6(ipv4(kTcp, tcp(kSyn, fill(40)))).malformed, Malformed::bad_ip_version);
}

}  // namespace
}  // namespace sekisho
