// Scans that firewall LOG lines show, many sources in one incident: shared by the scan detectors for logs.
#pragma once
#include <vector>

#include "detect/log_findings.h"
#include "detect/port_table.h"
#include "model/offender.h"

namespace sekisho {

class LogScanCampaign {
 public:
  struct Totals {
    std::uint64_t lines = 0, syns = 0, with_seq = 0, fingerprint = 0, device_port_syns = 0, plain_syns = 0;
    std::uint32_t most_ports = 0;
    bool private_source = false;
  };
  explicit LogScanCampaign(std::string_view label) : label_(label), merge_key_(std::string{label} + " log") {}
  void take_offenders(std::vector<Offender>& out) { offenders_.take(out); }

  // A source that belongs to it: what it added to the totals since it was told last.
  void add(const LogScanFact& f) {
    auto& peer = peers_.at(f.source);
    if (peer.hits == 0) peer.first = f.first_seen;
    peer.last = f.last_seen;
    peer.hits = f.lines;
    auto& known = known_[f.source];
    const auto grow = [](std::uint64_t& total, std::uint64_t now, std::uint64_t& before) {
      total += now >= before ? now - before : now;
      before = now;
    };
    grow(totals_.lines, f.lines, known.lines), grow(totals_.syns, f.syns, known.syns), grow(totals_.with_seq, f.with_seq, known.with_seq);
    grow(totals_.fingerprint, f.fingerprint, known.fingerprint), grow(totals_.plain_syns, f.plain_syns, known.plain_syns);
    grow(totals_.device_port_syns, f.device_port_syns, known.device_port_syns);
    totals_.most_ports = std::max({totals_.most_ports, f.ports_minute, f.ports});
    totals_.private_source |= is_private(f.source.base);
    for (const auto& p : f.first_ports)
      if (p.lines) by_source_[{f.source, p.port}] = p.lines;
    if (known_.size() > kMostKnown) known_.erase(known_.begin());
    if (by_source_.size() > kMostKnown) by_source_.erase(by_source_.begin());
    recent_.push_back({f.last_seen, f.source});
    if (recent_.size() > kMostRecent) recent_.erase(recent_.begin(), recent_.begin() + kMostRecent / 2);
    touched_ = true;
    offenders_.add(label_, merge_key_, f.source.base, f.lines);
  }
  // Distinct sources within the last `within`.
  std::size_t sources_within(TimeNs now, DurationNs within) const {
    std::vector<Network> seen;
    for (const auto& [time, source] : recent_)
      if (time + within >= now) seen.push_back(source);
    std::sort(seen.begin(), seen.end());
    return static_cast<std::size_t>(std::unique(seen.begin(), seen.end()) - seen.begin());
  }

  const Totals& totals() const { return totals_; }
  bool touched(const LogStep& step) const { return touched_ || (step.last && !peers_.empty()); }
  // The finding with its peers, ports and numbers, when it is due; the detector adds what it knows.
  template <class F>
  void tell(const LogStep& step, Severity severity, std::vector<Finding>& out, F&& finish) {
    touched_ = false;
    if (!pace_.due(step, severity, totals_.lines)) return;
    Finding f = log_finding(label_, step, merge_key_);
    f.severity = severity;
    peers_.fill(f);
    std::map<std::uint16_t, std::uint64_t> ports;
    for (const auto& [key, lines] : by_source_) ports[key.second] += lines;
    for (const auto& [port, lines] : ports) f.local_ports.push_back({port, lines});
    std::stable_sort(f.local_ports.begin(), f.local_ports.end(),
                     [](const PortFact& a, const PortFact& b) { return a.packets > b.packets; });
    if (f.local_ports.size() > 20) f.local_ports.resize(20);
    f.headline =
        fmt::format("{} LOG lines from {} source{}", format_count(totals_.lines), format_count(f.distinct_peers), plural(f.distinct_peers));
    finish(f);
    std::vector<std::uint16_t> numbers;
    for (const auto& p : f.local_ports) numbers.push_back(p.port);
    if (auto who = attribution(totals_.fingerprint > 0, numbers); !who.empty()) f.evidence.push_back(std::move(who));
    f.counter_evidence.push_back(
        "LOG lines are samples (rules limit their rate) and show no answers: the counts are lower bounds, and a SYN's source is unproven");
    pace_.fill(f, step, totals_.lines);
    out.push_back(std::move(f));
    peers_.expire(step.time - 24 * 3600 * kSecond);
  }

 private:
  static constexpr std::size_t kMostKnown = 8192, kMostRecent = 4096;
  std::string_view label_;
  std::string merge_key_;
  Offenders offenders_;
  LogPeers peers_;
  LogPace pace_;
  Totals totals_;
  std::map<Network, Totals> known_;
  std::map<std::pair<Network, std::uint16_t>, std::uint64_t> by_source_;
  std::vector<std::pair<TimeNs, Network>> recent_;
  bool touched_ = false;
};

}  // namespace sekisho
