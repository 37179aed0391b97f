// Keepalives from the counters of sockets alone.
#include "features/socket_beats.h"

#include <gtest/gtest.h>

#include "detect/beacon_score.h"

namespace sekisho {
namespace {

const Address kHere = address_from_v4(0xC6336405), kThere = address_from_v4(0xCB007107);

SocketSample connection(std::uint64_t inode, std::uint16_t remote_port = 23) {
  SocketSample s;
  s.socket.local = kHere, s.socket.remote = kThere, s.socket.local_port = 41'000, s.socket.remote_port = remote_port;
  s.socket.state = kTcpEstablished, s.socket.inode = inode;
  s.counted = true;
  return s;
}

// Looks every 10 s for `seconds`; the client says `bytes` every `period` seconds.
std::vector<ConnectionFact> watched(SocketBeats& beats, int seconds, int period, unsigned bytes, std::uint16_t port = 23,
                                    bool listener = false) {
  SocketSample s = connection(7, port);
  std::vector<ConnectionFact> facts;
  for (int now = 0; now <= seconds; ++now) {
    if (now % period == 3) {
      s.bytes_sent += bytes, s.bytes_received += bytes, ++s.segments_sent, ++s.segments_received;
      s.last_sent = s.last_received = now * kSecond;
    }
    if (now % 10 != 0) continue;
    SocketSnapshot snapshot{now * kSecond, {s}, {}};
    if (listener) {
      SocketSample door = s;
      door.socket.state = kTcpListen, door.socket.remote = {}, door.socket.remote_port = 0;
      snapshot.sockets.push_back(door);
    }
    for (auto& fact : beats.on_snapshot(snapshot)) facts.push_back(fact);
  }
  return facts;
}

TEST(SocketBeats, AKeepaliveIsFoundWithoutPackets) {
  SocketBeats beats;
  const auto facts = watched(beats, 310, 60, 2);
  ASSERT_FALSE(facts.empty());
  const auto& last = facts.back();
  EXPECT_EQ(last.beats, 6U);
  EXPECT_TRUE(last.outbound);
  EXPECT_EQ(last.remote_port, 23);
  const BeaconScore score = beacon_score(last);
  EXPECT_NEAR(score.median_s, 60, 0.01);
  EXPECT_EQ(score.mode_bytes, 2);
  EXPECT_GT(score.score, 0.95);
}

TEST(SocketBeats, DataIsNoBeat) {
  SocketBeats beats;
  EXPECT_TRUE(watched(beats, 310, 60, 900).empty());
}

TEST(SocketBeats, AServedConnectionIsNotOutbound) {
  SocketBeats beats;
  EXPECT_TRUE(watched(beats, 310, 60, 2, 50'000, true).empty());
}

TEST(SocketBeats, KnownProtocolsAreNamed) {
  SocketBeats beats;
  const auto facts = watched(beats, 200, 60, 2, 1883);
  ASSERT_FALSE(facts.empty());
  EXPECT_EQ(facts.back().benign, BenignBeat::mqtt);
}

TEST(SocketBeats, AClosedConnectionIsForgotten) {
  SocketBeats beats;
  watched(beats, 200, 60, 2);
  EXPECT_EQ(beats.followed(), 1U);
  EXPECT_TRUE(beats.on_snapshot({300 * kSecond, {}, {}}).empty());
  EXPECT_EQ(beats.followed(), 0U);
}

TEST(SocketBeats, ALargeTransferEndsTheSeries) {
  SocketBeats beats;
  SocketSample s = connection(7);
  std::size_t facts = 0;
  for (int look = 1; look <= 20; ++look) {
    s.bytes_sent += look == 10 ? 1'000'000 : 2, s.segments_sent += look == 10 ? 700 : 1;
    s.last_sent = look * kMinute;
    for (const auto& fact : beats.on_snapshot({look * kMinute, {s}, {}})) {
      ++facts;
      EXPECT_LE(fact.beats, 10U);
    }
  }
  EXPECT_GT(facts, 0U);
}

}  // namespace
}  // namespace sekisho
