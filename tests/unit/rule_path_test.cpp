// Decisions about packets from iptables' save format and nft's JSON: "blocked" only where every path ends so.
#include "audit/rule_path.h"

#include <gtest/gtest.h>

namespace sekisho {
namespace {

using V = RuleAnswer::Verdict;

RuleProbe telnet(bool v6 = false) { return {.way = RuleProbe::Way::output, .v6 = v6, .port = 23, .device = "eth0", .own = {}}; }

V of_save(const std::string& rules, const std::string& policy = "ACCEPT") {
  return follow(parse_iptables_rules("*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT " + policy + " [0:0]\n:C - [0:0]\n" + rules + "COMMIT\n", false, "test"), telnet()).verdict;
}

TEST(RulePath, WithoutRulesEverythingPasses) { EXPECT_EQ(of_save(""), V::open); }

TEST(RulePath, DropsAndPolicies) {
  EXPECT_EQ(of_save("-A OUTPUT -p tcp -m tcp --dport 23 -j DROP\n"), V::blocked);
  EXPECT_EQ(of_save("-A OUTPUT -p udp -m udp --dport 23 -j DROP\n"), V::open);
  EXPECT_EQ(of_save("-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n", "DROP"), V::blocked);
  EXPECT_EQ(of_save("-A OUTPUT -m conntrack --ctstate NEW -j ACCEPT\n", "DROP"), V::open);
}

TEST(RulePath, WhatDependsIsNeverBlocked) {
  EXPECT_EQ(of_save("-A OUTPUT -m owner --uid-owner 1000 -p tcp --dport 23 -j DROP\n"), V::partly);
  EXPECT_EQ(of_save("-A OUTPUT -m limit --limit 1/hour -j ACCEPT\n-A OUTPUT -p tcp --dport 23 -j DROP\n"), V::partly);
}

TEST(RulePath, UnknownExpressionsCannotBeTold) {
  EXPECT_EQ(of_save("-A OUTPUT -m u32 --u32 0 -j ACCEPT\n-A OUTPUT -p tcp --dport 23 -j DROP\n"), V::cannot_tell);
  // Whatever the unknown match says, both ways end in a drop.
  EXPECT_EQ(of_save("-A OUTPUT -m u32 --u32 0 -j DROP\n-A OUTPUT -p tcp --dport 23 -j DROP\n"), V::blocked);
  EXPECT_EQ(of_save("-A OUTPUT -p tcp --dport 23 -j NO_SUCH_CHAIN\n"), V::cannot_tell);
}

TEST(RulePath, JumpsReturnsAndGotos) {
  EXPECT_EQ(of_save("-A C -p tcp --dport 23 -j RETURN\n-A C -j DROP\n-A OUTPUT -j C\n"), V::open);
  EXPECT_EQ(of_save("-A C -j DROP\n-A OUTPUT -p tcp --dport 23 -j C\n"), V::blocked);
  EXPECT_EQ(of_save("-A OUTPUT -g C\n-A OUTPUT -j DROP\n"), V::open);
  EXPECT_EQ(of_save("-A C -j C\n-A OUTPUT -j C\n"), V::cannot_tell);  // a loop ends at the bound
}

V of_nft(const std::string& rule, bool v6 = false, const std::string& policy = "accept") {
  NftListing listing;
  listing.tables = {R"({"nftables":[{"table":{"family":"inet","name":"t"}},{"chain":{"family":"inet","table":"t","name":"o","type":"filter","hook":"output","prio":0,"policy":")" +
                    policy + R"("}},{"rule":{"family":"inet","table":"t","chain":"o","handle":1,"expr":[)" + rule + "]}}]}"};
  const auto rules = parse_nft_rules(listing);
  EXPECT_TRUE(rules.ok());
  return rules.ok() ? follow(rules.value().rules, telnet(v6)).verdict : V::open;
}

TEST(RulePath, NftJson) {
  const std::string port = R"({"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[23,{"range":[2000,3000]}]}}},)";
  EXPECT_EQ(of_nft(port + R"({"drop":null})"), V::blocked);
  EXPECT_EQ(of_nft(port + R"({"a_statement_of_tomorrow":null},{"drop":null})"), V::cannot_tell);
  const std::string v4 = R"({"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"prefix":{"addr":"10.0.0.0","len":8}}}},{"drop":null})";
  EXPECT_EQ(of_nft(v4), V::blocked);
  EXPECT_EQ(of_nft(v4, true), V::open);  // no IPv4 address, no match: not even a negated one
}

TEST(RulePath, NftJsonThatIsNone) {
  EXPECT_FALSE(parse_nft_rules({.tables = {"{\"nftables\": [{\"table\": {\"flags\": "}}).ok());
  EXPECT_FALSE(parse_nft_rules({.tables = {std::string(100'000, '[')}}).ok());
}

TEST(RulePath, SkeletonNamesDormantTablesAndDevices) {
  const auto s = parse_nft_skeleton("table inet a {\n\tflags dormant\n\tchain o {\n\t\ttype filter hook output priority 0; policy accept;\n\t}\n}\n"
                                    "table netdev b {\n\tchain e {\n\t\ttype filter hook egress device \"eth0\" priority 0; policy accept;\n\t}\n}\n");
  ASSERT_EQ(s.tables.size(), 2U);
  EXPECT_TRUE(s.tables[0].dormant);
  EXPECT_FALSE(s.tables[1].flagged);
  ASSERT_EQ(s.device_chains.size(), 1U);
  EXPECT_EQ(s.device_chains[0].devices, std::vector<std::string>{"eth0"});
}

}  // namespace
}  // namespace sekisho
