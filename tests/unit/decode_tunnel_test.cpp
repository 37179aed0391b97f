// Tunnels: the outer packet stays the packet, the inside is described.
#include "wire.h"

namespace sekisho {
namespace {
using namespace wire;

const Bytes kInside = ipv4(kUdp, udp(1024, 80, fill(512)));
Packet gre(const Bytes& bytes) { return decoded(ipv4(kGre, bytes), LinkType::ipv4); }
void expect_inside(const Packet& p, Tunnel tunnel) {
  EXPECT_EQ(p.malformed, Malformed::none) << to_string(p.malformed);
  EXPECT_EQ(to_string(p.dst), "198.51.100.7");
  EXPECT_EQ(p.inner.tunnel, tunnel);
  EXPECT_EQ(p.inner.protocol, kUdp);
  EXPECT_EQ(p.inner.sport, 1024);
  EXPECT_EQ(p.inner.dport, 80);
  EXPECT_EQ(p.inner.payload_bytes, 512);
  EXPECT_EQ(to_string(p.inner.src), "192.0.2.1");
}

TEST(DecodeGre, IpInside) {
  const auto p = gre(be16(0) + be16(0x0800) + kInside);
  expect_inside(p, Tunnel::gre_ip);
  EXPECT_EQ(p.protocol, kGre);
  EXPECT_EQ(p.sport, 0);
  EXPECT_EQ(p.payload_bytes, kInside.size());
  EXPECT_EQ(gre(be16(0) + be16(0x86dd) + ipv6(kTcp, tcp(kSyn))).inner.dport, 443);
}
TEST(DecodeGre, OptionalFields) {
  expect_inside(gre(be16(0x8000) + be16(0x0800) + be32(0) + kInside), Tunnel::gre_ip);
  expect_inside(gre(be16(0x2000) + be16(0x0800) + be32(5) + kInside), Tunnel::gre_ip);
  expect_inside(gre(be16(0x1000) + be16(0x0800) + be32(6) + kInside), Tunnel::gre_ip);
  expect_inside(gre(be16(0xb000) + be16(0x0800) + be32(0) + be32(5) + be32(6) + kInside), Tunnel::gre_ip);
  const Bytes routes = be16(0x0800) + Bytes{0, 4, 10, 0, 0, 1} + be32(0);
  expect_inside(gre(be16(0x4000) + be16(0x0800) + be32(0) + routes + kInside), Tunnel::gre_ip);
}
TEST(DecodeGre, EthernetInside) { expect_inside(gre(be16(0) + be16(0x6558) + ethernet(0x0800, kInside)), Tunnel::gre_ethernet); }
TEST(DecodeGre, Others) {
  const auto pptp = gre(be16(0x3081) + be16(0x880b) + be16(20) + be16(1) + be32(1) + be32(2) + fill(20));
  EXPECT_EQ(pptp.inner.tunnel, Tunnel::gre_other);
  EXPECT_EQ(pptp.payload_bytes, 20);
  EXPECT_EQ(pptp.malformed, Malformed::none);
  EXPECT_EQ(gre(be16(0) + be16(0x88be) + fill(60)).inner.tunnel, Tunnel::gre_other);
}
TEST(DecodeGre, Malformed) {
  EXPECT_EQ(gre(Bytes{0, 0, 8}).malformed, Malformed::short_tunnel);
  EXPECT_EQ(gre(be16(0x8000) + be16(0x0800)).malformed, Malformed::short_tunnel);
  const auto noise = gre(be16(0) + be16(0x0800) + fill(512));
  EXPECT_EQ(noise.malformed, Malformed::short_tunnel);
  EXPECT_EQ(noise.inner.tunnel, Tunnel::gre_ip) << "a GRE flood of noise is one all the same";
  Bytes routes;
  for (int i = 0; i < 40; ++i) routes = routes + be16(0x0800) + Bytes{0, 0};
  EXPECT_EQ(gre(be16(0x4000) + be16(0x0800) + be32(0) + routes).malformed, Malformed::too_many_headers);
}
TEST(DecodeIpInIp, AllFour) {
  const auto four = decoded(ipv4(kIpip, kInside), LinkType::ipv4);
  expect_inside(four, Tunnel::ip_in_ip);
  EXPECT_EQ(four.protocol, kIpip);
  const auto six_in_four = decoded(ipv4(kIpv6InIp, ipv6(kTcp, tcp(kSyn))), LinkType::ipv4);
  EXPECT_EQ(six_in_four.protocol, kIpv6InIp);
  EXPECT_EQ(six_in_four.inner.dport, 443);
  EXPECT_EQ(to_string(six_in_four.inner.src), "2001:db8::1");
  EXPECT_EQ(decoded(ipv6(kIpip, kInside), LinkType::ipv6).inner.dport, 80);
  EXPECT_EQ(decoded(ipv6(kIpv6InIp, ipv6(kTcp, tcp(kSyn))), LinkType::ipv6).inner.dport, 443);
}
TEST(DecodeIpInIp, OneLevelDeep) {
  auto nested = kInside;
  for (int i = 0; i < 1000; ++i) nested = ipv4(kIpip, nested);
  const auto p = decoded(nested, LinkType::ipv4);
  EXPECT_EQ(p.inner.tunnel, Tunnel::ip_in_ip);
  EXPECT_EQ(p.inner.protocol, kIpip);
}
TEST(DecodeVxlan, OnlyWhereConfigured) {
  const auto frame = ipv4(kUdp, udp(50000, 4789, Bytes{8, 0, 0, 0, 0, 0, 42, 0} + ethernet(0x0800, kInside)));
  expect_inside(decoded(frame, LinkType::ipv4, {.vxlan_port = 4789}), Tunnel::vxlan);
  const auto plain = decoded(frame, LinkType::ipv4);
  EXPECT_EQ(plain.inner.tunnel, Tunnel::none);
  EXPECT_EQ(plain.dport, 4789);
  EXPECT_EQ(decoded(ipv4(kUdp, udp(1, 4789, fill(4))), LinkType::ipv4, {.vxlan_port = 4789}).malformed, Malformed::short_tunnel);
}
TEST(DecodeGtpU, OnlyWhereConfigured) {
  const auto size = static_cast<unsigned>(kInside.size());
  const DecodeOptions on{.gtp_u_port = 2152};
  const auto plain = ipv4(kUdp, udp(2152, 2152, Bytes{0x30, 0xff} + be16(size) + be32(7) + kInside));
  expect_inside(decoded(plain, LinkType::ipv4, on), Tunnel::gtp_u);
  EXPECT_EQ(decoded(plain, LinkType::ipv4).inner.tunnel, Tunnel::none);
  const Bytes container{1, 0, 9, 0};  // one unit of four bytes, then no further header
  const auto extended =
      ipv4(kUdp, udp(2152, 2152, Bytes{0x34, 0xff} + be16(size + 8) + be32(7) + Bytes{0, 0, 0, 0x85} + container + kInside));
  expect_inside(decoded(extended, LinkType::ipv4, on), Tunnel::gtp_u);
  const auto echo = decoded(ipv4(kUdp, udp(2152, 2152, Bytes{0x32, 1} + be16(4) + be32(0) + be32(0))), LinkType::ipv4, on);
  EXPECT_EQ(echo.inner.tunnel, Tunnel::none);
  EXPECT_EQ(echo.malformed, Malformed::none);
}

}  // namespace
}  // namespace sekisho
