// Block lists as files, both ways; what this machine says must never be blocked.
#include "response/block_file.h"

#include <gtest/gtest.h>

#include "response/block_table.h"
#include "response/never_sources.h"
#include "response/nft_wire.h"

namespace sekisho {
namespace {

std::vector<std::string> networks(const BlockFile& f) {
  std::vector<std::string> out;
  for (const auto& line : f.lines)
    out.push_back(to_string(line.network) + (line.duration ? " " + std::to_string(*line.duration / kSecond) : ""));
  return out;
}
using Texts = std::vector<std::string>;

TEST(BlockFile, Plain) {
  const auto f = parse_block_file("# a list\n\n203.0.113.7\n 198.51.100.0/24 timeout 60 # ssh\r\n2001:db8::1\nnonsense\n203.0.113.7.8\n");
  EXPECT_EQ(networks(f), (Texts{"203.0.113.7", "198.51.100.0/24 60", "2001:db8::1"}));
  EXPECT_EQ(f.lines[1].reason, "ssh");
  EXPECT_TRUE(f.lines[1].exact);
  EXPECT_FALSE(f.lines[2].exact);
  EXPECT_EQ(f.bad, 2U);
  EXPECT_EQ(f.bad_lines, (std::vector<std::size_t>{6, 7}));
}

TEST(BlockFile, Ipset) {
  const auto f = parse_block_file(
      "create mirai hash:ip family inet hashsize 1024 maxelem 65536 timeout 3600\nadd mirai 203.0.113.7 timeout 3412\nadd mirai "
      "198.51.100.0/24\n");
  EXPECT_EQ(networks(f), (Texts{"203.0.113.7 3412", "198.51.100.0/24"}));
  EXPECT_EQ(f.bad, 0U);
}

TEST(BlockFile, Nft) {
  const auto f = parse_block_file(
      "table inet x {\n  set s {\n    type ipv4_addr\n    flags interval,timeout\n    elements = { 203.0.113.7 timeout 1h expires 59m30s,\n"
      "                 198.51.100.0/24 timeout 1d }\n  }\n}\nadd element inet x s { 192.0.2.1 timeout 90s, 192.0.2.2 }\n");
  EXPECT_EQ(networks(f), (Texts{"203.0.113.7 3570", "198.51.100.0/24 86400", "192.0.2.1 90", "192.0.2.2"}));
  EXPECT_EQ(f.bad, 0U);
}

TEST(BlockFile, Bounds) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "203.0.113." + std::to_string(i) + "\n";
  const auto f = parse_block_file(text, 5);
  EXPECT_EQ(f.lines.size(), 5U);
  EXPECT_EQ(f.surplus, 15U);
  EXPECT_EQ(parse_block_file(std::string(1 << 20, 'x')).bad, 1U);
  EXPECT_EQ(networks(parse_block_file("203.0.113.7 timeout 99999999999999999999\n203.0.113.8 timeout -5\n")),
            (Texts{"203.0.113.7", "203.0.113.8"}));
}

TEST(BlockFile, WhatIsWrittenIsRead) {
  std::vector<BlockEntry> entries(4);
  entries[0].network = *parse_network("203.0.113.7"), entries[0].reason = "a\nb \x1b[31m";
  entries[1].network = *parse_network("198.51.100.0/24");
  entries[2].network = *parse_network("2001:db8::1");
  entries[3].network = *parse_network("192.0.2.1"), entries[3].suggested = true;
  for (auto& e : entries) e.expires = 90 * kSecond;
  const Texts wanted{"203.0.113.7 60", "198.51.100.0/24 60", "2001:db8::1 60"};
  for (const auto& text :
       {block_list_plain(entries, 30 * kSecond), block_list_ipset(entries, 30 * kSecond), block_list_nft(entries, 30 * kSecond)}) {
    const auto f = parse_block_file(text);
    EXPECT_EQ(networks(f), wanted) << text;
    EXPECT_EQ(f.bad, 0U) << text;
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
  }
  EXPECT_TRUE(parse_block_file(block_list_plain(entries, 0)).lines[2].exact) << "a single address stays one";
}

TEST(NeverSources, NameAndTimeServersAndGateways) {
  EXPECT_EQ(parse_name_servers("# x\nnameserver 192.0.2.53\nsearch example.org\nnameserver fe80::1%eth0\nnameserver nonsense\n").size(),
            2U);
  const auto times = parse_time_servers(
      "server 192.0.2.1 iburst\npool pool.example.org\nserver -6 2001:db8::123\n[Time]\nNTP=192.0.2.2 ntp.example 192.0.2.3\n#server "
      "192.0.2.9\n");
  EXPECT_EQ(times.size(), 4U);
  const auto gateways = parse_gateways(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\neth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n",
      false);
  ASSERT_EQ(gateways.size(), 1U);
  EXPECT_EQ(to_string(gateways[0]), "192.168.0.1");
  const auto six = parse_gateways(
      "00000000000000000000000000000000 00 00000000000000000000000000000000 00 20010db8005200000000000000000020 00000400 00000001 00000000 "
      "00000003     eth0\n",
      true);
  ASSERT_EQ(six.size(), 1U);
  EXPECT_EQ(to_string(six[0]), "2001:db8:52::20");
}

TEST(NftWire, Intervals) {
  const auto ends = [](const char* text) {
    const auto [first, after] = interval_of(*parse_network(text));
    return to_string(first) + " " + (after ? to_string(*after) : "end");
  };
  EXPECT_EQ(ends("203.0.113.7"), "203.0.113.7 203.0.113.8");
  EXPECT_EQ(ends("203.0.113.0/24"), "203.0.113.0 203.0.114.0");
  EXPECT_EQ(ends("255.255.255.0/24"), "255.255.255.0 end");
  EXPECT_EQ(ends("2001:db8::/64"), "2001:db8:: 2001:db8:0:1::");
  EXPECT_EQ(ends("ffff:ffff:ffff:ffff::/64"), "ffff:ffff:ffff:ffff:: end");
}

TEST(BlockTable, TheAcceptStandsAheadOfTheDrop) {
  const auto text = block_table_text();
  EXPECT_LT(text.find("ip saddr @never4 accept"), text.find("drop"));
  EXPECT_LT(text.find("ip6 saddr @never6 accept"), text.find("drop"));
}

}  // namespace
}  // namespace sekisho
