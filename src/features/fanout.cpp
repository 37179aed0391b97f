// The table of outbound fan-out.
#include "features/fanout.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace sekisho {
namespace {

// 100.64.0.0/10, between a provider and its customers (RFC 6598).
constexpr bool is_shared_range(const Address& a) { return is_v4(a) && v4_value(a) >> 22 == 0x64400000U >> 22; }

constexpr std::size_t kWays = 4;
constexpr TimeNs kStamp = 100 * kMillisecond;

std::uint32_t second_of(TimeNs t) { return t <= 0 ? 0 : static_cast<std::uint32_t>(t / kSecond); }
Distinct::Stamp stamp_of(TimeNs t) { return static_cast<Distinct::Stamp>(t <= 0 ? 1 : t / kStamp % 65'535 + 1); }

}  // namespace

Fanout::Fanout(HashKey key, std::size_t entries) : key_{key}, entries_(entries) {
  check(std::has_single_bit(entries) && entries >= kWays, "fan-out entries are a power of two");
  changed_.reserve(entries);
}

Fanout::Entry* Fanout::find(const OutboundEvent& event, std::uint16_t port, bool create) {
  const auto hash = fold_multiply(keyed_hash(key_, event.local.high, event.local.low) ^ key_.a, std::uint64_t{event.protocol} << 16 | port);
  const auto base = hash & (entries_.size() / kWays - 1);
  Entry* victim = nullptr;
  std::uint64_t least = ~0ULL;
  for (std::size_t way = 0; way < kWays; ++way) {
    auto& e = entries_[base * kWays + way];
    if (!e.used) {
      if (least != 0) victim = &e;
      least = 0;
      continue;
    }
    if (e.fact.port == port && e.fact.protocol == event.protocol && e.fact.local == event.local) return &e;
    advance(e, second_of(now_));
    const auto worth = 1 + (recent(e).attempts + e.fact.fingerprint_syns) * 2;
    if (worth < least || (worth == least && e.fact.last_seen < victim->fact.last_seen)) {
      least = worth;
      victim = &e;
    }
  }
  if (!create) return nullptr;
  auto& e = *victim;
  if (e.used) ++evictions_;
  const bool changed = e.changed;  // its place in the list of news stays
  e = Entry{};
  e.used = true;
  e.changed = changed;
  e.fact.local = event.local;
  e.fact.host = event.host;
  e.fact.protocol = event.protocol;
  e.fact.port = port;
  e.fact.first_seen = event.time;
  e.second = second_of(now_);
  return &e;
}

void Fanout::advance(Entry& e, std::uint32_t second) {
  if (second <= e.second) return;
  for (auto s = e.second + 1, end = std::min(second, e.second + 10); s <= end; ++s) e.seconds[s % 10] = {};
  for (auto t = e.second / 10 + 1, end = std::min(second / 10, e.second / 10 + 6); t <= end; ++t) e.ten_seconds[t % 6] = 0;
  e.second = second;
}

Fanout::Counts Fanout::recent(const Entry& e) {
  Counts sum;
  for (const auto& c : e.seconds) {
    sum.attempts += c.attempts;
    sum.answered += c.answered;
    sum.refused += c.refused;
    sum.web += c.web;
    sum.peer_to_peer += c.peer_to_peer;
  }
  return sum;
}

void Fanout::count(const OutboundEvent& event, std::uint16_t port) {
  const bool attempt = event.what == OutboundEvent::What::attempt;
  auto* e = find(event, port, attempt);
  if (e == nullptr) return;
  const auto second = second_of(now_);
  advance(*e, second);
  auto& bucket = e->seconds[second % 10];
  e->fact.last_seen = std::max(e->fact.last_seen, event.time);
  if (attempt) {
    bucket.attempts += event.weight;
    if (event.peer_to_peer) bucket.peer_to_peer += event.weight;
    e->fact.total_attempts += event.weight;
    e->ten_seconds[second / 10 % 6] += event.weight;
    // Stamps wrap after 109 minutes: a key that was silent for long starts anew.
    if (event.time - std::exchange(e->last_attempt, event.time) > 10 * kMinute) e->targets.clear();
    e->targets.add(keyed_hash(key_, event.remote.high, event.remote.low), stamp_of(now_));
    e->fact.sample_remotes[e->next_sample] = event.remote;
    e->next_sample = static_cast<std::uint8_t>((e->next_sample + 1) % e->fact.sample_remotes.size());
    if (event.fingerprint) {
      e->fact.fingerprint_syns += event.weight;
      e->new_fingerprint = true;
    }
    if (is_private(event.remote)) e->fact.private_targets += event.weight;
    if (is_shared_range(event.remote)) e->fact.shared_targets += event.weight;
  } else {
    using What = OutboundEvent::What;
    auto& counter = event.what == What::answered    ? bucket.answered
                    : event.what == What::refused   ? bucket.refused
                    : event.what == What::spoke_web ? bucket.web
                                                    : bucket.peer_to_peer;
    counter += event.weight;
  }
  if (!e->changed) {
    e->changed = true;
    changed_.push_back(static_cast<std::uint32_t>(e - entries_.data()));
  }
}

void Fanout::on_event(const OutboundEvent& event) {
  now_ = std::max(now_, event.time);
  count(event, event.port);
  if (event.port != 0) count(event, 0);
}

void Fanout::collect(TimeNs now, std::vector<FanoutFact>& out) {
  now_ = std::max(now_, now);
  const auto from = static_cast<std::ptrdiff_t>(out.size());
  for (const auto i : changed_) {
    auto& e = entries_[i];
    e.changed = false;
    advance(e, second_of(now_));
    const auto sum = recent(e);
    std::uint64_t minute = 0;
    for (const auto n : e.ten_seconds) minute += n;
    const bool fingerprint = std::exchange(e.new_fingerprint, false);
    if (sum.attempts < kMinAttempts && minute < 6 * kMinAttempts && !fingerprint) continue;
    auto fact = e.fact;
    fact.distinct_remotes = e.targets.count(stamp_of(now_), 100);
    fact.distinct_remotes_minute = e.targets.count(stamp_of(now_), 600);
    fact.attempts = sum.attempts;
    fact.answered = sum.answered;
    fact.refused = sum.refused;
    fact.web_talks = sum.web;
    fact.peer_to_peer_talks = sum.peer_to_peer;
    out.push_back(fact);
  }
  changed_.clear();
  std::sort(out.begin() + from, out.end(), [](const FanoutFact& a, const FanoutFact& b) {
    return std::tie(a.local, a.protocol, a.port) < std::tie(b.local, b.protocol, b.port);
  });
}

}  // namespace sekisho
