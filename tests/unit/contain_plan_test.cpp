// The text of containments, and who may confirm one.
#include "response/contain_plan.h"

#include <gtest/gtest.h>

#include "response/contain_tables.h"
#include "response/session.h"

namespace sekisho {
namespace {

TEST(ContainPlan, ManagementIsAcceptedBeforeAnythingIsDropped) {
  ContainPlan plan;
  plan.id = "ABC";
  plan.management = {{*parse_address("192.0.2.7"), 22, 50'000}};
  plan.allow = {*parse_network("2001:db8::/32")};
  plan.devices = {"eth0"};
  const auto text = contain_batch(plan, 60);
  EXPECT_LT(text.find("ip daddr . tcp sport { 192.0.2.7 . 22 } accept"), text.find("counter drop"));
  EXPECT_LT(text.find("ip6 daddr { 2001:db8::/32 } accept"), text.find("counter drop"));
  EXPECT_NE(text.find("ipv4 timeout 60s, ipv6 timeout 60s"), std::string::npos);
  EXPECT_NE(text.find("table netdev sekisho_contain_ABC"), std::string::npos);
  EXPECT_NE(text.find("hook forward"), std::string::npos);
}

TEST(ContainPlan, AUserAloneIsDropped) {
  ContainPlan plan;
  plan.id = "ABC", plan.kind = ContainKind::uid, plan.uid = 1001;
  const auto text = contain_batch(plan, 60);
  EXPECT_NE(text.find("meta skuid 1001 counter drop"), std::string::npos);
  EXPECT_EQ(text.find("hook forward"), std::string::npos);
  EXPECT_EQ(text.find("netdev"), std::string::npos);
}

TEST(ContainTables, OnlyTablesOfOursAreRead) {
  const auto states = parse_contain_tables(
      R"({"nftables":[{"table":{"family":"inet","name":"sekisho_contain_AB1"}},{"table":{"family":"netdev","name":"sekisho_contain_AB1"}},
          {"table":{"family":"inet","name":"sekisho_contain_x; flush"}},{"table":{"family":"inet","name":"other"}}]})");
  ASSERT_EQ(states.size(), 1U);
  EXPECT_EQ(states[0].id, "AB1");
  EXPECT_TRUE(states[0].has_devices);
}

TEST(ContainTables, TheTimeThatIsLeftAndWhatWasDropped) {
  ContainState state;
  ASSERT_TRUE(parse_contain_table(R"({"nftables":[{"set":{"name":"gate","elem":[{"elem":{"val":"ipv4","timeout":60,"expires":41}}]}},
      {"rule":{"chain":"contain","expr":[{"counter":{"packets":3,"bytes":180}},{"drop":null}]}}]})", state));
  EXPECT_EQ(state.left_s, 41);
  EXPECT_EQ(state.dropped_packets, 3U);
  EXPECT_FALSE(parse_contain_table("nothing", state));
}

TEST(Session, OnlyANewConnectionConfirms) {
  const ManagementPeer started{*parse_address("192.0.2.7"), 22, 50'000};
  Session now;
  now.session_id = 2;
  now.ssh = started;
  EXPECT_TRUE(why_not_new(now, started, 1, 1000));  // the same connection
  now.ssh->peer_port = 50'001;
  now.connected_s = 900;
  EXPECT_TRUE(why_not_new(now, started, 1, 1000));  // was there before
  now.connected_s = 1005;
  EXPECT_FALSE(why_not_new(now, started, 1, 1000));
  now.ssh.reset();
  EXPECT_FALSE(why_not_new(now, std::nullopt, 1, 1000));  // another terminal
  EXPECT_TRUE(why_not_new(now, std::nullopt, 2, 1000));   // the same one
}

}  // namespace
}  // namespace sekisho
