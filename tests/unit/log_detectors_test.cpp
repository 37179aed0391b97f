// From log lines to incidents: each rule fires, its twin just below it does not.
#include "log_lines.h"

namespace sekisho {
namespace {

using Lines = std::vector<std::string>;

TEST(LogSshBruteforce, loud_noted_and_silent) {
  const auto run_of = [](unsigned failures) {
    Lines lines;
    for (unsigned i = 0; i < failures; ++i) lines.push_back(failed(i * 20.0, "203.0.113.9"));
    return run_lines({lines});
  };
  EXPECT_EQ(run_of(4).incidents.size(), 0U);
  ASSERT_EQ(run_of(5).incidents.size(), 1U);
  EXPECT_EQ(run_of(5).incidents[0].severity, Severity::low);
  EXPECT_EQ(run_of(19).incidents[0].severity, Severity::low);
  const auto loud = run_of(20);
  ASSERT_EQ(loud.incidents.size(), 1U);
  const Incident& i = loud.incidents[0];
  EXPECT_EQ(i.label, "ssh_bruteforce");
  EXPECT_EQ(i.severity, Severity::medium);
  EXPECT_EQ(i.kind, Kind::bruteforce);
  EXPECT_EQ(i.packets, 20U);
  ASSERT_EQ(i.top_peers.size(), 1U);
  EXPECT_EQ(to_string(i.top_peers[0].address), "203.0.113.9");
  EXPECT_FALSE(i.counter_evidence.empty());
}

// Whom a block list hears of: each source as it goes on, however many and however late; never one for what others did.
TEST(LogSshBruteforce, offenders_are_named_one_by_one) {
  Lines lines;
  const auto source = [](unsigned n) { return fmt::format("203.0.113.{}", n); };
  for (unsigned n = 0; n < 60; ++n)
    for (unsigned i = 0; i < 6; ++i) lines.push_back(failed(n * 8.0 + i, source(n)));
  lines.push_back(failed(500, "198.51.100.1"));                                         // a typing error amid the attack
  for (unsigned i = 0; i < 5; ++i) lines.push_back(failed(600.0 + i, "198.51.100.2"));  // one that comes later
  lines.push_back(failed(600.0 + 3600, source(0)));                                     // an hour later: one more, no offence
  const auto run = run_lines({lines});
  ASSERT_EQ(run.incidents.size(), 1U);
  std::map<Address, std::uint64_t> most;
  for (const auto& [o, has_incident] : run.offenders) {
    EXPECT_EQ(o.label, "ssh_bruteforce");
    EXPECT_TRUE(has_incident);
    most[o.source] = std::max(most[o.source], o.hits);
  }
  EXPECT_EQ(most.size(), 61U);
  for (unsigned n = 0; n < 60; ++n) EXPECT_EQ(most[*parse_address(source(n))], 6U) << n;
  EXPECT_FALSE(most.contains(*parse_address("198.51.100.1")));
  EXPECT_EQ(most[*parse_address("198.51.100.2")], 5U);
}

TEST(LogSshBruteforce, twenty_failures_spread_over_hours_are_slow_not_loud) {
  Lines lines;
  for (unsigned n = 0; n < 9; ++n) lines.push_back(failed(n * 1200.0, "203.0.113.9"));
  EXPECT_EQ(run_lines({lines}).incidents.size(), 0U);
  for (unsigned n = 9; n < 14; ++n) lines.push_back(failed(n * 1200.0, "203.0.113.9"));
  const auto run = run_lines({lines});
  ASSERT_EQ(run.incidents.size(), 1U);
  EXPECT_EQ(run.incidents[0].severity, Severity::low);
  EXPECT_NE(run.incidents[0].evidence[0].find("slow"), std::string::npos) << run.incidents[0].evidence[0];
}

TEST(LogSshBruteforce, eight_users_are_an_attack) {
  const auto run_of = [](unsigned users) {
    Lines lines;
    for (unsigned i = 0; i < users; ++i) lines.push_back(failed(i * 30.0, "203.0.113.9", "user" + std::to_string(i)));
    return run_lines({lines});
  };
  EXPECT_EQ(run_of(7).incidents.at(0).severity, Severity::low);
  EXPECT_EQ(run_of(8).incidents.at(0).severity, Severity::medium);
}

TEST(LogSshBruteforce, many_quiet_sources_on_the_same_users_are_distributed) {
  const auto run_of = [](unsigned sources, bool same_user) {
    Lines lines;
    for (unsigned round = 0; round < 3; ++round)
      for (unsigned i = 0; i < sources; ++i)
        lines.push_back(
            failed(round * 600.0 + i * 10, fmt::format("198.51.100.{}", i + 1), same_user ? "deploy" : fmt::format("user{}", i)));
    lines.push_back(failed(2000, "192.0.2.1"));
    return run_lines({lines});
  };
  EXPECT_EQ(run_of(9, true).incidents.size(), 0U);
  EXPECT_EQ(run_of(12, false).incidents.size(), 0U);  // a dozen people who mistype their own names
  const auto run = run_of(12, true);
  ASSERT_EQ(run.incidents.size(), 1U);
  EXPECT_EQ(run.incidents[0].severity, Severity::medium);
  EXPECT_GE(run.incidents[0].distinct_peers, 12U);
  EXPECT_NE(run.incidents[0].evidence[0].find("distributed"), std::string::npos) << run.incidents[0].evidence[0];
  EXPECT_NE(run.incidents[0].evidence[0].find("deploy"), std::string::npos);
}

TEST(LogSshBruteforce, lines_of_one_connection_are_one_attempt) {
  Lines lines;
  for (unsigned i = 0; i < 4; ++i) {
    const double t = i * 60.0;
    const unsigned pid = 500 + i;
    lines.push_back(sshd_line(t, "Invalid user admin from 203.0.113.9 port 4000", pid));
    lines.push_back(sshd_line(t, "Failed none for invalid user admin from 203.0.113.9 port 4000 ssh2", pid));
    lines.push_back(
        sshd_line(t, "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9", pid));
    lines.push_back(sshd_line(t + 1, "Failed password for invalid user admin from 203.0.113.9 port 4000 ssh2", pid));
    lines.push_back(sshd_line(t + 2, "Connection closed by invalid user admin 203.0.113.9 port 4000 [preauth]", pid));
  }
  const auto run = run_lines({lines});
  ASSERT_EQ(run.logins.size(), 1U);
  EXPECT_EQ(run.logins[0].failures, 4U);
  EXPECT_EQ(run.incidents.size(), 0U);
  // Without "Failed password" (a log level, a key) the other lines still count.
  Lines quiet;
  for (unsigned i = 0; i < 6; ++i)
    quiet.push_back(sshd_line(i, "Connection closed by authenticating user root 203.0.113.9 port 4000 [preauth]"));
  EXPECT_EQ(run_lines({quiet}).logins.at(0).failures, 6U);
  // The same form again on the same connection is another attempt.
  Lines again;
  for (unsigned i = 0; i < 6; ++i) again.push_back(sshd_line(i, "Invalid user pascal from 203.0.113.9 port 4000", 77));
  EXPECT_EQ(run_lines({again}).logins.at(0).failures, 6U);
}

TEST(LogSshBruteforce, one_ipv6_network_is_one_source) {
  Lines lines;
  for (unsigned i = 0; i < 20; ++i) lines.push_back(failed(i, fmt::format("2001:db8:1:2::{:x}", i + 1)));
  const auto run = run_lines({lines});
  ASSERT_EQ(run.logins.size(), 1U);
  EXPECT_EQ(to_string(run.logins[0].source), "2001:db8:1:2::/64");
  EXPECT_EQ(run.incidents.at(0).severity, Severity::medium);
  EXPECT_EQ(run.incidents.at(0).distinct_peers, 1U);
}

TEST(LogLoginAfterFailures, is_critical) {
  const auto run_of = [](unsigned failures, const std::string& success) {
    Lines lines;
    for (unsigned i = 0; i < failures; ++i) lines.push_back(failed(i * 5.0, "203.0.113.9", i % 2 ? "root" : "admin"));
    lines.push_back(sshd_line(failures * 5.0 + 1, success));
    return run_lines({lines});
  };
  const std::string password = "Accepted password for admin from 203.0.113.9 port 4001 ssh2";
  EXPECT_EQ(run_of(4, password).find("login_after_failures"), nullptr);
  const auto run = run_of(5, password);
  const Incident* i = run.find("login_after_failures");
  ASSERT_NE(i, nullptr);
  EXPECT_EQ(i->severity, Severity::critical);
  EXPECT_NE(std::find(i->techniques.begin(), i->techniques.end(), "T1078"), i->techniques.end());
  EXPECT_EQ(to_string(i->top_peers.at(0).address), "203.0.113.9");
  EXPECT_EQ(run_of(5, "Accepted password for admin from 203.0.113.10 port 4001 ssh2").find("login_after_failures"), nullptr);
  const auto key = run_of(5, "Accepted publickey for admin from 203.0.113.9 port 4001 ssh2: RSA SHA256:abc");
  EXPECT_EQ(key.find("login_after_failures")->severity, Severity::medium);
}

TEST(LogLoginAfterFailures, a_hostile_user_name_is_escaped) {
  Lines lines;
  for (unsigned i = 0; i < 6; ++i) lines.push_back(failed(i, "203.0.113.9", "\x1b[31mred\xff"));
  lines.push_back(sshd_line(9, "Accepted password for \x1b[31mred\xff from 203.0.113.9 port 4001 ssh2"));
  for (const auto& i : run_lines({lines}).incidents) {
    EXPECT_EQ(i.headline.find('\x1b'), std::string::npos);
    for (const auto& e : i.evidence) EXPECT_EQ(e.find('\x1b'), std::string::npos);
  }
}

TEST(LogTelnetBruteforce, from_a_decoy) {
  Lines lines;
  lines.push_back(fmt::format(
      R"({{"eventid":"cowrie.session.connect","timestamp":"{}","src_ip":"203.0.113.9","session":"s1","protocol":"telnet","dst_port":23}})",
      at_second(0)));
  for (unsigned i = 0; i < 20; ++i)
    lines.push_back(fmt::format(
        R"({{"eventid":"cowrie.login.failed","timestamp":"{}","src_ip":"203.0.113.9","session":"s1","username":"root","password":"xc3511"}})",
        at_second(i + 1)));
  lines.push_back(fmt::format(
      R"({{"eventid":"cowrie.login.success","timestamp":"{}","src_ip":"203.0.113.9","session":"s1","username":"root","password":"xc3511"}})",
      at_second(30)));
  lines.push_back(fmt::format(
      R"({{"eventid":"cowrie.command.input","timestamp":"{}","src_ip":"203.0.113.9","session":"s1","input":"/bin/busybox MIRAI"}})",
      at_second(31)));
  const auto run = run_lines({lines});
  const Incident* telnet = run.find("telnet_bruteforce");
  ASSERT_NE(telnet, nullptr);
  EXPECT_EQ(telnet->severity, Severity::medium);
  EXPECT_EQ(run.find("login_after_failures"), nullptr);  // nothing was entered but the decoy
  const Incident* loader = run.find("telnet_loader");
  ASSERT_NE(loader, nullptr);
  EXPECT_EQ(loader->severity, Severity::low);
}

std::string log_line(double t, const std::string& source, const std::string& destination, unsigned port, const std::string& more,
                     bool out = false) {
  return fmt::format(
      "{} web-3 kernel: [1.000] MIRAI_SCAN: IN={} OUT={} MAC= SRC={} DST={} LEN=40 TOS=0x00 PREC=0x00 TTL=45 ID=1 PROTO=TCP SPT=4000 "
      "DPT={} {}WINDOW=1024 RES=0x00 SYN URGP=0 OPT ()",
      at_second(t), out ? "" : "eth0", out ? "eth0" : "", source, destination, port, more);
}

TEST(LogMiraiScan, the_fingerprint_on_log_lines) {
  const std::string seq = fmt::format("SEQ={} ACK=0 ", 0xcb007105U);  // 203.0.113.5
  const auto one = run_lines({{log_line(0, "198.51.100.1", "203.0.113.5", 23, seq)}});
  ASSERT_EQ(one.incidents.size(), 1U);
  EXPECT_EQ(one.incidents[0].label, "mirai_scan");
  EXPECT_EQ(one.incidents[0].severity, Severity::info);
  EXPECT_EQ(one.incidents[0].confidence, 97);
  EXPECT_TRUE(run_lines({{log_line(0, "198.51.100.1", "203.0.113.5", 23, "SEQ=5 ACK=0 ")}}).incidents.empty());
  EXPECT_TRUE(run_lines({{log_line(0, "198.51.100.1", "203.0.113.6", 23, seq)}}).incidents.empty());
  // Behind NAT the sequence number is the public address.
  LogPipelineSettings nat;
  nat.features.publics = {*parse_address("203.0.113.5")};
  EXPECT_EQ(run_lines({{log_line(0, "198.51.100.1", "192.168.1.2", 23, seq)}}, nat).incidents.at(0).label, "mirai_scan");
  Lines wave;
  for (unsigned i = 0; i < 10; ++i)
    wave.push_back(log_line(i * 20.0, fmt::format("198.51.100.{}", i + 1), "203.0.113.5", i % 5 ? 23 : 2323, seq));
  const auto run = run_lines({wave});
  EXPECT_EQ(run.incidents.at(0).severity, Severity::medium);
  EXPECT_EQ(run.incidents.at(0).distinct_peers, 10U);
  // An infected neighbour is no background noise.
  EXPECT_EQ(run_lines({{log_line(0, "192.168.1.7", "203.0.113.5", 23, seq)}}).incidents.at(0).severity, Severity::medium);
}

TEST(LogEgressScan, the_fingerprint_on_the_way_out_is_an_infection) {
  const auto run = run_lines({{log_line(0, "10.0.0.2", "203.0.113.5", 23, fmt::format("SEQ={} ACK=0 ", 0xcb007105U), true)}});
  ASSERT_EQ(run.incidents.size(), 1U);
  EXPECT_EQ(run.incidents[0].label, "egress_scan");
  EXPECT_EQ(run.incidents[0].direction, Direction::egress);
  EXPECT_EQ(run.incidents[0].severity, Severity::critical);
  EXPECT_EQ(run.incidents[0].subject, "10.0.0.2");
  EXPECT_FALSE(run.incidents[0].ended.has_value());
  Lines fan;
  for (unsigned i = 0; i < 40; ++i) fan.push_back(log_line(i, "10.0.0.2", fmt::format("203.0.113.{}", i + 1), 23, "SEQ=7 ACK=0 ", true));
  EXPECT_EQ(run_lines({fan}).incidents.at(0).severity, Severity::high);
  Lines few(fan.begin(), fan.begin() + 10);
  EXPECT_TRUE(run_lines({few}).incidents.empty());
}

TEST(LogPortScan, many_ports_of_one_source) {
  const auto run_of = [](unsigned ports) {
    Lines lines;
    for (unsigned i = 0; i < ports; ++i) lines.push_back(log_line(i * 0.5, "198.51.100.1", "203.0.113.5", 10'000 + i, ""));
    return run_lines({lines});
  };
  EXPECT_TRUE(run_of(6).incidents.empty());
  EXPECT_EQ(run_of(15).incidents.at(0).label, "port_scan");
}

TEST(LogIotScan, device_ports_without_the_fingerprint) {
  EXPECT_TRUE(run_lines({{log_line(0, "198.51.100.1", "203.0.113.5", 23, ""), log_line(9, "198.51.100.1", "203.0.113.5", 23, "")}})
                  .incidents.empty());
  Lines three;
  for (unsigned i = 0; i < 3; ++i) three.push_back(log_line(i, "198.51.100.1", "203.0.113.5", 23, ""));
  EXPECT_EQ(run_lines({three}).incidents.at(0).label, "iot_scan");
  EXPECT_EQ(run_lines({three}).incidents.at(0).severity, Severity::info);
  // A botnet: one probe each from many.
  Lines wave;
  for (unsigned i = 0; i < 30; ++i) wave.push_back(log_line(i * 5.0, fmt::format("198.51.100.{}", i + 1), "203.0.113.5", 37215, ""));
  EXPECT_EQ(run_lines({wave}).incidents.at(0).severity, Severity::medium);
}

std::string web_line(double t, const std::string& source, const std::string& request, unsigned status, const std::string& agent) {
  return fmt::format(R"({} - - [14/Nov/2023:10:{:02}:{:02} +0000] "{}" {} 100 "-" "{}")", source, int(t) / 60, int(t) % 60, request, status,
                     agent);
}

TEST(LogHttpFlood, far_above_normal_with_one_path) {
  const auto run_of = [](unsigned rate, bool one_path) {
    Lines lines;
    for (unsigned t = 0; t < 120; ++t)
      for (unsigned i = 0; i < 10; ++i)
        lines.push_back(
            web_line(t, fmt::format("192.0.2.{}", i), fmt::format("GET /page{} HTTP/1.1", i), 200, fmt::format("Browser {}", i)));
    for (unsigned t = 120; t < 125; ++t)
      for (unsigned i = 0; i < rate; ++i)
        lines.push_back(web_line(t, fmt::format("198.51.{}.{}", i / 250, i % 250),
                                 one_path ? "GET /search?q=1 HTTP/1.1" : fmt::format("GET /p{} HTTP/1.1", i % 97), 200,
                                 one_path ? "Mozilla/5.0 (x)" : fmt::format("Browser {}", i % 89)));
    return run_lines({lines});
  };
  EXPECT_TRUE(run_of(80, true).incidents.empty());
  EXPECT_TRUE(run_of(400, false).incidents.empty());  // a crowd
  const auto run = run_of(400, true);
  ASSERT_EQ(run.incidents.size(), 1U);
  EXPECT_EQ(run.incidents[0].label, "http_flood");
  EXPECT_GE(run.incidents[0].severity, Severity::medium);
  EXPECT_EQ(run.incidents[0].kind, Kind::flood);
  EXPECT_NE(run.incidents[0].evidence.at(0).find("/search"), std::string::npos);
}

TEST(LogHttpFlood, one_source_is_noted) {
  Lines lines;
  for (unsigned t = 0; t < 15; ++t)
    for (unsigned i = 0; i < 60; ++i) lines.push_back(web_line(t, "198.51.100.1", fmt::format("GET /p{} HTTP/1.1", i), 200, "x"));
  const auto run = run_lines({lines});
  ASSERT_FALSE(run.incidents.empty());
  EXPECT_EQ(run.incidents[0].severity, Severity::low);
}

TEST(LogCredentialStuffing, forms_and_refused_passwords) {
  const auto run_of = [](unsigned tries, const std::string& request, unsigned status) {
    Lines lines;
    for (unsigned i = 0; i < tries; ++i) lines.push_back(web_line(i * 10, "198.51.100.1", request, status, "x"));
    return run_lines({lines});
  };
  EXPECT_TRUE(run_of(9, "POST /wp-login.php HTTP/1.1", 200).incidents.empty());
  const auto run = run_of(20, "POST /wp-login.php HTTP/1.1", 200);
  ASSERT_EQ(run.incidents.size(), 1U);
  EXPECT_EQ(run.incidents[0].label, "credential_stuffing");
  EXPECT_EQ(run.incidents[0].severity, Severity::medium);
  EXPECT_TRUE(run_of(40, "GET /wp-login.php HTTP/1.1", 200).incidents.empty());
  EXPECT_TRUE(run_of(40, "POST /api/search HTTP/1.1", 200).incidents.empty());
}

TEST(LogPipeline, merges_inputs_by_time_and_survives_clock_jumps) {
  // Failures in one file, the success between them in another.
  Lines a, b;
  for (unsigned i = 0; i < 6; ++i) a.push_back(failed(i * 10.0, "203.0.113.9"));
  b.push_back(sshd_line(55, "Accepted password for root from 203.0.113.9 port 4001 ssh2"));
  for (unsigned i = 0; i < 6; ++i) a.push_back(failed(60 + i * 10.0, "203.0.113.9"));
  const auto run = run_lines({a, b});
  ASSERT_NE(run.find("login_after_failures"), nullptr);
  EXPECT_NE(run.find("login_after_failures")->headline.find("after 6 failures"), std::string::npos)
      << run.find("login_after_failures")->headline;

  // The clock is set back an hour after each: never five within ten minutes of one time.
  Lines jumps;
  for (unsigned i = 0; i < 12; ++i) jumps.push_back(failed(100'000.0 - i * 3600, "203.0.113.9"));
  const auto back = run_lines({jumps});
  EXPECT_EQ(back.tally.clock_set_back, 11U);
  EXPECT_TRUE(back.incidents.empty());
  EXPECT_EQ(back.logins.at(0).failures, 12U);
  // A jump of fifty years forward is no burst either.
  Lines forward{failed(0, "203.0.113.9"), failed(1.5e9, "203.0.113.9"), failed(1.5e9 + 1, "203.0.113.9")};
  EXPECT_TRUE(run_lines({forward}).incidents.empty());
}

TEST(LogPipeline, hits_for_the_store) {
  Lines lines;
  for (unsigned i = 0; i < 3; ++i) lines.push_back(failed(i, "203.0.113.9"));
  lines.push_back(sshd_line(9, "Accepted password for root from 203.0.113.9 port 4001 ssh2"));
  lines.push_back(log_line(10, "198.51.100.1", "203.0.113.5", 23, fmt::format("SEQ={} ACK=0 ", 0xcb007105U)));
  const auto run = run_lines({lines});
  ASSERT_EQ(run.hits.size(), 2U);
  EXPECT_EQ(run.hits[0].hits, 3U);
  EXPECT_EQ(run.hits[0].successes, 1U);
  EXPECT_EQ(run.hits[0].service, LogService::ssh);
  EXPECT_TRUE(run.hits[1].fingerprint);
  EXPECT_EQ(run.hits[1].port, 23);
}

TEST(LogPipeline, since_and_until) {
  Lines lines;
  for (unsigned i = 0; i < 30; ++i) lines.push_back(failed(i * 10.0, "203.0.113.9"));
  LogPipelineSettings settings;
  settings.since = 1'699'956'000 * kSecond + 95 * kSecond;
  settings.until = settings.since + 30 * kSecond;
  const auto run = run_lines({lines}, settings);
  EXPECT_EQ(run.tally.events, 3U);
  EXPECT_EQ(run.tally.outside, 27U);
}

TEST(LogPipeline, tables_are_bounded_and_evictions_are_counted) {
  LogFeatureSettings settings;
  settings.most_sources = 64;
  LogFeatures features{settings};
  LogEvent e;
  e.kind = LogKind::login_failed, e.service = LogService::ssh, e.has_source = true;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    e.source = address_from_v4(i + 1);
    features.on_event(e, kSecond * (i + 1));
  }
  std::size_t sources = 0;
  features.logins().for_each([&](const LoginFact&) { ++sources; });
  EXPECT_EQ(sources, 64U);
  EXPECT_EQ(features.evictions(), 1000U - 64U);
  std::vector<LogHit> hits;
  features.take_hits(hits);
  EXPECT_EQ(hits.size(), 1000U);  // what was evicted is still told to the store
}

}  // namespace
}  // namespace sekisho
