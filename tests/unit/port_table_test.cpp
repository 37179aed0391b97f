// The port table and the attribution rule.
#include "detect/port_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "model/device_ports.h"

namespace sekisho {
namespace {

TEST(PortTableTest, AgreesWithTheSetOfDevicePorts) {
  EXPECT_EQ(port_table().size(), kDevicePorts.size());
  for (unsigned port = 0; port < 65'536; ++port) {
    const auto* entry = find_port(static_cast<std::uint16_t>(port));
    EXPECT_EQ(entry != nullptr, is_device_port(static_cast<std::uint16_t>(port))) << port;
    EXPECT_EQ(entry != nullptr && entry->weight >= kTellingWeight, is_telling_port(static_cast<std::uint16_t>(port))) << port;
  }
}

TEST(PortTableTest, WeightsStayBelowSixtyAndTheArticlesPortsAreThere) {
  for (const auto& e : port_table()) EXPECT_LE(e.weight, 60) << e.port;
  constexpr std::array<std::uint16_t, 9> article{23, 2323, 80, 8080, 8443, 9527, 48101, 37215, 52869};
  for (const auto port : article) EXPECT_NE(find_port(port), nullptr) << port;
  EXPECT_EQ(find_port(443), nullptr);
}

TEST(PortTableTest, AFamilyIsNamedOnlyIfMarkAndPortAgree) {
  constexpr std::array<std::uint16_t, 1> huawei{37215}, telnet{23}, none{443};
  EXPECT_NE(attribution(true, huawei).find("Satori, Okiru lineage"), std::string::npos);
  EXPECT_NE(attribution(true, huawei).find("CVE-2017-17215"), std::string::npos);
  EXPECT_EQ(attribution(false, huawei).find("Mirai-like (port 37215 is used by Satori"), 0u);
  EXPECT_EQ(attribution(true, telnet).find("Mirai family"), 0u);
  EXPECT_EQ(attribution(true, telnet).find("lineage"), std::string::npos);
  EXPECT_TRUE(attribution(true, none).empty());
}

}  // namespace
}  // namespace sekisho
