// The watch table: bounded, set-associative, keyed by full addresses and ports; decisions per bucket only.
#include "features/connection_watch.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace sekisho {
namespace {

constexpr std::size_t kMaxPushedOutPerGroup = 256;  // between two calls of collect(); per group, so that shards do not matter

WatchKey key_of(const ConnectionFact& f) { return {f.remote, f.local, f.remote_port, f.local_port}; }

// Who must go first has the lowest rank.
int rank_of(const Watched& w, TimeNs now) {
  if (!w.in_use) return 0;
  constexpr DurationNs kIdle = 2 * 60 * kMinute;
  if (w.fact.closed || now - w.fact.last_seen > kIdle) return 1;
  if (w.fact.signs & ~(kSignOpened | kSignSsh | kSignRdp)) return 4;  // C2 bytes, failures: worth the most
  return w.fact.beats >= 2 && w.fact.benign == BenignBeat::none ? 3 : 2;
}

bool is_service_port(std::uint16_t port) { return port < 1024 || login_service(port) != LoginService::none; }

}  // namespace

Opener guess_opener(std::uint16_t local_port, std::uint16_t remote_port) {
  const bool local_service = is_service_port(local_port), remote_service = is_service_port(remote_port);
  if (local_service != remote_service) return local_service ? Opener::remote : Opener::local;
  constexpr std::uint16_t kLowest = 10'000, kEphemeral = 32'768;
  if (local_port < kLowest && remote_port >= kEphemeral) return Opener::remote;
  if (remote_port < kLowest && local_port >= kEphemeral) return Opener::local;
  return Opener::unknown;
}

ConnectionWatch::ConnectionWatch(HashKey key, std::size_t entries_per_group, unsigned groups)
    : key_{key}, buckets_per_group_{std::max<std::size_t>(1, entries_per_group / kWays)} {
  check(std::has_single_bit(buckets_per_group_), "watch entries per group are a power of two");
  slots_.resize(buckets_per_group_ * kWays * groups);
  dirty_.reserve(slots_.size());
  pushed_out_.reserve(kMaxPushedOutPerGroup * groups);
  pushed_out_of_.resize(groups);
}

std::size_t ConnectionWatch::bucket_of(unsigned group, const WatchKey& k) const {
  const std::uint64_t ports = static_cast<std::uint64_t>(k.remote_port) << 16 | k.local_port;
  const std::uint64_t ends = keyed_hash(key_, k.remote.high ^ std::rotl(k.local.high, 32), k.remote.low ^ std::rotl(k.local.low, 32));
  return (group * buckets_per_group_ + (keyed_hash(key_, ends, ports) & (buckets_per_group_ - 1))) * kWays;
}

Watched* ConnectionWatch::find(unsigned group, const WatchKey& key) {
  const std::size_t first = bucket_of(group, key);
  for (std::size_t i = first; i < first + kWays; ++i)
    if (slots_[i].in_use && key_of(slots_[i].fact) == key) return &slots_[i];
  return nullptr;
}

Watched* ConnectionWatch::find_or_add(unsigned group, const WatchKey& key, TimeNs now, bool& added) {
  added = false;
  const std::size_t first = bucket_of(group, key);
  Watched* victim = nullptr;
  int lowest = 0;
  for (std::size_t i = first; i < first + kWays; ++i) {
    Watched& w = slots_[i];
    if (w.in_use && key_of(w.fact) == key) return &w;
    const int rank = rank_of(w, now);
    if (victim == nullptr || rank < lowest || (rank == lowest && w.fact.last_seen < victim->fact.last_seen)) {
      victim = &w;
      lowest = rank;
    }
  }
  if (lowest > 1) ++evictions_;
  // A newcomer that has said nothing yet does not replace evidence that is still fresh.
  if (lowest == 4 && now - victim->fact.last_seen < 10 * kMinute) return nullptr;
  release(group, *victim, true);
  victim->in_use = true;
  victim->fact.remote = key.remote;
  victim->fact.local = key.local;
  victim->fact.remote_port = key.remote_port;
  victim->fact.local_port = key.local_port;
  victim->fact.last_seen = now;
  added = true;
  return victim;
}

std::size_t ConnectionWatch::slot_of(unsigned group, const Watched& watched) const {
  return static_cast<std::size_t>(&watched - slots_.data()) - group * buckets_per_group_ * kWays;
}

Watched* ConnectionWatch::at(unsigned group, std::size_t slot, const WatchKey& key) {
  Watched& w = slots_[group * buckets_per_group_ * kWays + slot];
  return w.in_use && key_of(w.fact) == key ? &w : nullptr;
}

void ConnectionWatch::changed(Watched& watched) {
  if (watched.dirty) return;
  watched.dirty = true;
  dirty_.push_back(static_cast<std::uint32_t>(&watched - slots_.data()));
}

void ConnectionWatch::keep_fact(unsigned group, const Watched& watched) {
  if (pushed_out_of_[group] >= kMaxPushedOutPerGroup) return;
  pushed_out_.push_back(watched.fact);
  ++pushed_out_of_[group];
}

void ConnectionWatch::release(unsigned group, Watched& watched, bool keep_news) {
  if (watched.dirty) {
    if (keep_news) keep_fact(group, watched);
    std::erase(dirty_, static_cast<std::uint32_t>(&watched - slots_.data()));
  }
  watched = Watched{};
}

void ConnectionWatch::collect(bool all, std::vector<ConnectionFact>& out) {
  if (all)
    for (Watched& w : slots_)
      if (w.in_use && has_something_to_say(w)) changed(w);
  out.insert(out.end(), pushed_out_.begin(), pushed_out_.end());
  pushed_out_.clear();
  std::fill(pushed_out_of_.begin(), pushed_out_of_.end(), 0);
  for (const std::uint32_t slot : dirty_) {
    out.push_back(slots_[slot].fact);
    slots_[slot].dirty = false;
  }
  dirty_.clear();
}

}  // namespace sekisho
