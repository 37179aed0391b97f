// Counts requests by second, path, agent and source.
#include "features/log_requests.h"

namespace sekisho {
namespace {

constexpr std::size_t kMostSeen = 4096;

}  // namespace

void LogRequests::Shares::add(std::uint64_t hash, std::string_view text) {
  hash |= 1;
  for (const std::size_t at : {hash >> 32 & (kSlots - 1), hash >> 48 & (kSlots - 1)}) {
    Slot& slot = slots_[at];
    if (slot.count && slot.hash != hash) continue;
    if (slot.count == 0) {
      slot.hash = hash;
      slot.text.set(text);
      used_.push_back(static_cast<std::uint16_t>(at));
    }
    ++slot.count;
    return;
  }
}

RequestShare LogRequests::Shares::top() const {
  RequestShare best;
  for (const auto at : used_)
    if (slots_[at].count > best.requests) best = {slots_[at].text.view(), slots_[at].count};
  return best;
}

void LogRequests::Shares::clear() {
  for (const auto at : used_) slots_[at].count = 0;
  used_.clear();
}

LogRequests::LogRequests(HashKey key, std::size_t most_sources) : key_(key), sources_(key, most_sources) {}

void LogRequests::on_event(const LogEvent& event, TimeNs now) {
  if (now_.requests == 0) {
    paths_.clear(), agents_.clear(), seen_.clear();
    now_ = {};
  }
  ++now_.requests, ++total_;
  now_.client_errors += event.status >= 400 && event.status < 500;
  now_.server_errors += event.status >= 500;
  paths_.add(hash_text(key_, event.path), event.path);
  agents_.add(hash_text(key_, event.agent), event.agent);
  if (!event.has_source) return;
  const Address source = log_source(event.source).base;
  bool fresh = false;
  Source& s = sources_.at(source, fresh, [&](const Address& old, Source& gone) {
    if (evicted_hits_.size() < kMostPendingHits) gone.pending.move_to(evicted_hits_, log_source(old), LogService::http, Direction::ingress, 0);
  });
  if (fresh) s.first_seen = now;
  const auto second = static_cast<std::uint32_t>(now / kSecond);
  if (second != s.second) {
    const std::uint32_t gone = second > s.second ? std::min<std::uint32_t>(second - s.second, 10) : 10;
    for (std::uint32_t i = 0; i < gone; ++i) s.bins[(second - i) % 10] = 0;
    s.second = second, s.this_second = 0;
  }
  if (s.this_second++ == 0 && seen_.size() < kMostSeen) seen_.push_back(source);
  ++s.bins[second % 10];
  ++s.requests;
  s.pending.add(now, 1);
  if (!s.has_hits) s.has_hits = true, with_hits_.push_back(source);
  if (!s.busy && s.this_second >= kBusy10s / 10) s.busy = true, busy_.push_back(source);
}

void LogRequests::finish_second(TimeNs now, std::vector<RequestFact>& requests, std::vector<RequestSourceFact>& sources) {
  if (now_.requests == 0) return;
  RequestFact f = now_;
  f.time = now;
  f.top_path = paths_.top(), f.top_agent = agents_.top();
  f.sources = static_cast<std::uint32_t>(seen_.size());
  for (const auto& address : seen_) {
    const Source* s = sources_.find(address);
    if (!s) continue;
    RequestFact::Source one{log_source(address), s->this_second};
    for (auto& top : f.top_sources)
      if (one.requests > top.requests) std::swap(one, top);
  }
  f.learned_seconds = learned_;
  f.normal_rps = normal_;
  requests.push_back(f);
  // What is far above normal does not become normal: it counts as three times as much at most.
  const double ceiling = normal_ > 0 ? std::max(3 * normal_, 10.0) : static_cast<double>(now_.requests);
  history_[learned_++ % history_.size()] = static_cast<std::uint32_t>(std::min<double>(now_.requests, ceiling));
  if (learned_ <= history_.size() || learned_ % 16 == 0) {
    const std::size_t n = std::min<std::size_t>(learned_, history_.size());
    std::array<std::uint32_t, 300> sorted = history_;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(n / 2);
    std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(n));
    normal_ = *middle;
  }
  std::vector<Address> still;
  for (const auto& address : busy_) {
    Source* s = sources_.find(address);
    if (!s) continue;
    const auto second = static_cast<std::uint32_t>(now / kSecond) - 1;
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < 10; ++i)
      if (s->second + 10 > second - i && second - i <= s->second) sum += s->bins[(second - i) % 10];
    if (sum >= kBusy10s) sources.push_back({log_source(address), s->first_seen, sum, s->requests});
    s->busy = sum >= kBusy10s / 10;
    if (s->busy) still.push_back(address);
  }
  busy_ = std::move(still);
  now_.requests = 0;
}

void LogRequests::take_hits(std::vector<LogHit>& out) {
  out.insert(out.end(), evicted_hits_.begin(), evicted_hits_.end());
  evicted_hits_.clear();
  for (const auto& address : with_hits_) {
    Source* s = sources_.find(address);
    if (!s || !s->has_hits) continue;
    s->has_hits = false;
    s->pending.move_to(out, log_source(address), LogService::http, Direction::ingress, 0);
  }
  with_hits_.clear();
}

}  // namespace sekisho
