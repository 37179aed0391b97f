// The routing tables of /proc as text, and what the host of the tests certainly has.
#include <gtest/gtest.h>

#include <algorithm>

#include "input/interfaces.h"

namespace sekisho {
namespace {

TEST(Interfaces, DefaultRoutesOfBothFamiliesOnce) {
  const std::string route =
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
      "eth1\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0\n"  // rejects
      "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n"  // 0.0.0.0/1 is no default route
      "eth2\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
  const std::string zero(32, '0');
  const std::string ipv6 = zero + " 00 " + zero + " 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n" +
                           zero + " 00 " + zero + " 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     wan6\n" +
                           zero + " 00 " + zero + " 00 " + zero + " ffffffff 00000001 00000000 00200200       lo\n" +
                           "fe800000000000000000000000000000 40 " + zero + " 00 " + zero +
                           " 00000100 00000001 00000000 00000001     eth3\n";
  EXPECT_EQ(default_route_interfaces(route, ipv6), (std::vector<std::string>{"eth0", "wan6"}));
  EXPECT_TRUE(default_route_interfaces("", "").empty());
  EXPECT_TRUE(default_route_interfaces("eth0 00000000\n", "00 00\n").empty());  // cut
}

TEST(Interfaces, TheLoopbackExists) {
  const auto names = all_interfaces();
  EXPECT_NE(std::find(names.begin(), names.end(), "lo"), names.end());
  const auto defaults = default_interfaces();
  EXPECT_EQ(std::find(defaults.begin(), defaults.end(), "lo"), defaults.end());
}

}  // namespace
}  // namespace sekisho
