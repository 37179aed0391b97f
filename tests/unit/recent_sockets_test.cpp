// What is remembered of sockets that are gone, and how much of it.
#include "app/recent_sockets.h"

#include <gtest/gtest.h>

#include "incident/attribution.h"

namespace sekisho {
namespace {

const Address kVictim = address_from_v4(0xCB007107);

SocketEvent event(std::int64_t pid, SocketAct act, TimeNs time, std::uint16_t port = 80) {
  SocketEvent e;
  e.time = time, e.act = act, e.port = port, e.remote = kVictim;
  e.protocol = act == SocketAct::connect ? kTcp : act == SocketAct::send ? kUdp : 255;
  e.process.pid = pid, e.process.start_ticks = static_cast<std::uint64_t>(pid) * 7, e.process.exe = "/tmp/x";
  return e;
}

RecentSockets nothing_from_the_kernel() { return RecentSockets{Error{"not permitted"}}; }

TEST(RecentSockets, WithoutTheKernelTheySayWhy) {
  const auto recent = nothing_from_the_kernel();
  EXPECT_FALSE(recent.works());
  EXPECT_EQ(recent.problem(), "not permitted");
}

TEST(RecentSockets, OneActIsOneRowThatCounts) {
  auto recent = nothing_from_the_kernel();
  auto many = event(10, SocketAct::send, 5 * kSecond);
  many.count = 400;
  recent.add(event(10, SocketAct::send, kSecond));
  recent.add(many);
  const auto rows = recent.since(0);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].count, 401U);
  EXPECT_EQ(rows[0].first, kSecond);
  EXPECT_EQ(rows[0].last, 5 * kSecond);
  EXPECT_EQ(rows[0].sample.socket.kind, SocketKind::udp);
  EXPECT_TRUE(recent.since(6 * kSecond).empty());
}

TEST(RecentSockets, AProcessIdThatIsGivenAgainIsAnotherProcess) {
  auto recent = nothing_from_the_kernel();
  auto first = event(10, SocketAct::made_raw, kSecond), second = event(10, SocketAct::made_raw, 2 * kSecond);
  second.process.start_ticks = 999;
  recent.add(first), recent.add(second);
  EXPECT_EQ(recent.since(0).size(), 2U);
}

TEST(RecentSockets, BothTablesAreBoundedAndTheOldestGoes) {
  auto recent = nothing_from_the_kernel();
  for (std::uint16_t port = 1; port <= 3 * RecentSockets::kMaxActs; ++port) recent.add(event(10, SocketAct::connect, port * kSecond, port));
  auto rows = recent.since(0);
  ASSERT_EQ(rows.size(), RecentSockets::kMaxActs);
  for (const auto& row : rows) EXPECT_GT(row.sample.socket.remote_port, 2 * RecentSockets::kMaxActs);
  const auto later = 100 * kSecond;
  for (std::size_t pid = 100; pid < 100 + RecentSockets::kMaxProcesses; ++pid)
    recent.add(event(static_cast<std::int64_t>(pid), SocketAct::made_raw, later + static_cast<TimeNs>(pid)));
  rows = recent.since(0);
  EXPECT_EQ(rows.size(), RecentSockets::kMaxProcesses);
  for (const auto& row : rows) EXPECT_NE(row.process.pid, 10);
}

TEST(RecentSockets, WhoSentToTheVictimIsNamedThoughTheSocketIsGone) {
  auto recent = nothing_from_the_kernel();
  recent.add(event(10, SocketAct::send, kSecond));
  const auto rows = recent.since(0);
  Incident flood;
  flood.kind = Kind::flood, flood.direction = Direction::egress;
  flood.top_peers = {{kVictim, 80, 1000}};
  const OwnedSocket sockets[] = {{&rows[0].sample, &rows[0].process}};
  EXPECT_TRUE(attribute(flood, sockets).socket);
  flood.top_peers = {{address_from_v4(0x01010101), 80, 1000}};
  EXPECT_FALSE(attribute(flood, sockets).socket);
}

}  // namespace
}  // namespace sekisho
