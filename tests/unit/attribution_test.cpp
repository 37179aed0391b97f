// Which process is named for an outbound incident, and when none is.
#include "incident/attribution.h"

#include <gtest/gtest.h>

namespace sekisho {
namespace {

const Address kHere = address_from_v4(0xC6336405), kVictim = address_from_v4(0xCB007107);

Process process(std::int64_t pid, std::string exe) {
  Process p;
  p.pid = pid, p.exe = std::move(exe);
  return p;
}
SocketSample socket_of(SocketKind kind, Address remote = {}, std::uint16_t remote_port = 0, std::uint16_t local_port = 40'000) {
  SocketSample s;
  s.socket.kind = kind, s.socket.local = kHere, s.socket.remote = remote, s.socket.remote_port = remote_port,
  s.socket.local_port = local_port;
  s.socket.state = kTcpEstablished;
  return s;
}
Incident outgoing(Kind kind, std::uint16_t port) {
  Incident i;
  i.kind = kind, i.direction = Direction::egress;
  i.top_peers = {{kVictim, port, 1000}};
  i.remote_ports = {{port, 1000}};
  return i;
}

TEST(Attribution, AControlConnectionIsItsSocket) {
  const auto bot = process(10, "/tmp/x"), other = process(11, "/usr/bin/curl");
  const auto mine = socket_of(SocketKind::tcp, kVictim, 23), theirs = socket_of(SocketKind::tcp, kHere, 443);
  const OwnedSocket sockets[] = {{&theirs, &other}, {&mine, &bot}};
  const auto said = attribute(outgoing(Kind::c2, 23), sockets);
  ASSERT_TRUE(said.socket);
  EXPECT_EQ(*said.socket, 1U);
}

TEST(Attribution, AUdpFloodIsTheConnectedSocket) {
  const auto bot = process(10, "/tmp/x"), resolver = process(11, "/usr/sbin/unbound");
  const auto mine = socket_of(SocketKind::udp, kVictim, 80), theirs = socket_of(SocketKind::udp, {}, 0, 53);
  const OwnedSocket sockets[] = {{&theirs, &resolver}, {&mine, &bot}};
  const auto said = attribute(outgoing(Kind::flood, 80), sockets);
  ASSERT_TRUE(said.socket);
  EXPECT_EQ(*said.socket, 1U);
}

TEST(Attribution, ARawSocketIsSuspectedUnlessItsOwnerIsKnown) {
  const auto bot = process(10, "/tmp/x"), ping = process(11, "/usr/bin/ping");
  auto raw = socket_of(SocketKind::raw);
  raw.socket.protocol = 255;
  const OwnedSocket both[] = {{&raw, &ping}, {&raw, &bot}};
  const auto said = attribute(outgoing(Kind::flood, 80), both);
  ASSERT_TRUE(said.socket);
  EXPECT_EQ(*said.socket, 1U);
  EXPECT_FALSE(attribute(outgoing(Kind::flood, 80), std::span{both, 1}).socket);
}

TEST(Attribution, ARawSocketWhosePacketsGoElsewhereIsNotAccused) {
  const auto bot = process(10, "/tmp/x");
  auto raw = socket_of(SocketKind::raw);
  raw.socket.protocol = 255, raw.socket.net_ns = 4026532248, raw.apart = true;
  const OwnedSocket sockets[] = {{&raw, &bot}};
  const auto said = attribute(outgoing(Kind::flood, 80), sockets);
  EXPECT_FALSE(said.socket);
  EXPECT_NE(said.reason.find("/tmp/x (process 10), in a network namespace that no link joins"), std::string::npos) << said.reason;
  raw.apart = false;
  EXPECT_TRUE(attribute(outgoing(Kind::flood, 80), sockets).socket);
}

TEST(Attribution, AScanIsWhoConnectsMost) {
  const auto bot = process(10, "/tmp/x"), client = process(11, "/usr/bin/ssh");
  std::vector<SocketSample> samples;
  for (int i = 0; i < 50; ++i) {
    samples.push_back(socket_of(SocketKind::tcp, address_from_v4(0xCB007100U + static_cast<std::uint32_t>(i)), 23));
    samples.back().socket.state = 2;  // SYN sent
  }
  auto one = socket_of(SocketKind::tcp, kVictim, 22);
  std::vector<OwnedSocket> sockets{{&one, &client}};
  for (const auto& s : samples) sockets.push_back({&s, &bot});
  const auto said = attribute(outgoing(Kind::scan, 23), sockets);
  ASSERT_TRUE(said.socket);
  EXPECT_EQ(sockets[*said.socket].process->pid, 10);
  EXPECT_NE(said.reason.find("50 such sockets"), std::string::npos);
}

TEST(Attribution, NobodyIsNamedWithoutAReason) {
  const auto shell = process(11, "/usr/bin/bash");
  const auto theirs = socket_of(SocketKind::tcp, kHere, 443);
  const OwnedSocket sockets[] = {{&theirs, &shell}};
  const auto said = attribute(outgoing(Kind::flood, 80), sockets);
  EXPECT_FALSE(said.socket);
  EXPECT_NE(said.reason.find("not known"), std::string::npos);
  const OwnedSocket hidden[] = {{&theirs, nullptr}};
  EXPECT_FALSE(attribute(outgoing(Kind::flood, 80), hidden).socket);
}

TEST(Attribution, TwoThatFitEquallyAreNotNamed) {
  const auto a = process(10, "/tmp/x"), b = process(11, "/tmp/y");
  const auto one = socket_of(SocketKind::udp, kVictim, 80), two = socket_of(SocketKind::udp, kVictim, 80, 40'001);
  const OwnedSocket sockets[] = {{&one, &a}, {&two, &b}};
  EXPECT_FALSE(attribute(outgoing(Kind::flood, 80), sockets).socket);
}

// Who connects to the targets did it, not who merely could send anything.
TEST(Attribution, AHolderOfARawSocketIsNoScannerBesideOneWhoConnects) {
  const auto scanner = process(10, "/tmp/x"), bystander = process(11, "/opt/monitor");
  auto connecting = socket_of(SocketKind::tcp, kVictim, 23), raw = socket_of(SocketKind::raw);
  connecting.socket.state = 2, raw.socket.protocol = 255;
  const OwnedSocket sockets[] = {{&raw, &bystander}, {&connecting, &scanner}};
  const auto said = attribute(outgoing(Kind::scan, 23), sockets);
  ASSERT_TRUE(said.socket);
  EXPECT_EQ(*said.socket, 1U);
  const auto alone = attribute(outgoing(Kind::scan, 23), std::span{sockets, 1});
  EXPECT_TRUE(alone.socket) << "without such a one it is the only suspect";
}

TEST(Attribution, ChildrenOfOneProgramAreOne) {
  auto first = process(10, "/tmp/x"), second = process(11, "/tmp/x"), other = process(12, "/usr/bin/curl");
  first.parent = second.parent = 9, other.parent = 8;
  auto connecting = socket_of(SocketKind::tcp, kVictim, 23);
  connecting.socket.state = 2;
  const OwnedSocket sockets[] = {{&connecting, &first}, {&connecting, &second}, {&connecting, &other}};
  const auto said = attribute(outgoing(Kind::scan, 23), std::span{sockets, 2});
  ASSERT_TRUE(said.socket);
  EXPECT_NE(said.reason.find("2 processes of the same program"), std::string::npos) << said.reason;
  EXPECT_FALSE(attribute(outgoing(Kind::scan, 23), sockets).socket) << "a stranger fits as well";
}

TEST(Attribution, AnIcmpFloodIsTheIcmpSocket) {
  const auto bot = process(10, "/tmp/x"), bystander = process(11, "/opt/monitor"), ping = process(12, "/usr/bin/ping");
  auto icmp = socket_of(SocketKind::raw), other = socket_of(SocketKind::raw);
  icmp.socket.protocol = 1, other.socket.protocol = 6;
  auto incident = outgoing(Kind::flood, 0);
  incident.label = "icmp_flood";
  const OwnedSocket sockets[] = {{&other, &bystander}, {&icmp, &bot}, {&icmp, &ping}};
  EXPECT_EQ(attribute(incident, sockets).socket, std::optional<std::size_t>{1});
  EXPECT_EQ(attribute(incident, std::span{sockets}.subspan(2)).socket, std::optional<std::size_t>{0}) << "ping -f";
  incident.label = "syn_flood";
  EXPECT_EQ(attribute(incident, sockets).socket, std::optional<std::size_t>{0});
}

}  // namespace
}  // namespace sekisho
