// Facts in words. All hostile text is escaped here.
#include "app/report_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/verdict.h"
#include "base/text.h"

namespace sekisho {
namespace {

std::string span(TimeNs from, TimeNs to) {
  const std::string a = format_datetime(from), b = format_datetime(to);
  return fmt::format("{} → {} UTC", a, a.substr(0, 10) == b.substr(0, 10) ? b.substr(11) : b);
}

std::string spaced(std::string_view name) {
  std::string out{name};
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

}  // namespace

std::string percent(double part, double whole) {
  if (whole <= 0 || part <= 0) return "0 %";
  const double share = part / whole * 100;
  if (share < 0.05) return "<0.1 %";
  return share >= 99.95  ? (part >= whole ? "100 %" : ">99.9 %")
         : share >= 9.95 ? fmt::format("{:.0f} %", share)
                         : fmt::format("{:.1f} %", share);
}

std::string when_text(const Incident& i) {
  if (!i.ended) return fmt::format("since {} UTC, no end seen", format_datetime(i.started));
  return fmt::format("{} ({})", span(i.started, *i.ended), format_duration(*i.ended - i.started));
}

std::string size_text(const Incident& i) {
  if (is_from_logs(i))
    return fmt::format("{} log lines{}", format_count(i.packets),
                       i.peak_pps > 0 ? fmt::format(", at most {:.0f} in a second", i.peak_pps) : "");
  std::string normal;
  if (i.normal_pps > 0) normal = fmt::format(" (x{:.0f} of the normal {})", i.peak_pps / i.normal_pps, format_rate_pps(i.normal_pps));
  return fmt::format("peak {}, {}{}; {} packets, {}", format_rate_pps(i.peak_pps), format_rate_bps(i.peak_bps), normal,
                     format_count(i.packets), format_bytes(i.bytes));
}

std::string peer_text(const PeerFact& peer) {
  const std::string address = to_string(peer.address);
  if (peer.port == 0) return address;
  return is_v4(peer.address) ? fmt::format("{}:{}", address, peer.port) : fmt::format("[{}]:{}", address, peer.port);
}

std::string who_text(const Incident& i) {
  const bool outward = i.direction == Direction::egress;
  const std::string_view noun = i.kind == Kind::c2 ? "server" : outward ? "target" : "source";
  std::string out = fmt::format("{} {}{}", format_count(i.distinct_peers), noun, i.distinct_peers == 1 ? "" : "s");
  if (!outward || i.kind == Kind::c2) out += fmt::format("; {}", peers_verdict(i));
  if (i.top_peers.empty()) return out;
  out += i.distinct_peers == 1 ? ": " : "; most: ";
  const std::size_t shown = std::min<std::size_t>(i.top_peers.size(), 3);
  for (std::size_t n = 0; n < shown; ++n) {
    out += fmt::format("{}{}", n ? ", " : "", peer_text(i.top_peers[n]));
    if (i.distinct_peers != 1 && i.packets) out += fmt::format(" ({})", percent(double(i.top_peers[n].packets), double(i.packets)));
  }
  return out;
}

std::string ports_text(const std::vector<PortFact>& ports, std::size_t most) {
  std::uint64_t all = 0;
  for (const auto& port : ports) all += port.packets;
  std::string out;
  std::size_t shown = 0;
  for (const auto& port : ports) {
    if (shown == most) break;
    out += fmt::format("{}{}", shown++ ? ", " : "", port.port == 0 ? std::string{"none"} : std::to_string(port.port));
    if (ports.size() > 1) out += fmt::format(" ({})", percent(double(port.packets), double(all)));
  }
  if (shown < ports.size()) out += fmt::format(" and {} more", ports.size() - shown);
  return out;
}

std::string target_text(const Incident& i) {
  const bool outward = i.direction == Direction::egress;
  std::string out = subject_name(i);
  const auto& ports = outward ? i.remote_ports : i.local_ports;
  const bool meaningful = !(ports.size() == 1 && ports[0].port == 0);
  if (!ports.empty() && meaningful)
    out += fmt::format(", {}{} {}", outward ? "to " : "", ports.size() == 1 ? "port" : "ports", ports_text(ports));
  if (i.direction == Direction::ingress && i.kind == Kind::flood && i.remote_ports.size() == 1 && i.remote_ports[0].port != 0)
    out += fmt::format(", from port {}", i.remote_ports[0].port);
  return out;
}

std::string sure_text(const Incident& i) {
  return fmt::format("confidence {} of 100; decided {} after the first {}{}", i.confidence, format_duration(i.detected - i.started),
                     is_from_logs(i) ? "line" : "packet",
                     i.degraded && !i.capture ? "; sampling or a full table shaped the numbers: they are lower bounds" : "");
}

std::string seen_text(const Incident& i) {
  if (!i.capture) return {};
  return fmt::format("by {}, {}, {}{}", i.capture->source,
                     i.capture->sampling > 1 ? fmt::format("at least one of {} packets looked at", i.capture->sampling)
                                             : std::string{"every packet looked at"},
                     i.capture->lost ? fmt::format("{} lost", format_count(i.capture->lost)) : std::string{"none lost"},
                     i.degraded ? ": degraded" : "");
}

std::string process_text(const ProcessFact& p) {
  std::string out = fmt::format("pid {} {}", p.pid, escape_hostile(p.exe));
  if (p.deleted) out += " (its file was deleted)";
  if (!p.unit.empty()) out += fmt::format(", unit {}", escape_hostile(p.unit));
  if (!p.container.empty()) out += fmt::format(", container {}", escape_hostile(p.container.substr(0, 12)));
  if (p.uid >= 0) out += fmt::format(", uid {}", p.uid);
  if (p.started) out += fmt::format(", since {}", format_rfc3339(p.started));
  if (!p.command.empty()) out += fmt::format(", called as: {}", escape_hostile(p.command, 400));
  for (std::size_t i = 0; i < p.parents.size(); ++i)
    out += fmt::format("{}{}", i == 0 ? ", started by " : " < ", escape_hostile(p.parents[i], 100));
  return out;
}

std::string service_text(const Incident& i) {
  if (i.labels.size() < 2) return {};
  std::string out;
  for (const auto& share : i.labels) {
    const Label* label = find_label(share.label);
    out += fmt::format("{}{} {:.0f} %", out.empty() ? "" : ", ", label ? std::string{label->title} : escape_hostile(share.label, 64),
                       share.share * 100);
  }
  return out;
}

std::string background_sentence(const Background& b) {
  if (b.sources == 0 && b.syns == 0) return {};
  std::string out =
      fmt::format("{} {} probed with {} SYNs", format_count(b.sources), b.sources == 1 ? "source" : "sources", format_count(b.syns));
  if (b.fingerprint_syns)
    out += fmt::format("; {} of them ({}) carry the Mirai mark (sequence number equals destination address), from {} {}",
                       format_count(b.fingerprint_syns), percent(double(b.fingerprint_syns), double(b.syns)),
                       format_count(b.fingerprint_sources), b.fingerprint_sources == 1 ? "source" : "sources");
  else
    out += "; none carries the Mirai mark";
  return out + ".";
}

std::vector<ClassShare> class_shares(const ClassCounts& counts, std::size_t most) {
  std::vector<ClassShare> shares;
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    all += counts[i].packets;
    if (!counts[i].packets) continue;
    const auto name = to_string(static_cast<TrafficClass>(i));
    const Label* label = find_label(name);
    shares.push_back({label ? std::string{label->title} : spaced(name), counts[i].packets, counts[i].bytes, 0});
  }
  std::stable_sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) { return a.packets > b.packets; });
  for (auto& share : shares) share.share = double(share.packets) / double(all);
  if (shares.size() > most) shares.resize(most);
  return shares;
}

std::vector<std::pair<std::string, std::string>> background_facts(const Analysis& analysis) {
  const Background& b = analysis.background;
  std::vector<std::pair<std::string, std::string>> facts;
  std::uint64_t packets = 0, bytes = 0;
  for (const auto& count : b.ingress) packets += count.packets, bytes += count.bytes;
  if (packets == 0) return facts;
  const Input& input = analysis.input;
  const double seconds = input.first && input.last && *input.last > *input.first ? double(*input.last - *input.first) / double(kSecond) : 0;
  std::string inbound = fmt::format("{} packets, {}", format_count(packets), format_bytes(bytes));
  if (seconds > 0)
    inbound += fmt::format("; on average {}, {}", format_rate_pps(double(packets) / seconds), format_rate_bps(double(bytes) * 8 / seconds));
  facts.emplace_back("inbound", inbound);
  facts.emplace_back("packet to byte", fmt::format("1 : {:.0f} (bytes per packet)", double(bytes) / double(packets)));
  if (b.tcp_packets)
    facts.emplace_back("SYN share", fmt::format("{} of inbound TCP ({} SYNs)", percent(double(b.syn_packets), double(b.tcp_packets)),
                                                format_count(b.syn_packets)));
  if (b.ports_seen)
    facts.emplace_back("high ports",
                       fmt::format("{} of source ports are 32768 or higher", percent(double(b.high_source_ports), double(b.ports_seen))));
  std::string ports;
  for (std::size_t i = 0; i < kArticlePorts.size(); ++i)
    if (b.article_port_syns[i])
      ports += fmt::format("{}{}: {}", ports.empty() ? "" : ", ", kArticlePorts[i], format_count(b.article_port_syns[i]));
  facts.emplace_back("device ports",
                     ports.empty() ? "no SYN to 23, 2323, 80, 8080, 8443, 9527, 48101, 37215 or 52869"
                                   : fmt::format("SYNs to {}{}", ports, ports.find(',') == std::string::npos ? "" : "; the others none"));
  return facts;
}

std::string input_span_text(const Input& input) {
  if (!input.first || !input.last) return "no packets";
  return fmt::format("{} ({})", span(*input.first, *input.last), format_duration(*input.last - *input.first));
}

std::string local_text(const LocalSide& local) {
  std::string names;
  for (std::size_t i = 0; i < local.networks.size() && i < 6; ++i) names += (i ? ", " : "") + to_string(local.networks[i]);
  if (local.networks.size() > 6) names += fmt::format(" and {} more", local.networks.size() - 6);
  const std::string reason = escape_hostile(local.reason, 1000);
  if (names.empty()) return fmt::format("could not be told{}{} (--local sets it)", reason.empty() ? "" : ": ", reason);
  if (local.given) return fmt::format("{} (given)", names);
  return fmt::format("{} (inferred{}{}; --local sets it)", names, reason.empty() ? "" : ": ", reason);
}

std::string damage_text(const InputDamage& damage) {
  return fmt::format("{}: at byte {}, packet {}: {}; everything before it was read", escape_hostile(damage.file, 1000),
                     format_count(damage.byte), format_count(damage.packet), escape_hostile(damage.what, 1000));
}

std::string malformed_text(const Input& input) {
  std::uint64_t all = 0;
  std::string reasons;
  for (std::size_t i = 1; i < input.malformed.size(); ++i) {
    all += input.malformed[i];
    if (input.malformed[i])
      reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", spaced(to_string(static_cast<Malformed>(i))),
                             format_count(input.malformed[i]));
  }
  std::string out = all == 0
                        ? std::string{"no malformed packet"}
                        : fmt::format("{} malformed ({}): {}", format_count(all), percent(double(all), double(input.packets)), reasons);
  if (input.truncated_packets) out += fmt::format("; {} cut short by the snap length", format_count(input.truncated_packets));
  return out;
}

std::string time_trouble_text(const Input& input) {
  std::string out;
  const auto add = [&](std::uint64_t n, std::string_view one, std::string_view many) {
    if (n) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", format_count(n), n == 1 ? one : many);
  };
  add(input.backward_steps, "step back in time", "steps back in time");
  add(input.forward_jumps, "jump of more than an hour", "jumps of more than an hour");
  add(input.unknown_blocks, "unknown pcapng block skipped", "unknown pcapng blocks skipped");
  add(input.damage_not_listed, "more damaged place", "more damaged places");
  add(input.late_files, "file overlapped too many others and was read late", "files overlapped too many others and were read late");
  return out;
}

std::string speed_text(const Analysis& analysis) {
  if (analysis.elapsed <= 0) return {};
  const double rate = double(analysis.input.packets) * double(kSecond) / double(analysis.elapsed);
  std::string per_second = rate >= 999'500 ? fmt::format("{:.1f} M", rate / 1e6) : format_count(static_cast<std::uint64_t>(rate));
  return fmt::format("analysed in {} ({} packets/s)", format_duration(analysis.elapsed), per_second);
}

}  // namespace sekisho
