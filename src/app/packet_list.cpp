// Capture file -> decoded headers -> JSON.
#include "app/packet_list.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "decode/decode.h"
#include "input/capture_files.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kPayloadShown = 64;

std::string mac_text(std::uint64_t mac) {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac >> 40 & 0xff, mac >> 32 & 0xff, mac >> 24 & 0xff, mac >> 16 & 0xff,
                     mac >> 8 & 0xff, mac & 0xff);
}

template <class Bits>
std::string names_of(unsigned value, const Bits& bits) {
  std::string out;
  for (const auto& [bit, name] : bits)
    if (value & bit) out += (out.empty() ? "" : " ") + std::string{name};
  return out;
}
std::string flags_text(std::uint8_t flags) {
  constexpr std::pair<unsigned, std::string_view> names[] = {{kSyn, "SYN"}, {kFin, "FIN"}, {kRst, "RST"}, {kPsh, "PSH"},
                                                             {kAck, "ACK"}, {kUrg, "URG"}, {kEce, "ECE"}, {kCwr, "CWR"}};
  const auto text = names_of(flags, names);
  return text.empty() ? "no flags" : text;
}
std::string options_text(std::uint8_t options) {
  constexpr std::pair<unsigned, std::string_view> names[] = {{kOptMss, "MSS"},
                                                             {kOptWindowScale, "window-scale"},
                                                             {kOptSackPermitted, "SACK-permitted"},
                                                             {kOptTimestamp, "timestamp"},
                                                             {kOptSack, "SACK"},
                                                             {kOptOther, "others"}};
  const auto text = names_of(options, names);
  return text.empty() ? "none" : text;
}

std::string protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case kIcmp: return "ICMP";
    case kIgmp: return "IGMP";
    case kIpip: return "IPIP";
    case kTcp: return "TCP";
    case kUdp: return "UDP";
    case kIpv6InIp: return "IPv6 in IP";
    case kGre: return "GRE";
    case kEsp: return "ESP";
    case kAh: return "AH";
    case kIcmpv6: return "ICMPv6";
    case kSctp: return "SCTP";
    default: return fmt::format("protocol {}", protocol);
  }
}

std::string_view tunnel_name(Tunnel tunnel) {
  switch (tunnel) {
    case Tunnel::gre_ip: return "GRE with IP";
    case Tunnel::gre_ethernet: return "GRE with Ethernet";
    case Tunnel::gre_other: return "GRE";
    case Tunnel::ip_in_ip: return "IP in IP";
    case Tunnel::vxlan: return "VXLAN";
    case Tunnel::gtp_u: return "GTP-U";
    case Tunnel::none: break;
  }
  return "none";
}

// A layer's fields, in order.
class Layer {
 public:
  explicit Layer(std::string name) : name_(std::move(name)) {}
  Layer& add(std::string name, std::string value) {
    fields_.push_back({{"name", std::move(name)}, {"value", std::move(value)}});
    return *this;
  }
  Layer& add(std::string name, std::uint64_t value) { return add(std::move(name), fmt::format("{}", value)); }
  Json json() const { return {{"name", name_}, {"fields", fields_}}; }

 private:
  std::string name_;
  Json fields_ = Json::array();
};

Json layers_json(const Packet& p) {
  Json layers = Json::array();
  if (p.src_mac || p.dst_mac) {
    Layer link{"Ethernet"};
    link.add("from", mac_text(p.src_mac)).add("to", mac_text(p.dst_mac));
    if (p.ethertype) link.add("type", fmt::format("0x{:04x}", p.ethertype));
    if (p.vlan) link.add("VLAN", p.vlan);
    layers.push_back(link.json());
  }
  if (p.family) {
    Layer ip{p.family == 4 ? "IPv4" : "IPv6"};
    ip.add("from", to_string(p.src)).add("to", to_string(p.dst)).add(p.family == 4 ? "TTL" : "hop limit", p.ttl).add("length", p.ip_bytes);
    ip.add("protocol", protocol_name(p.protocol)).add("class", fmt::format("0x{:02x}", p.tos));
    if (p.family == 4) ip.add("id", p.ip_id).add("do not fragment", p.dont_fragment ? "yes" : "no");
    if (p.fragment != Fragment::none)
      ip.add("fragment", fmt::format("{}, offset {}", p.fragment == Fragment::first ? "first" : "later", p.fragment_offset_bytes));
    layers.push_back(ip.json());
  }
  if (p.fragment != Fragment::later) {
    if (p.protocol == kTcp && p.family) {
      Layer tcp{"TCP"};
      tcp.add("from port", p.sport)
          .add("to port", p.dport)
          .add("flags", flags_text(p.tcp_flags))
          .add("sequence", p.tcp_seq)
          .add("acknowledges", p.tcp_ack);
      tcp.add("window", p.tcp_window)
          .add("header", fmt::format("{} bytes", p.tcp_header_bytes))
          .add("options", options_text(p.tcp_options));
      layers.push_back(tcp.add("payload", fmt::format("{} bytes", p.payload_bytes)).json());
    } else if ((p.protocol == kUdp || p.protocol == kSctp) && p.family) {
      layers.push_back(Layer{protocol_name(p.protocol)}
                           .add("from port", p.sport)
                           .add("to port", p.dport)
                           .add("payload", fmt::format("{} bytes", p.payload_bytes))
                           .json());
    } else if (p.protocol == kIcmp || p.protocol == kIcmpv6) {
      layers.push_back(Layer{protocol_name(p.protocol)}
                           .add("type", p.icmp_type)
                           .add("code", p.icmp_code)
                           .add("payload", fmt::format("{} bytes", p.payload_bytes))
                           .json());
    }
  }
  if (p.inner.tunnel != Tunnel::none)
    layers.push_back(Layer{std::string{tunnel_name(p.inner.tunnel)}}
                         .add("from", to_string(p.inner.src))
                         .add("to", to_string(p.inner.dst))
                         .add("protocol", protocol_name(p.inner.protocol))
                         .add("from port", p.inner.sport)
                         .add("to port", p.inner.dport)
                         .add("payload", fmt::format("{} bytes", p.inner.payload_bytes))
                         .json());
  if (p.malformed != Malformed::none || p.truncated) {
    Layer wrong{"Not as it should be"};
    if (p.malformed != Malformed::none) wrong.add("malformed", std::string{to_string(p.malformed)});
    if (p.truncated) wrong.add("cut", "by the capture, before the transport header ended");
    layers.push_back(wrong.json());
  }
  return layers;
}

std::string summary_of(const Packet& p) {
  if (!p.family) return p.ethertype == 0x0806 ? "ARP" : fmt::format("no IP, type 0x{:04x}", p.ethertype);
  const auto name = protocol_name(p.protocol);
  if (p.fragment == Fragment::later) return fmt::format("{} fragment at {}, {} bytes", name, p.fragment_offset_bytes, p.payload_bytes);
  if (p.protocol == kTcp) return fmt::format("TCP {}, window {}, {} bytes", flags_text(p.tcp_flags), p.tcp_window, p.payload_bytes);
  if (p.protocol == kIcmp || p.protocol == kIcmpv6)
    return fmt::format("{} type {} code {}, {} bytes", name, p.icmp_type, p.icmp_code, p.payload_bytes);
  if (p.inner.tunnel != Tunnel::none) return fmt::format("{} carrying {}", tunnel_name(p.inner.tunnel), protocol_name(p.inner.protocol));
  return fmt::format("{}, {} bytes", name, p.payload_bytes);
}

std::string endpoint(const Address& address, std::uint16_t port, const Packet& p) {
  if (!p.family) return "";
  const bool ports = p.fragment != Fragment::later && (p.protocol == kTcp || p.protocol == kUdp || p.protocol == kSctp);
  if (!ports) return to_string(address);
  return p.family == 6 ? fmt::format("[{}]:{}", to_string(address), port) : fmt::format("{}:{}", to_string(address), port);
}

// "00000  16 03 01 …  ...": sixteen bytes a line.
std::string hex_dump(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    std::string hex, text;
    for (std::size_t i = at; i < std::min(at + 16, bytes.size()); ++i) {
      hex += fmt::format("{:02x} ", bytes[i]);
      text += bytes[i] >= 0x20 && bytes[i] < 0x7f ? static_cast<char>(bytes[i]) : '.';
    }
    out += fmt::format("{}{:04x}  {:<48} {}", out.empty() ? "" : "\n", at, hex, text);
  }
  return out;
}

class List final : public Intake {
 public:
  explicit List(std::size_t limit) : limit_(limit) {}
  void on_frames(std::span<const Frame> frames) override {
    for (const auto& frame : frames) {
      if (packets_.size() >= limit_) return stop_.request_stop(), void();
      Packet packet;
      decode(frame, {}, packet);
      const auto shown = std::min<std::size_t>(packet.payload ? packet.payload_captured : 0, kPayloadShown);
      packets_.push_back({{"number", packets_.size() + 1},
                          {"time", format_rfc3339(frame.time)},
                          {"bytes", frame.wire_bytes},
                          {"captured", frame.bytes.size()},
                          {"from", endpoint(packet.src, packet.sport, packet)},
                          {"to", endpoint(packet.dst, packet.dport, packet)},
                          {"summary", summary_of(packet)},
                          {"layers", layers_json(packet)},
                          {"payload", shown ? hex_dump({packet.payload, shown}) : ""}});
    }
  }
  std::stop_token token() const { return stop_.get_token(); }
  std::string json() const { return packets_.dump(-1, ' ', false, Json::error_handler_t::replace); }

 private:
  const std::size_t limit_;
  std::stop_source stop_;
  Json packets_ = Json::array();
};

}  // namespace

Result<std::string> packet_list(const std::string& path, std::size_t limit) {
  auto source = CaptureFiles::open({path});
  if (!source.ok()) return source.error();
  List list{limit};
  TRY((*source)->run(list, list.token()));
  return list.json();
}

}  // namespace sekisho
