// The block list without a kernel: suggestions, the store, restarts, panic, the trial of mode "on"; what the store keeps.
#include "app/blocker.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

namespace sekisho {
namespace {

constexpr TimeNs kNow = 1'800'000'000 * kSecond;

struct BlockerTest : ::testing::Test {
  BlockerTest() {
    char name[] = "/tmp/sekisho-blocker-XXXXXX";
    folder = ::mkdtemp(name);
    path = folder + "/store.db";
    auto opened = open_store_writer(path, {}, "test");
    EXPECT_TRUE(opened.ok());
    writer = std::move(opened).value();
  }
  ~BlockerTest() override {
    writer.reset();
    std::filesystem::remove_all(folder);
  }
  Blocker blocker(BlockMode mode, DurationNs confirm_within = 0) {
    BlockerSettings s;
    s.rules.mode = mode, s.confirm_within = confirm_within;
    return Blocker{s, std::nullopt, "there is no table", [this](std::function<Result<void>(StoreWriter&)> job) {
                     const auto done = job(*writer);
                     EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message);
                     EXPECT_TRUE(writer->commit().ok());
                   }};
  }
  static Blocker::Evidence evidence(const char* network, Proof proof = Proof::log) {
    Blocker::Evidence e;
    e.request.network = *parse_network(network), e.request.proof = proof, e.request.hits = 100, e.request.reason = "SSH brute force";
    return e;
  }
  std::unique_ptr<StoreReader> reader() {
    auto opened = open_store_reader(path);
    EXPECT_TRUE(opened.ok());
    return std::move(opened).value();
  }

  std::string folder, path;
  std::unique_ptr<StoreWriter> writer;
};

TEST_F(BlockerTest, SuggestionsAreKeptAndComeBack) {
  auto b = blocker(BlockMode::suggest);
  const std::vector<Blocker::Evidence> asked{evidence("203.0.113.7"), evidence("203.0.113.8", Proof::syn), evidence("203.0.113.7")};
  const auto decisions = b.request(asked, {"agent", kNow});
  ASSERT_TRUE(decisions.ok());
  EXPECT_EQ(decisions.value()[0].verdict, BlockVerdict::suggest);
  EXPECT_EQ(decisions.value()[1].refusal, BlockRefusal::unproven);
  EXPECT_EQ(decisions.value()[2].refusal, BlockRefusal::already);
  EXPECT_EQ(b.state().suggested, 1U);
  EXPECT_EQ(b.last_refusal(*parse_network("203.0.113.8"))->second.refusal, BlockRefusal::unproven);

  const auto rows = reader()->blocks();
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows.value().size(), 1U);
  EXPECT_EQ(rows.value()[0].network, "203.0.113.7");
  EXPECT_TRUE(rows.value()[0].suggested);
  auto again = blocker(BlockMode::suggest);
  again.resume(rows.value(), {}, false, false, kNow + 60 * kSecond);
  ASSERT_EQ(again.entries(std::nullopt, 10).size(), 1U);
  EXPECT_EQ(again.entries(std::nullopt, 10)[0].expires, kNow + 3600 * kSecond);
  again.tick(kNow + 3601 * kSecond, 3600 * kSecond);
  EXPECT_EQ(again.state().suggested, 0U);
  EXPECT_EQ(again.state().counts.expired, 1U);
  EXPECT_TRUE(reader()->blocks().value().empty());
  const auto events = reader()->block_events("203.0.113.7", 0, 10);
  ASSERT_EQ(events.value().size(), 2U);
  EXPECT_EQ(events.value()[0].event, "expired");
  EXPECT_EQ(events.value()[1].event, "suggested");
  const auto audit = reader()->audit(0, 10);
  ASSERT_FALSE(audit.value().empty());
  EXPECT_EQ(audit.value()[0].action, "block.suggest");
}

TEST_F(BlockerTest, WithoutATableNothingIsSaidToBeBlocked) {
  auto b = blocker(BlockMode::on);
  const auto e = evidence("203.0.113.7");
  const auto automatic = b.request({&e, 1}, {"agent", kNow});
  ASSERT_TRUE(automatic.ok());
  EXPECT_EQ(automatic.value()[0].verdict, BlockVerdict::refuse);
  auto by_hand = evidence("203.0.113.7", Proof::by_hand);
  by_hand.request.origin = BlockOrigin::by_hand;
  const auto refused = b.request({&by_hand, 1}, {"uid 0", kNow});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "there is no table");
  EXPECT_EQ(b.state().in_force, 0U);
}

TEST_F(BlockerTest, WhatBecomesProtectedGoes) {
  auto b = blocker(BlockMode::suggest);
  const auto e = evidence("203.0.113.7");
  ASSERT_TRUE(b.request({&e, 1}, {"agent", kNow}).ok());
  b.set_found({{*parse_network("203.0.113.7"), NeverKind::gateway}}, kNow + kSecond);
  EXPECT_EQ(b.state().suggested, 0U);
  EXPECT_EQ(b.state().counts.unprotected, 1U);
  EXPECT_EQ(b.judge(e, kNow + kSecond).refusal, BlockRefusal::protected_address);
}

TEST_F(BlockerTest, TheTrialOfModeOn) {
  auto b = blocker(BlockMode::on, 60 * kSecond);
  b.resume({}, {}, false, false, kNow);
  EXPECT_EQ(b.state().mode, BlockMode::on);
  ASSERT_TRUE(b.state().trial_until);
  b.tick(kNow + 61 * kSecond, 61 * kSecond);
  EXPECT_EQ(b.state().mode, BlockMode::suggest);
  EXPECT_TRUE(b.state().rolled_back);
  EXPECT_FALSE(b.confirm({"uid 0", kNow + 62 * kSecond}).ok()) << "too late";
  auto c = blocker(BlockMode::on, 60 * kSecond);
  c.resume({}, {}, false, false, kNow);
  EXPECT_TRUE(c.confirm({"uid 0", kNow + 30 * kSecond}).ok());
  c.tick(kNow + 61 * kSecond, 61 * kSecond);
  EXPECT_EQ(c.state().mode, BlockMode::on);
  const auto blob = reader()->blob(std::string{kConfirmedKey});
  ASSERT_TRUE(blob.ok() && blob.value());
  EXPECT_EQ(blob.value()->front(), 1);
}

TEST_F(BlockerTest, AClockThatIsSetMovesTheEnds) {
  auto b = blocker(BlockMode::suggest);
  const auto e = evidence("203.0.113.7");
  ASSERT_TRUE(b.request({&e, 1}, {"agent", kNow}).ok());
  b.tick(kNow, 0);
  b.tick(kNow + 86'400 * kSecond, kSecond);
  EXPECT_EQ(b.state().suggested, 1U) << "a day that did not pass ends nothing";
  b.tick(kNow + (86'400 + 3600) * kSecond, 3601 * kSecond);
  EXPECT_EQ(b.state().suggested, 0U);
}

TEST_F(BlockerTest, PanicAndResume) {
  auto b = blocker(BlockMode::suggest);
  const auto e = evidence("203.0.113.7");
  ASSERT_TRUE(b.request({&e, 1}, {"agent", kNow}).ok());
  ASSERT_TRUE(b.panic({"uid 0", kNow}).ok());
  EXPECT_EQ(b.state().suggested, 0U);
  EXPECT_EQ(b.request({&e, 1}, {"agent", kNow}).value()[0].refusal, BlockRefusal::mode_off);
  ASSERT_TRUE(b.resume_after_panic({"uid 0", kNow}).ok());
  EXPECT_EQ(b.request({&e, 1}, {"agent", kNow}).value()[0].verdict, BlockVerdict::suggest);
}

TEST_F(BlockerTest, AHandForgives) {
  auto b = blocker(BlockMode::suggest);
  b.resume({}, {{"203.0.113.7", 2, kNow}, {"203.0.113.8", 2, kNow}}, false, false, kNow);
  const auto offence = [&](const char* network) {
    const auto d = b.judge(evidence(network), kNow);
    return d.entry.offence;
  };
  EXPECT_EQ(offence("203.0.113.7"), 3U);
  ASSERT_TRUE(b.remove(*parse_network("203.0.113.7"), {"uid 0", kNow}).ok());
  EXPECT_EQ(offence("203.0.113.7"), 1U);
  EXPECT_EQ(offence("203.0.113.8"), 3U);
  const auto e = evidence("203.0.113.8");
  ASSERT_TRUE(b.request({&e, 1}, {"agent", kNow}).ok());
  ASSERT_TRUE(b.flush({"uid 0", kNow}).ok());
  EXPECT_EQ(offence("203.0.113.8"), 1U);
}

TEST_F(BlockerTest, TheStoreCountsOffencesAndPorts) {
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(writer->append_block_event({kNow + i * kSecond, "203.0.113.7", "added", "log", 3600, "x", "", "agent"}).ok());
  ASSERT_TRUE(writer->append_block_event({kNow, "203.0.113.8", "suggested", "log", 3600, "x", "", "agent"}).ok());
  ASSERT_TRUE(writer->append_block_event({kNow, "203.0.113.9", "added", "by hand", 3600, "x", "", "uid 0"}).ok());
  // Expired is not forgiven, taken out by hand is; what comes after that counts again.
  ASSERT_TRUE(writer->append_block_event({kNow, "203.0.113.7", "expired", "log", 3600, "x", "", "agent"}).ok());
  for (const auto* network : {"203.0.113.10", "203.0.113.11"}) {
    ASSERT_TRUE(writer->append_block_event({kNow, network, "added", "log", 3600, "x", "", "agent"}).ok());
    ASSERT_TRUE(writer->append_block_event({kNow, network, "removed", "log", 3600, "x", "", "uid 0"}).ok());
  }
  ASSERT_TRUE(writer->append_block_event({kNow, "203.0.113.11", "added", "log", 3600, "x", "", "agent"}).ok());
  const std::vector<std::pair<std::uint16_t, std::uint64_t>> counts{{23, 5}, {2323, 1}};
  ASSERT_TRUE(writer->add_port_counts(kNow, counts).ok());
  ASSERT_TRUE(writer->add_port_counts(kNow + kSecond, counts).ok());
  ASSERT_TRUE(writer->commit().ok());
  const auto offences = reader()->block_offences(0, 10);
  std::map<std::string, std::uint32_t> counts_of;
  for (const auto& o : offences.value()) counts_of[o.network] = o.count;
  EXPECT_EQ(counts_of, (std::map<std::string, std::uint32_t>{{"203.0.113.7", 3}, {"203.0.113.11", 1}}));
  const auto ports = reader()->port_counts(kNow - kMinute, kNow + kMinute);
  ASSERT_EQ(ports.value().size(), 2U);
  EXPECT_EQ(ports.value()[0].port, 23);
  EXPECT_EQ(ports.value()[0].packets, 10U);
}

}  // namespace
}  // namespace sekisho
