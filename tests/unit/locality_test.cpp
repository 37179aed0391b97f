// Which side is mine: inference from synthetic captures, and the direction of packets.
#include "features/locality.h"

#include <random>

#include <gtest/gtest.h>

namespace sekisho {
namespace {

constexpr std::uint64_t kRouter = 0x02aaaaaaaaaa, kHost = 0x020000000001, kHost2 = 0x020000000002;

struct Capture {
  std::vector<Packet> packets;
  // One TCP packet; MAC addresses 0 = a link without.
  void add(const std::string& src, const std::string& dst, std::uint8_t flags, std::uint8_t ttl, std::uint64_t src_mac = 0,
           std::uint64_t dst_mac = 0) {
    Packet p;
    p.src = *parse_address(src);
    p.dst = *parse_address(dst);
    p.family = is_v4(p.src) ? 4 : 6;
    p.protocol = kTcp;
    p.tcp_flags = flags;
    p.ttl = ttl;
    p.src_mac = src_mac;
    p.dst_mac = dst_mac;
    packets.push_back(p);
  }
  void udp(const std::string& src, const std::string& dst, std::uint8_t ttl, std::uint64_t src_mac = 0, std::uint64_t dst_mac = 0) {
    add(src, dst, 0, ttl, src_mac, dst_mac);
    packets.back().protocol = kUdp;
  }
  Locality inferred() const { return infer_locality(packets); }
  std::string networks() const {
    std::string all;
    for (const auto& n : inferred().networks) all += (all.empty() ? "" : " ") + to_string(n);
    return all.empty() ? "unknown" : all;
  }
};
std::string any_source(unsigned i) {  // all over the Internet, neither private nor multicast
  return std::to_string(11 + i % 80) + "." + std::to_string(i * 7 % 256) + "." + std::to_string(i / 256 % 256) + "." +
         std::to_string(i % 256);
}

TEST(InferLocality, VictimOfAFloodFromEverywhere) {
  Capture c;
  for (unsigned i = 0; i < 500; ++i) c.udp(any_source(i), "203.0.113.5", static_cast<std::uint8_t>(40 + i % 15), kRouter, kHost);
  EXPECT_EQ(c.networks(), "203.0.113.5");
  EXPECT_NE(c.inferred().reason.find("500 others send to it"), std::string::npos) << c.inferred().reason;
  EXPECT_NE(c.inferred().reason.find("100 %"), std::string::npos) << c.inferred().reason;
}
TEST(InferLocality, VictimWithoutLinkAddressesThatAnswersWithResets) {
  Capture c;
  for (unsigned i = 0; i < 300; ++i) {
    c.add(any_source(i), "203.0.113.5", kSyn, 50);
    c.add("203.0.113.5", any_source(i), kRst | kAck, 64);
  }
  EXPECT_EQ(c.networks(), "203.0.113.5");
}
TEST(InferLocality, HostThatScansOutwards) {
  Capture c;
  for (unsigned i = 0; i < 200; ++i) c.add("192.168.1.124", any_source(i), kSyn, 64, kHost, kRouter);
  EXPECT_EQ(c.networks(), "192.168.1.124");
  Capture open;  // a public host, some of whose targets answer
  for (unsigned i = 0; i < 200; ++i) {
    open.add("203.0.113.5", any_source(i), kSyn, 64, kHost, kRouter);
    if (i % 10 == 0) open.add(any_source(i), "203.0.113.5", kRst | kAck, 47, kRouter, kHost);
  }
  EXPECT_EQ(open.networks(), "203.0.113.5");
}
TEST(InferLocality, ScannerFromAfarIsNotLocal) {
  Capture c;
  for (unsigned i = 1; i < 60; ++i) c.add("116.90.231.16", "203.0.113." + std::to_string(i), kSyn, 54, kRouter, kHost);
  EXPECT_EQ(c.networks(), "203.0.113.0/26");
  Capture few;
  few.add("116.90.231.16", "185.100.143.115", kSyn, 54, kRouter, kHost);
  few.add("116.90.231.16", "95.130.237.126", kSyn, 54, kRouter, kHost);
  EXPECT_EQ(few.networks(), "95.130.237.126 185.100.143.115");
}
TEST(InferLocality, TelescopeOfBackscatter) {
  Capture c;
  for (unsigned i = 0; i < 400; ++i)
    c.add(any_source(i % 90), "192.150." + std::to_string(186 + i % 2) + "." + std::to_string(i * 37 % 256), kSyn | kAck, 46);
  EXPECT_EQ(c.networks(), "192.150.186.0/23");
}
TEST(InferLocality, CarpetBombing) {
  Capture c;
  for (unsigned i = 0; i < 1000; ++i) c.udp(any_source(i), "198.51.100." + std::to_string(i % 256), 50);
  EXPECT_EQ(c.networks(), "198.51.100.0/24");
}
TEST(InferLocality, PrivateNetworkBehindAGateway) {
  Capture c;
  for (unsigned i = 0; i < 200; ++i) {
    const auto inside = "192.168.7." + std::to_string(10 + i % 12);
    c.add(inside, any_source(i), kSyn, 64, kHost + i % 12, kRouter);
    c.add(any_source(i), inside, kSyn | kAck, 50, kRouter, kHost + i % 12);
    if (i % 5 == 0) c.udp(inside, "192.168.7.1", 64, kHost + i % 12, kRouter);
  }
  EXPECT_EQ(c.networks(), "192.168.7.0/27");
}
TEST(InferLocality, HostsBesideARouter) {
  Capture c;  // public addresses of two networks, so that only the link tells
  for (unsigned i = 0; i < 300; ++i) {
    const std::string inside = i % 2 ? "203.0.113.5" : "198.51.100.9";
    c.udp(any_source(i), inside, 50, kRouter, i % 2 ? kHost : kHost2);
    c.udp(inside, any_source(i), 64, i % 2 ? kHost : kHost2, kRouter);
  }
  EXPECT_EQ(c.networks(), "198.51.100.9 203.0.113.5");
}
TEST(InferLocality, BothFamiliesOfOneMachine) {
  Capture c;
  for (unsigned i = 0; i < 100; ++i) {
    c.udp(any_source(i), "203.0.113.5", 50, kRouter, kHost);
    c.udp("2001:db8:" + std::to_string(i + 1) + "::1", "2001:db8:ffff::5", 50, kRouter, kHost);
  }
  EXPECT_EQ(c.networks(), "203.0.113.5 2001:db8:ffff::5");
}
TEST(InferLocality, TwoEndpoints) {
  Capture client;  // private against public, captured at the client, outweighs who answers
  client.add("192.168.1.5", "203.0.113.80", kSyn, 64);
  client.add("203.0.113.80", "192.168.1.5", kSyn | kAck, 50);
  EXPECT_EQ(client.networks(), "192.168.1.5");
  Capture server;  // both private, both on the link: the one that answers
  server.add("192.168.56.1", "192.168.56.101", kSyn, 64);
  server.add("192.168.56.101", "192.168.56.1", kSyn | kAck, 64);
  EXPECT_EQ(server.networks(), "192.168.56.101");
  Capture routed;  // initial TTL against a decremented one
  routed.udp("172.16.0.5", "192.168.50.4", 243);
  routed.udp("192.168.50.4", "172.16.0.5", 64);
  EXPECT_EQ(routed.networks(), "192.168.50.4");
  Capture flooded;  // SYN-ACKs that nobody asked for
  for (int i = 0; i < 10; ++i) flooded.add("203.0.113.80", "198.51.100.7", kSyn | kAck, 64);
  EXPECT_EQ(flooded.networks(), "198.51.100.7");
  Capture equal;
  equal.udp("10.0.0.1", "10.0.0.2", 64);
  equal.udp("10.0.0.2", "10.0.0.1", 64);
  EXPECT_EQ(equal.networks(), "unknown");
  EXPECT_EQ(equal.inferred().reason, "nothing tells 10.0.0.1 from 10.0.0.2");
}
TEST(InferLocality, ContradictionIsUnknownWithBothReasons) {
  Capture c;
  for (int i = 0; i < 10; ++i) c.add("192.168.2.154", "192.168.2.22", kSyn, 255);
  EXPECT_EQ(c.networks(), "unknown");
  const auto reason = c.inferred().reason;
  EXPECT_NE(reason.find("192.168.2.154"), std::string::npos) << reason;
  EXPECT_NE(reason.find("192.168.2.22"), std::string::npos) << reason;
}
TEST(InferLocality, GroupsAndNothing) {
  EXPECT_EQ(Capture{}.networks(), "unknown");
  Capture dhcp;
  for (int i = 0; i < 100; ++i) dhcp.udp("0.0.0.0", "255.255.255.255", 64, kHost, 0xffffffffffff);
  EXPECT_EQ(dhcp.networks(), "unknown");
  Capture smurf;
  for (int i = 0; i < 100; ++i) smurf.udp("ff02::1", "ff02::1", 255, kHost, 0x333300000001);
  EXPECT_EQ(smurf.networks(), "unknown");
  Capture loopback;
  loopback.udp("127.0.0.1", "127.0.0.1", 64);
  EXPECT_EQ(loopback.networks(), "127.0.0.1");
  Capture backbone;
  for (unsigned i = 0; i < 300; ++i) backbone.udp(any_source(i), any_source(i * 31 + 7), 50);
  EXPECT_EQ(backbone.networks(), "unknown");
}
TEST(InferLocality, ScrambledAddressesInTheMulticastRange) {
  Capture c;
  for (unsigned i = 0; i < 100; ++i) c.udp(any_source(i), "227.213.154.241", 50, kRouter, kHost);
  EXPECT_EQ(c.networks(), "227.213.154.241");
}
TEST(InferLocality, OrderDoesNotMatter) {
  Capture c;
  for (unsigned i = 0; i < 300; ++i) c.udp(any_source(i), "198.51.100." + std::to_string(i % 40), 50, kRouter, kHost);
  const auto before = c.inferred();
  std::shuffle(c.packets.begin(), c.packets.end(), std::mt19937{3});
  EXPECT_EQ(c.inferred().reason, before.reason);
  EXPECT_EQ(c.inferred().networks, before.networks);
}

Direction oriented(Orientation& o, const char* src, const char* dst) {
  Packet p;
  p.family = 4;
  p.src = *parse_address(src);
  p.dst = *parse_address(dst);
  o.orient(p);
  return p.direction;
}
TEST(Orientation, KnownNetworks) {
  Orientation o({{*parse_network("203.0.113.0/24"), *parse_network("2001:db8::5")}, true, ""});
  EXPECT_TRUE(o.known());
  EXPECT_EQ(oriented(o, "11.1.1.1", "203.0.113.9"), Direction::ingress);
  EXPECT_EQ(oriented(o, "203.0.113.9", "11.1.1.1"), Direction::egress);
  EXPECT_EQ(oriented(o, "203.0.113.9", "203.0.113.8"), Direction::ingress) << "both local";
  EXPECT_EQ(oriented(o, "2001:db8::9", "2001:db8::5"), Direction::ingress);
  EXPECT_EQ(oriented(o, "2001:db8::5", "2001:db8::9"), Direction::egress);
  EXPECT_EQ(oriented(o, "11.1.1.1", "224.0.0.1"), Direction::ingress);
  EXPECT_EQ(oriented(o, "203.0.113.9", "224.0.0.1"), Direction::egress);
  EXPECT_EQ(oriented(o, "11.1.1.1", "12.1.1.1"), Direction::ingress) << "transit: the first destination is local";
  EXPECT_EQ(oriented(o, "12.1.1.1", "11.1.1.1"), Direction::egress);
}
TEST(Orientation, UnknownGoesByThePairsFirstPacket) {
  Orientation o({});
  EXPECT_FALSE(o.known());
  EXPECT_EQ(oriented(o, "11.1.1.1", "12.1.1.1"), Direction::ingress);
  EXPECT_EQ(oriented(o, "12.1.1.1", "11.1.1.1"), Direction::egress);
  EXPECT_EQ(oriented(o, "11.1.1.1", "12.1.1.1"), Direction::ingress);
  EXPECT_EQ(oriented(o, "12.1.1.1", "13.1.1.1"), Direction::ingress) << "another pair";
  EXPECT_EQ(oriented(o, "12.1.1.1", "224.0.0.1"), Direction::ingress);
  EXPECT_EQ(oriented(o, "13.1.1.1", "12.1.1.1"), Direction::egress);
}
TEST(Orientation, RemembersRecentPairsInBoundedMemory) {
  Orientation o({});
  const auto address = [](unsigned i) { return to_string(address_from_v4(0x0b000000 + i * 2654435761U % 0x40000000)); };
  EXPECT_EQ(oriented(o, "12.1.1.1", "11.1.1.1"), Direction::ingress);
  for (unsigned i = 0; i < 300'000; ++i) {
    ASSERT_EQ(oriented(o, address(i).c_str(), "198.51.100.7"), Direction::ingress);
    if (i % 1000 == 0) {
      ASSERT_EQ(oriented(o, "11.1.1.1", "12.1.1.1"), Direction::egress) << "a pair that keeps talking stays, " << i;
    }
  }
}

}  // namespace
}  // namespace sekisho
