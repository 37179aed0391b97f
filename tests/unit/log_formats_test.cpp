// Envelopes, times, firewall lines, access logs, Cowrie and ulogd: the forms that are written, and what must not be taken for one.
#include <gtest/gtest.h>

#include <string>

#include "decode/log_decode.h"
#include "decode/syslog_envelope.h"

namespace sekisho {
namespace {

constexpr TimeNs kReference = 1'700'000'000 * kSecond;  // 2023-11-14 22:13:20 UTC

LogEvent decoded(std::string_view text, LineVerdict expected = LineVerdict::event, LineForm form = LineForm::text) {
  LogClock clock{.reference = kReference};
  LogEvent e;
  EXPECT_EQ(static_cast<int>(decode_log_line({.text = text, .form = form}, clock, e)), static_cast<int>(expected)) << text;
  return e;
}
std::string source_of(const LogEvent& e) { return e.has_source ? to_string(e.source) : ""; }

TEST(LogEnvelope, every_form_is_read) {
  const struct {
    const char* line;
    const char* time;
    const char* host;
    const char* program;
    unsigned pid;
    const char* message;
  } cases[] = {
      {"Feb 12 14:10:21 sd-126005 sshd[16378]: Invalid user", "2023-02-12T14:10:21.000000Z", "sd-126005", "sshd", 16378, "Invalid user"},
      {"Nov  2 15:40:14 w sshd[3]:  two spaces", "2023-11-02T15:40:14.000000Z", "w", "sshd", 3, "two spaces"},
      {"Nov 2 15:40:14 w sshd: x", "2023-11-02T15:40:14.000000Z", "w", "sshd", 0, "x"},
      {"Dec 31 23:59:59 w sshd: x", "2022-12-31T23:59:59.000000Z", "w", "sshd", 0, "x"},
      {"Feb 29 01:02:03 w sshd: x", "2020-02-29T01:02:03.000000Z", "w", "sshd", 0, "x"},
      {"Mar 23 23:01:18.123 m a[19]: fraction", "2023-03-23T23:01:18.123000Z", "m", "a", 19, "fraction"},
      {"Mar 23 2019 23:01:18 m a[19]: year", "2019-03-23T23:01:18.000000Z", "m", "a", 19, "year"},
      {"2023-11-14T00:20:42.738197+01:00 myserver sshd[1112652]: User", "2023-11-13T23:20:42.738197Z", "myserver", "sshd", 1112652, "User"},
      {"2023-11-14T00:20:42+0100 myserver sshd[5]: short-iso", "2023-11-13T23:20:42.000000Z", "myserver", "sshd", 5, "short-iso"},
      {"1700000000.123456 h sshd[5]: short-unix", "2023-11-14T22:13:20.123456Z", "h", "sshd", 5, "short-unix"},
      {"<38>1 2022-01-19T14:23:55+00:00 OPNsense.local sshd 44255 - [meta sequenceId=\"1\"] Invalid", "2022-01-19T14:23:55.000000Z",
       "OPNsense.local", "sshd", 44255, "Invalid"},
      {"<38>1 2022-01-19T14:23:55Z h sshd - - [a b=\"]\\\"\"][c] \xef\xbb\xbfmsg", "2022-01-19T14:23:55.000000Z", "h", "sshd", 0, "msg"},
      {"<14>Mar  6 04:07:23 h tag[1]: priority", "2023-03-06T04:07:23.000000Z", "h", "tag", 1, "priority"},
      {"Nov 14 08:30:20 kernel: [997.390602] no host", "2023-11-14T08:30:20.000000Z", "", "kernel", 0, "[997.390602] no host"},
      {"Jan  1 00:00:00 box auth.info sshd[12]: busybox", "2023-01-01T00:00:00.000000Z", "box", "sshd", 12, "busybox"},
      {"Jan  1 00:00:00 box /usr/sbin/sshd[12]: path", "2023-01-01T00:00:00.000000Z", "box", "sshd", 12, "path"},
      {"Jan  1 00:00:00 box sshd(pam_unix)[12]: old", "2023-01-01T00:00:00.000000Z", "box", "sshd", 12, "old"},
  };
  for (const auto& c : cases) {
    LogClock clock{.reference = kReference};
    Envelope e;
    ASSERT_TRUE(read_envelope(c.line, clock, e)) << c.line;
    EXPECT_EQ(format_rfc3339(e.time), c.time) << c.line;
    EXPECT_EQ(e.host, c.host) << c.line;
    EXPECT_EQ(e.program, c.program) << c.line;
    EXPECT_EQ(e.pid, c.pid) << c.line;
    EXPECT_EQ(e.message, c.message) << c.line;
  }
}

TEST(LogEnvelope, what_is_none_is_refused) {
  for (const char* line : {"", "x", "Feb 32 14:10:21 h a: b", "Foo 12 14:10:21 h a: b", "Feb 12 25:10:21 h a: b", "Feb 12 14:10:2",
                           "Feb 12 14:10:21", "2023-13-14T00:20:42Z h a: b", "<999>Feb 12 14:10:21 h a: b",
                           "<38>1 2022-01-19T14:23:55Z h sshd - - [a b=\"x msg", "1700000000 h a: b"}) {
    LogClock clock{.reference = kReference};
    Envelope e;
    EXPECT_FALSE(read_envelope(line, clock, e)) << line;
  }
}

TEST(LogTime, local_time_follows_the_zone) {
  // Central Europe in 2023: UTC+1, from March 26th 02:00 local UTC+2, from October 29th 03:00 local UTC+1.
  LogClock clock{.reference = kReference};
  clock.zone.count = 3;
  clock.zone.pieces[0] = {0, 3600};
  clock.zone.pieces[1] = {1'679'796'000, 7200};
  clock.zone.pieces[2] = {1'698'548'400, 3600};
  const auto utc = [&](std::string_view text) {
    TimeNs time = 0;
    EXPECT_TRUE(take_syslog_time(text, clock, time));
    return format_datetime(time);
  };
  EXPECT_EQ(utc("Jan  1 00:30:00"), "2022-12-31 23:30:00");
  EXPECT_EQ(utc("Jul  1 12:00:00"), "2023-07-01 10:00:00");
  EXPECT_EQ(utc("Nov  1 12:00:00"), "2023-11-01 11:00:00");
}

TEST(LogTime, a_given_year_moves_on_at_new_year) {
  LogClock clock{.reference = kReference, .year = 2016};
  const auto date = [&](std::string_view text) {
    TimeNs time = 0;
    EXPECT_TRUE(take_syslog_time(text, clock, time));
    return format_datetime(time);
  };
  EXPECT_EQ(date("Dec 31 23:59:59"), "2016-12-31 23:59:59");
  EXPECT_EQ(date("Jan  1 00:00:00"), "2017-01-01 00:00:00");
  EXPECT_EQ(date("Dec 31 23:59:58"), "2016-12-31 23:59:58");  // a late line
  EXPECT_EQ(date("Jan  1 00:00:01"), "2017-01-01 00:00:01");
  EXPECT_EQ(date("Aug  1 00:00:01"), "2017-08-01 00:00:01");
}

TEST(FirewallLog, fields_are_read) {
  const auto e = decoded(
      "Jun  8 14:34:33 sd kernel: [50028442.088484] MIRAI_SCAN: IN=enp1s0 OUT= MAC=00:08:a2:0c:1f:12:00:c8:8b:e2:d6:87:08:00 "
      "SRC=195.54.160.107 DST=51.15.166.67 LEN=40 TOS=0x00 PREC=0x00 TTL=45 ID=37308 PROTO=TCP SPT=8080 DPT=23 SEQ=856663619 ACK=0 "
      "WINDOW=1024 "
      "RES=0x00 SYN URGP=0 OPT (020405B4)");
  EXPECT_EQ(source_of(e), "195.54.160.107");
  EXPECT_EQ(to_string(e.destination), "51.15.166.67");
  EXPECT_EQ(e.prefix, "MIRAI_SCAN:");
  EXPECT_EQ(e.destination_port, 23);
  EXPECT_EQ(e.source_port, 8080);
  EXPECT_EQ(e.protocol, kTcp);
  EXPECT_EQ(e.tcp_flags, kSyn);
  EXPECT_TRUE(e.has_seq);
  EXPECT_EQ(e.seq, 0x330fa643U);  // 51.15.166.67
  EXPECT_EQ(e.ttl, 45);
  EXPECT_EQ(e.ip_bytes, 40);
  EXPECT_EQ(e.ip_id, 37308);
  EXPECT_EQ(e.window, 1024);
  EXPECT_TRUE(e.has_tcp_options);
  EXPECT_EQ(e.direction, Direction::ingress);
}

TEST(FirewallLog, families_directions_and_oddities) {
  const auto v6 = decoded(
      "Jun  8 14:34:33 h kernel: IN=eth0 OUT= MAC= SRC=2001:0db8:0000:0000:0000:0000:0000:0001 "
      "DST=2001:0db8:0000:0000:0000:0000:0000:0002 LEN=60 TC=0 HOPLIMIT=57 FLOWLBL=0 PROTO=TCP SPT=1 DPT=23 WINDOW=1 RES=0x00 SYN URGP=0");
  EXPECT_EQ(source_of(v6), "2001:db8::1");
  EXPECT_EQ(v6.ttl, 57);
  const auto out = decoded("Jun  8 14:34:33 h kernel: [1.2] IN= OUT=eth0 SRC=10.0.0.2 DST=203.0.113.7 LEN=40 PROTO=TCP SPT=1 DPT=23 SYN");
  EXPECT_EQ(out.direction, Direction::egress);
  const auto forward =
      decoded("Jun  8 14:34:33 h kernel: FWD IN=eth0 OUT=eth1 PHYSIN=p1 SRC=203.0.113.7 DST=10.0.0.2 LEN=76 PROTO=UDP SPT=1 DPT=53 LEN=56");
  EXPECT_EQ(forward.direction, Direction::ingress);
  EXPECT_EQ(forward.ip_bytes, 76);
  // An echo request's SEQ is no TCP sequence number; what an ICMP error quotes is another packet.
  const auto ping =
      decoded("Jun  8 14:34:33 h kernel: IN=eth0 OUT= SRC=203.0.113.7 DST=10.0.0.2 LEN=84 PROTO=ICMP TYPE=8 CODE=0 ID=7 SEQ=1");
  EXPECT_FALSE(ping.has_seq);
  const auto error = decoded(
      "Jun  8 14:34:33 h kernel: IN=eth0 OUT= SRC=203.0.113.7 DST=10.0.0.2 LEN=84 PROTO=ICMP TYPE=3 CODE=3 "
      "[SRC=10.0.0.2 DST=192.0.2.66 LEN=60 PROTO=UDP SPT=5 DPT=6 LEN=40 ]");
  EXPECT_EQ(source_of(error), "203.0.113.7");
  const auto glued =
      decoded("Jun  8 14:34:33 h kernel: [1.2] DROPIN=eth0 OUT= SRC=203.0.113.7 DST=10.0.0.2 LEN=84 PROTO=TCP SPT=1 DPT=2 SYN");
  EXPECT_EQ(glued.prefix, "DROP");
  const auto proxmox = decoded(
      "0 1 PVEFW-HOST-OUT 20/Jun/2022:13:16:23 +0200 REJECT: OUT=vmbr0.94 SRC=10.3.94.12 DST=10.3.94.10 LEN=60 TTL=64 PROTO=TCP "
      "SPT=49566 DPT=22 SEQ=708451139 ACK=0 WINDOW=64240 SYN ");
  EXPECT_EQ(proxmox.direction, Direction::egress);
  EXPECT_EQ(format_datetime(proxmox.time), "2022-06-20 11:16:23");
  const auto dmesg = decoded("[  203.842973] IPT: IN=lo OUT= SRC=127.0.0.1 DST=127.0.0.53 LEN=76 PROTO=UDP SPT=49007 DPT=53 LEN=56 ");
  EXPECT_EQ(dmesg.time, 0);
  // LOGEMU: the prefix where syslog has the program.
  const auto logemu =
      decoded("Jun  8 14:34:33 h MIRAI_SCAN: IN=eth0 OUT= MAC= SRC=203.0.113.7 DST=10.0.0.2 LEN=40 PROTO=TCP SPT=1 DPT=23 SEQ=5 SYN");
  EXPECT_EQ(logemu.prefix, "MIRAI_SCAN");
}

TEST(FirewallLog, only_the_kernel_is_believed) {
  // The same text in the mouth of another program, whose message the attacker writes.
  decoded(
      "Jun  8 14:34:33 h sshd[7]: Invalid user IN=eth0 OUT= SRC=192.0.2.66 DST=10.0.0.2 LEN=40 PROTO=TCP SPT=1 DPT=23 SYN from 203.0.113.9 "
      "port 7");
  EXPECT_EQ(source_of(decoded(
                "Jun  8 14:34:33 h sshd[7]: Invalid user IN=eth0 OUT= SRC=192.0.2.66 DST=10.0.0.2 PROTO=TCP from 203.0.113.9 port 7")),
            "203.0.113.9");
  decoded("Jun  8 14:34:33 h app[7]: IN=eth0 OUT= SRC=192.0.2.66 DST=10.0.0.2 LEN=40 PROTO=TCP SPT=1 DPT=23 SYN", LineVerdict::other);
  decoded("Jun  8 14:34:33 h app: said IN=eth0 OUT= SRC=192.0.2.66 DST=10.0.0.2 LEN=40 PROTO=TCP SPT=1 DPT=23 SYN", LineVerdict::other);
  decoded("Jun  8 14:34:33 h kernel: [1.2] XX=enp1s0 OUT= MAC=00 SRC=195.54.160.107 DST=51.15.166.67 LEN=40 PROTO=TCP SPT=1 DPT=2",
          LineVerdict::other);
  decoded("Jun  8 14:34:33 h kernel: [1.2] IN=eth0 OUT= SRC=1.2.3.4 SRC=192.0.2.66 DST=51.15.166.67 LEN=40 PROTO=TCP SPT=1 DPT=2",
          LineVerdict::other);
}

TEST(WebLog, combined_lines_are_read) {
  const auto e = decoded(
      "203.0.113.9 - - [19/Apr/2024:14:41:25 +0200] \"GET /smth/wp-admin/admin-ajax.php?x=1 HTTP/1.1\" 404 153 \"-\" \"curl/7.68.0\"");
  EXPECT_EQ(source_of(e), "203.0.113.9");
  EXPECT_EQ(format_datetime(e.time), "2024-04-19 12:41:25");
  EXPECT_EQ(e.method, "GET");
  EXPECT_EQ(e.path, "/smth/wp-admin/admin-ajax.php");
  EXPECT_EQ(e.status, 404);
  EXPECT_EQ(e.bytes, 153U);
  EXPECT_EQ(e.agent, "curl/7.68.0");
  const auto common = decoded("2001:db8::9 - alice [19/Apr/2024:14:41:25 +0000] \"POST /login HTTP/2.0\" 401 -");
  EXPECT_EQ(common.user, "alice");
  EXPECT_EQ(common.status, 401);
  EXPECT_EQ(common.agent, "");
  const auto vhost = decoded("www.example.org:443 203.0.113.9 - - [19/Apr/2024:14:41:25 +0000] \"\\x16\\x03\\x01\" 400 0 \"-\" \"-\"");
  EXPECT_EQ(source_of(vhost), "203.0.113.9");
  EXPECT_EQ(vhost.path, "\\x16\\x03\\x01");
}

TEST(WebLog, a_hostile_user_or_agent_forges_nothing) {
  const auto user =
      decoded("203.0.113.9 - x [01/Jan/2000:00:00:00 +0000] 192.0.2.66 [19/Apr/2024:14:41:25 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"");
  EXPECT_EQ(source_of(user), "203.0.113.9");
  EXPECT_EQ(format_datetime(user.time), "2024-04-19 14:41:25");
  const auto agent = decoded(
      "203.0.113.9 - - [19/Apr/2024:14:41:25 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"x\\\" 192.0.2.66 - - [01/Jan/2000:00:00:00 +0000] \"");
  EXPECT_EQ(source_of(agent), "203.0.113.9");
}

TEST(WebLog, json_lines_are_read) {
  const auto nginx = decoded(
      "{\"time_iso8601\":\"2024-04-19T14:41:25+02:00\",\"remote_addr\":\"203.0.113.9\",\"request\":\"GET /a?b "
      "HTTP/1.1\",\"status\":\"404\","
      "\"body_bytes_sent\":\"12\",\"http_user_agent\":\"x \\x22 y\"}");
  EXPECT_EQ(source_of(nginx), "203.0.113.9");
  EXPECT_EQ(nginx.path, "/a");
  EXPECT_EQ(nginx.status, 404);
  EXPECT_EQ(nginx.agent, "x \\x22 y");
  EXPECT_EQ(format_datetime(nginx.time), "2024-04-19 12:41:25");
  const auto caddy = decoded(
      R"({"level":"info","ts":1646861401.5241024,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"203.0.113.9",)"
      R"("remote_port":"41342","client_ip":"192.0.2.1","proto":"HTTP/2.0","method":"POST","host":"localhost","uri":"/login?x","headers":)"
      R"({"User-Agent":["curl/7.82.0"],"remote_ip":["192.0.2.66"],"X-Forwarded-For":["192.0.2.66"]}},"user_id":"","size":10900,"status":401})");
  EXPECT_EQ(source_of(caddy), "203.0.113.9");
  EXPECT_EQ(caddy.path, "/login");
  EXPECT_EQ(caddy.method, "POST");
  EXPECT_EQ(caddy.agent, "curl/7.82.0");
  EXPECT_EQ(caddy.status, 401);
  EXPECT_EQ(caddy.source_port, 41342);
  // Without escaping, an agent may say the address again: then nobody is named.
  const auto forged = decoded("{\"remote_addr\":\"203.0.113.9\",\"status\":200,\"agent\":\"x\",\"remote_addr\":\"192.0.2.66\",\"y\":\"\"}");
  EXPECT_FALSE(forged.has_source);
  EXPECT_TRUE(forged.odd);
  decoded("{\"remote_addr\":\"203.0.113.9\",\"status\":200", LineVerdict::unknown);
  decoded("{\"a\":1}", LineVerdict::unknown);
}

TEST(CowrieLog, logins_commands_and_connections) {
  const auto failed =
      decoded(R"({"eventid":"cowrie.login.failed","username":"root","password":"xc3511","message":"login attempt","sensor":"s",)"
              R"("timestamp":"2020-12-08T06:28:44.123456Z","src_ip":"203.0.113.9","session":"3e5a","protocol":"telnet"})");
  EXPECT_EQ(failed.kind, LogKind::login_failed);
  EXPECT_EQ(failed.service, LogService::telnet);
  EXPECT_EQ(source_of(failed), "203.0.113.9");
  EXPECT_EQ(failed.user, "root");
  EXPECT_EQ(failed.password, "xc3511");
  EXPECT_TRUE(failed.honeypot);
  const auto ok = decoded(
      R"({"eventid":"cowrie.login.success","username":"r","password":"x","timestamp":"2020-12-08T06:28:44Z","src_ip":"203.0.113.9","session":"3e5a"})");
  EXPECT_EQ(ok.kind, LogKind::login_ok);
  EXPECT_EQ(ok.connection, failed.connection);
  const auto command = decoded(
      R"({"eventid":"cowrie.command.input","input":"/bin/busybox MIRAI","timestamp":"2020-12-08T06:28:44Z","src_ip":"203.0.113.9","session":"3e5a"})");
  EXPECT_EQ(command.kind, LogKind::command);
  EXPECT_EQ(command.command, "/bin/busybox MIRAI");
  const auto text = decoded("2020-12-08T06:28:44+0000 [CowrieTelnetTransport,12,203.0.113.9] login attempt [root/admin] failed");
  EXPECT_EQ(text.kind, LogKind::login_failed);
  EXPECT_EQ(text.service, LogService::telnet);
  EXPECT_EQ(text.password, "admin");
  const auto forged = decoded(
      "2020-12-08T06:28:44+0000 [CowrieTelnetTransport,12,203.0.113.9] login attempt [x,192.0.2.66] login attempt [/a] succeeded] failed");
  EXPECT_EQ(source_of(forged), "203.0.113.9");
  EXPECT_EQ(forged.kind, LogKind::login_failed);
  const auto connection = decoded(
      "Dec  8 06:28:44 ip cowrie[2806]: 2020-12-08T06:28:44+0000 [cowrie.ssh.factory.CowrieSSHFactory] New connection: "
      "203.0.113.9:47631 (192.0.2.4:2222) [session: 3e5a9212s1f]");
  EXPECT_EQ(source_of(connection), "203.0.113.9");
  EXPECT_EQ(connection.destination_port, 2222);
  EXPECT_EQ(connection.kind, LogKind::probe);
}

TEST(UlogdLog, json_and_rows) {
  const auto json = decoded(
      R"({"timestamp": "2016-03-01T02:10:01.126547+0100", "dvc": "Netfilter", "raw.pktlen": 40, "oob.prefix": "MIRAI_SCAN: ", "oob.in": "eth0",)"
      R"( "oob.out": "", "oob.time.sec": 1456794601, "oob.time.usec": 126547, "ip.protocol": 6, "ip.ttl": 50, "ip.totlen": 40, "ip.id": 7,)"
      R"( "src_port": 4000, "dest_port": 23, "tcp.seq": 3405803783, "tcp.window": 1400, "tcp.offset": 5, "tcp.syn": 1, "tcp.ack": 0,)"
      R"( "src_ip": "198.51.100.9", "dest_ip": "203.0.113.7"})");
  EXPECT_EQ(source_of(json), "198.51.100.9");
  EXPECT_EQ(json.seq, 0xcb007107U);
  EXPECT_EQ(v4_value(json.destination), json.seq);
  EXPECT_EQ(json.tcp_flags, kSyn);
  EXPECT_TRUE(json.has_options_field);
  EXPECT_FALSE(json.has_tcp_options);
  EXPECT_EQ(format_rfc3339(json.time), "2016-03-01T01:10:01.126547Z");
  const auto row = decoded(
      R"({"oob_time_sec":1456794601,"oob_prefix":"x","oob_in":"","oob_out":"eth0","ip_saddr":168427521,"ip_daddr_str":"203.0.113.7",)"
      R"("ip_protocol":6,"tcp_sport":1,"tcp_dport":23,"tcp_syn":"t"})",
      LineVerdict::event, LineForm::ulogd);
  EXPECT_EQ(source_of(row), "10.10.0.1");
  EXPECT_EQ(row.direction, Direction::egress);
  const auto logemu = decoded("Jun  8 14:34:33 h [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.7 DST=10.0.0.2 LEN=40 PROTO=TCP SPT=1 DPT=23 SYN ",
                              LineVerdict::event, LineForm::ulogd);
  EXPECT_EQ(logemu.prefix, "[UFW BLOCK]");
}

TEST(LogLine, zeros_blanks_and_other_programs) {
  const std::string zeros = std::string(3, '\0') + "Feb 12 14:10:21 h sshd[1]: Invalid user x from 203.0.113.9 port 5";
  EXPECT_EQ(source_of(decoded(zeros)), "203.0.113.9");
  decoded("", LineVerdict::other);
  decoded("   ", LineVerdict::other);
  decoded("Feb 12 14:10:21 h cron[1]: (root) CMD (x)", LineVerdict::other);
  decoded("some text", LineVerdict::unknown);
  decoded("Feb 12 14:10:21 h sshd[1]: what is this", LineVerdict::unknown);
}

}  // namespace
}  // namespace sekisho
