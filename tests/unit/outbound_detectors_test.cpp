// Outbound scans and backscatter end to end, with their look-alikes.
#include <gtest/gtest.h>

#include <algorithm>

#include "scan_run.h"

namespace sekisho {
namespace {

using namespace scan_test;

Packet syn_out(TimeNs time, unsigned target, std::uint16_t port) {
  return with_options(
      tcp(time, Direction::egress, local(), static_cast<std::uint16_t>(20'000 + target % 40'000), remote(target), port, kSyn));
}
Packet syn_ack(const Packet& syn) {
  auto p = answer(syn, 30 * kMillisecond, kSyn | kAck);
  p.tcp_seq = 5;
  p.tcp_ack = syn.tcp_seq + 1;
  return p;
}
// `share` of the targets answer.
std::vector<Packet> contacts(unsigned targets, double share, std::uint16_t port, DurationNs gap = 100 * kMillisecond) {
  std::vector<Packet> load{udp(kStart, Direction::ingress, remote(0xfffff0), 53, local(), 4000)};  // both directions are captured
  for (unsigned i = 0; i < targets; ++i) {
    const auto syn = syn_out(kStart + i * gap, i, port);
    load.push_back(syn);
    if (i % 100 < share * 100) load.push_back(syn_ack(syn));
  }
  return load;
}

TEST(EgressScanTest, ManySilentTargetsOnOnePort) {
  const auto found = last_by_label(run_scans(contacts(100, 0.05, 23)));
  ASSERT_EQ(found.size(), 1u);
  const auto& f = found.at("egress_scan");
  EXPECT_EQ(f.direction, Direction::egress);
  EXPECT_EQ(f.subject, local());
  EXPECT_GE(f.severity, Severity::high);
  EXPECT_NE(f.advice.find("re-imaged"), std::string::npos);
  EXPECT_NE(f.advice.find("Isolate"), std::string::npos);
  EXPECT_EQ(f.remote_ports[0].port, 23);
  EXPECT_FALSE(f.counter_evidence.empty());
}

TEST(EgressScanTest, JustBelowTheThresholdAndWellAnsweredAreNone) {
  EXPECT_TRUE(run_scans(contacts(40, 0, 23)).empty());
  EXPECT_TRUE(run_scans(contacts(400, 0.9, 80, 5 * kMillisecond)).empty());  // a crawler
  EXPECT_TRUE(run_scans(contacts(400, 0.3, 80, 5 * kMillisecond)).empty());
}

TEST(EgressScanTest, ACrawlerThatIsAnsweredLaterIsNotJudgedTooEarly) {
  std::vector<Packet> load = contacts(1, 1, 80);
  for (unsigned i = 0; i < 300; ++i) {
    const auto syn = syn_out(kStart + kSecond + i * kMillisecond, 100 + i, 80);
    load.push_back(syn);
    auto reply = syn_ack(syn);
    reply.time += 400 * kMillisecond;
    load.push_back(reply);
  }
  EXPECT_TRUE(run_scans(load, 1, 5 * kSecond).empty());
}

TEST(EgressScanTest, OneFingerprintOnTheWayOutIsCertain) {
  const auto found = run_scans({with_fingerprint(tcp(kStart, Direction::egress, local(), 40'000, remote(1), 23, kSyn))});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "egress_scan");
  EXPECT_EQ(found[0].confidence, 99);
  EXPECT_EQ(found[0].severity, Severity::critical);
}

TEST(EgressScanTest, PeerToPeerSpreadsOverPorts) {
  std::vector<Packet> load{udp(kStart, Direction::ingress, remote(0xfffff0), 53, local(), 4000)};
  for (unsigned i = 0; i < 600; ++i)
    load.push_back(udp(kStart + i * 10 * kMillisecond, Direction::egress, local(), 6881, remote(i),
                       i % 4 == 0 ? 6881 : static_cast<std::uint16_t>(10'000 + i)));
  EXPECT_TRUE(run_scans(load).empty());
  load.resize(1);
  for (unsigned i = 0; i < 600; ++i) load.push_back(udp(kStart + i * 10 * kMillisecond, Direction::egress, local(), 6881, remote(i), 5060));
  EXPECT_EQ(last_by_label(run_scans(load)).count("egress_scan"), 1u);
}

// All on one port, hardly any answered: what is said decides, but not on the port of a device.
TEST(EgressScanTest, PeerToPeerIsKnownByWhatItSays) {
  static const std::string query = "d1:ad2:id20:aaaaaaaaaaaaaaaaaaaa";
  const auto load = [](std::uint16_t port, bool says) {
    std::vector<Packet> packets{udp(kStart, Direction::ingress, remote(0xfffff0), 53, local(), 4000)};
    for (unsigned i = 0; i < 600; ++i) {
      auto p = udp(kStart + i * 10 * kMillisecond, Direction::egress, local(), 6881, remote(i), port);
      if (says) {
        p.payload = reinterpret_cast<const std::uint8_t*>(query.data());
        p.payload_captured = p.payload_bytes = static_cast<std::uint16_t>(query.size());
      }
      packets.push_back(p);
    }
    return packets;
  };
  EXPECT_TRUE(run_scans(load(6881, true)).empty());
  const auto silent = last_by_label(run_scans(load(6881, false)));
  ASSERT_EQ(silent.count("egress_scan"), 1u);
  const auto& reasons = silent.at("egress_scan").evidence;
  EXPECT_TRUE(std::any_of(reasons.begin(), reasons.end(), [](const auto& line) { return line.starts_with("payload: "); }));
  EXPECT_EQ(last_by_label(run_scans(load(53, true))).count("egress_scan"), 1u);
}

// Providers see these in their own network first: each kind is counted, not guessed from the last targets.
TEST(EgressScanTest, LeaksToPrivateAndSharedRangesAreCountedApart) {
  auto load = contacts(120, 0, 23);
  const auto add = [&](unsigned n, std::uint32_t first) {
    for (unsigned i = 0; i < n; ++i) {
      auto syn = syn_out(kStart + (i % 100) * 100 * kMillisecond + kMillisecond, i, 23);
      syn.dst = address_from_v4(first + i);
      load.push_back(syn);
    }
  };
  add(37, 0x0a000001);  // 10.0.0.1
  add(23, 0x64400001);  // 100.64.0.1
  std::stable_sort(load.begin(), load.end(), [](const Packet& a, const Packet& b) { return a.time < b.time; });
  const auto found = last_by_label(run_scans(load));
  ASSERT_EQ(found.count("egress_scan"), 1u);
  std::string all;
  for (const auto& line : found.at("egress_scan").evidence) all += line + "\n";
  EXPECT_NE(
      all.find("60 of 180 attempts leak to addresses that are not of the Internet: 37 to private ones, 23 to a provider's shared range"),
      std::string::npos)
      << all;
}

TEST(EgressScanTest, OneDirectionNeedsThreeTimesAsMany) {
  auto load = contacts(100, 0, 23, 20 * kMillisecond);
  load.erase(load.begin());
  EXPECT_TRUE(run_scans(load).empty());
  load = contacts(400, 0, 23, 10 * kMillisecond);
  load.erase(load.begin());
  const auto found = last_by_label(run_scans(load));
  ASSERT_EQ(found.count("egress_scan"), 1u);
  EXPECT_NE(found.at("egress_scan").counter_evidence[0].find("only one direction"), std::string::npos);
}

std::vector<Packet> backscatter(unsigned n, DurationNs gap) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < n; ++i) {
    auto p = tcp(kStart + i * gap, Direction::ingress, remote(i % 3), 80, local(i % 50), static_cast<std::uint16_t>(1024 + i),
                 i % 3 == 2 ? kRst : kSyn | kAck);
    p.tcp_ack = 1000 + i;
    load.push_back(p);
  }
  return load;
}

TEST(BackscatterTest, AnswersNobodyAskedForAtALowRate) {
  const auto findings = run_scans(backscatter(60, 5 * kSecond));
  const auto found = last_by_label(findings);
  ASSERT_EQ(found.size(), 1u);
  const auto& f = found.at("backscatter");
  EXPECT_EQ(f.severity, Severity::info);
  EXPECT_EQ(f.distinct_peers, 3u);
  EXPECT_FALSE(f.has_subject);
  std::uint64_t packets = 0;
  for (const auto& one : findings) packets += one.packets;
  EXPECT_EQ(packets, 60u);
}

TEST(BackscatterTest, AFewAreNoneAndAFloodIsTheFloodDetectors) {
  EXPECT_TRUE(run_scans(backscatter(9, 5 * kSecond)).empty());
  EXPECT_EQ(last_by_label(run_scans(backscatter(6'000, kMillisecond))).count("backscatter"), 0u);
}

TEST(BackscatterTest, OrdinaryTrafficBesideItChangesNothing) {
  auto load = backscatter(60, 5 * kSecond);
  for (unsigned i = 0; i < 200; ++i) {
    const auto syn = with_options(syn_in(kStart + i * kSecond, remote(70'000 + i), local(), 443));
    load.push_back(syn);
    auto reply = answer(syn, kMillisecond, kSyn | kAck);
    reply.tcp_seq = 5;
    reply.tcp_ack = syn.tcp_seq + 1;
    load.push_back(reply);
    for (unsigned k = 2; k < 6; ++k) {
      auto data = syn;
      data.time += k * kMillisecond;
      data.tcp_flags = kAck;
      data.tcp_options = 0;
      data.tcp_seq = syn.tcp_seq + 1;
      data.tcp_ack = 6;
      load.push_back(data);
    }
  }
  EXPECT_EQ(last_by_label(run_scans(load)).count("backscatter"), 1u);
}

TEST(BackscatterTest, OneDirectionOfOrdinaryConnectionsIsNone) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < 30; ++i) {
    auto p = tcp(kStart + i * kSecond, Direction::ingress, remote(i), 443, local(), static_cast<std::uint16_t>(40'000 + i), kSyn | kAck);
    load.push_back(p);
    for (unsigned k = 1; k < 5; ++k) {
      p.tcp_flags = kAck | kPsh;
      p.time += kMillisecond;
      p.payload_bytes = 500;
      p.tcp_seq += 500;
      load.push_back(p);
    }
  }
  EXPECT_TRUE(run_scans(load).empty());
}

}  // namespace
}  // namespace sekisho
