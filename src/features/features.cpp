// Rows, the sliding window, samples and baselines; joins what the shards counted.
#include "features/features.h"

#include <algorithm>

#include "base/check.h"

namespace sekisho {

struct Features::Row {
  std::array<std::array<std::uint32_t, kTrafficClasses>, kStepsPerWindow> packets{}, bytes{};
  std::array<std::array<std::uint32_t, static_cast<std::size_t>(Fact::count)>, kStepsPerWindow> facts{};
  ClassCounts window{};
  Facts window_facts{};
  std::uint64_t last_step = 0;  // the step up to which the ring is filled
  std::uint64_t window_packets = 0;
  bool ever = false;
  TimeNs frozen_until = 0;
  std::array<std::unique_ptr<Baseline>, kTrafficClasses> baselines;
  unsigned learned_seconds = 0;
};

Features::Features(FeatureSettings settings, unsigned shards)
    : settings_(std::move(settings)), sketches_(kRows), rows_(kRows), hosts_(1), host_last_step_(1), fanout_(settings_.key, 1024) {
  check(shards >= 1 && shards <= kGroups && kGroups % shards == 0, "the number of shards divides 16");
  for (unsigned s = 0; s < shards; ++s)
    shards_.push_back(std::make_unique<Shard>(settings_, s * (kGroups / shards), kGroups / shards, sketches_));
  for (auto& row : all_) row = std::make_unique<Row>();
}

Features::~Features() = default;

void Features::assign_host(Packet& p) {
  const Address& local = local_address(p);
  if (local == last_address_ && last_host_) [[likely]] {
    p.host = last_host_;
    return;
  }
  const std::uint64_t hash = keyed_hash(settings_.key, local.high, local.low ^ 5);
  if (const auto found = host_numbers_.find(hash); found != host_numbers_.end()) {
    p.host = found->second;
  } else if (hosts_.size() <= kMaxHosts) {
    p.host = static_cast<std::uint16_t>(hosts_.size());
    hosts_.push_back(local);
    host_last_step_.push_back(step_);
    host_numbers_.emplace(hash, p.host);
  } else if (!idle_hosts_.empty()) {
    p.host = idle_hosts_.back();
    idle_hosts_.pop_back();
    std::erase_if(host_numbers_, [&](const auto& entry) { return entry.second == p.host; });
    hosts_[p.host] = local;
    host_last_step_[p.host] = step_;
    host_numbers_.emplace(hash, p.host);
    for (const auto d : {Direction::ingress, Direction::egress}) {
      rows_[row_of(p.host, d)].reset();
      sketches_[row_of(p.host, d)] = {};
    }
  } else {
    p.host = 0;
  }
  last_address_ = local, last_host_ = p.host;
}

Features::Row& Features::row(std::uint16_t host, Direction direction) {
  auto& r = rows_[row_of(host, direction)];
  if (!r) r = std::make_unique<Row>(), r->last_step = step_;
  return *r;
}

// Forgets what left the window between the row's last step and `step`.
void Features::slide(Row& r, std::uint64_t step) {
  const std::uint64_t leaving = std::min<std::uint64_t>(step - r.last_step, kStepsPerWindow);
  for (std::uint64_t i = 1; i <= leaving; ++i) {
    const auto slot = (r.last_step + i) % kStepsPerWindow;
    for (std::size_t c = 0; c < kTrafficClasses; ++c) {
      r.window[c].packets -= r.packets[slot][c];
      r.window[c].bytes -= r.bytes[slot][c];
      r.window_packets -= r.packets[slot][c];
    }
    for (std::size_t f = 0; f < r.window_facts.size(); ++f) r.window_facts[f] -= r.facts[slot][f];
    r.packets[slot] = {}, r.bytes[slot] = {}, r.facts[slot] = {};
  }
  r.last_step = step;
}

void Features::merge_tallies(std::uint64_t step) {
  for (auto& all : all_) slide(*all, step);
  const auto slot = step % kStepsPerWindow;
  std::vector<std::size_t> rows = active_rows_;
  for (const auto& shard : shards_) rows.insert(rows.end(), shard->used_rows.begin(), shard->used_rows.end());
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  active_rows_.clear();
  for (const auto n : rows) {
    const auto host = static_cast<std::uint16_t>(n / 2);
    Row& r = row(host, static_cast<Direction>(n % 2));
    Row& all = *all_[n % 2];
    slide(r, step);
    for (const auto& shard : shards_) {
      if (!shard->used[n]) continue;
      host_last_step_[host] = step;
      Tally& t = shard->tallies[n];
      for (std::size_t c = 0; c < kTrafficClasses; ++c) {
        if (!t.packets[c]) continue;
        for (Row* into : {&r, &all}) {
          into->packets[slot][c] += t.packets[c], into->bytes[slot][c] += t.bytes[c];
          into->window[c].packets += t.packets[c], into->window[c].bytes += t.bytes[c];
          into->window_packets += t.packets[c];
          into->ever = true;
        }
      }
      for (std::size_t f = 0; f < t.facts.size(); ++f)
        for (Row* into : {&r, &all}) into->facts[slot][f] += t.facts[f], into->window_facts[f] += t.facts[f];
      t = {};
      shard->used[n] = false;
    }
    if (r.window_packets) active_rows_.push_back(n);
  }
  for (const auto& shard : shards_) shard->used_rows.clear();
  // Hosts that were silent for ten seconds give up their row when rows are scarce.
  idle_hosts_.clear();
  if (hosts_.size() > kMaxHosts)
    for (std::uint16_t h = 1; h < hosts_.size(); ++h)
      if (host_last_step_[h] + 10 * kStepsPerWindow < step) idle_hosts_.push_back(h);
}

void Features::fill(Second& s, const Row& r, std::uint64_t step, TimeNs now) const {
  s.time = now;
  s.counts = r.window;
  s.facts = r.window_facts;
  const auto slot = step % kStepsPerWindow;
  for (std::size_t c = 0; c < kTrafficClasses; ++c) {
    s.step[c] = {r.packets[slot][c], r.bytes[slot][c]};
    if (const auto& b = r.baselines[c]; b && b->seconds()) {
      s.normal[c] = static_cast<float>(b->median());
      s.ceiling[c] = static_cast<float>(b->ceiling());
    }
  }
  s.learned_seconds = r.learned_seconds;
  s.samples = window_samples_[static_cast<std::size_t>(s.direction)];
}

void Features::learn(TimeNs now) {
  if (now < next_learning_) return;
  next_learning_ = now - now % kSecond + kSecond;
  // What is one-way by nature is never normal, or a slow ramp would teach the baseline to accept it: FACTS section 9, re-admission.
  const auto two_way = [](std::size_t c, const Row& r, const Row* reverse) {
    using enum TrafficClass;
    const auto k = static_cast<TrafficClass>(c);
    const auto back = [&](TrafficClass other) { return reverse ? reverse->window[index_of(other)].packets : 0; };
    if (k >= amp_first && k <= amp_last) return false;
    switch (k) {
      case tcp_syn:
      case tcp_syn_bare: return r.window_facts[static_cast<std::size_t>(Fact::handshakes_completed)] * 2 >= r.window[c].packets;
      case tcp_ack_unknown:
      case tcp_syn_ack_unasked:
      case tcp_rst:
      case tcp_fin:
      case tcp_null:
      case tcp_xmas:
      case tcp_odd:
      case tcp_data_stalled:
      case icmp_echo:
      case icmp_echo_reply:
      case icmp_unreachable:
      case icmp_other:
      case fragment:
      case dhcp:
      case ipv6_extension:
      case igmp: return false;
      case gre_ip:
      case gre_ethernet:
      case gre_other:
      case ip_in_ip:
      case esp:
      case ah:
      case sctp:
      case other_ip: return back(k) * 50 >= r.window[c].packets;
      case udp:
      case udp_vse: return back(udp_answer) * 2 >= r.window[c].packets;
      default: return true;
    }
  };
  const auto learn_row = [&](Row& r, const Row* reverse) {
    if (now < r.frozen_until) return;
    ++r.learned_seconds;
    for (std::size_t c = 0; c < kTrafficClasses; ++c) {
      if (!two_way(c, r, reverse)) continue;
      if (!r.baselines[c] && r.window[c].packets < 20) continue;  // a class that hardly occurs needs no baseline: its floor decides
      if (!r.baselines[c]) r.baselines[c] = std::make_unique<Baseline>();
      r.baselines[c]->learn(static_cast<double>(r.window[c].packets));
    }
  };
  for (const auto n : active_rows_) learn_row(*rows_[n], rows_[n ^ 1].get());
  for (std::size_t d = 0; d < 2; ++d)
    if (all_[d]->window_packets) learn_row(*all_[d], all_[1 - d].get());
}

void Features::freeze(bool all, const Address& host, Direction direction, TimeNs now) {
  const auto until = now + 30 * kSecond;
  if (all) all_[static_cast<std::size_t>(direction)]->frozen_until = until;
  for (const auto n : active_rows_)
    if (n % 2 == static_cast<std::size_t>(direction) && (all || hosts_[n / 2] == host)) {
      rows_[n]->frozen_until = until;
      all_[n % 2]->frozen_until = until;
    }
}

const Step& Features::finish_step(std::uint64_t step, TimeNs now, DurationNs length, bool last) {
  step_ = step;
  merge_tallies(step);
  for (std::size_t d = 0; d < 2; ++d) {
    window_samples_[d].clear();
    for (std::size_t stratum = 0; stratum < kStrata; ++stratum) {
      auto& ring = sample_ring_[d][stratum];
      std::vector<SampleBuffer*> parts;
      for (const auto& shard : shards_) parts.push_back(&shard->samples[d][stratum]);
      // Slots whose step has left the window are stale only after quiet gaps; times tell.
      auto& mask = sample_masks_[d][stratum];
      mask = SampleBuffer::join(parts, ring[step % kStepsPerWindow]) >> 1;
      for (auto* part : parts) part->start_step(mask);
      for (unsigned i = 1; i <= kStepsPerWindow; ++i)
        for (const auto& sample : ring[(step + i) % kStepsPerWindow])
          if (sample.time > now - kSecond - kStep && sample.time <= now) window_samples_[d].push_back(sample);
    }
  }

  outbound_.clear();
  sources_.clear();
  fanouts_.clear();
  connections_.clear();
  for (const auto& shard : shards_) {
    outbound_.insert(outbound_.end(), shard->outbound.begin(), shard->outbound.end());
    shard->outbound.clear();
    shard->sources.collect(now, last, sources_);
    shard->connections.collect(now, last, connections_);
  }
  std::sort(outbound_.begin(), outbound_.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  for (const auto& event : outbound_) fanout_.on_event(event);
  fanout_.collect(now, fanouts_);
  std::sort(sources_.begin(), sources_.end(), [](const auto& a, const auto& b) { return a.remote < b.remote; });
  std::sort(connections_.begin(), connections_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.remote, a.local, a.remote_port, a.local_port, a.opened) <
           std::tie(b.remote, b.local, b.remote_port, b.local_port, b.opened);
  });

  const auto stamp = static_cast<Distinct::Stamp>(step % 65'535 + 1);
  seconds_.clear();
  seconds_.reserve(active_rows_.size() + 2);
  std::array<std::uint64_t, 2> locals{};
  std::array<std::unique_ptr<HostSketches>, 2> all_sketches;
  const auto distinct = [&](Second& s, const HostSketches& sketch, const Row& r) {
    if (!r.window_packets) return;
    s.distinct_remotes = sketch.remotes.count(stamp, kStepsPerWindow);
    s.distinct_remotes_minute = sketch.remotes.count(stamp, 60 * kStepsPerWindow);
    s.distinct_local_ports = sketch.local_ports.count(stamp, kStepsPerWindow);
    s.distinct_remote_ports = sketch.remote_ports.count(stamp, kStepsPerWindow);
  };
  for (const auto n : active_rows_) {
    const auto d = n % 2;
    Second& s = seconds_.emplace_back();
    s.direction = static_cast<Direction>(d);
    s.host = static_cast<std::uint16_t>(n / 2);
    s.address = hosts_[s.host];
    s.distinct_locals = 1;
    fill(s, *rows_[n], step, now);
    distinct(s, sketches_[n], *rows_[n]);
    const auto& reverse = rows_[n ^ 1];
    s.reverse_ever = reverse && reverse->ever;
    ++locals[d];
  }
  for (std::size_t d = 0; d < 2; ++d) {
    if (!all_[d]->window_packets) continue;
    Second& s = seconds_.emplace_back();
    s.direction = static_cast<Direction>(d);
    s.all = true;
    s.distinct_locals = locals[d];
    fill(s, *all_[d], step, now);
    s.reverse_ever = all_[1 - d]->ever;
    if (locals[d] == 1) {
      const auto only =
          std::find_if(seconds_.begin(), seconds_.end(), [&](const Second& o) { return !o.all && o.direction == s.direction; });
      s.distinct_remotes = only->distinct_remotes, s.distinct_remotes_minute = only->distinct_remotes_minute;
      s.distinct_local_ports = only->distinct_local_ports, s.distinct_remote_ports = only->distinct_remote_ports;
    } else {
      auto joined = std::make_unique<HostSketches>();
      for (const auto n : active_rows_)
        if (n % 2 == d) {
          joined->remotes.merge(sketches_[n].remotes, stamp);
          joined->local_ports.merge(sketches_[n].local_ports, stamp);
          joined->remote_ports.merge(sketches_[n].remote_ports, stamp);
        }
      distinct(s, *joined, *all_[d]);
    }
  }
  for (auto& s : seconds_)
    for (auto& other : seconds_)
      if (other.direction != s.direction && other.all == s.all && (s.all || other.host == s.host)) s.reverse = &other;

  learn(now);
  out_ = {now, length, last, seconds_, sources_, fanouts_, connections_,
          now - kernel_time_ <= 2 * kSecond ? kernel_ : KernelEvidence{}};
  return out_;
}

std::uint64_t Features::evictions() const {
  std::uint64_t sum = 0;
  for (const auto& shard : shards_) sum += shard->connections.evictions() + shard->sources.evictions();
  return sum;
}

}  // namespace sekisho
