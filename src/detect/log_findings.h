// What findings about logs share: how often they are repeated, sources as peers, totals of many sources in one incident.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/text.h"
#include "base/time.h"
#include "model/finding.h"
#include "model/log_step.h"

namespace sekisho {

// A finding on the same incident is repeated when it is worse, or after ten seconds of log time when there is more; at the end always.
class LogPace {
 public:
  bool due(const LogStep& step, Severity severity, std::uint64_t total) const {
    return !told_ || severity > severity_ || (total != total_ && (step.last || step.time - last_ >= 10 * kSecond || step.time < last_));
  }
  // From totals that only grow to what came since the last finding.
  void fill(Finding& f, const LogStep& step, std::uint64_t total) {
    f.packets = total >= total_ ? total - total_ : total;
    total_ = total, last_ = step.time, told_ = true;
    severity_ = std::max(severity_, f.severity);
  }

 private:
  bool told_ = false;
  TimeNs last_ = 0;
  std::uint64_t total_ = 0;
  Severity severity_ = Severity::info;
};

// One line of a log is one packet of the finding: without bytes, so that readers can tell.
inline Finding log_finding(std::string_view label, const LogStep& step, std::string merge_key) {
  Finding f;
  f.time = step.time;
  f.label = label;
  f.has_subject = false;
  f.merge_key = std::move(merge_key);
  return f;
}

// The sources that make up one incident, with what each has contributed; at most so many, the least goes.
class LogPeers {
 public:
  struct Peer {
    std::uint64_t hits = 0;
    TimeNs first = 0, last = 0;
  };
  Peer& at(const Network& source) {
    if (peers_.size() >= kMost && !peers_.contains(source)) {
      const auto least =
          std::min_element(peers_.begin(), peers_.end(), [](const auto& a, const auto& b) { return a.second.last < b.second.last; });
      peers_.erase(least);
      ++forgotten_;
    }
    return peers_[source];
  }
  // Looks through them once a minute at most: they can be many, and a step of the log is a second.
  void expire(TimeNs before) {
    if (before >= expired_ && before < expired_ + 60 * kSecond && !peers_.empty()) return;
    expired_ = before;
    std::erase_if(peers_, [&](const auto& p) { return p.second.last < before; });
    if (peers_.empty()) forgotten_ = 0;
  }
  std::size_t size() const { return peers_.size(); }
  bool empty() const { return peers_.empty(); }
  const std::map<Network, Peer>& all() const { return peers_; }
  std::uint64_t hits() const {
    std::uint64_t sum = 0;
    for (const auto& [source, peer] : peers_) sum += peer.hits;
    return sum;
  }
  // Fills distinct_peers, top_peers, first_packet and the selector's remotes.
  void fill(Finding& f) const {
    f.distinct_peers = peers_.size() + forgotten_;
    f.degraded = forgotten_ > 0;
    f.top_peers.reserve(peers_.size());
    for (const auto& [source, peer] : peers_) {
      f.top_peers.push_back({source.base, 0, peer.hits});
      f.first_packet = f.first_packet ? std::min(f.first_packet, peer.first) : peer.first;
    }
    const auto more = [](const PeerFact& x, const PeerFact& y) {
      return x.packets != y.packets ? x.packets > y.packets : x.address < y.address;
    };
    if (f.top_peers.size() > kMaxSelected) {
      std::nth_element(f.top_peers.begin(), f.top_peers.begin() + kMaxSelected, f.top_peers.end(), more);
      f.top_peers.resize(kMaxSelected);
    }
    std::sort(f.top_peers.begin(), f.top_peers.end(), more);
    for (std::size_t i = 0; i < std::min(f.top_peers.size(), kMaxSelected); ++i) f.selector.remotes.push_back(f.top_peers[i].address);
    f.selector.direction = f.direction;
    f.selector.both_ways = true;
    if (f.top_peers.size() > 20) f.top_peers.resize(20);
  }

 private:
  static constexpr std::size_t kMost = 4096;
  std::map<Network, Peer> peers_;
  std::uint64_t forgotten_ = 0;
  TimeNs expired_ = 0;  // older ones went
};

inline std::string quoted_text(std::string_view hostile) { return fmt::format("\"{}\"", escape_hostile(hostile, 48)); }
inline std::string_view plural(std::uint64_t n) { return n == 1 ? "" : "s"; }

}  // namespace sekisho
