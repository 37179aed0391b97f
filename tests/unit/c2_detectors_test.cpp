// The C2 detectors on hand-made facts: what fires, what stays silent just beside it, and what the findings say.
#include <gtest/gtest.h>

#include <random>

#include "detect/beacon_score.h"
#include "detect/detector.h"
#include "model/second.h"
#include "tcp_talk.h"

namespace sekisho {
namespace {

using namespace test;

std::unique_ptr<Detector> make(std::string_view name) {
  for (const DetectorSpec& spec : Registry<DetectorSpec>::all())
    if (spec.name == name) return std::move(spec.make({})).value();
  ADD_FAILURE() << "no detector " << name;
  return nullptr;
}

std::vector<Finding> run(Detector& detector, std::vector<ConnectionFact> facts, TimeNs now, std::vector<Second> seconds = {}) {
  Step step;
  step.time = now;
  step.length = 100 * kMillisecond;
  step.connections = facts;
  step.seconds = seconds;
  std::vector<Finding> out;
  detector.on_step(step, out);
  for (const Finding& f : out) {
    EXPECT_NE(find_label(f.label), nullptr) << f.label;
    EXPECT_FALSE(f.counter_evidence.empty()) << f.label;
    EXPECT_FALSE(f.headline.empty() || f.evidence.empty()) << f.label;
    EXPECT_TRUE(f.selector.both_ways);
    EXPECT_GE(f.confidence, 0);
    EXPECT_LE(f.confidence, 100);
    EXPECT_LE(f.first_packet, f.time);
  }
  return out;
}

// n beats with uniform jitter (a share of the interval).
ConnectionFact beacon(std::size_t n, double interval_s, double jitter, std::uint16_t bytes = 2, unsigned seed = 1) {
  std::mt19937 random{seed};
  std::uniform_real_distribution<double> shift{-jitter, jitter};
  ConnectionFact f;
  f.local = address("203.0.113.5");
  f.remote = address("198.51.100.7");
  f.local_port = 40'000;
  f.remote_port = 4000;
  f.outbound = f.established = true;
  f.signs = kSignOpened;
  f.opened = kStart;
  double at = 0;
  for (std::size_t i = 0; i < n; ++i) {
    at += interval_s * (1 + (jitter > 0 ? shift(random) : 0));
    const Beat beat{kStart + static_cast<TimeNs>(at * 1e9), bytes};
    if (i < 12) {
      f.last_beats[i] = beat;
    } else {
      std::copy(f.last_beats.begin() + 1, f.last_beats.end(), f.last_beats.begin());
      f.last_beats.back() = beat;
    }
  }
  f.beats = static_cast<std::uint32_t>(n);
  f.packets_out = 2 * n;
  f.packets_in = n;
  f.payload_out = n * bytes;
  f.last_seen = f.last_beats[std::min<std::size_t>(n, 12) - 1].time;
  return f;
}

double median_score(double jitter, std::size_t n) {
  std::vector<double> scores;
  for (unsigned seed = 0; seed < 200; ++seed) scores.push_back(beacon_score(beacon(n, 60, jitter, 2, seed)).score);
  std::sort(scores.begin(), scores.end());
  return scores[100];
}

TEST(BeaconScore, FallsWithJitterAsMeasured) {
  EXPECT_NEAR(beacon_score(beacon(4, 60, 0)).score, 1.0, 0.01);
  EXPECT_GE(median_score(0.002, 4), 0.97);
  EXPECT_GE(median_score(0.02, 12), 0.85);
  EXPECT_NEAR(median_score(0.10, 12), 0.60, 0.10);
  EXPECT_NEAR(median_score(0.25, 12), 0.35, 0.15);
}

TEST(BeaconScore, SizesCount) {
  EXPECT_EQ(beacon_score(beacon(12, 60, 0, 36)).score, 0) << "SSH's sizes";
  ConnectionFact chatter = beacon(12, 60, 0.5);
  for (unsigned i = 0; i < 12; ++i) chatter.last_beats[i].payload_bytes = static_cast<std::uint16_t>(1 + i * 5 % 8);
  EXPECT_LT(beacon_score(chatter).score, 0.2);
  EXPECT_EQ(beacon_score(ConnectionFact{}).score, 0);
  EXPECT_EQ(beacon_score(beacon(4, 0, 0)).score, 0) << "all at once";
}

TEST(C2Keepalive, FiresFromTheFourthSteadyBeat) {
  const auto d = make("c2_keepalive");
  EXPECT_TRUE(run(*d, {beacon(3, 60, 0)}, kStart + 200 * kSecond).empty());
  const auto found = run(*d, {beacon(4, 60, 0)}, kStart + 241 * kSecond);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].label, "c2_keepalive");
  EXPECT_EQ(found[0].direction, Direction::egress);
  EXPECT_GE(found[0].severity, Severity::high);
  EXPECT_EQ(found[0].subject, address("203.0.113.5"));
  EXPECT_NE(found[0].advice.find("powered"), std::string::npos);
  EXPECT_NE(found[0].advice.find("re-imaged"), std::string::npos);
  EXPECT_EQ(found[0].packets, 12U);
  EXPECT_EQ(found[0].first_packet, kStart);
}

TEST(C2Keepalive, RepeatsAtMostEveryTenSecondsWithIncrements) {
  const auto d = make("c2_keepalive");
  ConnectionFact f = beacon(4, 60, 0);
  EXPECT_EQ(run(*d, {f}, kStart + 241 * kSecond).size(), 1U);
  f.packets_out += 5;
  EXPECT_TRUE(run(*d, {f}, kStart + 245 * kSecond).empty());
  const auto again = run(*d, {f}, kStart + 251 * kSecond);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].packets, 5U);
}

TEST(C2Keepalive, BenignBytesTypingInboundAndSlowJitterStaySilent) {
  const auto d = make("c2_keepalive");
  const TimeNs now = kStart + 3600 * kSecond;
  for (const BenignBeat kind :
       {BenignBeat::mqtt, BenignBeat::amqp, BenignBeat::stomp, BenignBeat::mysql, BenignBeat::websocket, BenignBeat::bgp, BenignBeat::irc,
        BenignBeat::ssh, BenignBeat::nats, BenignBeat::redis, BenignBeat::noop, BenignBeat::whitespace}) {
    ConnectionFact f = beacon(12, 60, 0);
    f.benign = kind;
    EXPECT_TRUE(run(*d, {f}, now).empty()) << int(kind);
  }
  EXPECT_TRUE(run(*d, {beacon(12, 0.03, 0, 1)}, now).empty()) << "a key held down";
  ConnectionFact inbound = beacon(12, 60, 0);
  inbound.outbound = false;
  EXPECT_TRUE(run(*d, {inbound}, now).empty());
  EXPECT_TRUE(run(*d, {beacon(12, 60, 0.25)}, now).empty());
  EXPECT_TRUE(run(*d, {beacon(12, 60, 0, 36)}, now).empty());
}

TEST(C2Keepalive, ASecondSignMakesUpForUnsteadyBeats) {
  const auto d = make("c2_keepalive");
  ConnectionFact f = beacon(12, 60, 0.08, 2, 3);
  const double score = beacon_score(f).score;
  ASSERT_TRUE(score >= 0.45 && score < 0.85) << score;
  EXPECT_TRUE(run(*d, {f}, kStart + 900 * kSecond).empty());
  f.remote_port = 23;
  const auto found = run(*d, {f}, kStart + 900 * kSecond);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::high);
}

TEST(C2Keepalive, ExactBytesAndTheOriginalPortRaiseConfidence) {
  ConnectionFact plain = beacon(6, 60, 0), exact = plain, port = plain;
  exact.signs |= kSignHeartbeat;
  port.remote_port = 23;
  const TimeNs now = kStart + 600 * kSecond;
  const int base = run(*make("c2_keepalive"), {plain}, now).at(0).confidence;
  EXPECT_GE(run(*make("c2_keepalive"), {exact}, now).at(0).confidence, std::min(99, base + 30));
  EXPECT_EQ(run(*make("c2_keepalive"), {port}, now).at(0).confidence, base + 15);
  ConnectionFact shaky = beacon(6, 60, 0.25);
  shaky.signs |= kSignHeartbeat;
  EXPECT_EQ(run(*make("c2_keepalive"), {shaky}, now).size(), 1U) << "00 00 <-> 00 00 needs no steady timing";
}

TEST(C2Registration, OutboundIsABotInboundNeedsOurAnswers) {
  const auto d = make("c2_registration");
  ConnectionFact f = beacon(1, 10, 0);
  f.signs |= kSignRegistration;
  auto found = run(*d, {f}, kStart + 20 * kSecond);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::high);
  f.signs |= kSignHeartbeat;
  found = run(*d, {f}, kStart + 21 * kSecond);
  ASSERT_EQ(found.size(), 1U) << "a rise of severity does not wait";
  EXPECT_EQ(found[0].severity, Severity::critical);
  EXPECT_GE(found[0].confidence, 95);
  ConnectionFact inbound = f;
  inbound.outbound = false;
  inbound.remote = address("198.51.100.9");
  inbound.signs = kSignRegistration;
  EXPECT_TRUE(run(*d, {inbound}, kStart + 30 * kSecond).empty()) << "anybody can send us four bytes";
  inbound.signs |= kSignHeartbeat;
  EXPECT_EQ(run(*d, {inbound}, kStart + 31 * kSecond).size(), 1U);
}

TEST(C2Text, CommandsAreSurePingAloneIsNot) {
  ConnectionFact f = beacon(2, 30, 0, 5);
  f.signs |= kSignGafgytText;
  auto found = run(*make("c2_text"), {f}, kStart + 100 * kSecond);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].confidence, 60);
  f.commands = 2;
  EXPECT_GE(run(*make("c2_text"), {f}, kStart + 100 * kSecond).at(0).confidence, 85);
  f.outbound = false;
  EXPECT_TRUE(run(*make("c2_text"), {f}, kStart + 100 * kSecond).empty());
}

TEST(C2Report, ShortReportsOnly) {
  ConnectionFact f = beacon(1, 1, 0, 30);
  f.remote_port = 48101;
  f.signs |= kSignReportPort;
  f.closed = true;
  EXPECT_EQ(run(*make("c2_report"), {f}, kStart + 5 * kSecond).at(0).confidence, 75);
  ConnectionFact ftp_data = f;
  ftp_data.payload_in = 1'000'000;
  EXPECT_TRUE(run(*make("c2_report"), {ftp_data}, kStart + 5 * kSecond).empty());
  ConnectionFact guessed = f;
  guessed.signs &= ~std::uint32_t{kSignOpened};
  EXPECT_TRUE(run(*make("c2_report"), {guessed}, kStart + 5 * kSecond).empty());
}

ConnectionFact retries(double every_s, std::uint16_t port = 23, std::string_view remote = "198.51.100.7") {
  ConnectionFact f = beacon(12, every_s, 0, 0);
  f.remote = address(remote);
  f.remote_port = port;
  f.local_port = 0;
  f.established = false;
  f.signs = kSignOpened | kSignUnanswered;
  f.login_attempts = 6;
  return f;
}

TEST(C2Reconnect, OneTargetThatIsDown) {
  const TimeNs now = kStart + kMinute * 5;
  auto found = run(*make("c2_reconnect"), {retries(6)}, now);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::high);
  EXPECT_TRUE(run(*make("c2_reconnect"), {retries(6, 5432)}, now).empty()) << "a database that is down is no alarm";
  EXPECT_TRUE(run(*make("c2_reconnect"), {retries(6, 23, "10.0.0.9")}, now).empty()) << "a switch of one's own that is down";
  EXPECT_TRUE(run(*make("c2_reconnect"), {retries(0.01)}, now).empty()) << "a flood";
  EXPECT_TRUE(run(*make("c2_reconnect"), {retries(60)}, now).empty()) << "eight in five minutes are needed";
  ConnectionFact one_try = retries(6);
  one_try.login_attempts = 2;
  EXPECT_TRUE(run(*make("c2_reconnect"), {one_try}, now).empty()) << "the kernel's own repetitions";
  std::vector<ConnectionFact> many;
  for (int i = 0; i < 5; ++i) many.push_back(retries(6, 23, "198.51.100." + std::to_string(i)));
  EXPECT_TRUE(run(*make("c2_reconnect"), many, now).empty()) << "a scan, or the network is down";
}

Second egress_udp(TimeNs time, std::uint64_t pps) {
  Second s;
  s.time = time;
  s.direction = Direction::egress;
  s.address = address("203.0.113.5");
  s.counts[index_of(TrafficClass::udp)] = {pps, pps * 540};
  s.step[index_of(TrafficClass::udp)] = {pps / 10, pps * 54};
  return s;
}

ConnectionFact commanded(TimeNs at) {
  ConnectionFact f = beacon(4, 60, 0);
  f.signs |= kSignHeartbeat | kSignCommandAfterBeat;
  f.commands = 1;
  f.last_command = at;
  return f;
}

TEST(C2CommandThenFlood, WithinThreeSeconds) {
  const auto d = make("c2_command_then_flood");
  TimeNs now = kStart + 300 * kSecond;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(run(*d, {}, now += 100 * kMillisecond, {egress_udp(now, 20)}).empty());
  EXPECT_TRUE(run(*d, {commanded(now)}, now, {egress_udp(now, 20)}).empty());
  const auto found = run(*d, {}, now + 800 * kMillisecond, {egress_udp(now + 800 * kMillisecond, 600)});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::critical);
  EXPECT_EQ(found[0].confidence, 97);
  EXPECT_EQ(found[0].first_packet, now);
  EXPECT_TRUE(run(*d, {}, now + kSecond, {egress_udp(now + kSecond, 900)}).empty()) << "not again within ten seconds";
  EXPECT_EQ(run(*d, {}, now + 11 * kSecond, {egress_udp(now + 11 * kSecond, 900)}).size(), 1U) << "while it goes on";
}

TEST(C2CommandThenFlood, NotTooLateNotBelowTheFloorNotAsBefore) {
  TimeNs now = kStart + 300 * kSecond;
  auto d = make("c2_command_then_flood");
  run(*d, {commanded(now)}, now, {egress_udp(now, 20)});
  EXPECT_TRUE(run(*d, {}, now + 4 * kSecond, {egress_udp(now + 4 * kSecond, 6000)}).empty());
  d = make("c2_command_then_flood");
  run(*d, {commanded(now)}, now, {egress_udp(now, 20)});
  EXPECT_TRUE(run(*d, {}, now + kSecond, {egress_udp(now + kSecond, 499)}).empty());
  d = make("c2_command_then_flood");
  for (int i = 0; i < 20; ++i) run(*d, {}, now += 100 * kMillisecond, {egress_udp(now, 3000)});
  run(*d, {commanded(now)}, now, {egress_udp(now, 3000)});
  EXPECT_TRUE(run(*d, {}, now + kSecond, {egress_udp(now + kSecond, 4000)}).empty()) << "this host always sends so much";
}

}  // namespace
}  // namespace sekisho
