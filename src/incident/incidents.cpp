// Merging, shares, hysteresis, pulse waves and closing.
#include "incident/incidents.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/hash.h"

namespace sekisho {
namespace {

constexpr std::string_view kSpike = "spike_unclassified";
constexpr std::size_t kMaxPeers = 2048, kMaxPorts = 512, kTop = 20, kMaxRates = 240;

// Infection and what this host does to others never ends by itself.
bool stays_open(const Incident& i) {
  return i.kind == Kind::c2 || (i.direction == Direction::egress && i.kind != Kind::reflector && i.kind != Kind::bruteforce);
}

void add_unique(std::vector<std::string_view>& list, std::string_view item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

void add_rate(std::vector<RatePoint>& rates, DurationNs& bin, TimeNs time, double pps, double bps) {
  if (!rates.empty() && time < rates.back().time + bin) {
    rates.back().pps = std::max(rates.back().pps, static_cast<float>(pps));
    rates.back().bps = std::max(rates.back().bps, static_cast<float>(bps));
    return;
  }
  rates.push_back({time, static_cast<float>(pps), static_cast<float>(bps)});
  if (rates.size() < kMaxRates) return;
  bin *= 2;
  std::vector<RatePoint> fewer;
  for (const auto& r : rates) {
    if (!fewer.empty() && r.time < fewer.back().time + bin) {
      fewer.back().pps = std::max(fewer.back().pps, r.pps), fewer.back().bps = std::max(fewer.back().bps, r.bps);
    } else {
      fewer.push_back(r);
    }
  }
  rates = std::move(fewer);
}

template <class Map>
void trim(Map& map, std::size_t bound, auto weight) {
  if (map.size() <= bound) return;
  std::vector<std::uint64_t> weights;
  for (const auto& entry : map) weights.push_back(weight(entry));
  std::nth_element(weights.begin(), weights.begin() + static_cast<std::ptrdiff_t>(weights.size() / 2), weights.end());
  const auto middle = weights[weights.size() / 2];
  std::size_t excess = map.size() - bound / 2;
  for (auto it = map.begin(); it != map.end() && excess > 0;) {
    if (weight(*it) <= middle)
      it = map.erase(it), --excess;
    else
      ++it;
  }
}

std::vector<PortFact> top_ports(const std::map<std::uint16_t, std::uint64_t>& counts) {
  std::vector<PortFact> list;
  for (const auto& [port, n] : counts) list.push_back({port, n});
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.packets > b.packets; });
  if (list.size() > kTop) list.resize(kTop);
  return list;
}

// Labels of one family are one vector: UDP floods of two shapes are no multi-vector attack.
std::string_view family(std::string_view label) {
  if (label.starts_with("udp_")) return "udp";
  if (label == "ack_flood" || label == "psh_ack_flood") return "ack";
  if (label.starts_with("dns_")) return "dns";
  return label;
}

void add_techniques(std::vector<std::string>& list, std::string_view words) {
  while (!words.empty()) {
    const auto space = words.find(' ');
    const std::string word{words.substr(0, space)};
    if (!word.empty() && std::find(list.begin(), list.end(), word) == list.end()) list.push_back(word);
    words = space == std::string_view::npos ? std::string_view{} : words.substr(space + 1);
  }
}

}  // namespace

Incidents::Key Incidents::key_of(const Finding& f, Kind kind) {
  std::string key{to_string(kind)};
  key += f.direction == Direction::ingress ? "|in|" : "|out|";
  key += !f.merge_key.empty() ? f.merge_key : f.has_subject ? to_string(f.subject) : "host";
  return key;
}

std::string Incidents::make_id(TimeNs detected, const Key& key) {
  constexpr char kBase32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford, as ULID asks
  std::uint64_t h = 14695981039346656037ULL ^ settings_.id_seed;
  for (const char c : key) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  const std::uint64_t r1 = fold_multiply(h ^ static_cast<std::uint64_t>(detected), 0x9e3779b97f4a7c15ULL + ++sequence_);
  const std::uint64_t r2 = fold_multiply(r1 ^ h, 0xd1b54a32d192ed03ULL);
  std::string id(26, '0');
  std::uint64_t ms = static_cast<std::uint64_t>(std::max<TimeNs>(detected, 0)) / kMillisecond;
  for (int i = 9; i >= 0; --i, ms >>= 5) id[static_cast<std::size_t>(i)] = kBase32[ms & 31];
  std::uint64_t a = r1, b = r2;
  for (std::size_t i = 10; i < 18; ++i, a >>= 5) id[i] = kBase32[a & 31];
  for (std::size_t i = 18; i < 26; ++i, b >>= 5) id[i] = kBase32[b & 31];
  return id;
}

DurationNs Incidents::close_after(const Open& open) const {
  if (open.incident.kind == Kind::flood || open.incident.kind == Kind::reflector)
    return open.bursts >= settings_.pulses ? settings_.close_pulse : settings_.close_flood;
  return open.incident.label == "slow_scan" ? settings_.close_slow : settings_.close_other;
}

// Peers and ports: samples' shares add up over the findings that carry them, counts are cumulative already.
void Incidents::merge_lists(Open& open, const Finding& f) {
  const bool counts = f.list_total == 0;
  const auto join = [&](std::uint64_t& into, std::uint64_t packets) { into = counts ? std::max(into, packets) : into + packets; };
  open.list_total += f.list_total;
  for (const auto& p : f.top_peers) {
    auto [at, fresh] = open.peers.try_emplace(p.address, PeerFact{p.address, p.port, 0});
    if (at->second.port != p.port) at->second.port = 0;
    join(at->second.packets, p.packets);
  }
  for (const auto& p : f.local_ports) join(open.local_ports[p.port], p.packets);
  for (const auto& p : f.remote_ports) join(open.remote_ports[p.port], p.packets);
  trim(open.peers, kMaxPeers, [](const auto& e) { return e.second.packets; });
  trim(open.local_ports, kMaxPorts, [](const auto& e) { return e.second; });
  trim(open.remote_ports, kMaxPorts, [](const auto& e) { return e.second; });

  Incident& i = open.incident;
  const double scale = open.list_total > 0 ? static_cast<double>(i.packets) / open.list_total : 1;
  const auto scaled = [&](std::uint64_t n) { return static_cast<std::uint64_t>(std::llround(static_cast<double>(n) * scale)); };
  i.top_peers.clear();
  for (const auto& [address, p] : open.peers) i.top_peers.push_back(p);
  const auto by_packets = [](const auto& a, const auto& b) { return a.packets > b.packets; };
  std::stable_sort(i.top_peers.begin(), i.top_peers.end(), by_packets);
  if (i.top_peers.size() > kTop) i.top_peers.resize(kTop);
  i.local_ports = top_ports(open.local_ports), i.remote_ports = top_ports(open.remote_ports);
  for (auto& p : i.top_peers) p.packets = scaled(p.packets);
  for (auto& p : i.local_ports) p.packets = scaled(p.packets);
  for (auto& p : i.remote_ports) p.packets = scaled(p.packets);
}

// True when the change is worth telling: a new leading label, a higher severity, a new modifier.
bool Incidents::merge(Open& open, const Finding& f, TimeNs now) {
  Incident& i = open.incident;
  bool worth = false;
  const bool had_real = std::any_of(open.label_packets.begin(), open.label_packets.end(), [](const auto& l) { return l.first != kSpike; });
  const bool is_spike = f.label == kSpike;
  const TimeNs began = f.first_packet ? f.first_packet : f.time;
  if (!(is_spike && had_real)) i.started = i.started == 0 ? began : std::min(i.started, began);
  if (!is_spike && !had_real) {
    // The verdict proper. What a spike said before it steps back.
    if (!open.label_packets.empty()) worth = true;
    i.detected = f.time;
    i.started = f.first_packet ? f.first_packet : f.time;
    open.label_packets.erase(kSpike);
    i.evidence.clear(), i.counter_evidence.clear(), i.selectors.clear();
    i.severity = Severity::info, i.confidence = 0;
    i.packets = i.bytes = 0;
  }
  if (is_spike && had_real) {
    open.last_finding = std::max(open.last_finding, f.time);
    remember(open);
    return false;
  }
  const std::string_view before = i.label;
  open.label_packets[f.label] += std::max<std::uint64_t>(f.packets, 1);
  i.packets += f.packets, i.bytes += f.bytes;
  std::uint64_t total = 0, largest = 0;
  for (const auto& [label, n] : open.label_packets) total += n;
  i.labels.clear();
  for (const auto& [label, n] : open.label_packets) i.labels.push_back({label, static_cast<double>(n) / static_cast<double>(total)});
  std::stable_sort(i.labels.begin(), i.labels.end(), [](const auto& a, const auto& b) { return a.share > b.share; });
  i.label = i.labels.front().label;
  largest = open.label_packets[i.label];
  worth |= i.label != before && !before.empty();
  if ((i.kind == Kind::scan || i.kind == Kind::backscatter) && !f.has_subject) i.subject = f.subject_text.empty() ? "host" : f.subject_text;
  std::vector<std::string_view> families;
  for (const auto& l : i.labels)
    if (l.share >= 0.1) add_unique(families, family(l.label));
  if (i.kind == Kind::flood && families.size() >= 2) add_unique(i.modifiers, "multi_vector");
  for (const auto m : f.modifiers) add_unique(i.modifiers, m);

  // The contract: this host taking part is never below high, however sure the verdict is (confidence says that).
  const bool takes_part = (i.direction == Direction::egress || i.kind == Kind::c2) && !is_spike;
  const Severity severity = takes_part ? std::max(f.severity, Severity::high) : f.severity;
  if (severity > i.severity) i.severity = severity, worth = true;
  i.confidence = std::max(i.confidence, f.confidence);
  i.distinct_peers = std::max(i.distinct_peers, f.distinct_peers);
  i.peers_spoofed |= f.peers_spoofed;
  i.degraded |= f.degraded;
  note_capture_in(open);
  if (f.normal_pps > 0) i.normal_pps = f.normal_pps;
  merge_lists(open, f);
  // Labels are disjoint sets of packets: the rates of one step add up.
  if (open.rate_time != f.time) open.rate_time = f.time, open.rate_pps = open.rate_bps = 0;
  open.rate_pps += f.rate_pps, open.rate_bps += f.rate_bps;
  i.peak_pps = std::max(i.peak_pps, open.rate_pps), i.peak_bps = std::max(i.peak_bps, open.rate_bps);
  if (f.rate_pps > 0) add_rate(i.rates, open.rate_bin, f.time, open.rate_pps, open.rate_bps);
  // The text follows the leading label: a flood's from its height, all others' the newest, whose numbers are totals.
  if (f.label == i.label && !f.headline.empty() &&
      (i.kind != Kind::flood || f.packets * 2 >= largest || f.rate_pps >= i.peak_pps || i.evidence.empty())) {
    i.headline = f.headline;
    i.evidence = f.evidence;
    i.counter_evidence = f.counter_evidence;
    const Label* label = find_label(f.label);
    i.advice = !f.advice.empty() ? f.advice : label ? std::string{label->advice} : std::string{};
  } else if (f.label != i.label) {
    for (const auto& e : f.evidence)
      if (i.evidence.size() < 12 && std::find(i.evidence.begin(), i.evidence.end(), e) == i.evidence.end()) i.evidence.push_back(e);
  }
  if (const Label* label = find_label(f.label)) add_techniques(i.techniques, label->techniques);
  for (const auto t : f.extra_techniques) add_techniques(i.techniques, t);
  if (f.direction == Direction::egress && i.kind == Kind::flood) add_techniques(i.techniques, "T1496");
  bool known_selector = false;
  for (auto& s : i.selectors)
    if (s.classes == f.selector.classes && s.locals == f.selector.locals) s = f.selector, known_selector = true;
  if (!known_selector && i.selectors.size() < 16) i.selectors.push_back(f.selector);
  open.last_finding = std::max(open.last_finding, now);
  remember(open);
  return worth;
}

void Incidents::note_capture(CaptureState now, bool degraded) {
  lost_before_ = capture_ ? capture_->lost : now.lost;
  capture_ = std::move(now);
  capture_degraded_ = degraded;
}

// With each finding: what the source lost since the one before is this incident's, too.
void Incidents::note_capture_in(Open& open) const {
  if (!capture_) return;
  Incident& i = open.incident;
  if (!i.capture) i.capture.emplace(), open.lost_seen = lost_before_;
  i.capture->source = capture_->source;
  i.capture->sampling = std::max(i.capture->sampling, capture_->sampling);
  i.capture->lost += capture_->lost - std::min(open.lost_seen, capture_->lost);
  open.lost_seen = capture_->lost;
  i.degraded |= capture_degraded_;
}

void Incidents::remember(Open& open) {
  open.silent_since = open.last_finding;
  auto& memory = open.incident.memory;
  memory.last_finding = open.last_finding, memory.list_total = open.list_total, memory.bursts = open.bursts;
}

DurationNs Incidents::reopen_within(Kind kind) const {
  return kind == Kind::scan || kind == Kind::backscatter ? settings_.reopen_noise_within : settings_.reopen_within;
}

// Once a minute: what is closed was told; it stays only as long as its kind may return to it, and not in any number.
void Incidents::forget(TimeNs now) {
  if (now < next_forget_) return;
  next_forget_ = now + kMinute;
  std::vector<TimeNs> closed;
  for (const auto& open : all_)
    if (open.incident.ended) closed.push_back(open.last_finding);
  TimeNs oldest = 0;  // closed ones from before this go
  if (closed.size() > settings_.max_closed) {
    const auto first_kept = closed.end() - static_cast<std::ptrdiff_t>(settings_.max_closed);
    std::nth_element(closed.begin(), first_kept, closed.end());
    oldest = *first_kept;
  }
  constexpr auto kGone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> moved_to(all_.size(), kGone);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const Open& open = all_[i];
    if (open.incident.ended && (open.last_finding < oldest || now - open.last_finding > reopen_within(open.incident.kind))) continue;
    if (kept != i) all_[kept] = std::move(all_[i]);
    moved_to[i] = kept++;
  }
  all_.resize(kept);
  std::erase_if(latest_, [&](const auto& entry) { return moved_to[entry.second] == kGone; });
  for (auto& [key, index] : latest_) index = moved_to[index];
}

// When max_open incidents are open: the least severe of them, the longest silent among equals.
std::optional<std::size_t> Incidents::least_worth_keeping() const {
  std::optional<std::size_t> worst;
  std::size_t open = 0;
  for (std::size_t n = 0; n < all_.size(); ++n) {
    if (all_[n].incident.ended) continue;
    ++open;
    const auto rank = [&](std::size_t i) { return std::pair{all_[i].incident.severity, all_[i].last_finding}; };
    if (!worst || rank(n) < rank(*worst)) worst = n;
  }
  return open >= settings_.max_open ? worst : std::nullopt;
}

const std::vector<IncidentEvent>& Incidents::on_step(TimeNs now, const std::vector<Finding>& findings) {
  events_.clear();
  if (settings_.forget_closed) forget(now);
  if (std::exchange(resuming_, false))
    for (auto& open : all_) open.silent_since = std::max(open.silent_since, now);
  std::vector<std::pair<std::size_t, IncidentChange>> changed;
  for (const auto& f : findings) {
    const Label* label = find_label(f.label);
    const Kind kind = label ? label->kind : Kind::exposure;
    const Key key = key_of(f, kind);
    const auto found = latest_.find(key);
    if (found != latest_.end()) {
      Open& open = all_[found->second];
      const bool closed = open.incident.ended.has_value();
      const bool rejoin = !closed || now - open.last_finding <= reopen_within(kind);
      if (rejoin) {
        const bool pause = now - open.last_finding > 5 * kSecond && kind == Kind::flood;
        if (pause && ++open.bursts >= settings_.pulses) add_unique(open.incident.modifiers, "pulse");
        open.incident.ended.reset();
        if (closed) open.lost_seen = std::max(open.lost_seen, lost_before_);
        if (merge(open, f, now) || closed) changed.emplace_back(found->second, IncidentChange::updated);
        continue;
      }
    }
    Open open;
    open.incident.kind = kind;
    open.incident.direction = f.direction;
    open.incident.detected = f.time;
    open.incident.subject = f.has_subject ? to_string(f.subject) : f.subject_text.empty() ? "host" : f.subject_text;
    open.incident.id = make_id(f.time, key);
    open.incident.memory.key = key;
    merge(open, f, now);
    if (const auto victim = least_worth_keeping()) {
      all_[*victim].incident.ended = all_[*victim].last_finding;
      ++dropped_;
      changed.emplace_back(*victim, IncidentChange::closed);
    }
    latest_[key] = all_.size();
    changed.emplace_back(all_.size(), IncidentChange::opened);
    all_.push_back(std::move(open));
  }
  for (auto& open : all_) {
    Incident& i = open.incident;
    if (i.ended || stays_open(i) || now - open.silent_since <= close_after(open)) continue;
    i.ended = open.last_finding;
    changed.emplace_back(static_cast<std::size_t>(&open - all_.data()), IncidentChange::closed);
  }
  for (const auto& [index, change] : changed) events_.push_back({change, &all_[index].incident});
  return events_;
}

void Incidents::resume(std::vector<Incident> known) {
  for (auto& i : known) {
    if (i.memory.key.empty() || latest_.contains(i.memory.key)) continue;
    Open o;
    const auto packets = static_cast<double>(i.packets);
    for (const auto& l : i.labels)
      o.label_packets[l.label] = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(l.share * packets)));
    // Lists were scaled to the incident's packets when they were told.
    for (const auto& p : i.top_peers) o.peers[p.address] = p;
    for (const auto& p : i.local_ports) o.local_ports[p.port] = p.packets;
    for (const auto& p : i.remote_ports) o.remote_ports[p.port] = p.packets;
    o.list_total = i.memory.list_total > 0 ? packets : 0;
    o.last_finding = o.silent_since = i.memory.last_finding;
    o.bursts = std::max(i.memory.bursts, 1U);
    if (i.rates.size() >= 2) o.rate_bin = std::max(o.rate_bin, i.rates.back().time - i.rates[i.rates.size() - 2].time);
    latest_[i.memory.key] = all_.size();
    o.incident = std::move(i);
    all_.push_back(std::move(o));
  }
  resuming_ = true;
}

std::vector<const Incident*> Incidents::open() const {
  std::vector<const Incident*> list;
  for (const auto& open : all_)
    if (!open.incident.ended) list.push_back(&open.incident);
  return list;
}

const Incident* Incidents::open(std::string_view label, Direction direction, const std::string& merge_key) const {
  Finding f;
  f.direction = direction, f.merge_key = merge_key;
  const Label* known = find_label(label);
  const auto found = latest_.find(key_of(f, known ? known->kind : Kind::exposure));
  if (found == latest_.end() || all_[found->second].incident.ended) return nullptr;
  return &all_[found->second].incident;
}

const std::vector<IncidentEvent>& Incidents::finish(TimeNs now) { return on_step(now, {}); }

std::vector<Incident> Incidents::take_all() {
  std::vector<Incident> list;
  for (auto& open : all_) list.push_back(std::move(open.incident));
  all_.clear();
  latest_.clear();
  return list;
}

}  // namespace sekisho
