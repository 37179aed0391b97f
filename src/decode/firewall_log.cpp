// The kernel's LOG lines: iptables' and nftables' "PREFIX IN=… OUT=… SRC=… DST=… PROTO=…", which ulogd2's LOGEMU writes too.
#include "decode/log_decode.h"
#include "decode/log_text.h"

namespace sekisho {
namespace {

using View = std::string_view;

std::uint8_t protocol_of(View name) {
  if (name == "TCP") return kTcp;
  if (name == "UDP") return kUdp;
  if (name == "ICMP") return kIcmp;
  if (name == "ICMPv6") return kIcmpv6;
  if (name == "SCTP") return kSctp;
  if (name == "ESP") return kEsp;
  if (name == "AH") return kAh;
  std::uint8_t number = 0;
  return whole_number(name, number) ? number : 0;
}

std::uint8_t flag_of(View word) {
  if (word == "SYN") return kSyn;
  if (word == "ACK") return kAck;
  if (word == "RST") return kRst;
  if (word == "FIN") return kFin;
  if (word == "PSH") return kPsh;
  if (word == "URG") return kUrg;
  if (word == "ECE") return kEce;
  if (word == "CWR") return kCwr;
  return 0;
}

// Where the fields begin: "IN=" that does not end another word (PHYSIN=), or "OUT=" where a firewall leaves IN= out.
std::size_t fields_begin(View text) {
  for (const View key : {View{"IN="}, View{"OUT="}})
    for (auto at = text.find(key); at != View::npos; at = text.find(key, at + 1)) {
      const View before = text.substr(0, at);
      if (!before.ends_with("PHYS")) return at;
    }
  return View::npos;
}

}  // namespace

LineVerdict decode_firewall(View message, LogEvent& out) {
  const auto begin = fields_begin(message);
  if (begin == View::npos || begin > 160) return LineVerdict::unknown;
  View text = message.substr(begin);
  View in, outgoing;
  bool source = false, destination = false;
  while (!text.empty()) {
    const View word = take_until(text, ' ');
    if (word.starts_with('[')) break;  // an ICMP error quotes another packet
    const auto equals = word.find('=');
    if (equals == View::npos) {
      if (word == "OPT" && text.starts_with('(')) {
        out.has_options_field = true;
        out.has_tcp_options = !text.starts_with("()");
      } else if (out.protocol == kTcp) {
        out.tcp_flags |= flag_of(word);
      }
      continue;
    }
    const View key = word.substr(0, equals), value = word.substr(equals + 1);
    switch (key.size()) {
      case 2:
        if (key == "IN") in = value;
        if (key == "ID" && !out.ip_id && !whole_number(value, out.ip_id)) return LineVerdict::unknown;
        break;
      case 3:
        if (key == "OUT") outgoing = value;
        if (key == "SRC" && (source || !(source = address_of(value, out.source)))) return LineVerdict::unknown;
        if (key == "DST" && (destination || !(destination = address_of(value, out.destination)))) return LineVerdict::unknown;
        if (key == "LEN" && !out.ip_bytes && !whole_number(value, out.ip_bytes)) return LineVerdict::unknown;
        if (key == "TTL" && !whole_number(value, out.ttl)) return LineVerdict::unknown;
        if (key == "SPT" && !whole_number(value, out.source_port)) return LineVerdict::unknown;
        if (key == "DPT" && !whole_number(value, out.destination_port)) return LineVerdict::unknown;
        if (key == "SEQ" && out.protocol == kTcp && !(out.has_seq = whole_number(value, out.seq))) return LineVerdict::unknown;
        break;
      case 5:
        if (key == "PROTO") out.protocol = protocol_of(value);
        break;
      case 6:
        if (key == "WINDOW" && !whole_number(value, out.window)) return LineVerdict::unknown;
        break;
      case 8:
        if (key == "HOPLIMIT" && !whole_number(value, out.ttl)) return LineVerdict::unknown;
        break;
      default: break;
    }
  }
  if (!source || !destination || (in.empty() && outgoing.empty()) || out.protocol == 0) return LineVerdict::unknown;
  View prefix = message.substr(0, begin);
  trim_tail(prefix);
  out.prefix = prefix;
  out.has_source = true;
  out.direction = in.empty() ? Direction::egress : Direction::ingress;
  out.kind = LogKind::packet;
  out.service = LogService::firewall;
  out.rule = out.has_seq ? "firewall: LOG line with SEQ" : "firewall: LOG line";
  return LineVerdict::event;
}

}  // namespace sekisho
