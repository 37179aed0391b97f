// The connection table: states, eviction under floods, stalled payload, sharding.
#include "features/connections.h"

#include <gtest/gtest.h>

#include "tcp_talk.h"

namespace sekisho {
namespace {

using namespace test;

struct ConnectionsTest : testing::Test {
  Connections table{HashKey{}, 4096, 0, kGroups};
};

TEST_F(ConnectionsTest, HandshakeThenDataThenClose) {
  for (const bool outbound : {false, true}) {
    TcpTalk talk{table, outbound, 80};
    const auto syn = talk.syn();
    EXPECT_TRUE(syn.new_connection);
    EXPECT_FALSE(syn.known || syn.both_ways || syn.established);
    EXPECT_EQ(syn.opened_by_remote, !outbound);
    EXPECT_FALSE(talk.syn().new_connection) << "a repeated SYN is no new connection";
    const auto syn_ack = talk.syn_ack();
    EXPECT_TRUE(syn_ack.known && syn_ack.both_ways);
    EXPECT_FALSE(syn_ack.established);
    ++talk.client_seq;
    ++talk.server_seq;
    const auto ack = talk.send(true, kAck, talk.client_seq, talk.server_seq);
    EXPECT_TRUE(ack.handshake_completed && ack.established && ack.known);
    const auto data = talk.client("GET / HTTP/1.1\r\n");
    EXPECT_TRUE(data.known && data.established);
    EXPECT_FALSE(data.handshake_completed || data.stalled);
    EXPECT_TRUE(talk.server("HTTP/1.1 200 OK\r\n").known);
    talk.close();
    EXPECT_TRUE(talk.send(true, kAck, talk.client_seq, talk.server_seq).known) << "the last ACK after both FINs";
    talk.wait(2 * kMinute);
    EXPECT_FALSE(talk.send(true, kAck, talk.client_seq, talk.server_seq).known);
    talk.client_seq = 777'000;  // the same ports again
    talk.server_seq = 5;
    EXPECT_TRUE(talk.syn().new_connection);
  }
}

TEST_F(ConnectionsTest, SixIsLikeFour) {
  TcpTalk talk{table, false, 443, 50'000, "2001:db8::7", "2001:db8:1::5"};
  EXPECT_TRUE(talk.open().handshake_completed);
  EXPECT_TRUE(talk.client("x").known);
}

TEST_F(ConnectionsTest, AnAckThatGuessesTheServersNumberCompletesNothing) {
  TcpTalk talk{table, false, 80};
  talk.syn();
  talk.syn_ack();
  const auto ack = talk.send(true, kAck, talk.client_seq + 1, talk.server_seq + 2);
  EXPECT_FALSE(ack.handshake_completed || ack.known || ack.established);
  EXPECT_TRUE(talk.send(true, kAck, talk.client_seq + 1, talk.server_seq + 1).handshake_completed);
}

TEST_F(ConnectionsTest, ConnectionsFromBeforeTheCaptureAreKnownOnceBothSidesSpoke) {
  TcpTalk talk{table, false, 22};
  const auto first = talk.client("abc");
  EXPECT_FALSE(first.known || first.both_ways);
  EXPECT_FALSE(talk.client("def").known) << "one side alone proves nothing";
  const auto answer = talk.send(false, kAck, talk.server_seq, talk.client_seq);
  EXPECT_TRUE(answer.known && answer.both_ways && answer.established);
  EXPECT_TRUE(answer.opened_by_remote) << "port 22 is the server";
  EXPECT_TRUE(talk.client("ghi").known);
}

TEST_F(ConnectionsTest, AnAckFloodWithResetsStaysUnknown) {
  TcpTalk talk{table, false, 80};
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(talk.send(true, kAck, 1000U * static_cast<unsigned>(i), 1).known);
    EXPECT_FALSE(talk.send(false, kRst, 1, 0).known);
  }
}

TEST_F(ConnectionsTest, ASynThatIsRefusedIsNoConnection) {
  TcpTalk talk{table, false, 80};
  talk.syn();
  const auto refused = talk.send(false, kRst | kAck, 0, talk.client_seq + 1);
  EXPECT_FALSE(refused.both_ways || refused.established);
  EXPECT_FALSE(talk.send(true, kAck, talk.client_seq + 1, 1).known);
  EXPECT_TRUE(talk.syn().new_connection) << "a new try";
}

TEST_F(ConnectionsTest, AResetWithAForeignSequenceNumberClosesNothing) {
  TcpTalk talk{table, false, 80};
  talk.open();
  talk.client("abc");
  talk.send(true, kRst, talk.client_seq + 0x40000000, 0);
  talk.wait(kMinute);
  EXPECT_TRUE(talk.client("def").known);
  talk.send(true, kRst, talk.client_seq, 0);
  talk.wait(kMinute);
  EXPECT_FALSE(talk.client("ghi").known);
}

TEST_F(ConnectionsTest, AConnectionThatGoesOnAfterAForgedResetIsKnownAgain) {
  TcpTalk talk{table, false, 80};
  talk.open();
  talk.send(true, kRst, talk.client_seq, 0);
  talk.wait(kMinute);
  talk.client("abc");
  talk.server("abc");
  EXPECT_TRUE(talk.client("def").known);
}

TEST_F(ConnectionsTest, PacketsThatNoStackSendsLeaveNoTrace) {
  TcpTalk talk{table, false, 80};
  for (const int flags : {0, kFin | 0, kFin | kPsh | kUrg, kSyn | kFin, kSyn | kRst, kSyn | kFin | kAck}) {
    const auto v = talk.send(true, static_cast<std::uint8_t>(flags), 1, 1, "x");
    EXPECT_FALSE(v.known || v.new_connection || v.both_ways) << flags;
    EXPECT_FALSE(talk.send(false, kAck, 5, 5).known);
    table = Connections{HashKey{}, 4096, 0, kGroups};
  }
}

TEST_F(ConnectionsTest, ASynFloodOfAMillionSourcesKeepsEstablishedConnections) {
  std::vector<TcpTalk> talks;
  for (unsigned i = 0; i < 2000; ++i) {
    talks.emplace_back(table, false, 443, static_cast<std::uint16_t>(10'000 + i), "198.51.100." + std::to_string(i % 250));
    talks.back().open();
  }
  const Address local = address("203.0.113.5");
  TimeNs now = kStart + kSecond;
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    const Address remote = address_from_v4(0x0b000000U + i * 17);
    now += 2 * kMicrosecond;
    const auto send = [&](Direction direction, unsigned flags, std::uint32_t seq, std::uint32_t ack) {
      const auto p =
          tcp_packet(now, direction, local, 443, remote, static_cast<std::uint16_t>(i), static_cast<std::uint8_t>(flags), seq, ack);
      return table.on_packet(p, hashes_of({}, p));
    };
    ASSERT_TRUE(send(Direction::ingress, kSyn, i, 0).new_connection);
    if (i % 3 == 0) send(Direction::egress, kSyn | kAck, 9, i + 1);  // the server answers some
  }
  std::size_t lost = 0;
  for (auto& talk : talks) {
    talk.now = now;
    lost += !talk.client("still here").known;
  }
  EXPECT_EQ(lost, 0U);
  EXPECT_EQ(table.evictions(), 0U) << "only half-open entries made room";
}

TEST_F(ConnectionsTest, AFullTableOfLiveConnectionsCountsWhatFindsNoRoom) {
  Connections small{HashKey{}, 8, 0, kGroups};
  for (unsigned i = 0; i < 1000; ++i)
    TcpTalk{small, false, 443, static_cast<std::uint16_t>(10'000 + i), "198.51.100." + std::to_string(i % 250)}.open();
  EXPECT_GT(small.evictions(), 0U);
}

TEST_F(ConnectionsTest, StompStalls) {
  TcpTalk talk{table, false, 80};
  talk.open();
  const std::string payload(768, 'x');
  int stalled = 0;
  for (unsigned i = 0; i < 200; ++i)  // Mirai's STOMP: the sequence number creeps by one
    stalled += talk.send(true, kPsh | kAck, talk.client_seq + i, talk.server_seq, payload).stalled;
  EXPECT_GE(stalled, 170);
}

TEST_F(ConnectionsTest, RandomSequenceNumbersStall) {
  TcpTalk talk{table, false, 80};
  talk.open();
  const std::string payload(512, 'x');
  int stalled = 0;
  std::uint32_t seq = 12345;
  for (unsigned i = 0; i < 200; ++i) {
    seq = seq * 1664525 + 1013904223;
    stalled += talk.send(true, kPsh | kAck, seq, talk.server_seq, payload).stalled;
  }
  EXPECT_GE(stalled, 170);
}

TEST_F(ConnectionsTest, RetransmissionsAndReorderingDoNotStall) {
  TcpTalk talk{table, false, 80};
  talk.open();
  const std::string payload(1000, 'x');
  const auto at = [&](unsigned segment) {
    return talk.send(true, kAck, talk.client_seq + segment * 1000, talk.server_seq, payload).stalled;
  };
  for (unsigned i = 0; i < 500; ++i) EXPECT_FALSE(at(i));
  for (unsigned i = 100; i < 500; ++i) EXPECT_FALSE(at(i)) << "a whole window again";
  for (unsigned i = 0; i < 500; i += 2) EXPECT_FALSE(at(i)) << "every second segment again (SACK)";
  for (unsigned i = 500; i < 700; i += 2) {
    EXPECT_FALSE(at(i + 1)) << "swapped neighbours";
    EXPECT_FALSE(at(i));
  }
  for (unsigned i = 700; i < 800; ++i) {
    EXPECT_FALSE(at(i));
    EXPECT_FALSE(at(i)) << "every packet captured twice";
  }
  for (unsigned i = 0; i < 12; ++i) EXPECT_FALSE(at(799)) << "a dozen copies at once";
  for (unsigned i = 0; i < 15; ++i) {
    talk.wait((200 << i) * kMillisecond);
    EXPECT_FALSE(at(799)) << "the same segment, with a timer that backs off";
  }
}

TEST_F(ConnectionsTest, AGapInTheCaptureIsNoStall) {
  TcpTalk talk{table, false, 80};
  talk.open();
  const std::string payload(1000, 'x');
  for (unsigned jump = 0; jump < 30; ++jump) {
    talk.client_seq += 50'000'000;  // lost by the capture
    for (unsigned i = 0; i < 20; ++i) EXPECT_FALSE(talk.client(payload).stalled);
  }
}

TEST(ConnectionsSharding, AnyNumberOfShardsGivesTheSame) {
  // Random traffic over few ports and sequence numbers, so that tables of eight entries collide, refuse and evict all the time.
  struct Sent {
    Packet packet;
    std::string payload;
  };
  std::vector<Sent> sent(60'000);
  std::uint64_t state = 1;
  const auto next = [&](std::uint32_t n) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::uint32_t>(state >> 33) % n;
  };
  const Address local = address("203.0.113.5");
  const std::vector<std::string> words{"",
                                       "",
                                       std::string(2, '\0'),
                                       "PING\n",
                                       "PONG\n",
                                       "login: ",
                                       "Password: ",
                                       "root\r\n",
                                       "PASS x\r\n",
                                       "530 no\r\n",
                                       bytes({0, 0, 0, 1}),
                                       "/bin/busybox MIRAI\r\n",
                                       "SSH-2.0-x\r\n",
                                       std::string(500, 'z')};
  constexpr std::uint16_t ports[] = {21, 22, 23, 80, 443};
  constexpr int flags[] = {kSyn, kSyn | kAck, kAck, kAck, kAck | kPsh, kAck | kPsh, kFin | kAck, kRst};
  TimeNs now = kStart;
  for (auto& [packet, payload] : sent) {
    now += next(20) * kMillisecond;
    payload = words[next(static_cast<std::uint32_t>(words.size()))];
    const bool out = next(2) == 1;
    const std::uint16_t service = ports[next(5)], client = static_cast<std::uint16_t>(40'000 + next(3));
    const bool inbound = next(2) == 1;
    packet = tcp_packet(now, out ? Direction::egress : Direction::ingress, local, inbound ? service : client,
                        address_from_v4(0xc6336400 + next(200)), inbound ? client : service, static_cast<std::uint8_t>(flags[next(8)]),
                        next(4), next(4), payload);
  }
  const auto run = [&](unsigned shards) {
    std::vector<Connections> tables;
    const unsigned groups = kGroups / shards;
    for (unsigned s = 0; s < shards; ++s) tables.emplace_back(HashKey{}, 8, s * groups, groups);
    std::string log;
    std::size_t i = 0;
    std::uint64_t evictions = 0;
    for (const auto& [packet, payload] : sent) {
      const auto hashes = hashes_of({}, packet);
      const auto v = tables[group_of(hashes.remote) / groups].on_packet(packet, hashes);
      log += static_cast<char>('A' + v.known + 2 * v.new_connection + 4 * v.both_ways + 8 * v.stalled + 16 * v.handshake_completed);
      if (++i % 5000 != 0) continue;
      std::vector<ConnectionFact> facts;
      for (auto& t : tables) t.collect(packet.time, i == sent.size(), facts);
      std::sort(facts.begin(), facts.end(), [](const ConnectionFact& a, const ConnectionFact& b) {
        return std::tie(a.remote, a.local, a.remote_port, a.local_port, a.opened) <
               std::tie(b.remote, b.local, b.remote_port, b.local_port, b.opened);
      });
      for (const ConnectionFact& f : facts)
        log += to_string(f.remote) + " " + std::to_string(f.remote_port) + " " + std::to_string(f.local_port) + " " +
               std::to_string(f.signs) + " " + std::to_string(f.beats) + " " + std::to_string(f.packets_in) + " " +
               std::to_string(f.payload_out) + " " + std::to_string(f.login_attempts) + (f.closed ? " closed\n" : "\n");
    }
    for (const auto& t : tables) evictions += t.evictions();
    return log + std::to_string(evictions);
  };
  const std::string one = run(1);
  EXPECT_GT(std::count(one.begin(), one.end(), '\n'), 100) << "the traffic says something";
  EXPECT_EQ(run(2), one);
  EXPECT_EQ(run(4), one);
  EXPECT_EQ(run(16), one);
}

}  // namespace
}  // namespace sekisho
