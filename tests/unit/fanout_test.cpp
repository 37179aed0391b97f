// Outbound events and the fan-out table.
#include "features/fanout.h"

#include <gtest/gtest.h>

#include <array>

#include "features/outbound.h"
#include "scan_packets.h"

namespace sekisho {
namespace {

using namespace scan_test;
using What = OutboundEvent::What;

class OutboundTest : public ::testing::Test {
 protected:
  std::optional<OutboundEvent> feed(const Packet& p, UdpVerdict udp = {}) {
    return watch_.on_packet(p, udp, remote_hash(key_, remote_address(p)));
  }
  Packet syn_out(TimeNs time, const Address& to, std::uint16_t port, std::uint16_t sport = 50'000) {
    return tcp(time, Direction::egress, local(), sport, to, port, kSyn);
  }
  HashKey key_;
  OutboundWatch watch_{key_, 256, 0, kGroups};
};

TEST_F(OutboundTest, AnAttemptOnceThenItsAnswer) {
  const auto syn = syn_out(kStart, remote(1), 23);
  const auto event = feed(syn);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->what, What::attempt);
  EXPECT_EQ(event->remote, remote(1));
  EXPECT_EQ(event->local, local());
  EXPECT_EQ(event->port, 23);
  EXPECT_FALSE(event->fingerprint);
  EXPECT_FALSE(feed(syn_out(kStart + kSecond, remote(1), 23)));  // a retry
  EXPECT_EQ(feed(answer(syn, kSecond, kSyn | kAck))->what, What::answered);
  EXPECT_FALSE(feed(answer(syn, 2 * kSecond, kSyn | kAck)));  // said already
  EXPECT_FALSE(feed(answer(syn, 2 * kSecond, kRst)));         // the end of a connection, no refusal
}

TEST_F(OutboundTest, RefusalAndFingerprint) {
  const auto syn = with_fingerprint(syn_out(kStart, remote(1), 23));
  EXPECT_TRUE(feed(syn)->fingerprint);
  EXPECT_EQ(feed(answer(syn, kMillisecond, kRst | kAck))->what, What::refused);
}

Packet saying(Packet p, const std::string& words) {
  p.payload = reinterpret_cast<const std::uint8_t*>(words.data());
  p.payload_captured = p.payload_bytes = static_cast<std::uint16_t>(words.size());
  return p;
}

TEST_F(OutboundTest, TheFirstWordsOfAClientOnceAConnection) {
  const std::string handshake =
                        std::string{
                            "\x13"
                            "BitTorrent protocol"} +
                        std::string(48, 'x'),
                    request = "GET / HTTP/1.1\r\n", other = "hello, world";
  const auto hello = std::string("\x16\x03\x01\x02\x00\x01", 6) + std::string(40, 'x');
  unsigned n = 1;
  for (const auto& [words, what] : {std::pair{handshake, What::spoke_peer_to_peer}, {request, What::spoke_web}, {hello, What::spoke_web}}) {
    const auto syn = syn_out(kStart, remote(++n), 6881);
    const auto says = saying(tcp(kStart + kSecond, Direction::egress, local(), 50'000, remote(n), 6881, kAck | kPsh), words);
    EXPECT_FALSE(feed(says)) << words;  // nobody was called
    feed(syn);
    EXPECT_FALSE(feed(says)) << words;  // nobody has answered
    feed(answer(syn, kMillisecond, kSyn | kAck));
    EXPECT_FALSE(feed(saying(says, other)));
    const auto event = feed(says);
    ASSERT_TRUE(event) << words;
    EXPECT_EQ(event->what, what);
    EXPECT_FALSE(feed(says)) << words;  // said already
  }
}

TEST_F(OutboundTest, AQueryOfTheDhtIsKnownByItsPayload) {
  const std::string query = "d1:ad2:id20:aaaaaaaaaaaaaaaaaaaa", other = "d1:xd2:id20:aaaaaaaa";
  const auto out = udp(kStart, Direction::egress, local(), 6881, remote(1), 6881);
  EXPECT_TRUE(feed(saying(out, query), {.answer = false, .first = true})->peer_to_peer);
  EXPECT_FALSE(feed(saying(out, other), {.answer = false, .first = true})->peer_to_peer);
  EXPECT_FALSE(feed(out, {.answer = false, .first = true})->peer_to_peer);
}

TEST_F(OutboundTest, BackscatterIsNoAnswer) {
  EXPECT_FALSE(feed(tcp(kStart, Direction::ingress, remote(1), 80, local(), 50'000, kSyn | kAck)));
  EXPECT_FALSE(feed(tcp(kStart, Direction::ingress, remote(1), 80, local(), 50'000, kRst | kAck)));
}

TEST_F(OutboundTest, UdpGoesByTheFlow) {
  const auto out = udp(kStart, Direction::egress, local(), 5000, remote(1), 53);
  EXPECT_EQ(feed(out, {.answer = false, .first = true})->what, What::attempt);
  EXPECT_FALSE(feed(out, {.answer = false, .first = false}));
  EXPECT_FALSE(feed(out, {.answer = true, .first = true}));  // we answer
  const auto in = udp(kStart, Direction::ingress, remote(1), 53, local(), 5000);
  EXPECT_EQ(feed(in, {.answer = true, .first = true})->what, What::answered);
  EXPECT_FALSE(feed(in, {.answer = false, .first = true}));
  auto multicast = out;
  multicast.dst = ip("239.255.255.250");
  EXPECT_FALSE(feed(multicast, {.answer = false, .first = true}));
}

class FanoutTest : public ::testing::Test {
 protected:
  void attempt(TimeNs time, unsigned target, std::uint16_t port, What what = What::attempt, bool fingerprint = false) {
    OutboundEvent e;
    e.time = time;
    e.local = local();
    e.remote = remote(target);
    e.port = port;
    e.protocol = kTcp;
    e.what = what;
    e.fingerprint = fingerprint;
    fanout_.on_event(e);
  }
  std::optional<FanoutFact> fact(TimeNs now, std::uint16_t port) {
    facts_.clear();
    fanout_.collect(now, facts_);
    for (const auto& f : facts_)
      if (f.port == port) return f;
    return std::nullopt;
  }
  HashKey key_;
  Fanout fanout_{key_, 64};
  std::vector<FanoutFact> facts_;
};

TEST_F(FanoutTest, CountsDistinctTargetsByPortAndOverAllPorts) {
  for (unsigned i = 0; i < 60; ++i) attempt(kStart + i * kMillisecond, i, 23);
  for (unsigned i = 0; i < 60; ++i) attempt(kStart + i * kMillisecond, 1000 + i, 2323);
  for (unsigned i = 0; i < 6; ++i) attempt(kStart + kSecond, i, 23, What::answered);
  attempt(kStart + kSecond, 7, 23, What::refused);
  auto f = fact(kStart + kSecond, 23);
  ASSERT_TRUE(f);
  EXPECT_NEAR(f->distinct_remotes, 60, 6);
  EXPECT_EQ(f->attempts, 60u);
  EXPECT_EQ(f->answered, 6u);
  EXPECT_EQ(f->refused, 1u);
  EXPECT_EQ(f->total_attempts, 60u);
  ASSERT_EQ(facts_.size(), 3u);
  EXPECT_EQ(facts_[0].port, 0);
  EXPECT_NEAR(facts_[0].distinct_remotes, 120, 12);
  EXPECT_FALSE(fact(kStart + 2 * kSecond, 23));  // nothing new
}

TEST_F(FanoutTest, TheWindowSlides) {
  for (unsigned i = 0; i < 40; ++i) attempt(kStart + i * kMillisecond, i, 23);
  for (unsigned i = 0; i < 20; ++i) attempt(kStart + 30 * kSecond + i, 100 + i, 23);
  const auto f = fact(kStart + 31 * kSecond, 23);
  ASSERT_TRUE(f);
  EXPECT_NEAR(f->distinct_remotes, 20, 3);
  EXPECT_NEAR(f->distinct_remotes_minute, 60, 6);
  EXPECT_EQ(f->attempts, 20u);
}

TEST_F(FanoutTest, ManyConnectionsToOneTargetAreOneTarget) {
  for (unsigned i = 0; i < 500; ++i) attempt(kStart + i * kMillisecond, 1, 443);
  EXPECT_NEAR(fact(kStart + kSecond, 443)->distinct_remotes, 1, 0.1);
}

TEST_F(FanoutTest, OneFingerprintIsNews) {
  attempt(kStart, 1, 23, What::attempt, true);
  EXPECT_EQ(fact(kStart, 23)->fingerprint_syns, 1u);
  attempt(kStart, 2, 23);
  EXPECT_FALSE(fact(kStart, 23));
}

TEST_F(FanoutTest, LargeNumbersWithinATenth) {
  for (unsigned i = 0; i < 50'000; ++i) attempt(kStart + i * 100 * kMicrosecond, i, 23);
  EXPECT_NEAR(fact(kStart + 5 * kSecond, 23)->distinct_remotes, 50'000, 7'500);
}

TEST_F(FanoutTest, ABusyKeySurvivesManyRarePorts) {
  for (unsigned i = 0; i < 100; ++i) attempt(kStart + i, i, 23);
  for (unsigned i = 0; i < 5'000; ++i) attempt(kStart + i, 1, static_cast<std::uint16_t>(10'000 + i));
  EXPECT_GT(fanout_.evictions(), 4'000u);
  EXPECT_EQ(fact(kStart + kSecond, 23)->attempts, 100u);
}

}  // namespace
}  // namespace sekisho
