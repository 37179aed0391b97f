// Link layers: every one carries the same TCP packet, which must come out the same.
#include "wire.h"

namespace sekisho {
namespace {
using namespace wire;

const Bytes kSegment = tcp(kSyn | kAck, text("hello"));
const Bytes kV4 = ipv4(kTcp, kSegment), kV6 = ipv6(kTcp, kSegment);

void expect_segment(const Packet& p, int family) {
  EXPECT_EQ(p.family, family);
  EXPECT_EQ(p.malformed, Malformed::none) << to_string(p.malformed);
  EXPECT_FALSE(p.truncated);
  EXPECT_EQ(p.ethertype, family == 4 ? 0x0800 : 0x86dd);
  EXPECT_EQ(p.protocol, kTcp);
  EXPECT_EQ(p.sport, 40000);
  EXPECT_EQ(p.dport, 443);
  EXPECT_EQ(p.tcp_flags, kSyn | kAck);
  EXPECT_EQ(p.payload_bytes, 5);
  ASSERT_EQ(p.payload_captured, 5);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(p.payload), 5), "hello");
}
void expect_not_ip(const Packet& p, std::uint16_t ethertype) {
  EXPECT_EQ(p.family, 0);
  EXPECT_EQ(p.ethertype, ethertype);
  EXPECT_EQ(p.malformed, Malformed::none) << to_string(p.malformed);
  EXPECT_FALSE(p.truncated);
}

TEST(DecodeLink, Ethernet) {
  const auto p = decoded(ethernet(0x0800, kV4));
  expect_segment(p, 4);
  EXPECT_EQ(p.dst_mac, 0x020000000002U);
  EXPECT_EQ(p.src_mac, 0x020000000001U);
  EXPECT_EQ(p.wire_bytes, 14 + 45U);
  EXPECT_EQ(p.vlan, 0);
  expect_segment(decoded(ethernet(0x86dd, kV6)), 6);
}
TEST(DecodeLink, EthernetPaddingIsNoPayload) {
  const auto p = decoded(ethernet(0x0800, ipv4(kTcp, tcp(kSyn)) + fill(6, 0)));
  EXPECT_EQ(p.payload_bytes, 0);
  EXPECT_EQ(p.payload_captured, 0);
  EXPECT_EQ(p.ip_bytes, 40U);
  EXPECT_EQ(p.wire_bytes, 60U);
}
TEST(DecodeLink, VlanAndQinQ) {
  const auto one = decoded(ethernet(0x8100, be16(0xe00a) + be16(0x0800) + kV4));
  expect_segment(one, 4);
  EXPECT_EQ(one.vlan, 10);
  for (const unsigned outer : {0x88a8U, 0x9100U, 0x9200U}) {
    const auto two = decoded(ethernet(outer, be16(7) + be16(0x8100) + be16(10) + be16(0x86dd) + kV6));
    expect_segment(two, 6);
    EXPECT_EQ(two.vlan, 7) << "the outermost tag";
  }
  expect_segment(decoded(ethernet(
                     0x8100, be16(10) + be16(static_cast<unsigned>(kV4.size() + 8)) + Bytes{0xaa, 0xaa, 3, 0, 0, 0} + be16(0x0800) + kV4)),
                 4);
}
TEST(DecodeLink, TooManyTags) {
  Bytes tags;
  for (int i = 0; i < 20; ++i) tags = tags + be16(1) + be16(0x8100);
  EXPECT_EQ(decoded(ethernet(0x8100, tags + kV4)).malformed, Malformed::too_many_headers);
}
TEST(DecodeLink, Mpls) {
  const Bytes upper{0, 0, 0x10, 64}, bottom{0, 0, 0x21, 64};
  expect_segment(decoded(ethernet(0x8847, upper + bottom + kV4)), 4);
  expect_segment(decoded(ethernet(0x8848, bottom + kV6)), 6);
  expect_segment(decoded(ethernet(0x8847, bottom + Bytes{0, 0, 0, 0} + ethernet(0x0800, kV4))), 4);
  Bytes endless;
  for (int i = 0; i < 40; ++i) endless = endless + upper;
  EXPECT_EQ(decoded(ethernet(0x8847, endless)).malformed, Malformed::too_many_headers);
}
TEST(DecodeLink, Pppoe) {
  const auto session = [](unsigned protocol, const Bytes& ip) {
    return Bytes{0x11, 0, 0, 1} + be16(static_cast<unsigned>(ip.size() + 2)) + be16(protocol) + ip;
  };
  expect_segment(decoded(ethernet(0x8864, session(0x0021, kV4) + fill(9))), 4);
  expect_segment(decoded(ethernet(0x8864, session(0x0057, kV6))), 6);
  expect_segment(decoded(session(0x0021, kV4), LinkType::ppp_ether), 4);
  expect_not_ip(decoded(ethernet(0x8864, session(0xc021, fill(8)))), 0x880b);
  expect_not_ip(decoded(ethernet(0x8863, Bytes{0x11, 0x09, 0, 0, 0, 0})), 0x8863);
}
TEST(DecodeLink, LlcAndOthers) {
  expect_segment(decoded(ethernet(static_cast<unsigned>(kV4.size() + 8), Bytes{0xaa, 0xaa, 3, 0, 0, 0} + be16(0x0800) + kV4)), 4);
  expect_segment(decoded(ethernet(static_cast<unsigned>(kV4.size() + 3), Bytes{6, 6, 3} + kV4)), 4);
  expect_not_ip(decoded(ethernet(0x0026, Bytes{0x42, 0x42, 3} + fill(35))), 0);  // spanning tree
  expect_not_ip(decoded(ethernet(0x0806, fill(28))), 0x0806);
  expect_not_ip(decoded(ethernet(0x88cc, fill(28))), 0x88cc);
}
TEST(DecodeLink, RawIp) {
  for (const auto link : {LinkType::raw_ip, LinkType::raw_ip_bsd, LinkType::raw_ip_openbsd}) {
    expect_segment(decoded(kV4, link), 4);
    expect_segment(decoded(kV6, link), 6);
  }
  expect_segment(decoded(kV4, LinkType::ipv4), 4);
  expect_segment(decoded(kV6, LinkType::ipv6), 6);
  EXPECT_EQ(decoded(kV6, LinkType::ipv4).malformed, Malformed::bad_ip_version);
  EXPECT_EQ(decoded(fill(40), LinkType::raw_ip).malformed, Malformed::bad_ip_version);
}
TEST(DecodeLink, LoopbackInBothByteOrders) {
  for (const auto link : {LinkType::null, LinkType::loop}) {
    expect_segment(decoded(be32(2) + kV4, link), 4);
    expect_segment(decoded(Bytes{2, 0, 0, 0} + kV4, link), 4);
    for (const auto af : Bytes{24, 28, 30, 10}) {
      expect_segment(decoded(be32(af) + kV6, link), 6);
      expect_segment(decoded(Bytes{af, 0, 0, 0} + kV6, link), 6);
    }
    expect_not_ip(decoded(be32(7) + kV4, link), 0);
  }
}
TEST(DecodeLink, CookedOneAndTwo) {
  const auto v1 = [](unsigned type) { return be16(0) + be16(1) + be16(6) + Bytes{2, 0, 0, 0, 0, 9, 0, 0} + be16(type); };
  const auto v2 = [](unsigned type) { return be16(type) + be16(0) + be32(3) + be16(1) + Bytes{0, 6, 2, 0, 0, 0, 0, 9, 0, 0}; };
  for (const auto& [make, link] : {std::pair<Bytes (*)(unsigned), LinkType>{v1, LinkType::linux_sll}, {v2, LinkType::linux_sll2}}) {
    const auto p = decoded(make(0x0800) + kV4, link);
    expect_segment(p, 4);
    EXPECT_EQ(p.src_mac, 0x020000000009U);
    expect_segment(decoded(make(0x86dd) + kV6, link), 6);
    expect_segment(decoded(make(0x8100) + be16(5) + be16(0x0800) + kV4, link), 4);
    expect_segment(decoded(make(4) + Bytes{0xaa, 0xaa, 3, 0, 0, 0} + be16(0x0800) + kV4, link), 4);
    expect_not_ip(decoded(make(0x0806) + fill(28), link), 0x0806);
  }
}
TEST(DecodeLink, PppAndHdlc) {
  for (const auto link : {LinkType::ppp, LinkType::ppp_hdlc}) {
    expect_segment(decoded(Bytes{0xff, 3, 0, 0x21} + kV4, link), 4);
    expect_segment(decoded(Bytes{0xff, 3, 0, 0x57} + kV6, link), 6);
  }
  expect_segment(decoded(Bytes{0, 0x21} + kV4, LinkType::ppp), 4);
  expect_segment(decoded(Bytes{0x21} + kV4, LinkType::ppp), 4);  // compressed protocol field
  expect_segment(decoded(Bytes{0x0f, 0, 8, 0} + kV4, LinkType::ppp_hdlc), 4);
  expect_segment(decoded(Bytes{0x8f, 0, 0x86, 0xdd} + kV6, LinkType::ppp_hdlc), 6);
  expect_not_ip(decoded(Bytes{0xff, 3, 0xc0, 0x21} + fill(8), LinkType::ppp), 0x880b);
}

const Bytes kA{2, 0, 0, 0, 0, 0xa}, kB{2, 0, 0, 0, 0, 0xb}, kC{2, 0, 0, 0, 0, 0xc}, kD{2, 0, 0, 0, 0, 0xd};
const Bytes kSnapV4 = Bytes{0xaa, 0xaa, 3, 0, 0, 0} + be16(0x0800) + kV4;
Bytes wifi(std::uint8_t control, std::uint8_t flags, const Bytes& more = {}) {
  return Bytes{control, flags, 0, 0} + kA + kB + kC + be16(0) + more;
}

TEST(DecodeLink, Wifi) {
  const auto down = decoded(wifi(0x08, 0x02, kSnapV4), LinkType::ieee80211);
  expect_segment(down, 4);
  EXPECT_EQ(down.dst_mac, 0x02000000000aU);
  EXPECT_EQ(down.src_mac, 0x02000000000cU);
  const auto up = decoded(wifi(0x08, 0x01, kSnapV4), LinkType::ieee80211);
  expect_segment(up, 4);
  EXPECT_EQ(up.dst_mac, 0x02000000000cU);
  EXPECT_EQ(up.src_mac, 0x02000000000bU);
  const auto bridge = decoded(wifi(0x08, 0x03, kD + kSnapV4), LinkType::ieee80211);
  expect_segment(bridge, 4);
  EXPECT_EQ(bridge.src_mac, 0x02000000000dU);
  expect_segment(decoded(wifi(0x88, 0x02, be16(0) + kSnapV4), LinkType::ieee80211), 4);            // QoS
  expect_segment(decoded(wifi(0x88, 0x03, kD + be16(0) + kSnapV4), LinkType::ieee80211), 4);       // QoS, four addresses
  expect_segment(decoded(wifi(0x88, 0x82, be16(0) + be32(0) + kSnapV4), LinkType::ieee80211), 4);  // QoS, HT control
  expect_segment(
      decoded(wifi(0x88, 0x02, Bytes{0x80, 0} + kD + kA + be16(static_cast<unsigned>(kSnapV4.size())) + kSnapV4), LinkType::ieee80211), 4);
}
TEST(DecodeLink, WifiWithoutContent) {
  expect_not_ip(decoded(wifi(0x08, 0x42, kSnapV4), LinkType::ieee80211), 0);   // encrypted
  expect_not_ip(decoded(wifi(0x48, 0x01), LinkType::ieee80211), 0);            // null data
  expect_not_ip(decoded(wifi(0x80, 0x00, fill(30)), LinkType::ieee80211), 0);  // beacon
  expect_not_ip(decoded(Bytes{0xd4, 0, 0, 0} + kA, LinkType::ieee80211), 0);   // acknowledgement
}
TEST(DecodeLink, Radiotap) {
  const Bytes plain{0, 0, 8, 0, 0, 0, 0, 0};
  expect_segment(decoded(plain + wifi(0x08, 0x02, kSnapV4), LinkType::ieee80211_radiotap), 4);
  // time stamp (aligned to 8), flags with the padding bit; two presence words
  const Bytes padded{0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x20};
  expect_segment(decoded(padded + wifi(0x88, 0x02, be16(0) + fill(2) + kSnapV4), LinkType::ieee80211_radiotap), 4);
  EXPECT_EQ(decoded(Bytes{0, 0, 4, 0, 0, 0, 0, 0}, LinkType::ieee80211_radiotap).malformed, Malformed::short_link);
}
TEST(DecodeLink, ShortAndUnknown) {
  EXPECT_EQ(decoded(fill(13)).malformed, Malformed::short_link);
  EXPECT_EQ(decoded({}).malformed, Malformed::short_link);
  EXPECT_EQ(decoded(fill(60), static_cast<LinkType>(249)).malformed, Malformed::unknown_link);
}

}  // namespace
}  // namespace sekisho
