// The table of sources: fingerprints, tools, the threshold random walk, time-outs, bounds, and independence of the number of shards.
#include "features/sources.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <random>

#include "base/bytes.h"
#include "scan_packets.h"

namespace sekisho {
namespace {

using namespace scan_test;

class SourcesTest : public ::testing::Test {
 protected:
  void feed(const Packet& p, const ConnectionVerdict& verdict = {}) {
    sources_.on_packet(p, verdict, remote_hash(key_, remote_address(p)));
    now_ = std::max(now_, p.time);
  }
  // What is known of `who` after waiting; the latest fact.
  std::optional<SourceFact> fact_of(const Address& who, DurationNs wait = 0, bool last = false) {
    now_ += wait;
    facts_.clear();
    sources_.collect(now_, last, facts_);
    for (const auto& f : facts_)
      if (f.remote == who) latest_[who] = f;
    const auto found = latest_.find(who);
    return found == latest_.end() ? std::nullopt : std::optional{found->second};
  }
  HashKey key_;
  Sources sources_{key_, 64, 0, kGroups, {ip("198.51.100.7")}};
  TimeNs now_ = kStart;
  std::vector<SourceFact> facts_;
  std::map<Address, SourceFact> latest_;
};

TEST_F(SourcesTest, OneSynWithTheFingerprintIsEnough) {
  feed(with_fingerprint(syn_in(kStart, remote(1), local(), 23)));
  const auto f = fact_of(remote(1));
  ASSERT_TRUE(f);
  EXPECT_EQ(f->fingerprint_syns, 1u);
  EXPECT_EQ(f->tool, ScannerTool::mirai);
  EXPECT_EQ(f->device_port_syns, 1u);
  EXPECT_EQ(f->last_local, local());
  EXPECT_EQ(f->ports[0].port, 23);
  EXPECT_EQ(f->new_packets, 1u);
}

TEST_F(SourcesTest, OneBitOffIsNoFingerprint) {
  auto p = with_fingerprint(syn_in(kStart, remote(1), local(), 4444));
  p.tcp_seq ^= 1;
  feed(p);
  EXPECT_FALSE(fact_of(remote(1)));
}

TEST_F(SourcesTest, PublicAddressBeforeNatCounts) {
  auto p = syn_in(kStart, remote(1), local(), 23);
  p.tcp_seq = v4_value(ip("198.51.100.7"));
  feed(p);
  EXPECT_EQ(fact_of(remote(1))->fingerprint_syns, 1u);
}

TEST_F(SourcesTest, SwappedBytesAreWeak) {
  auto p = syn_in(kStart, remote(1), local(), 4444);
  p.tcp_seq = __builtin_bswap32(v4_value(local()));
  feed(p);
  EXPECT_EQ(fact_of(remote(1))->fingerprint_swapped, 1u);
  EXPECT_EQ(fact_of(remote(1))->fingerprint_syns, 0u);
}

TEST_F(SourcesTest, EmbeddedIpv4IsAFingerprintAndTheTailOfIpv6IsWeak) {
  auto p = syn_in(kStart, ip("2001:db8::9"), ip("64:ff9b::203.0.113.5"), 4444);
  p.tcp_seq = v4_value(local(5));
  feed(p);
  EXPECT_EQ(fact_of(ip("2001:db8::9"))->fingerprint_syns, 1u);
  p = syn_in(kStart, ip("2001:db8::a"), ip("2001:db8:1::1234:5678"), 4444);
  p.tcp_seq = 0x12345678;
  feed(p);
  EXPECT_EQ(fact_of(ip("2001:db8::a"))->fingerprint_swapped, 1u);
  p = syn_in(kStart, ip("2001:db8::b"), ip("2001:db8:1::1"), 4444);
  p.tcp_seq = 1;  // a small number proves nothing
  feed(p);
  EXPECT_FALSE(fact_of(ip("2001:db8::b")));
}

TEST_F(SourcesTest, FalseDataOffsetOfRealMiraiSynsIsReadable) {
  auto p = with_fingerprint(syn_in(kStart, remote(1), local(), 23));
  p.malformed = Malformed::bad_tcp_header_length;
  feed(p);
  EXPECT_EQ(fact_of(remote(1))->fingerprint_syns, 1u);
  p.src = remote(2);
  p.truncated = true;  // the snap length cut the sequence number away
  feed(p);
  EXPECT_FALSE(fact_of(remote(2)));
}

TEST_F(SourcesTest, NamesTheTools) {
  auto p = syn_in(kStart, remote(1), local(), 4444);
  p.ip_id = 54321;
  p.tcp_window = 65535;
  feed(p);
  EXPECT_EQ(fact_of(remote(1))->tool, ScannerTool::zmap);
  p = syn_in(kStart, remote(2), local(), 4444);
  p.tcp_window = 1024;
  p.tcp_seq = 0xdeadbeef;
  p.ip_id = static_cast<std::uint16_t>(v4_value(p.dst) ^ p.dport ^ p.tcp_seq);
  feed(p);
  EXPECT_EQ(fact_of(remote(2))->tool, ScannerTool::masscan);
  p.src = remote(3);
  p.ip_id ^= 1;
  feed(p);
  EXPECT_FALSE(fact_of(remote(3)));
}

TEST_F(SourcesTest, ConstantPortAndWindowNeedThreeSynsToSeveralTargets) {
  for (unsigned i = 0; i < 3; ++i) feed(with_fingerprint(syn_in(kStart + i, remote(1), local(i), 23)));
  EXPECT_TRUE(fact_of(remote(1))->constant_sport);
  EXPECT_TRUE(fact_of(remote(1))->constant_window);
  for (unsigned i = 0; i < 3; ++i) feed(with_fingerprint(syn_in(kStart + i, remote(2), local(1), 23)));  // retries
  EXPECT_FALSE(fact_of(remote(2))->constant_sport);
  for (unsigned i = 0; i < 3; ++i)
    feed(with_fingerprint(syn_in(kStart + i, remote(3), local(i), 23, static_cast<std::uint16_t>(40'000 + i))));
  EXPECT_FALSE(fact_of(remote(3))->constant_sport);
}

TEST_F(SourcesTest, FourRefusalsDecideTheWalkThreeDoNot) {
  for (unsigned i = 0; i < 4; ++i) {
    const auto p = with_options(syn_in(kStart + i * kMillisecond, remote(1), local(), static_cast<std::uint16_t>(5000 + i)));
    feed(p);
    feed(answer(p, kMicrosecond, kRst | kAck));
    const auto f = fact_of(remote(1));
    if (i == 2) {
      ASSERT_TRUE(f);
      EXPECT_LT(f->walk, std::log(99.0));
    }
  }
  const auto f = fact_of(remote(1));
  EXPECT_GE(f->walk, std::log(99.0));
  EXPECT_EQ(f->failures, 4u);
  EXPECT_EQ(f->refused, 4u);
  EXPECT_EQ(f->distinct_ports, 4u);
  EXPECT_EQ(f->distinct_locals, 1u);
  EXPECT_EQ(f->tool, ScannerTool::stack);
}

TEST_F(SourcesTest, RetriesOfOneContactFailOnce) {
  for (unsigned i = 0; i < 6; ++i) feed(with_fingerprint(syn_in(kStart + i * kSecond, remote(1), local(), 23)));
  EXPECT_LE(fact_of(remote(1), 10 * kSecond)->failures, 1u);
}

TEST_F(SourcesTest, SilenceFailsAfterThreeSecondsEvenIfTheSourceIsSilentToo) {
  for (unsigned i = 0; i < 4; ++i) feed(with_options(syn_in(kStart + i * kMillisecond, remote(1), local(i), 445)));
  for (unsigned step = 0; step < 29; ++step) EXPECT_FALSE(fact_of(remote(1), 100 * kMillisecond)) << step;
  std::optional<SourceFact> f;
  for (unsigned step = 0; step < 12; ++step) f = fact_of(remote(1), 100 * kMillisecond);
  ASSERT_TRUE(f);
  EXPECT_EQ(f->failures, 4u);
  EXPECT_GE(f->walk, std::log(99.0));
}

TEST_F(SourcesTest, TheEndOfTheInputJudgesWhatWaits) {
  for (unsigned i = 0; i < 10; ++i) feed(with_options(syn_in(kStart + i, remote(1), local(), static_cast<std::uint16_t>(20 + i))));
  const auto f = fact_of(remote(1), 0, true);
  ASSERT_TRUE(f);
  EXPECT_GE(f->failures, 7u);  // ports may share a bit
}

TEST_F(SourcesTest, TheEndOfTheInputSparesWhoWasAnswered) {
  const auto open = with_options(syn_in(kStart, remote(1), local(), 443));
  feed(open);
  auto ack = open;
  ack.tcp_flags = kAck;
  feed(ack, completed());
  for (unsigned i = 0; i < 4; ++i) feed(with_options(syn_in(kStart + i, remote(1), local(i + 10), 443)));  // in flight when it ends
  const auto f = fact_of(remote(1), 0, true);
  EXPECT_TRUE(!f || f->walk < std::log(99.0));
}

TEST_F(SourcesTest, HandshakesAndDataAreSuccesses) {
  for (unsigned i = 0; i < 30; ++i) {
    const auto syn = with_options(syn_in(kStart + i * kSecond, remote(1), local(i), 443));
    feed(syn);
    auto ack = syn;
    ack.tcp_flags = kAck;
    ack.time += 20 * kMillisecond;
    feed(ack, completed());
  }
  // Now a few failures only bring it back from the floor.
  for (unsigned i = 0; i < 9; ++i) feed(with_options(syn_in(now_ + i, remote(1), local(i + 40), 8443)));
  const auto f = fact_of(remote(1), 5 * kSecond);
  ASSERT_TRUE(f);
  EXPECT_LT(f->walk, std::log(99.0));
  EXPECT_TRUE(f->real_source);
  EXPECT_GE(f->handshakes, 30u);
}

TEST_F(SourcesTest, AnOrdinaryConnectionAfterABareSynIsAFollowup) {
  feed(with_fingerprint(syn_in(kStart, remote(1), local(), 23)));
  auto second = with_options(syn_in(kStart + 2 * kSecond, remote(1), local(), 23, 51'000));
  feed(second);
  EXPECT_EQ(fact_of(remote(1))->followups, 0u);
  second.tcp_flags = kAck;
  feed(second, completed());
  EXPECT_EQ(fact_of(remote(1))->followups, 1u);

  feed(syn_in(kStart, remote(2), local(), 23));
  second = with_options(syn_in(kStart + 12 * kSecond, remote(2), local(), 23, 51'000));  // too late
  feed(second);
  second.tcp_flags = kAck;
  feed(second, completed());
  EXPECT_EQ(fact_of(remote(2))->followups, 0u);
}

TEST_F(SourcesTest, UdpProbesThatAreRefusedAreNoTcpFailures) {
  for (unsigned i = 0; i < 10; ++i) {
    const auto p = udp(kStart + i * kMillisecond, Direction::ingress, remote(1), 40'000, local(), static_cast<std::uint16_t>(1000 + i));
    feed(p);
    std::array<std::uint8_t, 28> quote{};
    quote[0] = 0x45;
    quote[9] = kUdp;
    const auto put = [&](std::size_t at, std::uint32_t v, int bytes) {
      for (int b = 0; b < bytes; ++b) quote[at + static_cast<std::size_t>(b)] = static_cast<std::uint8_t>(v >> 8 * (bytes - 1 - b));
    };
    put(12, v4_value(p.src), 4);
    put(16, v4_value(p.dst), 4);
    put(20, p.sport, 2);
    put(22, p.dport, 2);
    auto icmp = base(p.time + kMicrosecond, Direction::egress, local(), remote(1), kIcmp);
    icmp.icmp_type = 3;
    icmp.icmp_code = 3;
    icmp.payload = quote.data();
    icmp.payload_bytes = icmp.payload_captured = quote.size();
    feed(icmp);
  }
  const auto f = fact_of(remote(1));
  ASSERT_TRUE(f);
  EXPECT_GE(f->udp_contacts, 9u);
  EXPECT_EQ(f->udp_failures, f->udp_contacts);
  EXPECT_EQ(f->refused, f->udp_contacts);
  EXPECT_EQ(f->failures, 0u);
  EXPECT_EQ(f->walk, 0);
}

TEST_F(SourcesTest, AnswersToOurOwnUdpAreNoContacts) {
  feed(udp(kStart, Direction::egress, local(), 33'000, remote(1), 53));
  for (unsigned i = 0; i < 20; ++i)
    feed(udp(kStart + i, Direction::ingress, remote(1), 53, local(), static_cast<std::uint16_t>(33'000 + i)));
  const auto f = fact_of(remote(1), 6 * kSecond);
  EXPECT_FALSE(f);
}

TEST_F(SourcesTest, AmplifiersAndTraceroutesAreNoContacts) {
  for (unsigned i = 0; i < 20; ++i) {
    auto p = udp(kStart + i, Direction::ingress, remote(1), 123, local(), static_cast<std::uint16_t>(3000 + i));
    p.traffic_class = TrafficClass::amp_first;
    feed(p);
    p = udp(kStart + i, Direction::ingress, remote(2), 50'000, local(), static_cast<std::uint16_t>(33'434 + i));
    p.ttl = 3;
    feed(p);
  }
  EXPECT_FALSE(fact_of(remote(1), 6 * kSecond));
  EXPECT_FALSE(fact_of(remote(2)));
}

TEST_F(SourcesTest, BackscatterMakesNoEntry) {
  for (unsigned i = 0; i < 1000; ++i) {
    feed(tcp(kStart + i, Direction::ingress, remote(i), 80, local(), 4000, kSyn | kAck));
    feed(tcp(kStart + i, Direction::ingress, remote(i + 5000), 80, local(), 4000, kRst));
  }
  EXPECT_FALSE(fact_of(remote(1), 6 * kSecond, true));
  EXPECT_EQ(sources_.evictions(), 0u);
}

TEST_F(SourcesTest, StealthProbesAreContacts) {
  for (unsigned i = 0; i < 6; ++i)
    feed(tcp(kStart + i, Direction::ingress, remote(1), 40'000, local(), static_cast<std::uint16_t>(100 + i),
             i % 3 == 0   ? 0
             : i % 3 == 1 ? kFin
                          : kFin | kPsh | kUrg));
  const auto f = fact_of(remote(1), 5 * kSecond);
  ASSERT_TRUE(f);
  EXPECT_GE(f->failures, 5u);
  EXPECT_EQ(f->syns, 0u);
}

TEST_F(SourcesTest, TheFirstOfSeveralContactsIsNotForgotten) {
  // A newcomer's contact counts once a second one makes an entry of it: refused, expired, or still waiting.
  for (unsigned i = 0; i < 4; ++i) {
    const auto p = with_options(syn_in(kStart + i * 5 * kSecond, remote(1), local(i), 445));
    feed(p);
    if (i == 1) feed(answer(p, kMicrosecond, kRst | kAck));
  }
  const auto f = fact_of(remote(1), 6 * kSecond);
  ASSERT_TRUE(f);
  EXPECT_EQ(f->failures, 4u);
  EXPECT_EQ(f->syns, 4u);
  EXPECT_EQ(f->packets, 4u);
  EXPECT_EQ(f->distinct_locals, 4u);
  EXPECT_EQ(f->first_seen / kMillisecond, kStart / kMillisecond);
  EXPECT_EQ(f->ports[0].port, 445);
  EXPECT_EQ(f->ports[0].syns, 4u);
}

TEST_F(SourcesTest, RefusalOfTheFirstContactIsRemembered) {
  for (unsigned i = 0; i < 4; ++i) {
    const auto p = with_options(syn_in(kStart + i, remote(1), local(i), 445));
    feed(p);
    feed(answer(p, kMicrosecond, kRst | kAck));
  }
  EXPECT_EQ(fact_of(remote(1))->refused, 4u);
}

TEST_F(SourcesTest, TheSuccessOfTheFirstContactIsCredited) {
  const auto syn = with_options(syn_in(kStart, remote(1), local(), 443));
  feed(syn);
  auto ack = syn;
  ack.tcp_flags = kAck;
  feed(ack, completed());
  for (unsigned i = 0; i < 4; ++i) feed(with_options(syn_in(kStart + i, remote(1), local(50 + i), 443)));
  const auto f = fact_of(remote(1), 6 * kSecond);
  EXPECT_EQ(f->successes, 1u);
  EXPECT_EQ(f->failures, 4u);
  EXPECT_LT(f->walk, std::log(99.0));
  EXPECT_EQ(f->handshakes, 1u);
}

TEST_F(SourcesTest, SuspiciousSourcesSurviveAFloodOfSinglePackets) {
  feed(with_fingerprint(syn_in(kStart, remote(1), local(), 23)));
  for (unsigned i = 0; i < 50'000; ++i)
    for (unsigned k = 0; k < 2; ++k) feed(with_options(syn_in(kStart + i * kMicrosecond, remote(100 + i), local(k), 80)));
  EXPECT_GT(sources_.evictions(), 40'000u);
  feed(with_fingerprint(syn_in(now_, remote(1), local(), 2323)));
  EXPECT_EQ(fact_of(remote(1))->fingerprint_syns, 2u);
}

TEST_F(SourcesTest, FactsOfOneStepAreBoundedAndNoneIsLost) {
  Sources large{key_, 4096, 0, kGroups, {}};
  for (unsigned i = 0; i < 10'000; ++i) {
    const auto p = with_fingerprint(syn_in(kStart, remote(i), local(), 23));
    large.on_packet(p, {}, remote_hash(key_, p.src));
  }
  std::size_t total = 0;
  for (unsigned step = 1; step < 40; ++step) {
    facts_.clear();
    large.collect(kStart + step * 100 * kMillisecond, false, facts_);
    EXPECT_LE(facts_.size(), Sources::kFactsPerStep * kGroups);
    total += facts_.size();
  }
  EXPECT_EQ(total, 10'000u);
}

TEST_F(SourcesTest, CopesWithTimeThatStandsStillOrRunsBack) {
  for (unsigned i = 0; i < 4; ++i) feed(with_options(syn_in(kStart - i * kMinute, remote(1), local(i), 445)));
  EXPECT_EQ(fact_of(remote(1), 10 * kSecond)->failures, 4u);
}

// A mixed load gives the same facts in the same order however many owners share the groups.
TEST(SourcesShardsTest, FactsDoNotDependOnTheNumberOfShards) {
  std::minstd_rand generator{7};
  const auto random = [&] { return static_cast<unsigned>(generator()) / 16; };
  std::vector<std::pair<Packet, ConnectionVerdict>> load;
  for (unsigned i = 0; i < 60'000; ++i) {
    const auto time = kStart + i * 200 * kMicrosecond;
    const auto who = remote(random() % 9000);
    auto p = syn_in(time, who, local(random() % 20), static_cast<std::uint16_t>(random() % 50 + 20));
    if (random() % 4 == 0) p = with_fingerprint(p);
    if (random() % 2 == 0) p = with_options(p);
    load.push_back({p, {}});
    if (random() % 3 == 0) load.push_back({answer(p, kMicrosecond, kRst | kAck), {}});
    if (random() % 5 == 0)
      load.push_back({udp(time, Direction::ingress, who, 4000, local(), static_cast<std::uint16_t>(random() % 900)), {}});
  }
  const HashKey key;
  const auto run = [&](unsigned shards) {
    std::vector<std::unique_ptr<Sources>> owners;
    for (unsigned s = 0; s < shards; ++s)
      owners.push_back(std::make_unique<Sources>(key, 256, s * (kGroups / shards), kGroups / shards, std::vector<Address>{}));
    std::vector<SourceFact> all;
    std::uint64_t evicted = 0;
    TimeNs next = kStart + 100 * kMillisecond;
    const auto collect = [&](TimeNs now, bool last) {
      std::vector<SourceFact> step;
      for (auto& o : owners) o->collect(now, last, step);
      std::sort(step.begin(), step.end(), [](const auto& a, const auto& b) { return a.remote < b.remote; });
      all.insert(all.end(), step.begin(), step.end());
    };
    for (const auto& [p, verdict] : load) {
      for (; p.time >= next; next += 100 * kMillisecond) collect(next, false);
      const auto hash = remote_hash(key, remote_address(p));
      owners[group_of(hash) / (kGroups / shards)]->on_packet(p, verdict, hash);
    }
    collect(next, true);
    for (auto& o : owners) evicted += o->evictions();
    std::string text = std::to_string(evicted);
    for (const auto& f : all)
      text += to_string(f.remote) + "," + std::to_string(f.packets) + "," + std::to_string(f.new_packets) + "," + std::to_string(f.syns) +
              "," + std::to_string(f.fingerprint_syns) + "," + std::to_string(f.failures) + "," + std::to_string(f.udp_failures) + "," +
              std::to_string(f.walk) + "," + std::to_string(f.distinct_ports) + "," + std::to_string(f.ports[7].syns) + "\n";
    return text;
  };
  const auto one = run(1);
  EXPECT_GT(one.size(), 100'000u);
  for (const unsigned shards : {2u, 4u, 16u}) EXPECT_EQ(run(shards), one) << shards;
}

}  // namespace
}  // namespace sekisho
