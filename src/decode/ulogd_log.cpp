// ulogd2's JSON: packets that a firewall rule sent to NFLOG. The rows of its databases come in the same form, with _ for the dots.
#include "decode/json_scan.h"
#include "decode/log_decode.h"
#include "decode/log_text.h"

namespace sekisho {
namespace {

using View = std::string_view;

// "ip.saddr" and "ip_saddr" are one name.
bool is_key(View key, View name) {
  if (key.size() != name.size()) return false;
  for (std::size_t i = 0; i < key.size(); ++i)
    if (key[i] != name[i] && !(key[i] == '.' && name[i] == '_')) return false;
  return true;
}

bool is_set(const JsonValue& v) { return v.raw == "1" || v.raw == "true" || v.raw == "t"; }

// Text, or the number in network order that the databases hold where no filter made it text.
bool take_address(const JsonValue& v, Address& out) {
  View raw = v.raw;
  if (const auto slash = raw.find('/'); slash != View::npos) raw = raw.substr(0, slash);  // PostgreSQL's inet
  if (v.type == JsonType::string && address_of(raw, out)) return true;
  std::uint32_t number = 0;
  if (v.type != JsonType::number || !whole_number(raw, number)) return false;
  out = address_from_v4(number);
  return true;
}

}  // namespace

LineVerdict decode_ulogd_json(View line, const LogClock& clock, LogEvent& out) {
  bool source = false, destination = false;
  View in, outgoing;
  TimeNs stamp = 0, seconds = 0, micros = 0;
  const bool whole = scan_json(line, [&](const JsonValue& v) {
    if (v.depth != 1 || v.raw.empty()) return;
    const View key = v.key();
    const auto flag = [&](View name, TcpFlag bit) {
      if (is_key(key, name) && is_set(v)) out.tcp_flags |= bit;
    };
    if (is_key(key, "src_ip") || is_key(key, "ip_saddr_str") || is_key(key, "ip_saddr")) {
      if (Address a; take_address(v, a) && (!source || v.type == JsonType::string)) out.source = a, source = true;
    } else if (is_key(key, "dest_ip") || is_key(key, "ip_daddr_str") || is_key(key, "ip_daddr")) {
      if (Address a; take_address(v, a) && (!destination || v.type == JsonType::string)) out.destination = a, destination = true;
    } else if (is_key(key, "src_port") || is_key(key, "tcp_sport") || is_key(key, "udp_sport")) {
      whole_number(v.raw, out.source_port);
    } else if (is_key(key, "dest_port") || is_key(key, "tcp_dport") || is_key(key, "udp_dport")) {
      whole_number(v.raw, out.destination_port);
    } else if (is_key(key, "ip_protocol")) {
      whole_number(v.raw, out.protocol);
    } else if (is_key(key, "ip6_nexthdr")) {
      if (!out.protocol) whole_number(v.raw, out.protocol);
    } else if (is_key(key, "ip_ttl") || is_key(key, "ip6_hoplimit")) {
      whole_number(v.raw, out.ttl);
    } else if (is_key(key, "ip_totlen")) {
      whole_number(v.raw, out.ip_bytes);
    } else if (is_key(key, "ip_id")) {
      whole_number(v.raw, out.ip_id);
    } else if (is_key(key, "tcp_seq")) {
      // Databases without unsigned numbers have the upper half as negative ones.
      const bool negative = v.raw.starts_with('-');
      out.has_seq = whole_number(negative ? v.raw.substr(1) : v.raw, out.seq);
      if (negative) out.seq = -out.seq;
    } else if (is_key(key, "tcp_window")) {
      whole_number(v.raw, out.window);
    } else if (is_key(key, "tcp_offset")) {
      unsigned words = 0;
      out.has_options_field = whole_number(v.raw, words);
      out.has_tcp_options = words > 5;
    } else if (is_key(key, "oob_prefix")) {
      out.prefix = v.raw;
    } else if (is_key(key, "oob_in")) {
      in = v.raw;
    } else if (is_key(key, "oob_out")) {
      outgoing = v.raw;
    } else if (is_key(key, "oob_time_sec")) {
      whole_number(v.raw, seconds);
    } else if (is_key(key, "oob_time_usec")) {
      whole_number(v.raw, micros);
    } else if (is_key(key, "timestamp")) {
      View text = v.raw;
      take_iso_time(text, clock, stamp);
    }
    flag("tcp_syn", kSyn), flag("tcp_ack", kAck), flag("tcp_rst", kRst), flag("tcp_fin", kFin), flag("tcp_psh", kPsh),
        flag("tcp_urg", kUrg);
  });
  if (!whole || !source || !destination || out.protocol == 0) return LineVerdict::unknown;
  constexpr TimeNs kLast = 9'000'000'000;
  out.time = seconds > 0 && seconds < kLast ? seconds * kSecond + (micros < 1'000'000 ? micros * kMicrosecond : 0) : stamp;
  out.has_seq = out.has_seq && out.protocol == kTcp;
  out.has_source = true;
  out.direction = in.empty() && !outgoing.empty() ? Direction::egress : Direction::ingress;
  out.kind = LogKind::packet;
  out.service = LogService::firewall;
  out.rule = "firewall: ulogd";
  return LineVerdict::event;
}

}  // namespace sekisho
