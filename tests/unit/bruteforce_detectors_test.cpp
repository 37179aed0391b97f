// The brute-force detectors on hand-made facts: thresholds, distribution over sources, success after failures, outbound.
#include <gtest/gtest.h>

#include "detect/detector.h"
#include "model/second.h"
#include "tcp_talk.h"

namespace sekisho {
namespace {

using namespace test;

struct Attempts {
  std::string_view detector;
  std::uint32_t signs;
  std::uint16_t port;
};
constexpr Attempts kFtp{"ftp_bruteforce", kSignFtpFailed, 21};
constexpr Attempts kTelnet{"telnet_bruteforce", kSignTelnetLogin | kSignTelnetFailed, 23};
constexpr Attempts kSsh{"ssh_bruteforce", kSignSsh, 22};
constexpr Attempts kSmtp{"login_bruteforce", kSignLoginFailed, 587};

ConnectionFact attempt(const Attempts& a, unsigned n, TimeNs at, std::string_view remote = "198.51.100.7") {
  ConnectionFact f;
  f.local = address("203.0.113.5");
  f.remote = address(remote);
  f.local_port = a.port;
  f.remote_port = static_cast<std::uint16_t>(30'000 + n);
  f.opened = at;
  f.last_seen = at + 2 * kSecond;
  f.established = f.closed = true;
  f.signs = a.signs | kSignOpened;
  f.login_attempts = a.signs == kSignSsh ? 0 : 1;
  f.packets_in = 10;
  f.packets_out = 8;
  f.payload_in = 2200;
  f.payload_out = 2100;
  return f;
}

struct Bench {
  std::unique_ptr<Detector> detector;
  TimeNs now = kStart;
  std::vector<Finding> all;

  explicit Bench(std::string_view name) {
    for (const DetectorSpec& spec : Registry<DetectorSpec>::all())
      if (spec.name == name) detector = std::move(spec.make({})).value();
  }
  void feed(const ConnectionFact& f) {
    now = std::max(now, f.last_seen);
    Step step;
    step.time = now;
    step.connections = {&f, 1};
    detector->on_step(step, all);
  }
  Severity worst() const {
    Severity s = Severity::info;
    for (const Finding& f : all) s = std::max(s, f.severity);
    return s;
  }
};

TEST(Bruteforce, WarnsThenAlerts) {
  const std::tuple<Attempts, unsigned, unsigned> cases[] = {{kFtp, 5, 10}, {kTelnet, 3, 5}, {kSsh, 5, 20}, {kSmtp, 5, 20}};
  for (const auto& [kind, warn, alert] : cases) {
    Bench bench{kind.detector};
    for (unsigned i = 1; i < alert; ++i) {
      bench.feed(attempt(kind, i, kStart + i * 4 * kSecond));
      EXPECT_EQ(bench.worst(), i < warn ? Severity::info : Severity::low) << kind.detector << " " << i;
    }
    bench.feed(attempt(kind, alert, kStart + alert * 4 * kSecond));
    EXPECT_EQ(bench.worst(), Severity::medium) << kind.detector;
    const Finding& f = bench.all.back();
    EXPECT_EQ(f.label, kind.detector);
    EXPECT_EQ(f.direction, Direction::ingress);
    EXPECT_EQ(f.distinct_peers, 1U);
    EXPECT_EQ(f.top_peers.at(0).address, address("198.51.100.7"));
    EXPECT_EQ(f.local_ports.at(0).port, kind.port);
    EXPECT_EQ(f.first_packet, kStart + 4 * kSecond);
    EXPECT_FALSE(f.counter_evidence.empty());
    EXPECT_TRUE(f.selector.both_ways);
    std::uint64_t packets = 0;
    for (const Finding& one : bench.all) packets += one.packets;
    EXPECT_EQ(packets, 18U * alert) << kind.detector << ": increments add up";
  }
}

TEST(Bruteforce, SpreadOverHoursIsNone) {
  for (const Attempts& kind : {kFtp, kTelnet, kSsh, kSmtp}) {
    Bench bench{kind.detector};
    for (unsigned i = 0; i < 60; ++i) bench.feed(attempt(kind, i, kStart + i * 5 * kMinute));
    EXPECT_TRUE(bench.all.empty()) << kind.detector;
  }
}

TEST(Bruteforce, TheSameFactTwiceIsOneAttempt) {
  Bench bench{"ftp_bruteforce"};
  for (unsigned i = 0; i < 50; ++i) bench.feed(attempt(kFtp, 1, kStart));
  EXPECT_TRUE(bench.all.empty());
}

TEST(Bruteforce, ManyTriesOnOneConnectionCountEachOnce) {
  Bench bench{"ftp_bruteforce"};
  ConnectionFact f = attempt(kFtp, 1, kStart);
  f.closed = false;
  for (unsigned i = 1; i <= 12; ++i) {
    f.login_attempts = i;
    f.packets_in = 10 * i;
    f.packets_out = 8 * i;
    f.last_seen = kStart + i * kSecond;
    bench.feed(f);
  }
  Step end;
  end.time = bench.now + kSecond;
  end.last = true;
  bench.detector->on_step(end, bench.all);
  EXPECT_EQ(bench.worst(), Severity::medium);
  std::uint64_t packets = 0;
  for (const Finding& one : bench.all) packets += one.packets;
  EXPECT_EQ(packets, 18U * 12) << "the end reports the rest";
  EXPECT_NE(bench.all.back().headline.find("12 failed"), std::string::npos) << bench.all.back().headline;
}

TEST(Bruteforce, ManySourcesWithFewTriesEach) {
  Bench bench{"ssh_bruteforce"};
  for (unsigned i = 0; i < 24; ++i) bench.feed(attempt(kSsh, i, kStart + i * kSecond, "198.51.100." + std::to_string(i % 12)));
  ASSERT_EQ(bench.worst(), Severity::medium);
  EXPECT_GE(bench.all.back().distinct_peers, 10U);
  Bench once{"ssh_bruteforce"};
  for (unsigned i = 0; i < 40; ++i) once.feed(attempt(kSsh, i, kStart + i * kSecond, "198.51.100." + std::to_string(i)));
  EXPECT_TRUE(once.all.empty()) << "one failed session each is the Internet's noise";
}

TEST(Bruteforce, SuccessAfterFailuresIsHigh) {
  Bench bench{"ftp_bruteforce"};
  for (unsigned i = 0; i < 12; ++i) bench.feed(attempt(kFtp, i, kStart + i * kSecond));
  ConnectionFact ok = attempt(kFtp, 99, kStart + 20 * kSecond);
  ok.signs |= kSignLoginOk;
  ok.login_attempts = 1;
  bench.feed(ok);
  EXPECT_EQ(bench.worst(), Severity::high);
  ASSERT_FALSE(bench.all.back().extra_techniques.empty());
  EXPECT_EQ(bench.all.back().extra_techniques[0], "T1078");
}

TEST(Bruteforce, ALoginThatWorksAtOnceIsNone) {
  Bench bench{"ftp_bruteforce"};
  for (unsigned i = 0; i < 100; ++i) {
    ConnectionFact f = attempt(kFtp, i, kStart + i * kSecond);
    f.signs = kSignLoginOk | kSignOpened;
    bench.feed(f);
  }
  EXPECT_TRUE(bench.all.empty());
}

TEST(SshBruteforce, ScriptsThatLogInLargeAndLongSessionsAndBannerGrabsAreNone) {
  Bench bench{"ssh_bruteforce"};
  for (unsigned i = 0; i < 200; ++i) {
    ConnectionFact f = attempt(kSsh, i, kStart + i * kSecond);
    switch (i % 5) {
      case 0: f.signs |= kSignLoginOk; break;  // Ansible, an scp loop
      case 1: f.payload_in = 50'000; break;
      case 2: f.last_seen = f.opened + 10 * kMinute; break;
      case 3: f.payload_in = 21; break;  // banner grab
      default: f.closed = false; break;
    }
    bench.feed(f);
  }
  EXPECT_TRUE(bench.all.empty());
}

TEST(Bruteforce, OutboundIsThisHostTakingPart) {
  Bench bench{"telnet_bruteforce"};
  for (unsigned i = 0; i < 6; ++i) {
    ConnectionFact f = attempt(kTelnet, i, kStart + i * kSecond, "198.51.100." + std::to_string(i));
    f.outbound = true;
    std::swap(f.local_port, f.remote_port);
    bench.feed(f);
  }
  ASSERT_EQ(bench.worst(), Severity::high);
  EXPECT_EQ(bench.all.back().direction, Direction::egress);
  EXPECT_NE(bench.all.back().advice.find("Isolate"), std::string::npos);
}

TEST(TelnetLoader, TagDecides) {
  ConnectionFact f = attempt(kTelnet, 1, kStart);
  f.signs |= kSignBusybox;
  Bench untagged{"telnet_loader"};
  untagged.feed(f);
  EXPECT_EQ(untagged.worst(), Severity::medium);
  f.tag = {'S', 'O', 'R', 'A'};
  Bench tagged{"telnet_loader"};
  tagged.feed(f);
  EXPECT_EQ(tagged.worst(), Severity::high);
  EXPECT_NE(tagged.all.back().headline.find("SORA"), std::string::npos);
  f.signs |= kSignLoginOk;
  tagged.feed(f);
  EXPECT_EQ(tagged.worst(), Severity::critical) << "a shell";
  f.outbound = true;
  Bench outbound{"telnet_loader"};
  outbound.feed(f);
  EXPECT_EQ(outbound.worst(), Severity::critical);
  EXPECT_EQ(outbound.all.back().direction, Direction::egress);
}

}  // namespace
}  // namespace sekisho
