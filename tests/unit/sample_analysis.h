// Fixed analyses for the tests of the reports: an attacked host, a host that takes part, a quiet one, and one full of hostile text.
#pragma once
#include <cmath>

#include "app/analysis.h"

namespace sekisho::samples {

constexpr TimeNs kStart = 1'795'313'643 * kSecond;  // 2026-11-22 02:14:03 UTC

inline Address ip(std::string_view text) { return *parse_address(text); }

inline Input one_file(std::uint64_t packets, std::uint64_t bytes) {
  Input input;
  input.files = {{"capture.pcap", "pcap (microseconds, little-endian)", packets, bytes}};
  input.packets = packets;
  input.bytes = bytes;
  input.first = kStart;
  input.last = kStart + 344 * kSecond;
  return input;
}

inline Incident dns_amplification() {
  Incident i;
  i.id = "01M80GJC4Y5Q9WSCBY2R0T7K3F";
  i.kind = Kind::flood;
  i.label = "amp_dns";
  i.labels = {{"amp_dns", 0.912}, {"ip_frag_flood", 0.088}};
  i.modifiers = {"multi_vector"};
  i.subject = "203.0.113.5";
  i.distinct_peers = 1904;
  i.top_peers = {{ip("198.51.100.14"), 53, 380'112},
                 {ip("192.0.2.77"), 53, 351'004},
                 {ip("2001:db8::53"), 53, 204'990},
                 {ip("198.51.100.200"), 53, 110'020}};
  i.local_ports = {{443, 94'012'000}, {80, 4'100'004}};
  i.remote_ports = {{53, 94'900'000}, {0, 3'212'004}};
  i.started = kStart + 66 * kSecond + 214 * kMillisecond;
  i.detected = i.started + 480 * kMillisecond;
  i.ended = kStart + 289 * kSecond;
  i.peak_pps = 812'000;
  i.peak_bps = 6.9e9;
  i.normal_pps = 8'400;
  i.packets = 98'112'004;
  i.bytes = 104'300'000'000;
  i.confidence = 97;
  i.severity = Severity::critical;
  i.techniques = {"T1498.002"};
  i.headline = "812 kpps (x96 of normal 8.4 kpps), 96.9 % UDP from port 53";
  i.evidence = {"source port 53 on 96.9 % of the packets", "99.99 % of the answers were never asked for",
                "mean size 1,410 B; payload ANY/RRSIG for isc.org"};
  i.counter_evidence = {"203.0.113.5 does use DNS (12 own queries were answered): those answers are not counted"};
  i.evidence_path = "evidence/01M80GJC4Y5Q9WSCBY2R0T7K3F.pcapng";
  for (int s = 0; s < 223; ++s) {
    const double ramp = std::min(1.0, s / 6.0) * (s > 215 ? 0.35 : 1.0) * (s > 120 && s < 140 ? 0.55 : 1.0);
    i.rates.push_back({i.started + s * kSecond, float(812'000 * ramp), float(6.9e9 * ramp)});
  }
  return i;
}

inline Incident mirai_scan() {
  Incident i;
  i.id = "01M80GGCF0000000000000VH9Q";
  i.kind = Kind::scan;
  i.label = "mirai_scan";
  i.labels = {{"mirai_scan", 0.86}, {"iot_scan", 0.14}};
  i.subject = "203.0.113.5";
  i.distinct_peers = 611;
  i.top_peers = {{ip("192.0.2.9"), 0, 31}, {ip("198.51.100.3"), 0, 22}};
  i.local_ports = {{23, 2'400}, {2323, 611}, {37215, 240}, {52869, 167}};
  i.started = kStart + kSecond;
  i.detected = i.started + 30 * kMillisecond;
  i.ended = kStart + 343 * kSecond;
  i.peak_pps = 24;
  i.peak_bps = 11'500;
  i.packets = 3'418;
  i.bytes = 205'080;
  i.confidence = 99;
  i.severity = Severity::medium;
  i.techniques = {"T1595.001"};
  i.headline = "3,418 SYNs from 611 sources on 4 ports";
  i.evidence = {"sequence number equals the destination address on 2,940 SYNs (chance match 1 in 4.3e9)",
                "0 of 3,418 handshakes completed"};
  i.counter_evidence = {"no source came back with an ordinary connection"};
  for (int s = 0; s < 342; s += 2) i.rates.push_back({i.started + s * kSecond, float(8 + 8 * std::sin(s / 30.0) + s / 40), 4'000});
  return i;
}

inline Background mirai_background() {
  Background b;
  b.sources = 611;
  b.syns = 3'418;
  b.fingerprint_syns = 2'940;
  b.fingerprint_sources = 588;
  b.top_ports = {{23, 2'400}, {2323, 611}, {37215, 240}, {52869, 167}};
  b.article_port_syns = {2'400, 611, 0, 0, 0, 0, 0, 240, 167};
  b.ingress[index_of(TrafficClass::tcp_syn_bare)] = {3'418, 205'080};
  b.ingress[index_of(TrafficClass::tcp_data)] = {120'000, 96'000'000};
  b.ingress[index_of(TrafficClass::amp_first)] = {94'900'000, 99'000'000'000};
  b.ingress[index_of(TrafficClass::fragment)] = {3'212'004, 5'300'000'000};
  b.egress[index_of(TrafficClass::tcp_ack)] = {61'000, 4'026'000};
  b.egress[index_of(TrafficClass::dns_query)] = {12, 980};
  b.tcp_packets = 123'418;
  b.syn_packets = 3'480;
  b.ports_seen = 95'023'418;
  b.high_source_ports = 63'000;
  return b;
}

// A DNS amplification attack in front of the usual Mirai background.
inline Analysis attacked() {
  Analysis a;
  a.input = one_file(98'297'016, 104'400'232'060);
  a.input.malformed[static_cast<std::size_t>(Malformed::short_ip)] = 5;
  a.input.malformed[static_cast<std::size_t>(Malformed::bad_udp_length)] = 2;
  a.input.truncated_packets = 11;
  a.local = {{*parse_network("203.0.113.5")}, false, "203.0.113.5 is one end of 99.9 % of the packets"};
  a.incidents = {mirai_scan(), dns_amplification()};
  a.background = mirai_background();
  a.elapsed = 12'310 * kMillisecond;
  a.version = "0.1.0";
  return a;
}

// A host that takes part: it talks to a C2 server, scans, and floods when told.
inline Analysis taking_part() {
  Analysis a;
  a.input = one_file(412'004, 210'118'000);
  a.local = {{*parse_network("192.168.1.0/24")}, true, "given with --local"};
  Incident c2;
  c2.id = "01M80GGFCR000000000000M1C2";
  c2.kind = Kind::c2;
  c2.direction = Direction::egress;
  c2.label = "c2_registration";
  c2.labels = {{"c2_registration", 0.6}, {"c2_keepalive", 0.4}};
  c2.subject = "192.168.1.20";
  c2.distinct_peers = 1;
  c2.top_peers = {{ip("198.51.100.33"), 23, 14}};
  c2.local_ports = {{41034, 14}};
  c2.remote_ports = {{23, 14}};
  c2.started = kStart + 4 * kSecond;
  c2.detected = c2.started + 60 * kMillisecond;
  c2.peak_pps = 2;
  c2.peak_bps = 1'000;
  c2.packets = 14;
  c2.bytes = 812;
  c2.confidence = 99;
  c2.severity = Severity::critical;
  c2.techniques = {"T1095", "T1571"};
  c2.headline = "registers as a Mirai bot with id \"telnet.arm7\"";
  c2.evidence = {"first payload 00 00 00 01, then an id of 11 bytes", "00 00 answered by 00 00 five times, 60.0 s apart"};
  c2.counter_evidence = {"the bytes match none of MQTT, AMQP, STOMP, MySQL, WebSocket, BGP, IRC, SSH"};
  c2.rates = {{c2.started, 2, 1'000}, {c2.started + 60 * kSecond, 2, 900}, {c2.started + 120 * kSecond, 2, 900}};
  ProcessFact process;
  process.pid = 4127;
  process.exe = "/dev/.x/dvrHelper";
  process.uid = 0;
  process.deleted = true;
  c2.process = process;

  Incident flood = dns_amplification();
  flood.id = "01M80GJC4Y000000000000F2WD";
  flood.direction = Direction::egress;
  flood.label = "udp_plain_flood";
  flood.labels = {{"udp_plain_flood", 1.0}};
  flood.modifiers = {};
  flood.subject = "192.168.1.20";
  flood.distinct_peers = 1;
  flood.top_peers = {{ip("203.0.113.80"), 80, 400'112}};
  flood.local_ports = {{41111, 400'112}};
  flood.remote_ports = {{80, 400'112}};
  flood.ended = flood.started + 20 * kSecond;
  flood.peak_pps = 20'400;
  flood.peak_bps = 88e6;
  flood.normal_pps = 0;
  flood.packets = 400'112;
  flood.bytes = 208'058'240;
  flood.confidence = 93;
  flood.severity = Severity::high;
  flood.techniques = {"T1498.001", "T1496"};
  flood.headline = "20 kpps of UDP to one address, payload always 512 B";
  flood.evidence = {"one 5-tuple", "payload 512 B on 100 % of the packets", "began 0.8 s after a message on the C2 connection"};
  flood.counter_evidence = {"not a backup: nothing was answered"};
  flood.evidence_path.clear();
  flood.rates.resize(20);
  for (auto& point : flood.rates) point.pps *= 20'400.0F / 812'000, point.bps *= 88e6F / 6.9e9F;
  a.incidents = {flood, c2};
  a.background.egress[index_of(TrafficClass::udp)] = {400'112, 208'058'240};
  a.background.ingress[index_of(TrafficClass::tcp_data)] = {7, 406};
  a.elapsed = 310 * kMillisecond;
  a.version = "0.1.0";
  return a;
}

inline Analysis quiet() {
  Analysis a;
  a.input = one_file(18'211, 14'004'221);
  a.local = {{}, false, "no address is an end of more than half of the packets; verdicts are made for the address under attack"};
  a.background.ingress[index_of(TrafficClass::tcp_data)] = {10'211, 12'004'221};
  a.background.tcp_packets = 10'211;
  a.background.syn_packets = 80;
  a.elapsed = 4 * kMillisecond;
  a.version = "0.1.0";
  return a;
}

constexpr std::string_view kHostile =
    "\x1b[31mred\x1b[0m <script>alert(1)</script> \"'& \xe2\x80\xae"
    "evil\xe2\x81\xa6 a\nb\r\xff\xfe\xc3";

// Every text of the analysis is hostile.
inline Analysis hostile() {
  Analysis a = attacked();
  const std::string bad{kHostile};
  a.input.files[0].file = bad;
  a.input.files[0].format = bad;
  a.input.damage = {{bad, 12'345, 678, bad}};
  a.input.skipped = {bad};
  a.local.reason = bad;
  for (auto& i : a.incidents) {
    i.subject = bad;
    i.headline = bad;
    i.evidence = {bad};
    i.counter_evidence = {bad};
    i.advice = bad;
    i.evidence_path = bad;
    i.label = kHostile;
    i.labels = {{kHostile, 1}};
    i.modifiers = {kHostile};
    i.techniques = {bad};
    i.id = bad;
    ProcessFact process;
    process.exe = process.unit = bad;
    i.process = process;
  }
  return a;
}

}  // namespace sekisho::samples
