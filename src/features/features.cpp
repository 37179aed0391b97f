// Rows, the sliding window and samples; joins what the shards counted.
#include "features/features_row.h"

#include <algorithm>

#include "base/check.h"

namespace sekisho {

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
      drop_row(row_of(p.host, d));
      sketches_[row_of(p.host, d)] = {};
    }
  } else {
    p.host = 0;
  }
  last_address_ = local, last_host_ = p.host;
}

void Features::drop_row(std::size_t n) {
  if (!rows_[n]) return;
  anchor_budget_.left += rows_[n]->baseline.anchors();
  rows_[n].reset();
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
    Row& all = *all_[all_of(n)];
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
  for (std::size_t c = 0; c < kTrafficClasses; ++c) s.step[c] = {r.packets[slot][c], r.bytes[slot][c]};
  r.baseline.fill(s);
  s.samples = window_samples_[static_cast<std::size_t>(s.direction)];
}

const Step& Features::finish_step(std::uint64_t step, TimeNs now, DurationNs length, bool last) {
  step_ = step;
  if (saved_at_) resume_baselines(now);
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
  seconds_.reserve(active_rows_.size() + all_.size());
  std::array<std::uint64_t, 4> locals{};  // as all_
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
    s.v6 = is_v6(s.address);
    ++locals[all_of(n)];
  }
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (!all_[i]->window_packets) continue;
    Second& s = seconds_.emplace_back();
    s.direction = static_cast<Direction>(i % 2);
    s.all = true, s.v6 = i >= 2;
    s.distinct_locals = locals[i];
    fill(s, *all_[i], step, now);
    s.reverse_ever = all_[i ^ 1]->ever;
    if (locals[i] == 1) {
      const auto only = std::find_if(seconds_.begin(), seconds_.end(),
                                     [&](const Second& o) { return !o.all && o.direction == s.direction && o.v6 == s.v6; });
      s.distinct_remotes = only->distinct_remotes, s.distinct_remotes_minute = only->distinct_remotes_minute;
      s.distinct_local_ports = only->distinct_local_ports, s.distinct_remote_ports = only->distinct_remote_ports;
    } else {
      auto joined = std::make_unique<HostSketches>();
      for (const auto n : active_rows_)
        if (all_of(n) == i) {
          joined->remotes.merge(sketches_[n].remotes, stamp);
          joined->local_ports.merge(sketches_[n].local_ports, stamp);
          joined->remote_ports.merge(sketches_[n].remote_ports, stamp);
        }
      distinct(s, *joined, *all_[i]);
    }
  }
  for (auto& s : seconds_)
    for (auto& other : seconds_)
      if (other.direction != s.direction && other.all == s.all && (s.all ? other.v6 == s.v6 : other.host == s.host)) s.reverse = &other;

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
