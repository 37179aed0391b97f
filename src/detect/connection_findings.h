// What the detectors of connections share: bounded memory, the pace of repeated findings, the frame of a C2 finding.
#pragma once
#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "model/finding.h"
#include "model/second.h"

namespace sekisho {

// A map that forgets its oldest key when full. Ordered, so that results never depend on hashing.
template <class K, class V>
class BoundedMap {
 public:
  explicit BoundedMap(std::size_t max) : max_{max} {}
  V& operator[](const K& key) {
    const auto found = map_.find(key);
    if (found != map_.end()) return found->second;
    if (map_.size() >= max_) {
      map_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(key);
    return map_[key];
  }
  const std::map<K, V>& all() const { return map_; }
  std::map<K, V>& all() { return map_; }

 private:
  std::size_t max_;
  std::map<K, V> map_;
  std::deque<K> order_;
};

using ConnectionKey = std::tuple<Address, Address, std::uint16_t, std::uint16_t>;
inline ConnectionKey key_of(const ConnectionFact& f) { return {f.local, f.remote, f.local_port, f.remote_port}; }
inline std::uint64_t packets_of(const ConnectionFact& f) { return f.packets_out + f.packets_in; }
// Facts count payload; 54 bytes of headers a packet come close to what went over the wire.
inline std::uint64_t bytes_of(const ConnectionFact& f) { return f.payload_out + f.payload_in + 54 * packets_of(f); }

inline std::string address_and_port(const Address& a, std::uint16_t port) {
  return is_v4(a) ? fmt::format("{}:{}", to_string(a), port) : fmt::format("[{}]:{}", to_string(a), port);
}

// The ports that Mirai's own C2 and its best known derivatives used. A prior, never a verdict.
constexpr bool is_c2_port(std::uint16_t port) { return port == 23 || port == 2323 || port == 48101 || port == 1312 || port == 23448; }

inline constexpr std::string_view kIsolateAdvice =
    "Isolate this host from the network now, but keep it powered: memory is the best evidence there is. Note the process that owns the "
    "connection (ss -tnp), keep the capture, and treat the host as untrusted until it is re-imaged from a known-good snapshot. "
    "Change every credential it held.";

constexpr DurationNs kRepeatEvery = 10 * kSecond;

// Decides when a finding on the same key may be repeated, and what has come since the last one.
class Pace {
 public:
  // `packets` is the total so far: at the end of the input the rest is reported whatever the pace.
  bool due(const Step& step, Severity severity, std::uint64_t packets) const {
    return !reported_ || severity > severity_ || step.time - last_ >= kRepeatEvery || (step.last && packets != packets_);
  }
  // From totals that only grow (they start again when the ports are used again) to the increment since the last report.
  void fill(Finding& finding, TimeNs now, std::uint64_t packets, std::uint64_t bytes) {
    finding.packets = packets >= packets_ ? packets - packets_ : packets;
    finding.bytes = bytes >= bytes_ ? bytes - bytes_ : bytes;
    const TimeNs since = reported_ ? last_ : std::min(finding.first_packet, now);
    const double seconds = std::max(1.0, static_cast<double>(now - since) / static_cast<double>(kSecond));
    finding.rate_pps = static_cast<double>(finding.packets) / seconds;
    finding.rate_bps = static_cast<double>(finding.bytes) * 8 / seconds;
    packets_ = packets;
    bytes_ = bytes;
    last_ = now;
    severity_ = std::max(severity_, finding.severity);
    reported_ = true;
  }

 private:
  TimeNs last_ = 0;
  std::uint64_t packets_ = 0, bytes_ = 0;
  Severity severity_ = Severity::info;
  bool reported_ = false;
};

// A finding about one control connection of a local host: one incident per (local, remote, port), whatever the labels.
inline Finding c2_finding(std::string_view label, const ConnectionFact& f, TimeNs now) {
  Finding finding;
  finding.time = now;
  finding.first_packet = f.opened;
  finding.label = label;
  finding.direction = Direction::egress;
  finding.subject = f.local;
  finding.merge_key = to_string(f.local) + ">" + address_and_port(f.remote, f.remote_port);
  finding.severity = Severity::high;
  finding.distinct_peers = 1;
  finding.top_peers = {{f.remote, f.remote_port, packets_of(f)}};
  finding.remote_ports = {{f.remote_port, packets_of(f)}};
  if (f.local_port != 0) finding.local_ports = {{f.local_port, packets_of(f)}};
  finding.advice = kIsolateAdvice;
  finding.selector.direction = Direction::egress;
  finding.selector.locals = {f.local};
  finding.selector.remotes = {f.remote};
  finding.selector.remote_ports = {f.remote_port};
  finding.selector.both_ways = true;
  return finding;
}

// Counter-evidence that every C2 verdict weighs.
inline void add_c2_doubts(const ConnectionFact& f, Finding& finding) {
  if (!(f.signs & kSignOpened)) finding.counter_evidence.push_back("the connection began before the capture: who opened it is inferred");
  if (is_private(f.remote)) finding.counter_evidence.push_back("the peer is in a private network");
  if (!is_c2_port(f.remote_port))
    finding.counter_evidence.push_back(fmt::format("port {} is not one that the original Mirai used", f.remote_port));
}

}  // namespace sekisho
