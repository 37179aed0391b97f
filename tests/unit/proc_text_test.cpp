// The texts of /proc, with names that processes choose to confuse a reader.
#include "model/proc_text.h"

#include <gtest/gtest.h>

namespace sekisho {
namespace {

TEST(ProcText, StatWithBracketsAndBlanksInTheName) {
  Process p;
  ASSERT_TRUE(parse_stat("4127 (a) b (c) S 611 4127 4127 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 1\n", p));
  EXPECT_EQ(p.pid, 4127);
  EXPECT_EQ(p.comm, "a) b (c");
  EXPECT_EQ(p.parent, 611);
  EXPECT_EQ(p.start_ticks, 98765U);
  EXPECT_FALSE(p.kernel_thread);
  EXPECT_FALSE(parse_stat("no brackets", p));
  EXPECT_FALSE(parse_stat("", p));
}

TEST(ProcText, SocketsOfBothFamilies) {
  std::vector<HostSocket> out;
  EXPECT_TRUE(parse_inet_sockets("  sl  local_address rem_address   st\n"
                                 "   0: 0100007F:0017 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1\n"
                                 "   1: broken\n",
                                 SocketKind::tcp, false, 10, out));
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(to_string(out[0].local), "127.0.0.1");
  EXPECT_EQ(out[0].local_port, 23);
  EXPECT_EQ(out[0].state, kTcpListen);
  EXPECT_EQ(out[0].inode, 4242U);
  out.clear();
  EXPECT_TRUE(parse_inet_sockets("head\n 0: B80D0120000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 0:0 0:0 0 7 0 9 1\n", SocketKind::tcp, true, 10, out));
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(to_string(out[0].local), "2001:db8::1");
  EXPECT_EQ(out[0].uid, 7);
}

TEST(ProcText, RawSocketsHaveTheirProtocolInThePlaceOfThePort) {
  std::vector<HostSocket> out;
  EXPECT_TRUE(parse_inet_sockets("head\n 6: 00000000:0006 00000000:0000 07 0:0 0:0 0 0 0 5 1\n", SocketKind::raw, false, 10, out));
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].protocol, 6);
  EXPECT_EQ(out[0].local_port, 0);
}

TEST(ProcText, CgroupsUnitsAndContainers) {
  Process p;
  parse_cgroup("0::/system.slice/ssh.service\n", p);
  EXPECT_EQ(p.unit, "ssh.service");
  EXPECT_EQ(p.container, "");
  const std::string id(64, 'a');
  parse_cgroup("0::/system.slice/docker-" + id + ".scope\n", p);
  EXPECT_EQ(p.container, id);
  parse_cgroup("9:name=systemd:/system.slice/cron.service\n0::/\n", p);
  EXPECT_EQ(p.unit, "cron.service");
}

TEST(ProcText, LinksAndNamespaces) {
  Process p;
  parse_exe_link("/tmp/.x/run (deleted)", p);
  EXPECT_TRUE(p.exe_deleted);
  EXPECT_EQ(p.exe, "/tmp/.x/run");
  EXPECT_EQ(parse_bracketed("socket:[123]", "socket"), 123U);
  EXPECT_FALSE(parse_bracketed("socket:[12x]", "socket"));
  EXPECT_FALSE(parse_bracketed("pipe:[1]", "socket"));
}

TEST(ProcText, MountsWithEscapesAndOptionalFields) {
  const auto mounts = parse_mounts("22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw\n99 1 0:9 / /run/a\\040b rw - overlay over\\012lay rw\n");
  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(mounts[0].type, "proc");
  EXPECT_EQ(mounts[1].point, "/run/a b");
  EXPECT_EQ(mounts[1].type, "overlay");
}

}  // namespace
}  // namespace sekisho
