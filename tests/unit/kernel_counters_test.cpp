// The kernel's statistics as text, and what a verdict makes of them.
#include "input/kernel_counters.h"

#include <gtest/gtest.h>

#include "detect/kernel_support.h"

namespace sekisho {
namespace {

TEST(KernelCounters, TextOfBothFamilies) {
  KernelEvidence k;
  add_snmp(
      "Ip: Forwarding ReasmFails\nIp: 1 4\n"
      "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors\nUdp: 10 3 0 9 5 0 2\n"
      "UdpLite: NoPorts\nUdpLite: 77\nTcp: InSegs InCsumErrors\nTcp: 1 1\n",
      k);
  add_snmp(
      "TcpExt: SyncookiesSent SyncookiesRecv ListenOverflows ListenDrops TCPReqQFullDoCookies TCPReqQFullDrop\nTcpExt: 100 1 6 7 8 9\n"
      "IpExt: InNoRoutes\nIpExt: 5\n",
      k);
  add_snmp6(
      "Ip6InReceives                   \t12\nIp6ReasmFails \t1\nUdp6NoPorts                     "
      "\t30\nUdp6RcvbufErrors\t50\nUdp6InCsumErrors 20\n",
      k);
  add_softnet("00000aaa 0000000a 00000000 0\n00000bbb 00000010 00000000 0\n", k);
  EXPECT_EQ(k.reassembly_failures, 5u);
  EXPECT_EQ(k.udp_no_ports, 33u);
  EXPECT_EQ(k.udp_buffer_errors, 55u);
  EXPECT_EQ(k.checksum_errors, 23u);
  EXPECT_EQ(k.syn_cookies_sent, 100u);
  EXPECT_EQ(k.listen_overflows, 6u);
  EXPECT_EQ(k.listen_drops, 7u);
  EXPECT_EQ(k.request_queue_full, 17u);
  EXPECT_EQ(k.softnet_dropped, 26u);
}

TEST(KernelCounters, BrokenTextCountsNothing) {
  KernelEvidence k;
  for (const auto* text : {"", "\n", "Udp:", "Udp: NoPorts", "Udp: NoPorts\n", "Udp: NoPorts\nTcp: 5\n", "Udp: NoPorts\nUdp:\n",
                           "Udp: NoPorts\nUdp: x\n", ":\n:\n"})
    add_snmp(text, k), add_snmp6(text, k), add_softnet(text, k);
  EXPECT_EQ(k.udp_no_ports, 0u);
  EXPECT_EQ(k.softnet_dropped, 0u);
}

TEST(KernelCounters, TheFirstLookOnlyRemembers) {
  auto counters = KernelCounters::open({"lo"});
  EXPECT_FALSE(counters.read().known);
  EXPECT_TRUE(counters.read().known);
}

TEST(KernelSupport, FiveToFifteenPointsForWhatFits) {
  TrafficClassSet syn, udp;
  syn.set(index_of(TrafficClass::tcp_syn)), udp.set(index_of(TrafficClass::udp));
  const auto points = [](const KernelEvidence& k, const TrafficClassSet& classes, double pps) {
    Evidence e;
    judge_kernel(k, classes, pps, e);
    EXPECT_FALSE(e.hard) << "it supports a verdict and never decides";
    EXPECT_EQ(e.points == 0, e.pro.empty());
    return e.points;
  };
  KernelEvidence k;
  k.syn_cookies_sent = 500;
  EXPECT_EQ(points(k, syn, 1000), 0) << "captures have no kernel";
  k.known = true;
  EXPECT_EQ(points(k, syn, 1000), 15);
  EXPECT_EQ(points(k, udp, 1000), 0) << "cookies say nothing about UDP";
  k.listen_drops = k.listen_overflows = k.softnet_dropped = 100;
  EXPECT_EQ(points(k, syn, 1000), 15) << "at most";
  EXPECT_EQ(points(k, udp, 1000), 5);
  k = {.known = true, .udp_no_ports = 10};
  EXPECT_EQ(points(k, udp, 1000), 0) << "a few closed ports are ordinary";
  k.udp_no_ports = 900;
  EXPECT_EQ(points(k, udp, 1000), 10);
}

}  // namespace
}  // namespace sekisho
