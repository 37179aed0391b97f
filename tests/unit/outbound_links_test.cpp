// Which control connection, flood and scan of this host are told together.
#include "incident/outbound_links.h"

#include <gtest/gtest.h>

namespace sekisho {
namespace {

Incident incident(std::string id, Kind kind, std::string_view label, TimeNs started, TimeNs last) {
  Incident i;
  i.id = std::move(id), i.kind = kind, i.label = label, i.labels = {{label, 1}};
  i.direction = Direction::egress, i.subject = "203.0.113.10";
  i.started = i.detected = started, i.memory.last_finding = last;
  i.packets = i.bytes = 100;
  i.top_peers = {{address_from_v4(0xC6336407), 23, 10}};
  return i;
}
ProcessFact process(std::int64_t pid) {
  ProcessFact p;
  p.pid = pid, p.started = kSecond;
  return p;
}

TEST(OutboundLinks, AFloodNamesTheConnectionThatWasAliveBeforeIt) {
  const auto beat = incident("B", Kind::c2, "c2_keepalive", kMinute, 10 * kMinute);
  const auto flood = incident("F", Kind::flood, "udp_flood", 20 * kMinute, 21 * kMinute);
  const Incident* all[] = {&beat, &flood};
  const auto said = outbound_links(flood, all);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0], "this host keeps a control connection alive to 198.51.100.7:23 (c2_keepalive, incident B)");
  ASSERT_EQ(outbound_links(beat, all).size(), 1U);
  EXPECT_NE(outbound_links(beat, all)[0].find("also floods others"), std::string::npos);
}

TEST(OutboundLinks, AConnectionThatDiedLongBeforeIsNotNamed) {
  const auto beat = incident("B", Kind::c2, "c2_keepalive", kMinute, 2 * kMinute);
  const auto flood = incident("F", Kind::flood, "udp_flood", 20 * kMinute, 21 * kMinute);
  const Incident* all[] = {&beat, &flood};
  EXPECT_TRUE(outbound_links(flood, all).empty());
}

TEST(OutboundLinks, AnotherHostsConnectionIsNotNamed) {
  auto beat = incident("B", Kind::c2, "c2_keepalive", kMinute, 20 * kMinute);
  const auto flood = incident("F", Kind::flood, "udp_flood", 20 * kMinute, 21 * kMinute);
  beat.subject = "203.0.113.11";
  const Incident* all[] = {&beat, &flood};
  EXPECT_TRUE(outbound_links(flood, all).empty());
}

TEST(OutboundLinks, WhatComesInIsNotLinked) {
  const auto beat = incident("B", Kind::c2, "c2_keepalive", kMinute, 20 * kMinute);
  auto attack = incident("F", Kind::flood, "udp_flood", 20 * kMinute, 21 * kMinute);
  attack.direction = Direction::ingress;
  const Incident* all[] = {&beat, &attack};
  EXPECT_TRUE(outbound_links(attack, all).empty());
  EXPECT_TRUE(outbound_links(beat, all).empty());
}

TEST(OutboundLinks, OneProcessThatDoesBothIsSaidSo) {
  auto beat = incident("B", Kind::c2, "c2_command_then_flood", kMinute, 20 * kMinute);
  auto flood = incident("F", Kind::flood, "udp_flood", 20 * kMinute, 21 * kMinute);
  beat.process = flood.process = process(77);
  const Incident* all[] = {&beat, &flood};
  auto said = outbound_links(flood, all);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_NE(said[0].find("a command came in just before this flood"), std::string::npos);
  EXPECT_NE(said[0].find("process 77 does both"), std::string::npos);
  beat.process = process(78);
  said = outbound_links(flood, all);
  EXPECT_NE(said[0].find("another process, 78"), std::string::npos);
}

TEST(OutboundLinks, TheyAreBounded) {
  std::vector<Incident> many;
  for (int n = 0; n < 20; ++n) many.push_back(incident(std::to_string(n), Kind::c2, "c2_keepalive", kMinute, 20 * kMinute));
  std::vector<const Incident*> all;
  for (const auto& one : many) all.push_back(&one);
  EXPECT_EQ(outbound_links(incident("F", Kind::flood, "udp_flood", 20 * kMinute, 21 * kMinute), all).size(), 4U);
}

}  // namespace
}  // namespace sekisho
