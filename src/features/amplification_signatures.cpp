// Signatures of amplifiers' answers (FACTS section 7; protocols' RFCs and public specifications).
#include "features/amplification_signatures.h"

#include <array>

namespace sekisho {
namespace {

using namespace std::string_view_literals;

// The first `most` captured bytes are text.
bool is_text(const PayloadView& p, std::size_t least, std::size_t most = 32) {
  if (p.captured < least) return false;
  return std::all_of(p.at, p.at + std::min(p.captured, most),
                     [](std::uint8_t c) { return (c >= 0x20 && c < 0x7f) || c == '\r' || c == '\n' || c == '\t'; });
}
// Where the content of the BER element at `at` begins; 0 when its header was not captured.
std::size_t ber_content(const PayloadView& p, std::size_t at) {
  if (at + 2 > p.captured) return 0;
  const auto first = p.at[at + 1];
  const std::size_t content = at + 2 + (first & 0x80 ? first & 0x7f : 0);
  return content <= p.captured ? content : 0;
}

// RFC 1035: a response with answers, or cut to make us ask again by TCP.
bool dns(const PayloadView& p) {
  if (p.captured < 8 || p.length < 12) return false;
  const bool response = p.at[2] & 0x80, standard_query = (p.at[2] & 0x78) == 0, cut = p.at[2] & 0x02;
  return response && standard_query && load_be16(p.at + 4) <= 1 && (load_be16(p.at + 6) > 0 || cut || p.length > 512);
}
// RFC 1305 appendix B and ntpd's ntp_request.h: response bit of private (7: monlist) and control (6: readvar) messages.
bool ntp(const PayloadView& p) {
  if (p.captured < 4) return false;
  const auto mode = p.at[0] & 7;
  return (mode == 7 && (p.at[0] & 0x80)) || (mode == 6 && (p.at[1] & 0x80));
}
bool ssdp(const PayloadView& p) { return starts_with(p, "HTTP/1.1 200 OK", 8); }
// RFC 4511: LDAPMessage {id, searchResEntry 0x64 | searchResDone 0x65 | searchResRef 0x73}; a searchRequest is 0x63.
bool cldap(const PayloadView& p) {
  if (p.captured < 2 || p.at[0] != 0x30) return false;
  const auto id = ber_content(p, 0);
  if (id == 0 || id + 2 > p.captured) return p.captured >= 4 && (p.at[1] == 0x82 || p.at[1] == 0x84);
  const std::size_t id_bytes = p.at[id + 1], operation = id + 2 + id_bytes;
  if (p.at[id] != 0x02 || id_bytes == 0 || id_bytes > 4) return false;
  if (operation >= p.captured) return true;
  const auto tag = p.at[operation];
  return tag == 0x64 || tag == 0x65 || tag == 0x73;
}
// memcached's protocol.txt: UDP frame header (request id, sequence, datagrams, reserved 0), then the text protocol's answers.
bool memcached(const PayloadView& p) {
  if (p.captured < 8) return false;
  const auto sequence = load_be16(p.at + 2), datagrams = load_be16(p.at + 4);
  if (load_be16(p.at + 6) != 0 || datagrams == 0 || sequence >= datagrams) return false;
  if (sequence > 0) return true;
  const PayloadView answer{p.at + 8, p.captured - 8, p.length - 8};
  if (answer.captured == 0) return p.length >= 500;
  for (const auto text : {"VALUE "sv, "STAT "sv, "END\r\n"sv, "VERSION "sv, "ERROR\r\n"sv, "ITEM "sv})
    if (starts_with(answer, text, 3)) return true;
  return false;
}
// RFC 864: each character follows the one before it, wrapping; lines may end with CR LF.
bool chargen(const PayloadView& p) {
  if (!is_text(p, 8, 24)) return false;
  unsigned steps = 0, breaks = 0;
  const auto n = std::min<std::size_t>(p.captured, 24);
  for (std::size_t i = 1; i < n; ++i) {
    const auto before = p.at[i - 1], now = p.at[i];
    if (before < 0x20 || now < 0x20) continue;
    const bool follows = now == before + 1 || (before >= 0x7d && now <= 0x21);
    ++(follows ? steps : breaks);
  }
  return breaks == 0 && steps >= 4;
}
bool qotd(const PayloadView& p) { return is_text(p, 8); }  // RFC 865: any text
// RFC 3416: SNMPv1/2c message {version, community, GetResponse 0xa2}.
bool snmp(const PayloadView& p) {
  if (p.captured < 5 || p.at[0] != 0x30) return false;
  const auto version = ber_content(p, 0);
  if (version == 0 || version + 3 > p.captured) return false;
  if (p.at[version] != 0x02 || p.at[version + 1] != 1 || p.at[version + 2] > 1) return false;
  const auto community = version + 3;
  if (community + 2 > p.captured) return true;
  if (p.at[community] != 0x04) return false;
  const auto pdu = community + 2 + p.at[community + 1];
  return pdu >= p.captured || p.at[pdu] == 0xa2;
}
bool mdns(const PayloadView& p) {  // RFC 6762: a response with answers
  return p.captured >= 8 && p.length >= 12 && (p.at[2] & 0xf8) == 0x80 && load_be16(p.at + 6) > 0;
}
// RFC 1002 4.2.18: NODE STATUS RESPONSE: flags 0x8400 (0x8500 from some), one answer, type NBSTAT behind the encoded name.
bool netbios(const PayloadView& p) {
  if (p.captured < 8 || (load_be16(p.at + 2) & 0xfe00) != 0x8400 || load_be16(p.at + 6) == 0) return false;
  return p.captured < 48 || load_be16(p.at + 46) == 0x21;
}
bool portmap(const PayloadView& p) {  // RFC 5531: transaction id, message type REPLY 1, accepted or denied
  return p.captured >= 8 && load_be32(p.at + 4) == 1 && (p.captured < 12 || load_be32(p.at + 8) <= 1);
}
bool rip(const PayloadView& p) { return p.captured >= 4 && load_be32(p.at) == 0x02010000; }  // RFC 1058: response, version 1, zero
bool tftp(const PayloadView& p) {  // RFC 1350: DATA with a block number, ERROR with a code
  if (p.captured < 4 || p.at[0] != 0) return false;
  return (p.at[1] == 3 && load_be16(p.at + 2) >= 1) || (p.at[1] == 5 && load_be16(p.at + 2) <= 8 && p.length > 4);
}
bool mssql(const PayloadView& p) {  // MC-SQLR: SVR_RESP 0x05, length (little-endian), "ServerName;..."
  if (p.captured < 3 || p.at[0] != 5 || load_le16(p.at + 1) + 3U < p.length || p.length < 3) return false;
  return p.captured < 7 || starts_with({p.at + 3, p.captured - 3, p.length - 3}, "ServerName");
}
bool quake(const PayloadView& p) {
  if (p.captured < 8 || load_be32(p.at) != 0xffffffff) return false;
  const PayloadView answer{p.at + 4, p.captured - 4, p.length - 4};
  for (const auto text : {"statusResponse"sv, "infoResponse"sv, "getserversResponse"sv, "print\n"sv})
    if (starts_with(answer, text)) return true;
  return false;
}
bool steam(const PayloadView& p) {  // Valve's server queries: info I, players D, rules E, challenge A; FE FF FF FF: split
  if (p.captured < 5) return false;
  if (load_be32(p.at) == 0xfeffffff) return p.length > 12;
  if (load_be32(p.at) != 0xffffffff) return false;
  const auto kind = p.at[4];
  return kind == 'I' || kind == 'A' || kind == 'D' || kind == 'E' || kind == 'm';
}
bool bittorrent(const PayloadView& p) {  // BEP 5: a response dictionary (keys are sorted: BEP 42's ip comes first); queries start d1:a
  if (p.captured < 6 || p.at[0] != 'd') return false;
  return starts_with(p, "d1:rd2:id20:", 6) || starts_with(p, "d2:ip", 5) || starts_with(p, "d1:eli", 6);
}
bool kad(const PayloadView& p) {  // eMule's opcodes.h: Kademlia (0xe4) or packed (0xe5), an operation ending in RES
  if (p.captured < 2 || (p.at[0] != 0xe4 && p.at[0] != 0xe5)) return false;
  constexpr std::array<std::uint8_t, 13> answers{0x08, 0x09, 0x18, 0x19, 0x28, 0x29, 0x38, 0x3b, 0x48, 0x4b, 0x58, 0x59, 0x61};
  return std::find(answers.begin(), answers.end(), p.at[1]) != answers.end();
}
bool wsd(const PayloadView& p) {  // SOAP over UDP; a Probe, Hello or Resolve is no answer
  if (!starts_with(p, "<?xml") && !(p.captured >= 8 && p.at[0] == '<' && contains(p, "Envelope"))) return false;
  if (contains(p, "ProbeMatch") || contains(p, "ResolveMatch") || contains(p, "Fault")) return true;
  for (const auto request : {"Probe>"sv, "Probe/"sv, "Probe "sv, "Hello>"sv, "Hello "sv, "Resolve>"sv, "Resolve "sv, "Bye>"sv, "Bye "sv})
    if (contains(p, request)) return false;
  return true;
}
bool ard(const PayloadView& p) {  // no public specification: the answer is a pair of 32 and about 1,034 bytes
  return p.captured >= 2 && p.at[0] == 0 && (p.length == 32 || (p.length >= 1000 && p.length <= 1060));
}
bool coap(const PayloadView& p) {  // RFC 7252: version 1, token of at most 8 bytes, code 2.xx
  return p.captured >= 4 && p.at[0] >> 6 == 1 && (p.at[0] & 15) <= 8 && p.at[1] >> 5 == 2;
}
bool dvr(const PayloadView& p) {  // a device description in JSON, bare or behind the 32-byte "DHIP" header; the search is short
  if (p.captured < 8 || contains(p, "search")) return false;
  return contains(p, "DHCPDiscover") || contains(p, "notifyDevInfo") ||
         (p.length >= 200 && (p.at[0] == '{' || std::memcmp(p.at + 4, "DHIP", 4) == 0));
}
bool jenkins(const PayloadView& p) { return starts_with(p, "<hudson>"); }
bool stun(const PayloadView& p) {  // RFC 8489: class success or error, magic cookie
  return p.captured >= 8 && (p.at[0] & 0xc0) == 0 && (load_be16(p.at) & 0x0100) && load_be32(p.at + 4) == 0x2112a442;
}
bool slp(const PayloadView& p) {  // RFC 2608: version 2; service, attribute, type replies and advertisements
  if (p.captured < 2 || p.at[0] != 2) return false;
  const auto function = p.at[1];
  return function == 2 || function == 7 || function == 8 || function == 10 || function == 11;
}
bool openvpn(const PayloadView& p) { return p.captured >= 1 && p.length >= 14 && p.at[0] == 0x40; }  // P_CONTROL_HARD_RESET_SERVER_V2
bool tp240(const PayloadView& p) { return is_text(p, 4) && !starts_with(p, "call."); }               // the driver's test report
// MS-RDPEUDP 2.2.2: acknowledged number, window, flags SYN and ACK; padded to the MTU.
bool rdp(const PayloadView& p) { return p.captured >= 8 && p.length >= 1000 && (load_be16(p.at + 6) & 0xe005) == 5; }
bool dtls(const PayloadView& p) {  // RFC 6347: handshake or alert of DTLS 1.0 or 1.2; a ClientHello (1) is a request
  if (p.captured < 3 || (p.at[0] != 0x16 && p.at[0] != 0x15) || p.at[1] != 0xfe || (p.at[2] != 0xff && p.at[2] != 0xfd)) return false;
  return p.at[0] == 0x15 || p.captured < 14 || p.at[13] != 1;
}
bool plex(const PayloadView& p) { return starts_with(p, "HTTP/1.0 200 OK", 8); }  // "Content-Type: plex/media-server" follows
bool ubiquiti(const PayloadView& p) {  // discovery answer, version 1 or 2: its length is not zero
  if (p.captured < 4 || (load_be16(p.at) != 0x0100 && load_be16(p.at) != 0x0206)) return false;
  const auto bytes = load_be16(p.at + 2);
  return bytes > 0 && bytes + 4U >= p.length;
}
bool l2tp(const PayloadView& p) {  // RFC 2661: control message, version 2; a first request (SCCRQ) has tunnel 0 and type 1
  if (p.captured < 6 || (p.at[0] & 0xc8) != 0xc8 || (p.at[1] & 15) != 2) return false;
  const bool type_is_visible = p.captured >= 20 && p.length >= 20;
  return load_be16(p.at + 4) != 0 && (!type_is_visible || load_be16(p.at + 18) != 1);
}
// IPMI 2.0 13: RMCP 06 00 ff, class 07; the response bit is the network function's lowest or the payload type's. ASF pong: class 06.
bool ipmi(const PayloadView& p) {
  if (p.captured < 4 || p.at[0] != 6 || p.at[1] != 0) return false;
  if (p.at[3] == 6) return p.captured >= 9 && p.at[8] == 0x40;
  if (p.at[3] != 7) return false;
  if (p.captured < 6) return true;
  if (p.at[4] == 6) return (p.at[5] & 0x3f) >= 0x10 ? p.at[5] & 1 : true;
  return p.at[4] != 0 || p.captured < 16 || (p.at[15] & 0x04);
}
bool citrix(const PayloadView& p) {  // DTLS, or the ICA browser's answer (1604): length, 2 31, magic
  return dtls(p) || (p.captured >= 8 && load_be32(p.at + 4) == 0x02fda8e3 && p.at[3] == 0x31);
}
// ASHRAE 135 annex J and clause 6, 20: BVLC, network header, then an acknowledgement, an error or I-Am.
bool bacnet(const PayloadView& p) {
  if (p.captured < 6 || p.at[0] != 0x81 || (p.at[1] != 0x0a && p.at[1] != 0x0b) || p.at[4] != 1) return false;
  const auto control = p.at[5];
  std::size_t at = 6;
  if (control & 0x20) {
    if (at + 3 > p.captured) return true;
    at += 3U + p.at[at + 2];
  }
  if (control & 0x08) {
    if (at + 3 > p.captured) return true;
    at += 3U + p.at[at + 2];
  }
  if (control & 0x20) ++at;
  if (at >= p.captured) return true;
  const auto type = p.at[at] >> 4;
  const bool i_am = type == 1 && (at + 1 >= p.captured || p.at[at + 1] == 0);
  return (type >= 2 && type <= 7) || i_am;
}
bool sip(const PayloadView& p) { return starts_with(p, "SIP/2.0 ", 7); }
// RFC 8999, 9000, 9369: a long header; version negotiation, or what a server sends before the address is validated.
bool quic(const PayloadView& p) {
  if (p.captured < 6 || !(p.at[0] & 0x80) || p.at[5] > 20) return false;
  const auto version = load_be32(p.at + 1);
  if (version == 0) return true;
  if (!(p.at[0] & 0x40)) return false;
  constexpr std::uint32_t kVersion1 = 1, kVersion2 = 0x6b3343cf, kDrafts = 0xff000000;
  const unsigned type = p.at[0] >> 4 & 3;
  if (version == kVersion1 || (version & 0xffffff00) == kDrafts) return type != 1;  // 1: 0-RTT, which only clients send
  return version == kVersion2 && type != 2;
}

// clang-format off
constexpr std::array kSignatures{
    AmplificationSignature{"amp_dns", dns}, AmplificationSignature{"amp_ntp", ntp}, AmplificationSignature{"amp_ssdp", ssdp},
    AmplificationSignature{"amp_cldap", cldap}, AmplificationSignature{"amp_memcached", memcached},
    AmplificationSignature{"amp_chargen", chargen}, AmplificationSignature{"amp_qotd", qotd}, AmplificationSignature{"amp_snmp", snmp},
    AmplificationSignature{"amp_mdns", mdns}, AmplificationSignature{"amp_netbios", netbios},
    AmplificationSignature{"amp_portmap", portmap}, AmplificationSignature{"amp_rip", rip}, AmplificationSignature{"amp_tftp", tftp},
    AmplificationSignature{"amp_mssql", mssql}, AmplificationSignature{"amp_quake", quake, 27950, 27970},
    AmplificationSignature{"amp_steam", steam, 27000, 27050}, AmplificationSignature{"amp_bittorrent", bittorrent},
    AmplificationSignature{"amp_kad", kad}, AmplificationSignature{"amp_wsd", wsd}, AmplificationSignature{"amp_ard", ard},
    AmplificationSignature{"amp_coap", coap}, AmplificationSignature{"amp_dvr", dvr}, AmplificationSignature{"amp_jenkins", jenkins},
    AmplificationSignature{"amp_stun", stun, 3478, 3481}, AmplificationSignature{"amp_slp", slp},
    AmplificationSignature{"amp_openvpn", openvpn}, AmplificationSignature{"amp_tp240", tp240}, AmplificationSignature{"amp_rdp", rdp},
    AmplificationSignature{"amp_dtls", dtls, 0, 0, true}, AmplificationSignature{"amp_plex", plex, 32410, 32414},
    AmplificationSignature{"amp_ubiquiti", ubiquiti}, AmplificationSignature{"amp_l2tp", l2tp}, AmplificationSignature{"amp_ipmi", ipmi},
    AmplificationSignature{"amp_citrix", citrix, 1604, 1604}, AmplificationSignature{"amp_bacnet", bacnet},
    AmplificationSignature{"amp_sip", sip}, AmplificationSignature{"amp_quic", quic, 0, 0, true},
};
// clang-format on

}  // namespace

std::span<const AmplificationSignature> amplification_signatures() { return kSignatures; }

}  // namespace sekisho
