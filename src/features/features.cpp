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

// Where the host stands, or would.
std::uint16_t& Features::host_slot(const Address& local) {
  auto at = keyed_hash(settings_.key, local.high, local.low ^ 5) % host_table_.size();
  while (host_table_[at] != 0 && hosts_[host_table_[at]] != local) at = (at + 1) % host_table_.size();
  return host_table_[at];
}

// 0: shared by those that found no room.
std::uint16_t Features::host_of(const Address& local) {
  std::uint16_t& slot = host_slot(local);
  if (slot != 0) return slot;
  if (hosts_.size() <= kMaxHosts) {
    slot = static_cast<std::uint16_t>(hosts_.size());
    hosts_.push_back(local);
    host_last_step_.push_back(step_);
    return slot;
  }
  if (idle_hosts_.empty()) return 0;
  take_idle_host(local);
  return host_slot(local);
}

void Features::take_idle_host(const Address& local) {
  const auto host = idle_hosts_.back();
  idle_hosts_.pop_back();
  hosts_[host] = local;
  host_last_step_[host] = step_;
  for (const auto d : {Direction::ingress, Direction::egress}) {
    drop_row(row_of(host, d));
    sketches_[row_of(host, d)] = {};
  }
  host_table_ = {};
  for (std::uint16_t h = 1; h < hosts_.size(); ++h) host_slot(hosts_[h]) = h;
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
    auto& slot = r.slots[(r.last_step + i) % kStepsPerWindow];
    slot.classes.for_each([&](std::size_t c) {
      r.window[c].packets -= slot.counts[c].packets;
      r.window[c].bytes -= slot.counts[c].bytes;
      r.window_packets -= slot.counts[c].packets;
      slot.counts[c] = {};
    });
    slot.classes.clear();
    if (!slot.any_facts) continue;
    for (std::size_t f = 0; f < r.window_facts.size(); ++f) r.window_facts[f] -= slot.facts[f];
    slot.facts = {}, slot.any_facts = false;
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
    bool counted = false;
    for (const auto& shard : shards_) {
      Tally& t = shard->tallies[n];
      if (!t.used) continue;
      counted = true;
      for (Row* into : {&r, &all}) {
        auto& own = into->slots[slot];
        t.classes.for_each([&](std::size_t c) {
          own.classes.set(c);
          own.counts[c].packets += t.counts[c].packets, own.counts[c].bytes += t.counts[c].bytes;
          into->window[c].packets += t.counts[c].packets, into->window[c].bytes += t.counts[c].bytes;
          into->window_packets += t.counts[c].packets;
          into->ever = true;
        });
        if (!t.any_facts) continue;
        own.any_facts = true;
        for (std::size_t f = 0; f < t.facts.size(); ++f) own.facts[f] += t.facts[f], into->window_facts[f] += t.facts[f];
      }
      t.classes.for_each([&](std::size_t c) { t.counts[c] = {}; });
      t.classes.clear();
      t.facts = {}, t.any_facts = t.used = false;
    }
    if (counted) {
      host_last_step_[host] = step;
      all_sketches_[all_of(n)].merge(sketches_[n], sketch_slot(step));
    }
    if (r.window_packets)
      active_rows_.push_back(n);
    else
      sketches_[n].clear(sketch_slot(step + 1));  // the last step that it still holds
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
  const auto& slot = r.slots[step % kStepsPerWindow];
  slot.classes.for_each([&](std::size_t c) { s.step[c] = {slot.counts[c].packets, slot.counts[c].bytes}; });
  r.baseline.fill(s);
  s.samples = window_samples_[static_cast<std::size_t>(s.direction)].samples();
}

// One Second for each row with packets in the window, then those of all hosts together.
void Features::fill_rows(std::uint64_t step, TimeNs now) {
  std::array<std::uint64_t, 4> locals{};  // as all_
  seconds_.clear();
  seconds_.reserve(active_rows_.size() + all_.size());  // pointers to them are kept below
  std::size_t before = kRows;                           // the row of the last one: both directions of a host are neighbours
  const auto link = [this] {
    Second &a = *(seconds_.end() - 2), &b = seconds_.back();
    a.reverse = &b, b.reverse = &a;
  };
  for (const auto n : active_rows_) {
    Second& s = seconds_.emplace_back();
    s.direction = static_cast<Direction>(n % 2);
    s.host = static_cast<std::uint16_t>(n / 2);
    s.address = hosts_[s.host];
    s.v6 = is_v6(s.address);
    s.distinct_locals = 1;
    fill(s, *rows_[n], step, now);
    s.distinct = &sketches_[n];
    const auto& reverse = rows_[n ^ 1];
    s.reverse_ever = reverse && reverse->ever;
    if (before == (n ^ 1)) link();
    before = n;
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
    s.distinct = &all_sketches_[i];
    if (i % 2 == 1 && all_[i - 1]->window_packets) link();
  }
}

// Steps in between had no packets: what they would have pushed out of the window is forgotten now.
void Features::skip_steps(std::uint64_t step) {
  const std::uint64_t from = std::max(step_ + 2, step - std::min<std::uint64_t>(step, kStepsPerWindow));
  const auto clear = [&](DistinctWindow& sketches, bool counted) {
    for (std::uint64_t i = from; i < step + (counted ? 0 : 1); ++i) sketches.clear(sketch_slot(i));
  };
  for (const auto n : active_rows_)
    clear(sketches_[n], std::any_of(shards_.begin(), shards_.end(), [&](const auto& shard) { return shard->tallies[n].used; }));
  for (auto& all : all_sketches_) clear(all, false);
}

const Step& Features::finish_step(std::uint64_t step, TimeNs now, DurationNs length, bool last) {
  if (step > step_ + 1) skip_steps(step);
  step_ = step;
  if (saved_at_) resume_baselines(now);
  merge_tallies(step);
  for (std::size_t d = 0; d < 2; ++d) {
    window_samples_[d].open(step);
    for (std::size_t stratum = 0; stratum < kStrata; ++stratum) {
      sample_parts_.clear();
      for (const auto& shard : shards_) sample_parts_.push_back(&shard->samples[d][stratum]);
      auto& mask = sample_masks_[d][stratum];
      mask = SampleBuffer::join(sample_parts_, window_samples_[d]);
      for (auto* part : sample_parts_) part->start_step(mask);
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
  std::sort(connections_.begin(), connections_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.remote, a.local, a.remote_port, a.local_port, a.opened) <
           std::tie(b.remote, b.local, b.remote_port, b.local_port, b.opened);
  });

  fill_rows(step, now);
  // The slot of the next step, which has left the window.
  for (const auto n : active_rows_) sketches_[n].clear(sketch_slot(step + 1));
  for (auto& all : all_sketches_) all.clear(sketch_slot(step + 1));

  learn(now);
  out_ = {now, length, last, seconds_, sources_, fanouts_, connections_, now - kernel_time_ <= 2 * kSecond ? kernel_ : KernelEvidence{}};
  return out_;
}

std::uint64_t Features::evictions() const {
  std::uint64_t sum = 0;
  for (const auto& shard : shards_) sum += shard->connections.evictions() + shard->sources.evictions();
  return sum;
}

}  // namespace sekisho
