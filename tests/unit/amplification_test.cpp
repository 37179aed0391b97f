// Every amplification vector: a true answer matches, whole and cut; a request or ordinary traffic of that port does not.
#include "features/amplification.h"

#include <string>

#include "model/amplification.h"
#include "wire.h"

namespace sekisho {
namespace {
using namespace wire;
using namespace std::string_literals;

Packet from_port(std::uint16_t port, const Bytes& payload, std::size_t snap = SIZE_MAX) {
  return decoded(ipv4(kUdp, udp(port, 40000, payload)), LinkType::ipv4, {}, snap == SIZE_MAX ? snap : 28 + snap);
}
std::string matched(const Packet& p) {
  const auto match = match_amplification(p);
  if (!match) return "none";
  return std::string{amplification_vectors()[match->vector].label} + (match->payload_matches ? "+" : "-");
}

struct Vector {
  const char* label;
  std::uint16_t port;
  Bytes answer;
  std::size_t cut;  // captured bytes of the answer that are enough
  Bytes other;      // from the same port, no answer of an amplifier
};

Bytes dns_header(unsigned flags, unsigned questions, unsigned answers) {
  return be16(7) + be16(flags) + be16(questions) + be16(answers) + be32(0);
}
Bytes soap(const std::string& body) {
  return text("<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"x\"><s:Body><d:" + body + "></s:Body></s:Envelope>");
}
Bytes bytes(const std::string& s) { return text(s); }

std::vector<Vector> vectors() {
  const Bytes nbname = Bytes{0x20} + text("CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") + Bytes{0};
  const auto snmp = [](std::uint8_t pdu) { return Bytes{0x30, 0x82, 0x01, 0x10, 2, 1, 1, 4, 6} + text("public") + Bytes{pdu} + fill(250); };
  const auto ldap = [](std::uint8_t operation) { return Bytes{0x30, 0x84, 0, 0, 0x0b, 0xce, 2, 1, 7, operation} + fill(500); };
  const auto ipmi = [](std::uint8_t function) {
    return Bytes{6, 0, 0xff, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0x81, function, 0x63, 0x20, 0, 0x38} + fill(10);
  };
  const auto l2tp = [](unsigned tunnel, unsigned type) {
    return Bytes{0xc8, 2} + be16(100) + be16(tunnel) + be16(0) + be32(1) + Bytes{0x80, 8, 0, 0} + be16(0) + be16(type) + fill(80);
  };
  const auto handshake = [](std::uint8_t type) { return Bytes{0x16, 0xfe, 0xff} + fill(8, 0) + be16(48) + Bytes{type} + fill(47); };
  const auto quic = [](std::uint8_t first, std::uint32_t version) { return Bytes{first} + be32(version) + Bytes{8} + fill(1200); };
  const auto stun = [](unsigned type) { return be16(type) + be16(60) + Bytes{0x21, 0x12, 0xa4, 0x42} + fill(72); };
  const auto rdp = [](unsigned flags) { return be32(5) + be16(64) + be16(flags) + fill(1224, 0); };
  std::string cycle;
  for (char c = ' '; c < 0x7f; ++c) cycle += c;
  return {
      {"amp_dns", 53, dns_header(0x8180, 1, 20) + fill(600), 8, dns_header(0x0100, 1, 0) + fill(20)},
      {"amp_ntp", 123, Bytes{0xd7, 0, 3, 42} + fill(436), 4, Bytes{0x24} + fill(47)},
      {"amp_ssdp", 1900, text("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: x\r\n"), 8, text("M-SEARCH * HTTP/1.1\r\n")},
      {"amp_cldap", 389, ldap(0x64), 10, ldap(0x63)},
      {"amp_memcached", 11211, be32(0) + be16(1) + be16(0) + text("VALUE x 0 1000\r\n") + fill(1000), 12,
       be32(0) + be16(1) + be16(0) + text("get x\r\n")},
      {"amp_chargen", 19, bytes(cycle), 12, text("hello there, this is no cycle")},
      {"amp_qotd", 17, text("\"My spelling is Wobbly.\" A. A. Milne\r\n"), 10, fill(30, 0x81)},
      {"amp_snmp", 161, snmp(0xa2), 16, snmp(0xa5)},
      {"amp_mdns", 5353, dns_header(0x8400, 0, 4) + fill(300), 8, dns_header(0, 1, 0) + fill(20)},
      {"amp_netbios", 137, be16(1) + be16(0x8400) + be16(0) + be16(1) + be32(0) + nbname + be16(0x21) + fill(100), 12,
       be16(1) + be16(0x8500) + be16(0) + be16(1) + be32(0) + nbname + be16(0x20) + fill(14)},
      {"amp_portmap", 111, be32(77) + be32(1) + be32(0) + fill(400), 8, be32(77) + be32(0) + be32(2) + fill(40)},
      {"amp_rip", 520, Bytes{2, 1, 0, 0} + fill(500), 4, Bytes{1, 1, 0, 0} + fill(20)},
      {"amp_tftp", 69, Bytes{0, 3, 0, 1} + fill(512), 4, Bytes{0, 1} + text("file") + Bytes{0}},
      {"amp_mssql", 1434, Bytes{5, 24, 0} + text("ServerName;SQL;Instance;"), 3, Bytes{4} + text("MSSQLSERVER")},
      {"amp_quake", 27960, text("\xff\xff\xff\xffstatusResponse\n\\g\\1"), 10, text("\xff\xff\xff\xffgetstatus\n")},
      {"amp_steam", 27015, text("\xff\xff\xff\xffI\x11name of the server"), 5, text("\xff\xff\xff\xffTSource Engine Query")},
      {"amp_bittorrent", 51413, text("d1:rd2:id20:abcdefghij01234567899:nodes"), 6,
       text("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe")},
      {"amp_kad", 4672, Bytes{0xe4, 0x09} + fill(500), 2, Bytes{0xe4, 0x01}},
      {"amp_wsd", 3702, soap("ProbeMatches"), 8, soap("Probe/")},
      {"amp_ard", 3283, Bytes{0, 1, 3, 0xea} + fill(1030), 4, Bytes{0, 0x14, 0, 0} + fill(20)},
      {"amp_coap", 5683, Bytes{0x61, 0x45, 0, 1, 7, 0xff} + text("</a>;rt=\"x\""), 4, Bytes{0x41, 0x01, 0, 1, 7, 0xbb}},
      {"amp_dvr", 37810,
       Bytes{0x20, 0, 0, 0} + text("DHIP") + fill(24, 0) + text("{ \"method\" : \"client.notifyDevInfo\"") + fill(600, ' '), 8,
       Bytes{0x20, 0, 0, 0} + text("DHIP") + fill(24, 0) + text("{ \"method\" : \"DHDiscover.search\"}")},
      {"amp_jenkins", 33848, text("<hudson><version>2.1</version></hudson>"), 4, text("x")},
      {"amp_stun", 3478, stun(0x0101), 8, stun(0x0001)},
      {"amp_slp", 427, Bytes{2, 2, 0, 1, 0} + fill(300), 2, Bytes{2, 1, 0, 0, 29} + fill(24)},
      {"amp_openvpn", 1194, Bytes{0x40} + fill(13), 1, Bytes{0x38} + fill(13)},
      {"amp_tp240", 10074, text("tp240 test: 12 iterations\r\n"), 4, text("call.startblast 2000 3\r\n")},
      {"amp_rdp", 3389, rdp(0x0005), 8, rdp(0x0001)},
      {"amp_dtls", 443, handshake(3), 3, handshake(1)},
      {"amp_plex", 32414, text("HTTP/1.0 200 OK\r\nContent-Type: plex/media-server\r\n"), 8, text("M-SEARCH * HTTP/1.0\r\n")},
      {"amp_ubiquiti", 10001, Bytes{1, 0, 0, 100} + fill(100), 4, Bytes{1, 0, 0, 0}},
      {"amp_l2tp", 1701, l2tp(5, 2), 6, l2tp(0, 1)},
      {"amp_ipmi", 623, ipmi(0x1c), 4, ipmi(0x18)},
      {"amp_citrix", 3391, handshake(2), 3, fill(40, 0x17)},
      {"amp_bacnet", 47808, Bytes{0x81, 0x0a, 0, 30, 1, 0, 0x30, 1, 12} + fill(21), 6,
       Bytes{0x81, 0x0a, 0, 17, 1, 4, 0x02, 5, 1, 12} + fill(7)},
      {"amp_sip", 5060, text("SIP/2.0 404 Not Found\r\nVia: x\r\n"), 7, text("OPTIONS sip:100@192.0.2.1 SIP/2.0\r\n")},
      {"amp_quic", 443, quic(0xe0, 1), 6, Bytes{0x43} + fill(1200)},
  };
}

TEST(Amplification, EveryVectorIsTested) {
  const auto tested = vectors();
  const auto all = amplification_vectors();
  ASSERT_EQ(tested.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(tested[i].label, all[i].label);
    if (all[i].port) {
      EXPECT_EQ(tested[i].port, all[i].port) << all[i].label;
    }
  }
}
TEST(Amplification, AnswersMatch) {
  for (const auto& v : vectors()) EXPECT_EQ(matched(from_port(v.port, v.answer)), v.label + "+"s);
}
TEST(Amplification, CutAnswersMatch) {
  for (const auto& v : vectors()) {
    EXPECT_EQ(matched(from_port(v.port, v.answer, v.cut)), v.label + "+"s);
    for (std::size_t n = v.cut; n < v.answer.size(); ++n)
      EXPECT_EQ(matched(from_port(v.port, v.answer, n)), v.label + "+"s) << "captured " << n << ": more bytes must not turn it";
  }
}
TEST(Amplification, RequestsAndOrdinaryTrafficDoNot) {
  for (const auto& v : vectors()) {
    const auto only_by_payload = v.port == 443 || v.port == 51413;
    EXPECT_EQ(matched(from_port(v.port, v.other)), only_by_payload ? "none"s : v.label + "-"s) << v.label;
  }
}
TEST(Amplification, NothingCapturedSaysOnlyThePort) {
  for (const auto& v : vectors())
    EXPECT_EQ(matched(from_port(v.port, v.answer, 0)), v.port == 443 || v.port == 51413 ? "none"s : v.label + "-"s);
}
TEST(Amplification, EveryCutOfEverythingIsReadSafely) {
  for (const auto& v : vectors())
    for (const auto* payload : {&v.answer, &v.other})
      for (std::size_t n = 0; n < payload->size(); ++n) {
        const Bytes exact(payload->begin(), payload->begin() + static_cast<std::ptrdiff_t>(n));  // the sanitizer watches its end
        Packet p = from_port(v.port, *payload);
        p.payload = exact.data();
        p.payload_captured = static_cast<std::uint16_t>(n);
        match_amplification(p);
        p.payload_bytes = p.payload_captured;
        match_amplification(p);
        is_dns_message(p), is_vse_query(p);
        p.protocol = kTcp;
        is_dns_message(p), is_http_request(p), is_tls_client_hello(p);
      }
}
TEST(Amplification, VariantsOfAnswers) {
  EXPECT_EQ(matched(from_port(161, Bytes{0x30, 0x18, 2, 1, 1, 4, 6} + text("public") + Bytes{0xa2} + fill(11))), "amp_snmp+")
      << "short form";
  EXPECT_EQ(matched(from_port(123, Bytes{0x96, 0x82, 0, 1} + fill(400))), "amp_ntp+") << "mode 6, readvar";
  EXPECT_EQ(matched(from_port(123, Bytes{0x17, 0, 3, 42} + fill(4))), "amp_ntp-") << "the monlist request";
  EXPECT_EQ(matched(from_port(11211, be16(0) + be16(3) + be16(9) + be16(0) + fill(1400))), "amp_memcached+") << "a later datagram";
  EXPECT_EQ(matched(from_port(27016, text("\xff\xff\xff\xff"
                                          "A\x01\x02\x03\x04"))),
            "amp_steam+");
  EXPECT_EQ(matched(from_port(27016, fill(40))), "none");
  EXPECT_EQ(matched(from_port(32410, text("HTTP/1.0 200 OK\r\n"))), "amp_plex+");
  EXPECT_EQ(matched(from_port(1604, Bytes{0x30, 0, 2, 0x31, 2, 0xfd, 0xa8, 0xe3} + fill(40))), "amp_citrix+");
  EXPECT_EQ(matched(from_port(443, Bytes{0x80, 0, 0, 0, 0, 8} + fill(40))), "amp_quic+") << "version negotiation";
  EXPECT_EQ(matched(from_port(443, Bytes{0xd0, 0, 0, 0, 1, 8} + fill(40))), "none") << "0-RTT comes from clients";
  EXPECT_EQ(matched(from_port(623, Bytes{6, 0, 0xff, 6, 0, 0, 0x11, 0xbe, 0x40} + fill(19))), "amp_ipmi+") << "ASF pong";
  EXPECT_EQ(matched(from_port(623, Bytes{6, 0, 0xff, 6, 0, 0, 0x11, 0xbe, 0x80} + fill(3))), "amp_ipmi-") << "ASF ping";
  EXPECT_EQ(matched(from_port(53, dns_header(0x8183, 1, 0) + fill(40))), "amp_dns-") << "NXDOMAIN amplifies nothing";
  EXPECT_EQ(matched(from_port(53, dns_header(0x8380, 1, 0) + fill(20))), "amp_dns+") << "truncated on purpose";
}
TEST(Amplification, OtherPacketsDoNot) {
  EXPECT_EQ(matched(from_port(40001, fill(500))), "none");
  EXPECT_EQ(matched(decoded(ipv4(kTcp, tcp(kAck)), LinkType::ipv4)), "none");
  auto later = from_port(53, dns_header(0x8180, 1, 20) + fill(600));
  later.fragment = Fragment::later;
  EXPECT_EQ(matched(later), "none");
  auto announced = from_port(5353, dns_header(0x8400, 0, 4) + fill(300));
  announced.dst = *parse_address("224.0.0.251");
  EXPECT_EQ(matched(announced), "none");
  announced.dst_mac = 0x020000000001;
  EXPECT_EQ(matched(announced), "amp_mdns+") << "to one host on the link: the address was scrambled";
}

TEST(Payloads, VseQuery) {
  const auto query = text("\xff\xff\xff\xffTSource Engine Query"s + '\0');
  EXPECT_TRUE(is_vse_query(from_port(1, query)));
  EXPECT_TRUE(is_vse_query(from_port(1, query, 16)));
  EXPECT_FALSE(is_vse_query(from_port(1, query, 8)));
  EXPECT_FALSE(is_vse_query(from_port(1, text("\xff\xff\xff\xffUSource Engine Query"s + '\0'))));
  EXPECT_FALSE(is_vse_query(from_port(1, text("\xff\xff\xff\xffTSource"))));
}
TEST(Payloads, DnsMessage) {
  const Bytes name = Bytes{3} + text("www") + Bytes{7} + text("example") + Bytes{0} + be16(1) + be16(1);
  EXPECT_TRUE(is_dns_message(from_port(4000, dns_header(0x0100, 1, 0) + name)));
  EXPECT_TRUE(is_dns_message(from_port(53, dns_header(0x8180, 1, 1) + name + Bytes{0xc0, 12} + fill(14))));
  EXPECT_FALSE(is_dns_message(from_port(53, fill(512))));
  EXPECT_FALSE(is_dns_message(from_port(53, dns_header(0x8180, 1, 60) + name))) << "60 records do not fit";
  EXPECT_FALSE(is_dns_message(from_port(53, dns_header(0x0100, 0, 0) + name)));
  EXPECT_FALSE(is_dns_message(from_port(53, cut(dns_header(0x0100, 1, 0), 11))));
  EXPECT_TRUE(is_dns_message(decoded(ipv4(kTcp, tcp(kPsh | kAck, be16(33) + dns_header(0x0100, 1, 0) + name)), LinkType::ipv4)));
}
TEST(Payloads, HttpAndTls) {
  const auto segment = [](const Bytes& payload) { return decoded(ipv4(kTcp, tcp(kPsh | kAck, payload)), LinkType::ipv4); };
  for (const auto* method : {"GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE", "PATCH", "CONNECT", "TRACE"})
    EXPECT_TRUE(is_http_request(segment(text(method + " / HTTP/1.1\r\n"s)))) << method;
  EXPECT_FALSE(is_http_request(segment(text("HTTP/1.1 200 OK\r\n"))));
  EXPECT_FALSE(is_http_request(segment(text("GETTING there"))));
  EXPECT_FALSE(is_http_request(segment(text("get / HTTP/1.1"))));
  EXPECT_TRUE(is_tls_client_hello(segment(Bytes{0x16, 3, 1, 2, 0, 1, 0, 1} + fill(500))));
  EXPECT_FALSE(is_tls_client_hello(segment(Bytes{0x16, 3, 3, 0, 80, 2, 0, 0} + fill(80)))) << "ServerHello";
  EXPECT_FALSE(is_tls_client_hello(segment(Bytes{0x17, 3, 3, 0, 80, 1} + fill(80))));
}

}  // namespace
}  // namespace sekisho
