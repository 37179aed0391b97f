// The detection rules as text, what the kernel says of them, and waves found in their counters.
#include "response/rules_text.h"

#include <gtest/gtest.h>

#include "app/port_waves.h"

namespace sekisho {
namespace {

TEST(RulesText, AllFormsNameEveryPort) {
  RulesPlan plan;
  for (std::uint16_t p = 20; p < 60; ++p) plan.ports.push_back(p);
  const auto nft = rules_nft(plan), iptables = rules_iptables(plan), ipset = rules_ipset(plan);
  EXPECT_NE(nft.find("elements = { 20, 21,"), std::string::npos);
  EXPECT_EQ(nft.find("@gate"), std::string::npos) << "printed rules are on no trial";
  for (const auto& text : {nft, iptables, ipset}) EXPECT_NE(text.find("MIRAI_SCAN: "), std::string::npos);
  for (const auto* text : {&iptables, &ipset}) {
    EXPECT_NE(text->find("--log-tcp-sequence"), std::string::npos);
    for (int p = 20; p < 60; ++p) EXPECT_NE(text->find("--dport " + std::to_string(p) + "\n"), std::string::npos) << p;
  }
  EXPECT_NE(nft.find("tcp sequence"), std::string::npos);
  EXPECT_NE(nft.find("add @recent4 { ip saddr limit rate over 1/minute burst 2 packets } add @scanners4 { ip saddr }"), std::string::npos);
  for (const auto* text : {&iptables, &ipset}) EXPECT_NE(text->find("--seconds 60 --hitcount 3"), std::string::npos);
}

TEST(RulesText, OnTrialTheyHangOnTheGate) {
  RulesPlan plan;
  plan.ports = {23}, plan.id = "RABC", plan.trial_s = 7;
  const auto nft = rules_nft(plan);
  EXPECT_NE(nft.find("ipv4 timeout 7s, ipv6 timeout 7s"), std::string::npos);
  EXPECT_NE(nft.find("meta nfproto @gate fib daddr type local"), std::string::npos);
  EXPECT_NE(nft.find("chain id_RABC"), std::string::npos);
}

TEST(RulesText, TheStateIsReadFromTheKernel) {
  const std::string ports =
      R"({"nftables":[{"set":{"name":"ports","elem":[{"elem":{"val":23,"counter":{"packets":7,"bytes":280}}},{"elem":{"val":2323,"counter":{"packets":0}}},5]}}]})";
  auto state = parse_rules({"id_RABC", "scan"},
                           R"({"nftables":[{"set":{"name":"gate","elem":[{"elem":{"val":"ipv4","timeout":60,"expires":41}}]}}]})", ports);
  EXPECT_EQ(state.id, "RABC");
  EXPECT_EQ(state.left_s, 41);
  EXPECT_FALSE(state.endless);
  ASSERT_EQ(state.ports.size(), 2U);
  EXPECT_EQ(state.ports[0], (std::pair<std::uint16_t, std::uint64_t>{23, 7}));
  state = parse_rules({}, R"({"nftables":[{"set":{"name":"gate","elem":["ipv4","ipv6"]}}]})", ports);
  EXPECT_TRUE(state.endless);
  state = parse_rules({}, R"({"nftables":[{"set":{"name":"gate"}}]})", ports);
  EXPECT_FALSE(state.endless) << "an empty gate is a trial that is over";
  EXPECT_EQ(state.left_s, 0);
  EXPECT_TRUE(parse_rules({}, "", "nothing").endless);
}

TEST(PortWaves, AWaveStandsOutOfTheHour) {
  PortWaves waves;
  TimeNs now = 1'800'000'000 * kSecond;
  std::uint64_t telnet = 100, http = 50;
  EXPECT_TRUE(waves.add(now, {{23, telnet}, {80, http}}).empty()) << "what was counted before is not new";
  for (int tick = 0; tick < 6 * 20; ++tick) {
    now += 10 * kSecond;
    telnet += 1;
    const auto fresh = waves.add(now, {{23, telnet}, {80, http}});
    ASSERT_EQ(fresh.size(), 1U);
    EXPECT_EQ(fresh[0].second, 1U);
    EXPECT_FALSE(waves.judge(now));
  }
  now += 10 * kSecond;
  telnet += 400;
  waves.add(now, {{23, telnet}, {80, http}});
  const auto wave = waves.judge(now);
  ASSERT_TRUE(wave);
  EXPECT_GE(wave->packets, 400U);
  EXPECT_EQ(wave->local_ports.front().port, 23);
  EXPECT_FALSE(wave->counter_evidence.empty());
  EXPECT_FALSE(waves.judge(now)) << "said once";
  now += 10 * kSecond;
  EXPECT_EQ(waves.add(now, {{23, 5}}), (PortWaves::Counts{{23, 5}})) << "installed anew: counters begin at nothing";
}

TEST(PortWaves, NothingIsJudgedBeforeTenMinutes) {
  PortWaves waves;
  TimeNs now = 1'800'000'000 * kSecond;
  waves.add(now, {{23, 0}});
  now += 20 * kSecond;
  waves.add(now, {{23, 10'000}});
  EXPECT_FALSE(waves.judge(now));
}

}  // namespace
}  // namespace sekisho
