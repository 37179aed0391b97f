// Bundles: what goes in comes out as it was, and a change is seen.
#include "app/bundle.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/abuse_reply.h"
#include "app/incident_state.h"

namespace sekisho {
namespace {

Incident outgoing() {
  Incident i;
  i.id = "01KAYPDG0000000000000000AA", i.kind = Kind::flood, i.direction = Direction::egress, i.label = "udp_flood",
  i.subject = "198.51.100.10";
  i.labels = {{"udp_flood", 1}};
  i.started = 1'700'000'000 * kSecond, i.detected = i.started + kSecond;
  i.packets = 1000, i.bytes = 500'000, i.peak_pps = 900;
  i.distinct_peers = 1, i.top_peers = {{address_from_v4(0xCB007107), 80, 1000}};
  i.process.emplace();
  i.process->pid = 999'999'999, i.process->exe = "/tmp/\x1b[31mx";
  i.headline = "900 pps", i.evidence = {"all of it"}, i.counter_evidence = {"none"};
  return i;
}

struct BundleTest : ::testing::Test {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("sekisho-bundle-" + std::to_string(::getpid()));
  std::string path = folder / "b.tar.zst";
  StoredIncident row = stored_incident(outgoing(), 0);
  BundleInput input;
  void SetUp() override {
    std::filesystem::create_directories(folder);
    std::ofstream{folder / "e.pcapng.zst"} << std::string(100'000, 'p');
    input.row = &row;
    input.files = {{row.id, folder / "e.pcapng.zst", "", 100'000, 3, 0}};
    input.report = "report";
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
};

TEST_F(BundleTest, IsAsItWasKept) {
  auto done = write_bundle(path, input);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_GE(done->parts, 4U);
  ASSERT_FALSE(done->left_out.empty());  // the process has ended
  EXPECT_NE(done->left_out[0].find("has ended"), std::string::npos);
  auto check = check_bundle(path);
  ASSERT_TRUE(check.ok()) << check.error().message;
  EXPECT_EQ(check->good, done->parts);
  EXPECT_TRUE(check->bad.empty());
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(BundleTest, WhatIsStillBeingWrittenIsKeptAsFarAsItIs) {
  auto incident = outgoing();
  incident.evidence_path = folder / "e.pcapng.zst";
  row = stored_incident(incident, 0);
  input.files.clear();
  auto done = write_bundle(path, input);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_NE(done->left_out[0].find("goes on"), std::string::npos) << done->left_out[0];
  std::filesystem::remove(path);
  std::filesystem::remove(folder / "e.pcapng.zst");
  EXPECT_NE(write_bundle(path, input)->left_out[0].find("No such file"), std::string::npos);
}

TEST_F(BundleTest, AnExistingFileStays) {
  std::ofstream{path} << "mine";
  EXPECT_FALSE(write_bundle(path, input).ok());
  EXPECT_EQ(std::filesystem::file_size(path), 4U);
}

TEST_F(BundleTest, DamageIsSeen) {
  ASSERT_TRUE(write_bundle(path, input).ok());
  auto size = std::filesystem::file_size(path);
  std::filesystem::resize_file(path, size / 2);
  EXPECT_FALSE(check_bundle(path).ok());
  std::ofstream{folder / "text"} << "no archive";
  EXPECT_FALSE(check_bundle(folder / "text").ok());
  EXPECT_FALSE(check_bundle(folder / "nothing").ok());
}

TEST(AbuseReply, SaysTheFactsAndNothingHostile) {
  const auto text = abuse_reply(outgoing(), {});
  EXPECT_NE(text.find("2023-11-14T22:13:20"), std::string::npos);
  EXPECT_NE(text.find("203.0.113.7 port 80"), std::string::npos);
  EXPECT_NE(text.find("pid 999999999"), std::string::npos);
  EXPECT_NE(text.find("[what was done"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(abuse_reply(outgoing(), {"it is isolated"}).find("[what was done"), std::string::npos);
}

}  // namespace
}  // namespace sekisho
