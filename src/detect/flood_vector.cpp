// The volume gate, the confidence, the hysteresis and the finding of every flood vector.
#include "detect/flood_vector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "detect/kernel_support.h"

namespace sekisho {
namespace {

constexpr int kProbable = 60, kStrong = 75;
constexpr unsigned kLearnedEnough = 60;  // clean seconds before "normal" is a statement

struct Volume {
  double packets = 0, bytes = 0;
};

Volume volume(const ClassCounts& counts, const std::vector<TrafficClass>& classes) {
  Volume v;
  for (const auto c : classes) {
    v.packets += static_cast<double>(counts[index_of(c)].packets);
    v.bytes += static_cast<double>(counts[index_of(c)].bytes);
  }
  return v;
}

double excess(const Second& s, std::size_t c) {
  return std::max(0.0, static_cast<double>(s.counts[c].packets) - static_cast<double>(s.normal[c]));
}

std::size_t family_of(const Second& s) { return static_cast<std::size_t>(s.direction) + (s.v6 ? 2 : 0); }

std::pair<std::uint32_t, Address> key_of(const Second& s) {
  return {static_cast<std::uint32_t>(family_of(s)) | (s.all ? 4u : 0u), s.all ? Address{} : s.address};
}

// Why the ceiling is lower than a short memory would have it; empty where it is not.
std::string because(const Second& s, const std::vector<TrafficClass>& classes) {
  for (const auto c : classes)
    if (const auto rule = s.rule[index_of(c)]; rule >= ThresholdRule::day) return fmt::format(" ({})", explain(rule));
  return {};
}

// What is missing of the class that the same packets belong to in ordinary times: clients of a service that died go on sending, and what
// they send counts as unasked now.
double missing(const Second& s, const std::vector<TrafficClass>& classes) {
  using enum TrafficClass;
  double sum = 0;
  const auto lacks = [&](TrafficClass c) {
    sum += std::max(0.0, static_cast<double>(s.normal[index_of(c)]) - static_cast<double>(s.counts[index_of(c)].packets));
  };
  for (const auto c : classes) {
    if (c == udp) lacks(udp_answer);
    if (c == tcp_ack_unknown) lacks(tcp_ack), lacks(tcp_data);
  }
  return sum;
}

bool is_infrastructure_address(const Address& a) { return is_multicast(a); }

}  // namespace

void judge_tool(const FloodCase& c, Evidence& e) {
  const auto& s = c.stats;
  if (s.samples < 16) return;
  if (s.payload_random)
    prove(e, 15, "the payloads are random bytes without any header");
  else if (s.modal_payload_share > 0.9 && s.payload_share > 0.9 && s.samples >= 64)
    (s.sources >= 5 ? prove : support)(e, 10, fmt::format("{} of the payloads are the same", percent(s.modal_payload_share)));
  if (s.modal_length_share > 0.6)
    support(e, 8, fmt::format("{} of the packets have one size ({} B)", percent(s.modal_length_share), s.modal_length));
  else
    e.contra.push_back(fmt::format("sizes vary (commonest {} B, {})", s.modal_length, percent(s.modal_length_share)));
}

void judge_refusals(const FloodCase& c, Evidence& e) {
  const double refused = static_cast<double>(fact(c.second, Fact::refused)) / std::max(c.pps, 1.0);
  if (refused > 0.5)
    prove(e, 10, fmt::format("{} were refused: closed ports", percent(std::min(refused, 1.0))));
  else if (refused > 0.1)
    support(e, 6, fmt::format("{} were refused", percent(refused)));
}

void judge_one_target(const FloodCase& c, Evidence& e) {
  if (!c.egress) return;
  if (c.stats.top_source_share > 0.8)
    support(e, 15, fmt::format("{} goes to one address", percent(c.stats.top_source_share)));
  else
    e.contra.push_back(fmt::format("many destinations ({:.0f})", distinct_remotes(c.second)));
}

bool looks_like_port_scan(const FloodCase& c) {
  const double distinct = c.egress ? distinct_remote_ports(c.second) : distinct_local_ports(c.second);
  const auto sampled = static_cast<double>(c.egress ? c.stats.remote_ports : c.stats.local_ports);
  return c.stats.top_source_share > 0.4 && c.pps < 5000 && distinct > 0.6 * c.pps && sampled > 0.6 * static_cast<double>(c.stats.samples);
}

FloodVector::FloodVector(FloodVectorSpec spec, FloodSettings settings) : spec_(std::move(spec)), settings_(settings) {
  for (const auto c : spec_.classes) classes_.set(index_of(c));
}

double FloodVector::floor_pps(TrafficClass c, Direction direction) const {
  if (!settings_.enabled || !classes_[index_of(c)]) return 0;
  return direction == Direction::egress && settings_.egress_floor_pps > 0 ? settings_.egress_floor_pps : settings_.floor_pps;
}

// Many local addresses, each with a small part: the network is the target.
bool FloodVector::is_carpet(const Second& s) const {
  if (!s.all || s.distinct_locals < 8) return false;
  std::vector<double> by_host;
  std::size_t hosts = 0;
  double total = 0, top = 0;
  for (const auto& sample : s.samples) {
    if (!classes_[index_of(sample.traffic_class)] || !belongs_to(sample, s)) continue;
    if (sample.host >= by_host.size()) by_host.resize(sample.host + 1U);
    double& own = by_host[sample.host];
    hosts += own == 0;
    own += sample.weight, total += sample.weight;
    top = std::max(top, own);
  }
  return hosts >= 8 && top < 0.4 * total;
}

// Hosts' rows add up to the one of all: without a packet there, none of them has one.
bool FloodVector::is_silent(const Step& step) const {
  if (!states_.empty()) return false;
  auto s = step.seconds.rbegin();
  for (; s != step.seconds.rend() && s->all; ++s)
    if (volume(s->counts, spec_.classes).packets >= 1) return false;
  return s != step.seconds.rbegin();
}

void FloodVector::on_step(const Step& step, std::vector<Finding>& out) {
  if (!settings_.enabled || is_silent(step)) return;
  std::array<bool, 4> carpet{};  // by direction + 2 for IPv6
  for (const auto& s : step.seconds) {
    if (!s.all) continue;
    const auto v = volume(s.counts, spec_.classes);
    auto found = states_.find(key_of(s));
    const bool active = found != states_.end() && found->second.active;
    if (v.packets < settings_.floor_pps / 2 && !active) continue;
    if (s.direction == Direction::ingress && is_carpet(s)) {
      carpet[family_of(s)] = true;
      judge_row(s, step, states_[key_of(s)], out);
    } else if (found != states_.end()) {
      states_.erase(found);
    }
  }
  for (const auto& s : step.seconds) {
    if (s.all || s.host == 0) continue;
    const auto key = key_of(s);
    const auto found = states_.empty() ? states_.end() : states_.find(key);
    if (carpet[family_of(s)]) {
      if (found != states_.end()) states_.erase(found);
      continue;
    }
    if (found == states_.end() && !opens_gate(s)) continue;
    State& state = found != states_.end() ? found->second : states_[key];
    judge_row(s, step, state, out);
    if (!state.active && state.gate_since == 0) states_.erase(key);
  }
  // Rows that fell silent.
  std::erase_if(states_, [&](const auto& entry) {
    return std::none_of(step.seconds.begin(), step.seconds.end(), [&](const Second& s) { return entry.first == key_of(s); });
  });
}

// Could a row without a state have one after this step? Nearly all rows could not: this is what most of them cost.
bool FloodVector::opens_gate(const Second& s) const {
  const auto v = volume(s.counts, spec_.classes);
  if (v.packets < 1) return false;
  const double floor =
      s.direction == Direction::egress && settings_.egress_floor_pps > 0 ? settings_.egress_floor_pps : settings_.floor_pps;
  return v.packets >= floor || (settings_.floor_mbps > 0 && v.bytes * 8 >= settings_.floor_mbps * 1e6);
}

void FloodVector::judge_row(const Second& s, const Step& step, State& state, std::vector<Finding>& out) {
  const auto v = volume(s.counts, spec_.classes);
  const bool egress = s.direction == Direction::egress;
  const double floor = egress && settings_.egress_floor_pps > 0 ? settings_.egress_floor_pps : settings_.floor_pps;
  double ceiling = 0, normal = 0;
  for (const auto c : spec_.classes) ceiling += s.ceiling[index_of(c)], normal += s.normal[index_of(c)];
  const bool learned = s.learned_seconds >= kLearnedEnough;
  const double threshold = std::max(floor, learned ? ceiling : 0.0);
  const double floor_bps = settings_.floor_mbps * 1e6;
  const bool by_bits = floor_bps > 0 && v.bytes * 8 >= floor_bps && v.packets >= std::max(20.0, learned ? ceiling : 0.0);
  const double hold = state.active ? 0.5 : 1.0;
  if (v.packets < threshold * hold && !by_bits) {
    state = {};
    return;
  }
  if (state.gate_since == 0) state.gate_since = step.time;

  const auto own_step = volume(s.step, spec_.classes);
  const auto light = [&] {
    Finding f = state.text;
    f.headline.clear(), f.evidence.clear(), f.counter_evidence.clear();
    f.top_peers.clear(), f.local_ports.clear(), f.remote_ports.clear(), f.list_total = 0;
    f.time = step.time;
    f.rate_pps = v.packets, f.rate_bps = v.bytes * 8;
    f.packets = static_cast<std::uint64_t>(own_step.packets), f.bytes = static_cast<std::uint64_t>(own_step.bytes);
    return f;
  };
  if (state.active && step.time < state.next_full && !step.last) {
    out.push_back(light());
    return;
  }

  double total_excess = 0, own_excess = 0;
  for (std::size_t c = 0; c < kTrafficClasses; ++c) total_excess += excess(s, c);
  for (const auto c : spec_.classes) own_excess += excess(s, index_of(c));
  const double share = total_excess > 0 ? own_excess / total_excess : 0;
  const FloodGate gate{s, v.packets, v.bytes * 8, share, threshold, floor * hold, egress, !s.reverse_ever};
  if (spec_.applies != nullptr && !spec_.applies(gate)) {
    state = {};
    return;
  }
  const SampleStats stats = sample_stats(s, classes_);
  Evidence e;
  const FloodCase flood_case{gate, stats};
  std::string_view label = spec_.judge(flood_case, e);
  if (label.empty()) {
    state = {};
    return;
  }
  if (!s.all && is_infrastructure_address(s.address) && label != "dhcp_flood" && label != "smurf")
    contradict(e, 25, "the destination is a multicast or broadcast group");
  if (!egress) judge_kernel(step.kernel, classes_, v.packets, e);
  e.points += learned ? 40 : 34;
  e.points += share >= 0.9 ? 20 : share >= 0.7 ? 12 : share >= 0.5 ? 6 : share < 0.1 ? -12 : 0;
  const double times = v.packets / std::max(threshold, 1.0);
  e.points += static_cast<int>(std::clamp(3 * std::log2(std::max(times, 1.0)), 0.0, 12.0));
  // A capture whose packets all carry one time has no rates: what it shows is a shape, not a volume.
  const bool timeless = step.last && stats.samples > 1 && stats.first_time == stats.last_time;
  if (timeless) contradict(e, 12, "all packets carry the same time, so the rate is not known");
  if (!learned)
    e.contra.push_back(
        fmt::format("no history to compare with ({} s seen): the threshold is the floor of {:.0f} packets/s", s.learned_seconds, floor));
  else if (normal > 0)
    e.contra.push_back(
        fmt::format("normal here is {}, at most {}{}", format_rate_pps(normal), format_rate_pps(ceiling), because(s, spec_.classes)));
  if (const double gone = learned ? missing(s, spec_.classes) : 0; gone > 0.5 * own_excess)
    contradict(e, 45,
               fmt::format("{} of ordinary traffic are missing: its senders go on, its service does not answer", format_rate_pps(gone)));
  const int confidence = std::clamp(e.hard ? e.points : std::min(e.points, 55), 0, 99);
  const bool verdict = e.hard && confidence >= kProbable;
  // Weak evidence has to hold for three steps; volume alone for a second.
  const DurationNs open_for = step.time - state.gate_since;
  const bool zero_time = step.last;
  if (!state.active) {
    if (verdict && confidence < kStrong && open_for < 2 * (100 * kMillisecond) && !zero_time) return;
    if (!verdict && (open_for < 900 * kMillisecond && !zero_time)) return;
    if (!verdict && (egress || share < 0.5)) return;
  }

  Finding f;
  f.label = verdict ? label : std::string_view{"spike_unclassified"};
  if (!verdict && egress) {
    state = {};
    return;
  }
  f.time = step.time;
  if (!state.active) state.since = stats.burst_first ? stats.burst_first : step.time;
  f.first_packet = state.since;
  f.direction = s.direction;
  f.confidence = confidence;
  f.rate_pps = v.packets, f.rate_bps = v.bytes * 8;
  if (!state.active) {  // everything of the window belongs to the burst
    f.packets = static_cast<std::uint64_t>(v.packets), f.bytes = static_cast<std::uint64_t>(v.bytes);
  } else {
    f.packets = static_cast<std::uint64_t>(own_step.packets), f.bytes = static_cast<std::uint64_t>(own_step.bytes);
  }
  f.normal_pps = learned ? normal : 0;
  f.distinct_peers = static_cast<std::uint64_t>(std::llround(
      std::max<double>(static_cast<double>(stats.sources), stats.samples ? distinct_remotes(s) * std::min(1.0, share + 0.05) : 0)));
  if (stats.unique_sources * static_cast<double>(stats.samples) <= 4) f.distinct_peers = stats.sources;
  f.peers_spoofed = e.spoofed;
  f.list_total = stats.weight;
  f.top_peers = stats.peers;
  f.local_ports = stats.local_port_list, f.remote_ports = stats.remote_port_list;
  if (e.spoofed) f.modifiers.push_back("spoofed");
  if (s.all) {
    f.modifiers.push_back("carpet");
    f.has_subject = false;
    f.merge_key = "carpet";
    // The network that covers the targets.
    Address low{~0ULL, ~0ULL}, high{};
    for (const auto& other : step.seconds)
      if (!other.all && other.host && family_of(other) == family_of(s) && volume(other.counts, spec_.classes).packets > 0)
        low = std::min(low, other.address), high = std::max(high, other.address);
    unsigned bits = 128;
    while (bits > 0 && masked(low, bits) != masked(high, bits)) --bits;
    f.subject_text = to_string(Network{masked(low, bits), static_cast<std::uint8_t>(bits)});
    f.evidence.push_back(fmt::format("{} local addresses are hit, each with a small part", s.distinct_locals));
  } else {
    f.subject = s.address;
  }
  f.severity = !verdict                                                       ? Severity::low
               : egress                                                       ? (times >= 100 ? Severity::critical : Severity::high)
               : times >= 200 || kernel_drops(step.kernel) > 0.01 * v.packets ? Severity::critical
               : times >= 10                                                  ? Severity::high
               : times >= 3 || confidence >= 85                               ? Severity::medium
                                                                              : Severity::low;
  if (timeless && !egress && f.severity > Severity::low) f.severity = static_cast<Severity>(static_cast<int>(f.severity) - 1);
  f.headline = fmt::format(
      "{}{}, {}, {} of the excess", format_rate_pps(v.packets),
      learned && normal > 0 ? fmt::format(" (x{:.0f} of normal {})", v.packets / normal, format_rate_pps(normal)) : std::string{},
      format_rate_bps(v.bytes * 8), percent(share));
  if (!e.sources.empty()) f.evidence.push_back(e.sources);
  f.evidence.insert(f.evidence.end(), e.pro.begin(), e.pro.end());
  f.counter_evidence = e.contra;
  if (!verdict && e.pro.empty()) f.evidence.push_back("volume alone");
  if (flood_case.one_way_capture) f.counter_evidence.push_back("only one direction of this host was captured, so answers cannot be judged");
  f.advice = e.advice;
  f.selector.direction = s.direction;
  if (!s.all) f.selector.locals = {s.address};
  f.selector.classes = classes_;
  state.active = true;
  state.text = f;
  state.next_full = step.time + (open_for < kSecond ? 300 * kMillisecond : 2 * kSecond);
  out.push_back(std::move(f));
}

DetectorSpec flood_vector(FloodVectorSpec spec) {
  static constexpr Field<FloodSettings> fields[] = {
      {"enabled", &FloodSettings::enabled, 0, 1, "whether this vector is judged at all"},
      {"floor_pps", &FloodSettings::floor_pps, 1, 1e9, "packets per second towards one local address below which it is never a flood"},
      {"floor_mbps", &FloodSettings::floor_mbps, 0, 1e6, "or megabits per second that open the gate too; 0 = packets alone count"},
      {"egress_floor_pps", &FloodSettings::egress_floor_pps, 0, 1e9, "the floor for floods that leave this host; 0 = the same"}};
  auto infos = field_infos<FloodSettings>(fields);
  for (auto& info : infos) {
    if (info.name == "floor_pps") info.default_value = spec.floor_pps;
    if (info.name == "floor_mbps") info.default_value = spec.floor_mbps;
    if (info.name == "egress_floor_pps") info.default_value = spec.egress_floor_pps;
  }
  return {spec.name, spec.help, infos, [spec](const SettingTable& given) -> Result<std::unique_ptr<Detector>> {
            FloodSettings settings = TRY(read_settings<FloodSettings>("detect." + std::string{spec.name}, fields, given));
            if (!given.contains("floor_pps")) settings.floor_pps = spec.floor_pps;
            if (!given.contains("floor_mbps")) settings.floor_mbps = spec.floor_mbps;
            if (!given.contains("egress_floor_pps")) settings.egress_floor_pps = spec.egress_floor_pps;
            return std::unique_ptr<Detector>{std::make_unique<FloodVector>(spec, settings)};
          }};
}

}  // namespace sekisho
