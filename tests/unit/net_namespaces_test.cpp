// Sockets of another network namespace, made by the test itself; where that is not permitted it is skipped.
#include "input/net_namespaces.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "features/socket_beats.h"
#include "input/socket_diag.h"

namespace sekisho {
namespace {

// A process in a namespace of its own that listens on a TCP port of it and ends when its pipe is closed.
struct Inhabitant {
  pid_t pid = -1;
  int gate = -1;
  bool ready = false;
  explicit Inhabitant(std::uint16_t port) {
    int up[2], down[2];
    if (::pipe(up) != 0 || ::pipe(down) != 0) return;
    pid = ::fork();
    if (pid == 0) {
      ::close(down[1]);
      char word = '0';
      if (::unshare(CLONE_NEWNET) == 0) {
        const int s = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET, at.sin_port = htons(port);
        if (::bind(s, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 && ::listen(s, 1) == 0) word = '1';
      }
      if (::write(up[1], &word, 1) == 1) static_cast<void>(!::read(down[0], &word, 1));
      ::_exit(0);
    }
    ::close(up[1]), ::close(down[0]);
    char word = '0';
    ready = ::read(up[0], &word, 1) == 1 && word == '1';
    ::close(up[0]);
    gate = down[1];
  }
  ~Inhabitant() {
    ::close(gate);
    ::waitpid(pid, nullptr, 0);
  }
};

TEST(NetNamespaces, ASocketOfAnotherOneIsListedAndToldApart) {
  const Inhabitant there{47'311};
  if (!there.ready) GTEST_SKIP() << "network namespaces are not permitted here";
  auto snapshot = SocketDiag{}.read(1);
  add_namespace_sockets(snapshot);
  const auto found = std::find_if(snapshot.sockets.begin(), snapshot.sockets.end(),
                                  [](const SocketSample& s) { return s.socket.local_port == 47'311 && s.socket.state == kTcpListen; });
  ASSERT_NE(found, snapshot.sockets.end());
  EXPECT_NE(found->socket.net_ns, 0U);
  EXPECT_TRUE(std::any_of(snapshot.namespaces.begin(), snapshot.namespaces.end(),
                          [&](const NetNamespace& n) { return n.inode == found->socket.net_ns && n.pid == there.pid; }));
  // The thread that looked is where it was.
  const auto own = SocketDiag{}.read(1);
  EXPECT_FALSE(std::any_of(own.sockets.begin(), own.sockets.end(), [](const SocketSample& s) { return s.socket.local_port == 47'311; }));
}

TEST(NetNamespaces, WhatIsOverTheBoundIsNoted) {
  const Inhabitant one{47'312}, two{47'313};
  if (!one.ready || !two.ready) GTEST_SKIP() << "network namespaces are not permitted here";
  SocketSnapshot notes;
  EXPECT_EQ(net_namespaces(1, notes).size(), 1U);
  ASSERT_EQ(notes.notes.size(), 1U);
  EXPECT_NE(notes.notes[0].find("only the first 1 "), std::string::npos);
}

TEST(NetNamespaces, APortThatOneServesIsNoServerInAnother) {
  SocketBeats beats;
  SocketSnapshot look;
  SocketSample listener, client;
  listener.socket.kind = client.socket.kind = SocketKind::tcp;
  listener.socket.state = kTcpListen, listener.socket.local_port = 40'000, listener.socket.net_ns = 7;
  client.socket.state = kTcpEstablished, client.socket.local_port = 40'000, client.socket.net_ns = 8;
  client.socket.remote = address_from_v4(0xCB007107), client.socket.remote_port = 23, client.socket.inode = 5;
  client.counted = true;
  std::size_t facts = 0;
  for (std::uint32_t i = 1; i <= 4; ++i) {
    client.bytes_sent = 2 * i, client.segments_sent = i, client.last_sent = look.time = i * kMinute;
    look.sockets = {listener, client};
    facts += beats.on_snapshot(look).size();
  }
  EXPECT_GT(facts, 0U);
}

}  // namespace
}  // namespace sekisho
