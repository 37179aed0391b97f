// What the watch makes of connections: beats, C2 bytes, keepalives of ordinary protocols, login dialogues.
#include "features/connection_watch.h"

#include <gtest/gtest.h>

#include "tcp_talk.h"

namespace sekisho {
namespace {

using namespace test;

struct WatchTest : testing::Test {
  Connections table{HashKey{}, 4096, 0, kGroups};
  ConnectionFact only() {
    const auto facts = collected(table);
    EXPECT_EQ(facts.size(), 1U);
    return facts.empty() ? ConnectionFact{} : facts[0];
  }
};
const std::string kZero = bytes({0, 0});

TEST_F(WatchTest, MiraiRegistrationHeartbeatAndCommand) {
  TcpTalk talk{table, true, 23};
  talk.open();
  talk.client(bytes({0, 0, 0, 1}));
  talk.client(bytes({4}));
  talk.client("arm7");
  for (int i = 0; i < 4; ++i) {
    talk.wait(i == 0 ? 10 * kSecond : 60 * kSecond);
    talk.client(kZero);
    talk.server(kZero);
  }
  talk.server(bytes({0, 14, 0, 0, 0, 60, 0, 1, 192, 0, 2, 1, 32, 0}));
  const ConnectionFact f = only();
  EXPECT_TRUE(f.outbound && f.established);
  EXPECT_EQ(f.signs & (kSignRegistration | kSignHeartbeat | kSignCommandAfterBeat | kSignOpened),
            kSignRegistration | kSignHeartbeat | kSignCommandAfterBeat | kSignOpened);
  EXPECT_EQ(f.beats, 4U) << "the registration and its id are no beats";
  EXPECT_EQ(f.last_beats[0].payload_bytes, 2);
  EXPECT_EQ(f.commands, 1U);
  EXPECT_EQ(f.payload_out, 4U + 1 + 4 + 8);
  EXPECT_EQ(f.benign, BenignBeat::none);
}

TEST_F(WatchTest, RegistrationOnlyCountsFirstAndBeforeTheServerSpeaks) {
  TcpTalk spoken{table, true, 4000, 40'001};
  spoken.open();
  spoken.server("hello");
  spoken.client(bytes({0, 0, 0, 1}));
  TcpTalk later{table, true, 4000, 40'002};
  later.open();
  later.client("hello");
  later.client(bytes({0, 0, 0, 1}));
  TcpTalk midstream{table, true, 4000, 40'003};
  midstream.send(false, kAck, midstream.server_seq, midstream.client_seq);
  midstream.client(bytes({0, 0, 0, 1}));
  for (const ConnectionFact& f : collected(table)) EXPECT_FALSE(f.signs & kSignRegistration) << f.local_port;
}

TEST_F(WatchTest, ConnectionsFromBeforeTheCaptureBeatToo) {
  TcpTalk talk{table, true, 23, 45'000};
  for (int i = 0; i < 5; ++i) {
    talk.client(kZero);
    talk.server(kZero);
    talk.wait(60 * kSecond);
  }
  const ConnectionFact f = only();
  EXPECT_TRUE(f.outbound);
  EXPECT_FALSE(f.signs & kSignOpened);
  EXPECT_GE(f.beats, 4U);
  EXPECT_TRUE(f.signs & kSignHeartbeat);
}

TEST_F(WatchTest, KeepalivesOfOrdinaryProtocolsAreNamed) {
  const std::string bgp = std::string(16, '\xff') + bytes({0, 19, 4});
  const std::tuple<std::string, std::string, BenignBeat> cases[] = {
      {bytes({0xc0, 0}), bytes({0xd0, 0}), BenignBeat::mqtt},
      {bytes({8, 0, 0, 0, 0, 0, 0, 0xce}), bytes({8, 0, 0, 0, 0, 0, 0, 0xce}), BenignBeat::amqp},
      {"\n", "\n", BenignBeat::stomp},
      {bytes({1, 0, 0, 0, 0x0e}), bytes({7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0}), BenignBeat::mysql},
      {bytes({0x89, 0x80, 9, 9, 9, 9}), bytes({0x8a, 0}), BenignBeat::websocket},
      {"NOOP\r\n", "200 OK\r\n", BenignBeat::noop},
      {"PING\r\n", "+PONG\r\n", BenignBeat::redis},
      {" ", " ", BenignBeat::whitespace},
  };
  std::uint16_t port = 41'000;
  for (const auto& [ping, pong, kind] : cases) {
    TcpTalk talk{table, true, 8000, ++port};
    talk.open();
    for (int i = 0; i < 6; ++i) {
      talk.wait(30 * kSecond);
      talk.client(ping);
      talk.server(pong);
    }
    const auto facts = collected(table, false);
    ASSERT_FALSE(facts.empty()) << int(kind);
    for (const ConnectionFact& f : facts) {
      EXPECT_EQ(f.benign, kind) << int(kind) << " " << int(f.benign);
      EXPECT_EQ(f.signs & ~kSignOpened, 0U) << int(kind);
      EXPECT_EQ(f.commands, 0U) << int(kind);
    }
  }
}

TEST_F(WatchTest, NatsAndIrcPingAreNotGafgyt) {
  TcpTalk nats{table, true, 4222, 42'001};
  nats.open();
  nats.server("INFO {\"server_id\":\"x\"}\r\n");
  nats.client("CONNECT {}\r\nPING\r\n");
  nats.server("PONG\r\n");
  TcpTalk midstream{table, true, 4222, 42'002};
  midstream.server("PING\r\n");
  midstream.client("PONG\r\n");
  TcpTalk irc{table, true, 6667, 42'003};
  irc.open();
  for (int i = 0; i < 5; ++i) {
    irc.wait(60 * kSecond);
    irc.server("PING :x.example\r\n");
    irc.client("PONG :x\r\n");
    nats.wait(60 * kSecond);
    midstream.wait(60 * kSecond);
    nats.server("PING\r\n");
    nats.client("PONG\r\n");
    midstream.server("PING\r\n");
    midstream.client("PONG\r\n");
  }
  for (const ConnectionFact& f : collected(table)) {
    EXPECT_FALSE(f.signs & kSignGafgytText) << f.remote_port;
    EXPECT_EQ(f.benign, f.remote_port == 6667 ? BenignBeat::irc : BenignBeat::nats) << f.local_port;
  }
}

TEST_F(WatchTest, GafgytText) {
  TcpTalk talk{table, true, 666};
  talk.open();
  talk.client("BUILD X86:unknown\n");
  talk.server("PING\n");
  talk.client("PONG!\n");
  ConnectionFact f = only();
  EXPECT_TRUE(f.signs & kSignGafgytText);
  EXPECT_EQ(f.commands, 0U);
  talk.server("!* UDP 192.0.2.1 80 60 32 0 10\n");
  f = only();
  EXPECT_EQ(f.commands, 1U);
}

TEST_F(WatchTest, TcpKeepaliveProbesAreNoBeats) {
  TcpTalk talk{table, true, 443};
  talk.open();
  talk.client(std::string(300, 'x'));
  talk.server(std::string(300, 'x'));
  for (int i = 0; i < 20; ++i) {
    talk.wait(75 * kSecond);
    EXPECT_FALSE(talk.send(true, kAck, talk.client_seq - 1, talk.server_seq, std::string(1, '\0')).stalled);
    talk.send(false, kAck, talk.server_seq, talk.client_seq);
  }
  for (const ConnectionFact& f : collected(table)) EXPECT_EQ(f.beats, 0U);
}

TEST_F(WatchTest, RetransmittedBeatsCountOnce) {
  TcpTalk talk{table, true, 4000};
  talk.open();
  for (int i = 0; i < 4; ++i) {
    talk.wait(60 * kSecond);
    talk.client(kZero);
    talk.send(true, kPsh | kAck, talk.client_seq - 2, talk.server_seq, kZero);
    talk.server(kZero);
  }
  EXPECT_EQ(only().beats, 4U);
}

TEST_F(WatchTest, TelnetDialogueInwardsWithFailuresTagAndShell) {
  TcpTalk talk{table, false, 23};
  talk.open();
  talk.server(bytes({0xff, 0xfd, 1}));
  talk.server("login: ");
  talk.client("root\r\n");
  talk.server("Password: ");
  talk.client("xc3511\r\n");
  talk.server("\r\nLogin incorrect\r\nlogin: ");
  ConnectionFact f = collected(table, false).back();
  EXPECT_FALSE(f.outbound);
  EXPECT_EQ(f.login_attempts, 1U);
  EXPECT_TRUE(f.signs & kSignTelnetLogin);
  EXPECT_TRUE(f.signs & kSignTelnetFailed);
  EXPECT_FALSE(f.signs & kSignLoginOk);
  talk.client("admin\r\n");
  talk.server("Password: ");
  talk.client("admin\r\n");
  talk.server("\r\n# ");
  talk.client("/bin/busybox SORA\r\n");
  talk.close();
  f = collected(table, false).back();
  EXPECT_EQ(f.login_attempts, 2U);
  EXPECT_TRUE(f.signs & kSignLoginOk);
  EXPECT_TRUE(f.signs & kSignBusybox);
  EXPECT_STREQ(f.tag.data(), "SORA");
  EXPECT_TRUE(f.closed);
}

TEST_F(WatchTest, FtpRefusalsCountOnlyAfterPass) {
  TcpTalk talk{table, false, 21};
  talk.open();
  talk.server("220 ready\r\n");
  talk.client("LIST\r\n");
  talk.server("530 Please login with USER and PASS.\r\n");
  EXPECT_FALSE(only().signs & kSignFtpFailed);
  talk.client("USER bob\r\n");
  talk.server("331 Password required\r\n");
  talk.client("PASS x\r\n");
  talk.server("530 Login incorrect.\r\n");
  EXPECT_TRUE(only().signs & kSignFtpFailed);
  talk.client("PASS y\r\n");
  talk.server("230 Hello\r\n");
  const ConnectionFact f = only();
  EXPECT_EQ(f.login_attempts, 2U);
  EXPECT_TRUE(f.signs & kSignLoginOk);
}

TEST_F(WatchTest, SshLoginShowsInSizes) {
  for (const bool succeeds : {false, true}) {
    TcpTalk talk{table, false, 22, static_cast<std::uint16_t>(succeeds ? 50'001 : 50'000)};
    talk.open();
    talk.server("SSH-2.0-OpenSSH_9.2\r\n");
    talk.client("SSH-2.0-x\r\n");
    talk.client(std::string(1400, 'k'));
    talk.server(std::string(1000, 'k'));
    talk.client(std::string(48, 'k'));
    talk.server(std::string(560, 'k'));
    talk.client(std::string(16, 'n'));  // NEWKEYS
    talk.client(std::string(44, 's'));
    talk.server(std::string(44, 's'));  // service accepted
    talk.client(std::string(148, 'p'));
    talk.server(std::string(succeeds ? 28 : 44, 'r'));
    talk.close();
    const auto facts = collected(table, false);
    ASSERT_EQ(facts.size(), 1U);
    EXPECT_TRUE(facts[0].signs & kSignSsh);
    EXPECT_EQ((facts[0].signs & kSignLoginOk) != 0, succeeds);
    EXPECT_TRUE(facts[0].closed);
  }
}

TEST_F(WatchTest, ImapNoIsARefusalOnlyAfterLogin) {
  TcpTalk talk{table, false, 143};
  talk.open();
  talk.client("a1 SELECT x\r\n");
  talk.server("a1 NO no such mailbox\r\n");
  EXPECT_FALSE(only().signs & kSignLoginFailed);
  talk.client("a2 LOGIN bob x\r\n");
  talk.server("a2 NO failed\r\n");
  EXPECT_EQ(only().login_attempts, 1U);
}

TEST_F(WatchTest, UnansweredAttemptsToOneTargetAddUpAndAnAnswerForgetsThem) {
  TimeNs now = kStart;
  for (std::uint16_t i = 0; i < 9; ++i) {
    TcpTalk talk{table, true, 23, static_cast<std::uint16_t>(43'000 + i)};
    talk.now = now += 5 * kSecond;
    talk.syn();
    talk.wait(kSecond);
    talk.syn();  // the kernel repeats it
  }
  const ConnectionFact f = only();
  EXPECT_TRUE(f.signs & kSignUnanswered);
  EXPECT_EQ(f.local_port, 0);
  EXPECT_EQ(f.remote_port, 23);
  EXPECT_EQ(f.packets_out, 18U);
  EXPECT_EQ(f.login_attempts, 9U);
  TcpTalk answered{table, true, 23, 44'000};
  answered.now = now + kSecond;
  answered.open();
  TcpTalk again{table, true, 23, 44'001};
  again.now = now + 2 * kSecond;
  again.syn();
  EXPECT_TRUE(collected(table, false).empty());
}

TEST_F(WatchTest, UploadsAreNotWatchedForLong) {
  TcpTalk talk{table, true, 443};
  talk.open();
  talk.client("x");
  for (int i = 0; i < 600; ++i) talk.client(std::string(1400, 'x'));
  EXPECT_TRUE(collected(table).empty());
}

TEST_F(WatchTest, ReusedPortsStartAFactAnew) {
  TcpTalk talk{table, false, 21};
  for (int i = 0; i < 2; ++i) {
    talk.client_seq += 100'000;
    talk.server_seq += 100'000;
    talk.open();
    talk.server("220 ready\r\n");
    talk.client("PASS x\r\n");
    talk.server("530 no\r\n");
    talk.close();
    talk.wait(kSecond);
  }
  const auto facts = collected(table, false);
  ASSERT_EQ(facts.size(), 2U);
  EXPECT_LT(facts[0].opened, facts[1].opened);
  EXPECT_EQ(facts[0].login_attempts, 1U);
  EXPECT_EQ(facts[1].login_attempts, 1U);
}

}  // namespace
}  // namespace sekisho
