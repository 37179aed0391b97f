// Fills a store with a quarter of a year as a small public server has it: traffic with days and nights, scanners, some incidents of each
// kind. For the browser tests and the screenshots. usage: seed_history STORE [DAYS] [EVIDENCE.pcapng] [OPEN_LABEL...] [hostile=FILE]
// FILE is tests/hostile/strings.json: then there are incidents, blocks and audit entries as well whose every free text is hostile.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "app/incident_json.h"
#include "app/incident_state.h"
#include "app/time_words.h"
#include "store/store.h"
#include "unit/hostile_strings.h"

namespace {

using namespace sekisho;

constexpr const char* kHere = "198.51.100.10";

std::mt19937_64 rng{20261122};
double uniform(double low, double high) { return std::uniform_real_distribution{low, high}(rng); }
Address random_address() { return address_from_v4(static_cast<std::uint32_t>(uniform(0x01000000, 0xdf000000))); }

struct Plan {
  std::string_view label;
  Direction direction;
  Severity severity;
  double peak_pps, bytes_per_packet;
  int seconds, confidence;
  std::uint64_t peers;
  bool spoofed;
  std::uint16_t port;
  std::string headline;
  std::vector<std::string> evidence, counter;
};

const std::vector<Plan>& plans() {
  static const std::vector<Plan> all{
      {"amp_dns",
       Direction::ingress,
       Severity::critical,
       812'000,
       1060,
       222,
       97,
       1904,
       false,
       443,
       "812 kpps (x96 of normal 8.4 kpps), 96.9 % UDP from port 53",
       {"96.9 % of the packets come from UDP port 53", "99.99 % of them answer nothing that this host asked",
        "mean length 1,410 bytes: large answers, as in amplification", "1,904 servers, 212 networks; the largest sends 0.4 %"},
       {"a resolver of this host could receive many answers, but it asked for none of them", "no other port is affected"}},
      {"syn_flood",
       Direction::ingress,
       Severity::high,
       48'200,
       60,
       94,
       94,
       48'113,
       true,
       443,
       "48.2 kpps (x41 of normal 1.2 kpps), 98.2 % SYN",
       {"98.2 % of the TCP packets are SYNs, 0.02 % of the handshakes are completed", "48,113 sources, nearly all seen once",
        "2.1 % of the sources are addresses that cannot exist"},
       {"a flash crowd would complete its handshakes", "the listening port answers: it may be a popular service"}},
      {"udp_flood",
       Direction::ingress,
       Severity::high,
       31'000,
       1400,
       61,
       88,
       61,
       false,
       27015,
       "31 kpps, 347 Mb/s to port 27015",
       {"UDP to one port, 1,400 bytes each", "payload is random: no protocol is recognised"},
       {"a game server could be popular: but no answer was asked for"}},
      {"mirai_scan",
       Direction::ingress,
       Severity::medium,
       14,
       60,
       1900,
       92,
       311,
       false,
       23,
       "311 sources probe telnet with Mirai's mark",
       {"sequence number equals the destination address on 97 % of the SYNs", "ports 23 and 2323 in the ratio 9:1"},
       {"no handshake was completed: the addresses are unproven"}},
      {"ssh_bruteforce",
       Direction::ingress,
       Severity::medium,
       22,
       180,
       2700,
       90,
       9,
       false,
       22,
       "9 sources, 214 connections of the length of a failed login",
       {"connections last 2 to 3 s and carry the bytes of a refused password", "no session lasted longer than 4 s"},
       {"an administrator with a wrong key would try from one address"}},
      {"zmap_scan",
       Direction::ingress,
       Severity::low,
       60,
       40,
       300,
       86,
       12,
       false,
       8080,
       "12 sources probe one port with ZMap's mark",
       {"IP id 54321 on every probe"},
       {"research scanners use the same tool"}},
      {"masscan_scan",
       Direction::ingress,
       Severity::low,
       90,
       40,
       120,
       84,
       3,
       false,
       3389,
       "3 sources probe with masscan's mark",
       {"IP id is the product of address, port and sequence number"},
       {"a single probe could match by chance"}},
      {"c2_keepalive",
       Direction::egress,
       Severity::critical,
       1,
       66,
       32'400,
       91,
       1,
       false,
       51'324,
       "6 bytes every 60 s to 203.0.113.77:23 since 9 h",
       {"2 bytes out, 2 bytes back, every 60.0 s, spread 0.3 s", "the remote port is one that Mirai's controllers use",
        "the process' file is deleted"},
       {"a monitoring agent could keep a connection alive in this rhythm: but not to port 23"}},
  };
  return all;
}

Incident make(const Plan& plan, TimeNs started, bool open, TimeNs now, const std::string& evidence) {
  Incident i;
  const Label* label = find_label(plan.label);
  if (!label) std::exit(2);
  constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  auto ms = static_cast<std::uint64_t>(started / kMillisecond);
  i.id = std::string(26, '0');
  for (int at = 9; at >= 0; --at) i.id[static_cast<std::size_t>(at)] = digits[ms & 31], ms >>= 5;
  for (std::size_t at = 10; at < 26; ++at) i.id[at] = digits[rng() & 31];
  i.kind = label->kind, i.direction = plan.direction, i.label = label->id, i.subject = kHere;
  i.labels = {{label->id, 0.969}, {"udp_flood", 0.031}};
  if (plan.label != "amp_dns") i.labels = {{label->id, 1.0}};
  i.distinct_peers = plan.peers, i.peers_spoofed = plan.spoofed;
  if (plan.spoofed) i.modifiers = {"spoofed"};
  const double packets = plan.peak_pps * plan.seconds * 0.8;
  i.packets = static_cast<std::uint64_t>(packets), i.bytes = static_cast<std::uint64_t>(packets * plan.bytes_per_packet);
  i.peak_pps = plan.peak_pps, i.peak_bps = plan.peak_pps * plan.bytes_per_packet * 8;
  if (plan.seconds < 300 && plan.peak_pps > 1000) i.normal_pps = plan.label == "amp_dns" ? 8400 : 1180;
  double share = 0.004;
  for (std::uint64_t p = 0; p < std::min<std::uint64_t>(plan.peers, 20); ++p, share *= 0.96)
    i.top_peers.push_back({plan.peers == 1 ? *parse_address("203.0.113.77") : random_address(),
                           static_cast<std::uint16_t>(plan.label == "amp_dns" ? 53
                                                      : plan.peers == 1       ? 23
                                                                              : 0),
                           static_cast<std::uint64_t>(packets * share) + 1});
  i.local_ports = {{plan.port, i.packets}};
  if (plan.label == "mirai_scan") i.local_ports = {{23, i.packets * 9 / 10}, {2323, i.packets / 10}};
  if (plan.label == "amp_dns") i.remote_ports = {{53, i.packets}};
  if (plan.peers == 1) {
    i.remote_ports = {{23, i.packets}};
    i.process = ProcessFact{4127, "/tmp/.x/dvrHelper",         "cron.service", "", "./dvrHelper ssh", {"sh (4119)", "cron (611)"}, 33,
                            true, started - 9 * 3600 * kSecond};
  }
  i.started = started, i.detected = started + static_cast<DurationNs>(uniform(0.2, 0.9) * 1e9);
  if (!open) i.ended = std::min(started + plan.seconds * kSecond, now - kSecond);
  i.confidence = plan.confidence, i.severity = plan.severity;
  for (std::string_view rest = label->techniques; !rest.empty();) {
    const auto space = rest.find(' ');
    i.techniques.emplace_back(rest.substr(0, space));
    rest = space == std::string_view::npos ? std::string_view{} : rest.substr(space + 1);
  }
  i.headline = plan.headline, i.evidence = plan.evidence, i.counter_evidence = plan.counter;
  i.evidence_path = plan.peak_pps > 1000 || open ? evidence : "";
  return i;
}

template <class T>
T must(Result<T> result) {
  if (result.ok()) {
    if constexpr (std::is_void_v<T>)
      return;
    else
      return std::move(result).value();
  }
  std::fprintf(stderr, "seed_history: %s\n", result.error().message.c_str());
  std::exit(3);
}

// What a process, a log, an operator or a client of the control socket can name, as each of the strings.
void add_hostile(StoreWriter& store, const std::vector<std::string>& strings, TimeNs now) {
  for (std::size_t n = 0; n < strings.size(); ++n) {
    const auto& text = strings[n];
    auto incident = make(plans().back(), now - static_cast<TimeNs>(40 + n) * 60 * kSecond, false, now, "");
    incident.ended = incident.started + 20 * kSecond;
    incident.headline = text, incident.evidence = {text, "beside it"}, incident.counter_evidence = {text}, incident.advice = text;
    incident.process = ProcessFact{4127, text, text, text, text, {text, "cron (611)"}, 33, true, incident.started};
    must(store.put_incident(stored_incident(incident, *incident.ended),
                            TimelineEntry{incident.detected, "opened", incident.severity, std::string{incident.label}, incident.confidence,
                                          incident.peak_pps}));
    const auto network = "203.0.113." + std::to_string(100 + n);
    must(store.append_block_event({now - 60 * kSecond, network, "added", "log", 3600, text, text, text}));
    must(store.put_block({network, true, "log", text, incident.id, text, now - 60 * kSecond, now + 3600 * kSecond, 1, 0}));
    must(store.append_audit({0, now - 60 * kSecond, text, text, text, "", ""}));
    const LoginCount logins{host_network(*parse_address(network)), "ssh", 3, 1, now - 90 * kSecond, now - 60 * kSecond};
    must(store.add_logins({&logins, 1}));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fputs("usage: seed_history STORE [DAYS] [EVIDENCE.pcapng] [OPEN_LABEL...] [hostile=FILE]\n", stderr), 2;
  const int days = argc > 2 ? std::atoi(argv[2]) : 90;
  const std::string evidence = argc > 3 ? argv[3] : "";
  auto store = must(open_store_writer(argv[1], {}, "test"));
  const TimeNs now = wall_clock() / kSecond * kSecond, minute = 60 * kSecond;

  // One second a minute stands for its minute; the last quarter of an hour has all of them.
  const TimeNs begin = (now - days * 86400 * kSecond) / minute * minute;
  struct Flood {
    TimeNs from, to;
    double pps, bytes;
  };
  std::vector<Flood> floods;
  std::vector<std::pair<const Plan*, TimeNs>> incidents;
  for (int day = 1; day < days; ++day)
    for (const auto& plan : plans()) {
      if (plan.direction == Direction::egress) continue;
      const double odds = plan.severity >= Severity::high ? 0.035 : plan.severity == Severity::medium ? 0.12 : 0.25;
      if (uniform(0, 1) > odds) continue;
      const auto started = begin + static_cast<TimeNs>((day + uniform(0, 0.95)) * 86400) * kSecond;
      incidents.emplace_back(&plan, started);
      if (plan.peak_pps > 1000) floods.push_back({started, started + plan.seconds * kSecond, plan.peak_pps / 8, plan.bytes_per_packet});
    }
  const auto class_of = [](TrafficSide& side, TrafficClass c, double packets, double bytes_each) {
    auto& count = side.classes[index_of(c)];
    const auto n = static_cast<std::uint64_t>(std::max(0.0, packets));
    count.packets += n, count.bytes += static_cast<std::uint64_t>(static_cast<double>(n) * bytes_each);
    side.packets += n, side.bytes += static_cast<std::uint64_t>(static_cast<double>(n) * bytes_each);
  };
  std::size_t rows = 0;
  for (TimeNs t = begin; t < now; t += t >= now - 1200 * kSecond ? kSecond : minute) {
    const double hour = std::fmod(static_cast<double>(t / kSecond) / 3600, 24), swing = 1 + 0.55 * std::sin((hour - 9) / 24 * 2 * M_PI);
    const double level = 900 * swing * uniform(0.88, 1.14);
    TrafficSecond second;
    second.time = t;
    auto& [in, out] = second.sides;
    class_of(in, TrafficClass::tcp_data, level * 0.42, 310), class_of(in, TrafficClass::tcp_ack, level * 0.38, 66),
        class_of(in, TrafficClass::tls_hello, level * 0.03, 580);
    class_of(in, TrafficClass::udp_answer, level * 0.08, 240), class_of(in, TrafficClass::tcp_syn, level * 0.05, 74),
        class_of(in, TrafficClass::icmp_echo, level * 0.01, 98);
    class_of(out, TrafficClass::tcp_data, level * 0.61, 1180), class_of(out, TrafficClass::tcp_ack, level * 0.22, 66),
        class_of(out, TrafficClass::udp, level * 0.07, 90);
    for (const auto& flood : floods)
      if (t >= flood.from && t <= flood.to)
        class_of(in, flood.bytes > 500 ? TrafficClass::udp : TrafficClass::tcp_syn, flood.pps * uniform(0.7, 1.0), flood.bytes);
    in.normal_pps = 900 * swing, in.threshold_pps = 2600 * swing, out.normal_pps = 800 * swing, out.threshold_pps = 2400 * swing;
    must(store->append_second(second));
    if (++rows % 5000 == 0) must(store->commit());
  }
  must(store->commit());

  // The background: some thousand sources that come back, mostly to the doors that botnets try.
  constexpr std::pair<std::uint16_t, double> doors[] = {{23, 0.3},   {22, 0.16},   {2323, 0.08},  {80, 0.08},   {8080, 0.07}, {3389, 0.07},
                                                        {445, 0.06}, {5555, 0.05}, {37215, 0.05}, {6379, 0.04}, {52869, 0.04}};
  constexpr std::string_view tools[] = {"mirai_scan", "zmap_scan", "masscan_scan", "port_scan", "", "", ""};
  std::vector<Address> crowd;
  for (int i = 0; i < 2500; ++i) crowd.push_back(random_address());
  std::vector<ScanHit> hits;
  for (TimeNs t = (now - std::min(days, 30) * 86400 * kSecond) / (3600 * kSecond) * (3600 * kSecond); t < now; t += 3600 * kSecond) {
    const double hour = std::fmod(static_cast<double>(t / kSecond) / 3600, 24),
                 wave = 1 + 0.6 * std::sin((hour - 3) / 24 * 2 * M_PI) + (uniform(0, 1) > 0.97 ? 3 : 0);
    const int sources = static_cast<int>(60 * wave * uniform(0.6, 1.3));
    for (int s = 0; s < sources; ++s) {
      double pick = uniform(0, 1);
      std::uint16_t port = 23;
      for (const auto& [door, share] : doors)
        if ((pick -= share) <= 0) {
          port = door;
          break;
        }
      const auto who = static_cast<std::size_t>(std::pow(uniform(0, 1), 2.2) * static_cast<double>(crowd.size() - 1));
      const TimeNs at = std::min(t + static_cast<TimeNs>(uniform(0, 3500)) * kSecond, now - kSecond);
      hits.push_back({crowd[who], 6, port, tools[who % std::size(tools)], static_cast<std::uint64_t>(uniform(1, 9)), at, at});
    }
  }
  must(store->add_scan_hits(hits));
  // Some of the crowd try logins, too; the busiest are blocked.
  std::vector<LoginCount> logins;
  for (std::size_t i = 0; i < crowd.size(); i += 7)
    for (TimeNs t = now - 6 * 3600 * kSecond + static_cast<TimeNs>(i) * kSecond; t < now; t += 3600 * kSecond)
      logins.push_back({host_network(crowd[i]), "ssh", static_cast<std::uint64_t>(uniform(1, 30)), 0, t, t});
  must(store->add_logins(logins));
  for (std::size_t i = 0; i < std::min<std::size_t>(crowd.size(), 20); i += 7)
    must(store->append_block_event({now - 1800 * kSecond, to_string(crowd[i]), "added", "log", 3600, "failed logins", "", "sekisho"}));
  must(store->commit());

  for (const auto& [plan, started] : incidents) {
    const auto incident = make(*plan, started, false, now, evidence);
    must(store->put_incident(stored_incident(incident, *incident.ended),
                             TimelineEntry{incident.detected, "opened", incident.severity, std::string{incident.label}, incident.confidence,
                                           incident.peak_pps / 3}));
    must(store->put_incident(
        stored_incident(incident, *incident.ended),
        TimelineEntry{*incident.ended, "closed", incident.severity, std::string{incident.label}, incident.confidence, incident.peak_pps}));
  }
  // Those named on the command line go on now.
  for (int a = 4; a < argc; ++a)
    for (const auto& plan : plans()) {
      if (plan.label != argv[a]) continue;
      const auto incident = make(plan, now - (plan.peers == 1 ? 32'400 : 141) * kSecond, true, now, evidence);
      must(store->put_incident(stored_incident(incident, now),
                               TimelineEntry{incident.detected, "opened", incident.severity, std::string{incident.label},
                                             incident.confidence, incident.peak_pps / 3}));
    }
  for (int a = 4; a < argc; ++a)
    if (const std::string_view word = argv[a]; word.starts_with("hostile="))
      add_hostile(*store, samples::hostile_strings(std::string{word.substr(8)}), now);
  must(store->append_audit({0, now - 3600 * kSecond, "uid 0", "start", "sekisho agent on eth0", "", ""}));
  must(store->append_audit({0, now - 1800 * kSecond, "web:admin", "ack", "i-20261122-7K3F", "", ""}));
  must(store->commit());
  for (int i = 0; i < 20; ++i) must(store->maintain(now)), must(store->commit());
  std::printf("%zu seconds, %zu scan hits, %zu incidents\n", rows, hits.size(), incidents.size());
  return 0;
}
