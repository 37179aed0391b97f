// Inbound scans end to end from packets to findings, with twins just under the thresholds, floods that are no scans, and shards.
#include <gtest/gtest.h>

#include "scan_run.h"

namespace sekisho {
namespace {

using namespace scan_test;

std::string said(const Finding& f) {
  auto text = f.headline;
  for (const auto& e : f.evidence) text += "; " + e;
  for (const auto& e : f.counter_evidence) text += "; but " + e;
  return text;
}

// A little two-way traffic: the capture holds both directions.
void add_web_client(std::vector<Packet>& load, TimeNs at = kStart) {
  const auto syn = with_options(syn_in(at, remote(0xffff00), local(), 443, 50'000));
  load.push_back(syn);
  auto reply = answer(syn, kMillisecond, kSyn | kAck);
  reply.tcp_seq = 900;
  reply.tcp_ack = syn.tcp_seq + 1;
  load.push_back(reply);
  auto ack = syn;
  ack.time += 2 * kMillisecond;
  ack.tcp_flags = kAck;
  ack.tcp_options = 0;
  ack.tcp_seq = syn.tcp_seq + 1;
  ack.tcp_ack = 901;
  load.push_back(ack);
}

TEST(MiraiScanTest, OnePacketIsInfoWithTheChanceOfAMatch) {
  const auto found = run_scans({with_fingerprint(syn_in(kStart, remote(1), local(), 23))});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "mirai_scan");
  EXPECT_EQ(found[0].severity, Severity::info);
  EXPECT_EQ(found[0].confidence, 97);
  EXPECT_TRUE(found[0].has_subject);
  EXPECT_EQ(found[0].subject, local());
  EXPECT_EQ(found[0].merge_key, "mirai_scan");
  EXPECT_NE(said(found[0]).find("1 in 4.3e9"), std::string::npos);
  EXPECT_FALSE(found[0].counter_evidence.empty());
  EXPECT_FALSE(found[0].advice.empty() && find_label("mirai_scan")->advice.empty());
}

TEST(MiraiScanTest, OptionsAndAHighTtlLowerTheConfidence) {
  auto p = with_options(with_fingerprint(syn_in(kStart, remote(1), local(), 23)));
  p.ttl = 120;
  EXPECT_EQ(run_scans({p})[0].confidence, 85);
}

TEST(MiraiScanTest, TenSourcesInFiveMinutesAreAWaveNineAreNot) {
  for (const unsigned sources : {9u, 10u}) {
    std::vector<Packet> load;
    for (unsigned i = 0; i < sources; ++i)
      load.push_back(with_fingerprint(syn_in(kStart + i * 25 * kSecond, remote(i), local(), i % 10 == 9 ? 2323 : 23)));
    const auto findings = run_scans(load);
    const auto f = last_by_label(findings).at("mirai_scan");
    EXPECT_EQ(f.severity, sources == 10 ? Severity::medium : Severity::low) << sources;
    EXPECT_EQ(f.distinct_peers, sources);
    std::uint64_t packets = 0;
    for (const auto& one : findings) packets += one.packets;
    EXPECT_EQ(packets, sources);  // increments add up
  }
}

TEST(MiraiScanTest, TenSourcesInAnHourAreNoWave) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < 20; ++i) load.push_back(with_fingerprint(syn_in(kStart + i * 3 * kMinute, remote(i), local(), 23)));
  EXPECT_EQ(last_by_label(run_scans(load)).at("mirai_scan").severity, Severity::low);
}

TEST(MiraiScanTest, PortRatioTellsTheOriginal) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < 100; ++i)
    load.push_back(with_fingerprint(syn_in(kStart + i * kSecond, remote(i), local(), i % 10 == 9 ? 2323 : 23)));
  const auto f = last_by_label(run_scans(load)).at("mirai_scan");
  EXPECT_NE(said(f).find("the original's 9 to 1"), std::string::npos) << said(f);
  ASSERT_EQ(f.local_ports.size(), 2u);
  EXPECT_EQ(f.local_ports[0].port, 23);
  EXPECT_EQ(f.local_ports[0].packets, 90u);
  EXPECT_NE(said(f).find("new sources a minute"), std::string::npos);
}

TEST(MiraiScanTest, ASubjectOnlyIfOneAddressWasProbed) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < 5; ++i) load.push_back(with_fingerprint(syn_in(kStart + i * kSecond, remote(i), local(i), 23)));
  EXPECT_FALSE(last_by_label(run_scans(load)).at("mirai_scan").has_subject);
}

TEST(MiraiScanTest, AnInfectedNeighbourIsMedium) {
  const auto found = run_scans({with_fingerprint(syn_in(kStart, ip("192.168.1.77"), ip("192.168.1.5"), 23))});
  EXPECT_EQ(found[0].severity, Severity::medium);
  EXPECT_NE(said(found[0]).find("infected device in your own network"), std::string::npos);
}

TEST(IotScanTest, BareSynsToDevicePortsByManySourcesAreOneCampaign) {
  for (const unsigned sources : {29u, 30u}) {
    std::vector<Packet> load;
    for (unsigned i = 0; i < sources; ++i) load.push_back(syn_in(kStart + i * kSecond, remote(i), local(), i % 2 ? 23 : 37215));
    const auto found = last_by_label(run_scans(load));
    ASSERT_EQ(found.size(), 1u);
    const auto& f = found.at("iot_scan");
    EXPECT_EQ(f.severity, sources == 30 ? Severity::medium : Severity::low) << sources;
    EXPECT_GE(f.confidence, 40);
    EXPECT_LE(f.confidence, 70);
    EXPECT_NE(said(f).find("Mirai-like (port 37215 is used by Satori"), std::string::npos) << said(f);
  }
}

TEST(IotScanTest, WebPortsAndSynsWithOptionsSayNothing) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < 60; ++i) {
    load.push_back(syn_in(kStart + i * kSecond / 2, remote(i), local(), 80));
    load.push_back(with_options(syn_in(kStart + i * kSecond / 2, remote(1000 + i), local(), 23)));
  }
  EXPECT_TRUE(run_scans(load).empty());
}

TEST(IotScanTest, ASynFloodOnATelnetPortIsNoCampaign) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < 5'000; ++i) load.push_back(syn_in(kStart + i * kMillisecond, remote(i), local(), 23));
  EXPECT_TRUE(run_scans(load).empty());
}

TEST(ToolScanTest, ZmapAndMasscanAreNamed) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < 5; ++i) {
    auto p = syn_in(kStart + i * kSecond, remote(1), local(i), 5900);
    p.ip_id = 54321;
    p.tcp_window = 65535;
    load.push_back(p);
    p = syn_in(kStart + i * kSecond, remote(2), local(i), 5900);
    p.tcp_window = 1024;
    p.tcp_seq = i * 77'777;
    p.ip_id = static_cast<std::uint16_t>(v4_value(p.dst) ^ p.dport ^ p.tcp_seq);
    load.push_back(p);
  }
  const auto found = last_by_label(run_scans(load));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found.at("zmap_scan").confidence, 85);
  EXPECT_EQ(found.at("masscan_scan").confidence, 90);
  EXPECT_EQ(found.at("masscan_scan").distinct_peers, 1u);
}

TEST(ToolScanTest, ChanceMarksInAFloodNameNoTool) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < 2'000; ++i) {
    auto p = syn_in(kStart + i * kMillisecond, remote(i), local(), 80);
    p.ip_id = i % 500 == 7 ? 54321 : 7;
    p.tcp_window = 65535;
    load.push_back(p);
  }
  EXPECT_TRUE(run_scans(load).empty());
}

TEST(PortScanTest, FourRefusedPortsDecideThreeDoNot) {
  for (const unsigned ports : {3u, 4u}) {
    std::vector<Packet> load;
    add_web_client(load);
    for (unsigned i = 0; i < ports; ++i) {
      const auto p = with_options(syn_in(kStart + i * 100 * kMillisecond, remote(1), local(), static_cast<std::uint16_t>(5001 + i)));
      load.push_back(p);
      load.push_back(answer(p, kMicrosecond, kRst | kAck));
    }
    const auto found = last_by_label(run_scans(load, 1, 6 * kSecond));
    EXPECT_EQ(found.count("port_scan"), ports == 4 ? 1u : 0u) << ports;
    if (ports == 4) {
      EXPECT_EQ(found.at("port_scan").severity, Severity::low);
      EXPECT_EQ(found.at("port_scan").subject, local());
      EXPECT_EQ(found.at("port_scan").packets, 4u);
    }
  }
}

TEST(PortScanTest, OneDirectionNeedsMoreAndSaysSo) {
  for (const unsigned ports : {5u, 10u}) {
    std::vector<Packet> load;
    for (unsigned i = 0; i < ports; ++i)
      load.push_back(with_options(syn_in(kStart + i, remote(1), local(), static_cast<std::uint16_t>(21 + i * 10))));
    const auto found = last_by_label(run_scans(load));
    EXPECT_EQ(found.count("port_scan"), ports == 10 ? 1u : 0u) << ports;
    if (ports == 10) {
      EXPECT_NE(said(found.at("port_scan")).find("only one direction"), std::string::npos);
    }
  }
}

TEST(PortScanTest, ClientsThatAreAnsweredAreNone) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < 40; ++i) {
    add_web_client(load, kStart + i * kSecond);
    auto& syn = load[load.size() - 3];
    auto& reply = load[load.size() - 2];
    auto& ack = load[load.size() - 1];
    syn.dport = reply.sport = ack.dport = static_cast<std::uint16_t>(8000 + i);
  }
  EXPECT_TRUE(run_scans(load, 1, 6 * kSecond).empty());
}

TEST(PortScanTest, AFastFloodOverRandomPortsIsNone) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < 12'000; ++i) {
    const auto p = with_options(syn_in(kStart + i * 50 * kMicrosecond, remote(1), local(), static_cast<std::uint16_t>(i * 7919)));
    load.push_back(p);
    load.push_back(answer(p, kMicrosecond, kRst | kAck));
  }
  EXPECT_TRUE(run_scans(load, 1, 2 * kSecond).empty());
}

TEST(PortScanTest, AFloodOfManySourcesOverRandomPortsIsNone) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < 20'000; ++i) {
    const auto p = with_options(syn_in(kStart + i * 500 * kMicrosecond, remote(i % 500), local(), static_cast<std::uint16_t>(i * 7919)));
    load.push_back(p);
    load.push_back(answer(p, kMicrosecond, kRst | kAck));
  }
  EXPECT_EQ(last_by_label(run_scans(load, 1, 2 * kSecond)).count("port_scan"), 0u);
}

TEST(PortScanTest, AThousandPortsASecondByOneSourceIsAScan) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < 1'000; ++i) {
    const auto p = with_options(syn_in(kStart + i * kMillisecond, remote(1), local(), static_cast<std::uint16_t>(1 + i)));
    load.push_back(p);
    load.push_back(answer(p, kMicrosecond, kRst | kAck));
  }
  const auto found = last_by_label(run_scans(load, 1, 2 * kSecond));
  ASSERT_EQ(found.count("port_scan"), 1u);
  EXPECT_GE(found.at("port_scan").confidence, 90);
}

TEST(AddressScanTest, OnePortOnManyAddresses) {
  std::vector<Packet> load;
  add_web_client(load);
  for (unsigned i = 0; i < 12; ++i) load.push_back(with_options(syn_in(kStart + i * 100 * kMillisecond, remote(1), local(20 + i), 445)));
  const auto found = last_by_label(run_scans(load, 1, 6 * kSecond));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FALSE(found.at("address_scan").has_subject);
  EXPECT_EQ(found.at("address_scan").local_ports[0].port, 445);
  EXPECT_EQ(found.at("address_scan").packets, 12u);
}

TEST(AddressScanTest, ManySourcesMakeOneIncident) {
  std::vector<Packet> load;
  add_web_client(load);
  for (unsigned s = 0; s < 40; ++s)
    for (unsigned i = 0; i < 6; ++i)
      load.push_back(with_options(syn_in(kStart + s * kSecond + i * kMillisecond, remote(s), local(20 + i), 23)));
  const auto f = last_by_label(run_scans(load, 1, 6 * kSecond)).at("address_scan");
  EXPECT_EQ(f.distinct_peers, 40u);
  EXPECT_EQ(f.severity, Severity::medium);  // 30 sources within a minute on a telnet port
}

TEST(SlowScanTest, MinutesApartForHours) {
  std::vector<Packet> load;
  add_web_client(load);
  for (unsigned i = 0; i < 10; ++i) load.push_back(with_options(syn_in(kStart + i * 5 * kMinute, remote(1), local(20 + i), 445)));
  const auto found = last_by_label(run_scans(load, 1, 6 * kSecond));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_GE(found.at("slow_scan").confidence, 70);
}

TEST(SlowScanTest, FourMinutesAreNotEnough) {
  std::vector<Packet> load;
  add_web_client(load);
  for (unsigned i = 0; i < 5; ++i) load.push_back(with_options(syn_in(kStart + i * kMinute, remote(1), local(20 + i), 445)));
  EXPECT_TRUE(run_scans(load, 1, 6 * kSecond).empty());
}

std::vector<Packet> udp_probes(unsigned ports, std::uint32_t bytes, DurationNs gap, unsigned each = 1) {
  std::vector<Packet> load;
  add_web_client(load);
  for (unsigned i = 0; i < ports * each; ++i) {
    auto p = udp(kStart + i * gap, Direction::ingress, remote(1), 40'000, local(), static_cast<std::uint16_t>(1000 + i % ports));
    p.wire_bytes = bytes;
    load.push_back(p);
  }
  return load;
}

TEST(UdpScanTest, ManySilentPortsFewAndBigOnesNot) {
  EXPECT_EQ(last_by_label(run_scans(udp_probes(40, 60, 10 * kMillisecond), 1, 6 * kSecond)).count("udp_scan"), 1u);
  EXPECT_TRUE(run_scans(udp_probes(6, 60, 10 * kMillisecond), 1, 6 * kSecond).empty());
  EXPECT_TRUE(run_scans(udp_probes(40, 554, 10 * kMillisecond), 1, 6 * kSecond).empty());      // payloads of a flood
  EXPECT_TRUE(run_scans(udp_probes(40, 60, 10 * kMicrosecond, 500), 1, 6 * kSecond).empty());  // 100,000/s
}

TEST(ScanFollowupTest, AConnectionAfterTheProbe) {
  std::vector<Packet> load;
  load.push_back(with_fingerprint(syn_in(kStart, remote(1), local(), 23)));
  add_web_client(load, kStart + 3 * kSecond);
  for (std::size_t i = 1; i < load.size(); ++i) {
    auto& p = load[i];
    (p.direction == Direction::ingress ? p.src : p.dst) = remote(1);
    (p.direction == Direction::ingress ? p.dport : p.sport) = 23;
  }
  const auto found = last_by_label(run_scans(load));
  ASSERT_EQ(found.count("scan_followup"), 1u);
  EXPECT_EQ(found.at("scan_followup").severity, Severity::medium);
  EXPECT_EQ(found.at("scan_followup").confidence, 97);
}

TEST(ScanShardsTest, FindingsDoNotDependOnTheNumberOfShards) {
  std::vector<Packet> load;
  for (unsigned i = 0; i < 3'000; ++i) {
    load.push_back(with_fingerprint(syn_in(kStart + i * 7 * kMillisecond, remote(i % 700), local(i % 9), i % 3 ? 23 : 2323)));
    load.push_back(syn_in(kStart + i * 11 * kMillisecond, remote(5'000 + i % 300), local(i % 9), 37215));
    const auto p = with_options(syn_in(kStart + i * 13 * kMillisecond, remote(9'000 + i % 5), local(3), static_cast<std::uint16_t>(i)));
    load.push_back(p);
    load.push_back(answer(p, kMicrosecond, kRst | kAck));
  }
  const auto text = [&](unsigned shards) {
    std::string all;
    for (const auto& f : run_scans(load, shards, 5 * kSecond)) {
      all += std::string{f.label} + " " + std::to_string(f.time) + " " + std::to_string(f.packets) + " " + std::to_string(f.confidence) +
             " " + said(f);
      for (const auto& p : f.top_peers) all += " " + to_string(p.address) + "=" + std::to_string(p.packets);
      all += "\n";
    }
    return all;
  };
  const auto one = text(1);
  EXPECT_NE(one.find("mirai_scan"), std::string::npos);
  EXPECT_NE(one.find("port_scan"), std::string::npos);
  for (const unsigned shards : {2u, 4u, 16u}) EXPECT_EQ(text(shards), one) << shards;
}

}  // namespace
}  // namespace sekisho
