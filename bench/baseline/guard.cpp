// One host, two directions, no packets.
#include "guard.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "features/baseline_codec.h"
#include "model/labels.h"

namespace sekisho::bench {
namespace {

const Address kHost = address_from_v4(0xcb007105);

}  // namespace

Guard::Guard() { make_detectors(); }

// The flood detectors and spike_unclassified; the others look at sources and connections.
void Guard::make_detectors() {
  detectors_.clear();
  for (const auto& spec : Registry<DetectorSpec>::all()) {
    auto detector = spec.make({}).value();
    bool judges = spec.name == "spike_unclassified";
    for (std::size_t c = 0; c < kTrafficClasses; ++c)
      for (const auto d : {Direction::ingress, Direction::egress}) {
        const double floor = detector->floor_pps(static_cast<TrafficClass>(c), d);
        if (floor <= 0) continue;
        judges = true;
        auto& least = floors_[static_cast<std::size_t>(d)][c];
        least = least > 0 ? std::min(least, floor) : floor;
      }
    if (judges) detectors_.push_back(std::move(detector));
  }
}

void Guard::fill(Second& s, const Way& ordinary, const Way* attack) {
  s.counts = {}, s.facts = ordinary.facts;
  double sources = 0;
  for (const Way* way : {&ordinary, attack}) {
    if (!way) continue;
    if (way == attack)
      for (std::size_t f = 0; f < s.facts.size(); ++f) s.facts[f] += way->facts[f];
    for (const auto& p : way->parts) {
      auto& count = s.counts[index_of(p.traffic_class)];
      count.packets += static_cast<std::uint64_t>(p.pps), count.bytes += static_cast<std::uint64_t>(p.pps * p.bytes);
      const double among = p.shape->spoofed ? 4e9 : p.shape->sources;
      sources += among * (1 - std::exp(-p.pps / among));
    }
  }
  double ports_local = 1, ports_remote = 1;
  for (const Way* way : {&ordinary, attack})
    if (way)
      for (const auto& p : way->parts) {
        if (p.shape->local_port == 0) ports_local += 65'536 * (1 - std::exp(-p.pps / 65'536));
        const double flows = p.shape->connections ? p.shape->sources * p.shape->connections : 65'536;
        if (p.shape->remote_port == 0) ports_remote += flows * (1 - std::exp(-p.pps / flows));
      }
  DistinctWindow& distinct = distinct_[static_cast<std::size_t>(s.direction)];
  distinct.clear(0);
  const std::array<double, DistinctWindow::kKinds> numbers{sources, ports_local, ports_remote};
  for (unsigned kind = 0; kind < numbers.size(); ++kind)
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(numbers[kind]); ++i) distinct.add(kind, keyed_hash({}, i, kind), 0);
  s.distinct = &distinct;
  s.step = {};
  for (std::size_t c = 0; c < kTrafficClasses; ++c) s.step[c] = {s.counts[c].packets / 10, s.counts[c].bytes / 10};
}

// The classes whose gate is open or nearly: samples cost more than all the rest, and judges look at their own classes alone. Vectors of two
// classes add them up.
TrafficClassSet Guard::near_gates(const Second& s) const {
  using enum TrafficClass;
  TrafficClassSet near;
  const auto& floors = floors_[static_cast<std::size_t>(s.direction)];
  const double most = alarmed_ ? 0.45 : 0.97;  // hysteresis: an open gate closes at half its threshold
  const auto look = [&](std::initializer_list<TrafficClass> classes) {
    double volume = 0, ceiling = 0, floor = 0;
    for (const auto c : classes) {
      volume += static_cast<double>(s.counts[index_of(c)].packets), ceiling += s.ceiling[index_of(c)];
      floor = std::max(floor, floors[index_of(c)]);
    }
    if (volume > 0 && volume >= most * std::max(floor, s.learned_seconds >= 60 ? ceiling : 0))
      for (const auto c : classes) near.set(index_of(c));
  };
  look({tcp_syn, tcp_syn_bare}), look({udp, dns_answer_unasked_other}), look({icmp_echo, icmp_echo_reply});
  for (std::size_t c = 0; c < kTrafficClasses; ++c)
    if (floors[c] > 0 && s.counts[c].packets && !near[c]) look({static_cast<TrafficClass>(c)});
  return near;
}

// As the features sample: one of 2^k packets of each stratum, at most 2,560 of it in a window.
void Guard::sample(const Way& way, const Way& beside, const TrafficClassSet& wanted, TimeNs from, TimeNs to, Random& random,
                   std::vector<Sample>& out) const {
  const auto stratum = [](const Part& p) {
    return p.shape->protocol == 6 ? (p.shape->flags == 2 ? 0 : 1) : p.shape->protocol == 17 ? 2 : 3;
  };
  for (const auto& p : way.parts) {
    if (!wanted[index_of(p.traffic_class)]) continue;
    double total = 0;
    for (const Way* w : {&way, &beside})
      for (const auto& other : w->parts)
        if (stratum(other) == stratum(p)) total += other.pps;
    double kept = p.pps;
    for (; total > 2560; total /= 2) kept /= 2;
    draw_samples(p, 1, from, to, static_cast<unsigned>(kept + random.uniform()), random, out);
  }
}

Verdicts Guard::judge(const Window& w, DurationNs length, Random& random) {
  for (std::size_t d = 0; d < 2; ++d) {
    Second& s = seconds_[d];
    s.direction = static_cast<Direction>(d), s.host = 1, s.address = kHost, s.distinct_locals = 1, s.reverse_ever = true;
    s.time = w.now, s.reverse = &seconds_[1 - d];
    fill(s, d == 0 ? w.ordinary.in : w.ordinary.out, w.attack ? &(d == 0 ? w.attack->in : w.attack->out) : nullptr);
    s.normal = {}, s.ceiling = {}, s.rule = {};
    baselines_[d].fill(s);
    samples_[d].clear();
    if (const auto near = near_gates(s); near.any()) {
      static const Way kNothing;
      const Way& ordinary = d == 0 ? w.ordinary.in : w.ordinary.out;
      const Way& attack = !w.attack ? kNothing : d == 0 ? w.attack->in : w.attack->out;
      sample(ordinary, attack, near, w.now - kSecond, w.now, random, samples_[d]);
      sample(attack, ordinary, near, std::max(w.attack_from, w.now - kSecond), w.now, random, samples_[d]);
    }
    s.samples = samples_[d];
  }
  findings_.clear();
  Step step;
  step.time = w.now, step.length = length, step.seconds = seconds_;
  for (const auto& detector : detectors_) detector->on_step(step, findings_);
  Verdicts out;
  alarmed_ = !findings_.empty();
  out.near = near();
  for (const auto& f : findings_) {
    if (f.label == "spike_unclassified") {
      out.spike = true;
      continue;
    }
    if (const Label* label = find_label(f.label); !label || label->kind != sekisho::Kind::flood) continue;
    out.attacks.push_back(f.label);
    baselines_[static_cast<std::size_t>(f.direction)].freeze(w.now);
  }
  return out;
}

void Guard::learn(TimeNs now) {
  for (std::size_t d = 0; d < 2; ++d)
    baselines_[d].learn(
        {now, now / (3600 * kSecond), static_cast<Direction>(d), seconds_[d].counts, seconds_[d].facts, &seconds_[1 - d].counts}, nullptr);
}

std::vector<std::uint8_t> Guard::save(TimeNs now) const {
  std::vector<RowToSave> rows;
  for (std::size_t d = 0; d < 2; ++d) rows.push_back({static_cast<Direction>(d), false, false, kHost, baselines_[d]});
  return BaselineCodec::encode(now, now, rows);
}

void Guard::restore(const std::vector<std::uint8_t>& bytes, TimeNs now) {
  make_detectors();
  alarmed_ = false;
  auto saved = BaselineCodec::decode(bytes).value();
  for (auto& row : saved.rows) {
    auto& baseline = baselines_[static_cast<std::size_t>(row.direction)];
    baseline = std::move(row.baseline);
    baseline.resume(now - saved.saved_at, now, now / (3600 * kSecond));
  }
}

}  // namespace sekisho::bench
