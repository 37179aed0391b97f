// The planner of the block list: what is blocked by itself, what never, for how long, and who goes when it is full.
#include "response/block_plan.h"

#include <gtest/gtest.h>

namespace sekisho {
namespace {

constexpr TimeNs kNow = 1'800'000'000 * kSecond;

struct Plan : ::testing::Test {
  BlockRules rules{.mode = BlockMode::on};
  std::vector<NeverEntry> protect;
  BlockBook book;
  BlockFacts facts{.now = kNow};

  static Network net(const char* text) { return *parse_network(text); }
  BlockDecision ask(const char* network, Proof proof, std::uint64_t hits = 100, BlockOrigin origin = BlockOrigin::automatic) {
    BlockRequest r;
    r.network = net(network), r.exact = std::string_view{network}.find('/') != std::string_view::npos;
    r.proof = proof, r.origin = origin, r.hits = hits;
    r.reason = "test";
    return plan_block(r, rules, NeverBlock{protect}, book, facts);
  }
  BlockDecision by_hand(const char* network) { return ask(network, Proof::by_hand, 0, BlockOrigin::by_hand); }
  void take(const BlockDecision& d) {
    for (const auto& n : d.replaces) book.remove(n);
    for (const auto& n : d.evicts) book.remove(n);
    book.put(d.entry);
  }
};

TEST_F(Plan, ProofDecides) {
  EXPECT_EQ(ask("203.0.113.7", Proof::log).verdict, BlockVerdict::add);
  EXPECT_EQ(ask("203.0.113.7", Proof::handshake).verdict, BlockVerdict::add);
  for (const auto proof : {Proof::fingerprint, Proof::rate, Proof::syn})
    EXPECT_EQ(ask("203.0.113.7", proof).refusal, BlockRefusal::unproven);
  EXPECT_EQ(ask("203.0.113.7", Proof::log, 4).refusal, BlockRefusal::too_few);
  EXPECT_EQ(by_hand("203.0.113.7").verdict, BlockVerdict::add);
}

TEST_F(Plan, TheMode) {
  rules.mode = BlockMode::suggest;
  const auto d = ask("203.0.113.7", Proof::log);
  EXPECT_EQ(d.verdict, BlockVerdict::suggest);
  EXPECT_TRUE(d.entry.suggested);
  EXPECT_EQ(ask("203.0.113.7", Proof::syn).refusal, BlockRefusal::unproven) << "nor is it suggested";
  take(d);
  EXPECT_EQ(by_hand("203.0.113.7").verdict, BlockVerdict::add) << "a suggestion can be followed";
  rules.mode = BlockMode::off;
  EXPECT_EQ(ask("203.0.113.8", Proof::log).refusal, BlockRefusal::mode_off);
  EXPECT_EQ(by_hand("203.0.113.8").verdict, BlockVerdict::add);
}

TEST_F(Plan, NeverBlocked) {
  protect = {{net("198.51.100.1"), NeverKind::gateway},
             {net("198.51.100.0/24"), NeverKind::network},
             {net("192.0.2.7"), NeverKind::ssh_peer},
             {net("2001:db8:1::7"), NeverKind::ssh_peer}};
  for (const auto* network : {"198.51.100.1", "198.51.100.77", "192.0.2.7", "192.0.2.0/24", "198.51.0.0/16", "2001:db8:1::7",
                              "2001:db8:1::9", "2001:db8:1::/48"}) {
    EXPECT_EQ(ask(network, Proof::log).refusal, BlockRefusal::protected_address) << network;
    EXPECT_EQ(by_hand(network).refusal, BlockRefusal::protected_address) << network;
  }
  EXPECT_EQ(by_hand("2001:db8:1::9/128").verdict, BlockVerdict::add) << "beside the peer, when its network is not meant";
  EXPECT_NE(by_hand("192.0.2.0/24").why.find("live SSH session"), std::string::npos);
  EXPECT_NE(by_hand("198.51.100.1").why.find("gateway"), std::string::npos);
  for (const auto* nobody : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::1", "ff02::1"})
    EXPECT_EQ(by_hand(nobody).refusal, BlockRefusal::reserved) << nobody;
  for (const auto* wide : {"0.0.0.0/0", "203.0.0.0/7", "::/0"}) EXPECT_EQ(by_hand(wide).refusal, BlockRefusal::too_wide) << wide;
}

TEST_F(Plan, WhatTheHostFindsCannotDisarmTheList) {
  protect = {{net("0.0.0.0/0"), NeverKind::network}, {net("::/0"), NeverKind::network}};
  EXPECT_EQ(ask("203.0.113.7", Proof::log).verdict, BlockVerdict::add);
  protect = {{net("0.0.0.0/0"), NeverKind::setting}};
  EXPECT_EQ(ask("203.0.113.7", Proof::log).refusal, BlockRefusal::protected_address) << "what is set holds";
}

TEST_F(Plan, NothingUnprovenInASpoofedFlood) {
  rules.policy = BlockPolicy::article, rules.fingerprint_for = kMinute;
  facts.spoofed_flood = true;
  for (const auto proof : {Proof::fingerprint, Proof::rate, Proof::syn})
    EXPECT_EQ(ask("203.0.113.7", proof).refusal, BlockRefusal::spoofed_flood);
  EXPECT_EQ(ask("203.0.113.7", Proof::handshake).verdict, BlockVerdict::add);
}

TEST_F(Plan, ReflectorsAreLeftAlone) {
  BlockRequest r;
  r.network = net("203.0.113.53"), r.proof = Proof::handshake, r.hits = 1'000'000, r.reflector = true;
  const auto d = plan_block(r, rules, NeverBlock{}, book, facts);
  EXPECT_EQ(d.refusal, BlockRefusal::reflector);
  EXPECT_NE(d.why.find("real server"), std::string::npos);
}

TEST_F(Plan, TheArticlesRuleAndTheFingerprintOnlyWhenSet) {
  EXPECT_EQ(ask("203.0.113.7", Proof::syn, 3).refusal, BlockRefusal::unproven);
  rules.policy = BlockPolicy::article;
  EXPECT_EQ(ask("203.0.113.7", Proof::syn, 2).refusal, BlockRefusal::unproven);
  facts.offences = 3;
  const auto d = ask("203.0.113.7", Proof::syn, 3);
  EXPECT_EQ(d.verdict, BlockVerdict::add);
  EXPECT_EQ(d.entry.expires - kNow, 3600 * kSecond) << "never more than an hour on so little";
  rules.fingerprint_for = 10 * kMinute;
  EXPECT_EQ(ask("203.0.113.8", Proof::fingerprint, 1).entry.expires - kNow, 10 * kMinute);
  EXPECT_EQ(ask("203.0.113.8", Proof::rate, 1'000'000).refusal, BlockRefusal::unproven);
}

TEST_F(Plan, PeersInUseAreKept) {
  facts.bytes_in = 900'000, facts.bytes_out = 200'000;
  EXPECT_EQ(ask("203.0.113.7", Proof::log, 5).refusal, BlockRefusal::traffic);
  EXPECT_EQ(ask("203.0.113.7", Proof::log, 50).verdict, BlockVerdict::add) << "what its failed logins moved is no merit";
  facts.bytes_in = 50'000'000, facts.bytes_out = 0;
  EXPECT_EQ(ask("203.0.113.7", Proof::log, 5).verdict, BlockVerdict::add) << "one way is no conversation";
  facts.bytes_out = 2'000'000;
  EXPECT_EQ(by_hand("203.0.113.7").verdict, BlockVerdict::add);
}

TEST_F(Plan, AtMostSoManyAMinute) {
  facts.added_last_minute = rules.adds_a_minute;
  EXPECT_EQ(ask("203.0.113.7", Proof::log).refusal, BlockRefusal::too_many);
  EXPECT_EQ(by_hand("203.0.113.7").verdict, BlockVerdict::add);
}

TEST_F(Plan, ReturningOffendersStayLonger) {
  const std::int64_t hours[] = {1, 6, 24, 7 * 24, 7 * 24};
  for (std::uint32_t n = 0; n < 5; ++n) {
    facts.offences = n;
    const auto d = ask("203.0.113.7", Proof::log);
    EXPECT_EQ(d.entry.expires - kNow, hours[n] * 3600 * kSecond);
    EXPECT_EQ(d.entry.offence, n + 1);
  }
}

// A short block of a network must not end the long one of an offender in it.
TEST_F(Plan, AShortWiderBlockFreesNobodySooner) {
  facts.offences = 3;
  take(ask("203.0.113.7", Proof::log));  // 7 days
  facts.offences = 0;
  const auto hour = by_hand("203.0.113.0/24");
  EXPECT_EQ(hour.refusal, BlockRefusal::frees_sooner);
  EXPECT_NE(hour.why.find("203.0.113.7"), std::string::npos) << hour.why;
  facts.offences = 3;
  EXPECT_EQ(by_hand("203.0.113.0/24").verdict, BlockVerdict::add);  // as long
}

TEST_F(Plan, PrefixesAreKnown) {
  take(by_hand("203.0.113.0/24"));
  EXPECT_EQ(ask("203.0.113.7", Proof::log).refusal, BlockRefusal::already);
  EXPECT_EQ(by_hand("203.0.113.0/25").refusal, BlockRefusal::already);
  const auto wider = by_hand("203.0.112.0/23");
  EXPECT_EQ(wider.verdict, BlockVerdict::add);
  EXPECT_EQ(wider.replaces, std::vector<Network>{net("203.0.113.0/24")});
  take(wider);
  EXPECT_EQ(book.size(), 1U);
  EXPECT_NE(book.covering(net("203.0.113.9")), nullptr);
  EXPECT_EQ(book.covering(net("203.0.114.9")), nullptr);
}

TEST_F(Plan, Ipv6IsBlockedByNetworkAndWidened) {
  EXPECT_EQ(ask("2001:db8:1:2::77", Proof::log).entry.network, net("2001:db8:1:2::/64"));
  for (const auto* a : {"2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:3::1"}) {
    const auto d = ask(a, Proof::log);
    EXPECT_EQ(d.entry.network.prefix_bits, 64) << a;
    take(d);
  }
  const auto d = ask("2001:db8:1:4::1", Proof::log);
  EXPECT_EQ(d.entry.network, net("2001:db8:1::/56"));
  EXPECT_EQ(d.replaces.size(), 3U);
  protect = {{net("2001:db8:1:9::5"), NeverKind::name_server}};
  EXPECT_EQ(ask("2001:db8:1:4::1", Proof::log).entry.network, net("2001:db8:1:4::/64")) << "never over what is protected";
}

TEST_F(Plan, WhenFullTheLeastGoes) {
  book = BlockBook{3};
  facts.now = kNow - 30 * kSecond;
  take(ask("203.0.113.1", Proof::log));
  rules.fingerprint_for = 3600 * kSecond;
  facts.now = kNow - 20 * kSecond;
  take(ask("203.0.113.2", Proof::fingerprint));
  facts.now = kNow - 10 * kSecond;
  take(ask("203.0.113.3", Proof::fingerprint));
  facts.now = kNow;
  const auto d = ask("203.0.113.4", Proof::log);
  EXPECT_EQ(d.verdict, BlockVerdict::add);
  EXPECT_EQ(d.evicts, std::vector<Network>{net("203.0.113.2")}) << "the oldest of the least proven";
  take(d);
  take(ask("203.0.113.5", Proof::log));
  EXPECT_EQ(ask("203.0.113.6", Proof::fingerprint).refusal, BlockRefusal::full);
  EXPECT_EQ(ask("203.0.113.6", Proof::log).evicts, std::vector<Network>{net("203.0.113.1")});
}

TEST(BlockBook, EndsAndOrders) {
  BlockBook book;
  for (std::uint32_t i = 0; i < 100; ++i) {
    BlockEntry e;
    e.network = host_network(address_from_v4(0xcb007100 + i)), e.added = kNow, e.expires = kNow + (i + 1) * kSecond;
    e.suggested = i % 2;
    book.put(std::move(e));
  }
  EXPECT_EQ(book.suggested(), 50U);
  EXPECT_EQ(book.within(*parse_network("203.0.113.0/28")).size(), 16U);
  EXPECT_EQ(book.expire(kNow + 10 * kSecond).size(), 10U);
  EXPECT_EQ(book.size(), 90U);
  EXPECT_EQ(book.suggested(), 45U);
  EXPECT_TRUE(book.least()->suggested) << "a suggestion goes before what is in force";
  EXPECT_TRUE(book.remove(book.least()->network));
  EXPECT_FALSE(book.remove(*parse_network("192.0.2.1")));
  book.clear();
  EXPECT_EQ(book.covering(*parse_network("203.0.113.50")), nullptr);
}

}  // namespace
}  // namespace sekisho
