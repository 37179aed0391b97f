// Failed logins per (local, remote) within a sliding time, and the finding about them: shared by the brute-force detectors.
#pragma once
#include <optional>

#include "detect/connection_findings.h"
#include "model/offender.h"

namespace sekisho {

// How a detector words what it counts.
struct LoginWording {
  std::string_view label;
  std::string_view what;       // "failed FTP logins"
  std::string_view certainty;  // evidence: how a failure is recognised
  std::string_view doubt;      // counter-evidence
  bool certain = false;        // the server's text says that the login failed
};

struct LoginRules {
  std::int64_t warn = 5, alert = 20;      // failures from one source
  std::int64_t distributed_sources = 10;  // sources with at least two failures each
  DurationNs within = 10 * kMinute;
};

class LoginAttempts {
 public:
  LoginAttempts(LoginWording wording, LoginRules rules)
      : wording_{wording}, rules_{rules}, connections_{8192}, sources_{8192}, subjects_{1024} {}

  // `failures` and `ok` are what this connection amounts to so far: they only grow.
  void observe(const ConnectionFact& f, std::uint32_t failures, bool ok) {
    Connection& c = connections_[key_of(f)];
    if (c.opened != f.opened) c = {f.opened};
    const std::uint32_t more = failures > c.failures ? failures - c.failures : 0;
    const bool now_ok = ok && !c.ok;
    if (more == 0 && !now_ok) return;
    c.failures += more;
    c.ok = c.ok || ok;
    bool news = more != 0;
    if (const SourceKey key{f.outbound, f.local, f.remote}; more != 0 || sources_.all().contains(key)) {  // a success alone is no attempt
      Source& source = sources_[key];
      const std::int64_t bin = f.last_seen / bin_length();
      source.advance(bin);
      source.bins[static_cast<std::size_t>(bin % kBins)] += more;
      if (source.first == 0 || f.opened < source.first) source.first = f.opened;
      source.port = f.outbound ? f.remote_port : f.local_port;
      if (now_ok && source.total() >= rules_.warn) source.ok_after_failures = news = true;
      Subject& its = subjects_[{f.outbound, f.local}];
      its.most = std::max(its.most, source.total());
      its.repeaters += source.total() >= 2;
      if (more != 0 && !f.outbound && source.total() >= rules_.warn)
        offenders_.add(wording_.label, merge_key_of(f.local), f.remote, static_cast<std::uint64_t>(source.total()));
    }
    Subject& subject = subjects_[{f.outbound, f.local}];
    subject.packets += packets_of(f) - std::min(c.packets, packets_of(f));
    subject.bytes += bytes_of(f) - std::min(c.bytes, bytes_of(f));
    c.packets = packets_of(f);
    c.bytes = bytes_of(f);
    if (news && std::find(touched_.begin(), touched_.end(), SubjectKey{f.outbound, f.local}) == touched_.end())
      touched_.emplace_back(f.outbound, f.local);
  }

  void take_offenders(std::vector<Offender>& out) { offenders_.take(out); }

  void report(const Step& step, std::vector<Finding>& out) {
    if (step.last) {
      touched_.clear();
      for (const auto& [key, subject] : subjects_.all()) touched_.push_back(key);
    }
    std::sort(touched_.begin(), touched_.end());
    for (const SubjectKey& key : touched_)
      if (auto finding = judge(key, step)) out.push_back(std::move(*finding));
    touched_.clear();
  }

 private:
  static constexpr std::int64_t kBins = 10;
  using SubjectKey = std::pair<bool, Address>;           // outbound, local
  using SourceKey = std::tuple<bool, Address, Address>;  // outbound, local, remote
  struct Connection {
    TimeNs opened = 0;
    std::uint32_t failures = 0;
    bool ok = false;
    std::uint64_t packets = 0, bytes = 0;
  };
  struct Source {
    std::array<std::uint32_t, kBins> bins{};
    std::int64_t bin = 0;
    TimeNs first = 0;
    std::uint16_t port = 0;
    bool ok_after_failures = false;
    void advance(std::int64_t to) {
      if (to - bin >= kBins || to < bin) {
        const bool back = to < bin && bin - to < kBins;  // slightly late facts join the current bins
        if (back) return;
        bins = {};
        first = 0;
        ok_after_failures = false;
      } else {
        for (std::int64_t b = bin + 1; b <= to; ++b) bins[static_cast<std::size_t>(b % kBins)] = 0;
      }
      bin = to;
    }
    std::int64_t total() const {
      std::int64_t sum = 0;
      for (const auto n : bins) sum += n;
      return sum;
    }
  };
  struct Subject {
    std::uint64_t packets = 0, bytes = 0;
    // At least what judge() would find: as it found, and what came since. Sources only lose failures by themselves.
    std::int64_t most = 0, repeaters = 0;
    Pace pace;
  };

  DurationNs bin_length() const { return std::max<DurationNs>(rules_.within / kBins, kSecond); }

  std::string merge_key_of(const Address& local) const { return std::string{wording_.label} + " " + to_string(local); }

  std::optional<Finding> judge(const SubjectKey& key, const Step& step) {
    const TimeNs now = step.time;
    const auto [outbound, local] = key;
    Subject& subject = subjects_[key];
    if (!outbound && subject.most < std::min(rules_.warn, rules_.alert) && subject.repeaters < rules_.distributed_sources)
      return std::nullopt;  // the walk over all sources would find nothing
    std::int64_t total = 0, most = 0, repeaters = 0, distinct = 0;
    bool entered = false;
    TimeNs first = now;
    Finding finding;
    std::map<std::uint16_t, std::uint64_t> ports;
    auto& sources = sources_.all();
    for (auto at = sources.lower_bound({outbound, local, Address{}}); at != sources.end(); ++at) {
      const auto& [source_outbound, source_local, remote] = at->first;
      if (source_outbound != outbound || source_local != local) break;
      at->second.advance(std::max(at->second.bin, now / bin_length()));
      const std::int64_t failures = at->second.total();
      if (failures == 0) continue;
      ++distinct;
      total += failures;
      most = std::max(most, failures);
      repeaters += failures >= 2;
      entered = entered || (at->second.ok_after_failures && failures >= rules_.alert);
      first = std::min(first, at->second.first);
      ports[at->second.port] += static_cast<std::uint64_t>(failures);
      finding.top_peers.push_back({remote, 0, static_cast<std::uint64_t>(failures)});
    }
    subject.most = most, subject.repeaters = repeaters;
    const bool distributed = repeaters >= rules_.distributed_sources && total >= rules_.alert;
    // Outbound, one attacker is this host and the targets are many: the sum counts.
    const bool alert = most >= rules_.alert || distributed || (outbound && total >= rules_.alert);
    if (!alert && (outbound || most < rules_.warn)) return std::nullopt;

    finding.time = now;
    finding.first_packet = first;
    finding.label = wording_.label;
    finding.direction = outbound ? Direction::egress : Direction::ingress;
    finding.subject = local;
    finding.merge_key = merge_key_of(local);
    finding.severity = !alert ? Severity::low : outbound || entered ? Severity::high : Severity::medium;
    const double over = std::min(1.0, static_cast<double>(total) / static_cast<double>(4 * rules_.alert));
    finding.confidence = (alert ? 75 : 45) + (wording_.certain ? 15 : 0) + static_cast<int>(9 * over);
    if (!subject.pace.due(step, finding.severity, subject.packets)) return std::nullopt;

    finding.distinct_peers = static_cast<std::uint64_t>(distinct);
    std::stable_sort(finding.top_peers.begin(), finding.top_peers.end(),
                     [](const PeerFact& a, const PeerFact& b) { return a.packets > b.packets; });
    finding.selector.direction = finding.direction;
    finding.selector.locals = {local};
    finding.selector.both_ways = true;
    for (std::size_t i = 0; i < std::min(finding.top_peers.size(), kMaxSelected); ++i)
      finding.selector.remotes.push_back(finding.top_peers[i].address);
    if (finding.top_peers.size() > 20) finding.top_peers.resize(20);
    auto& port_facts = outbound ? finding.remote_ports : finding.local_ports;
    for (const auto& [port, count] : ports) {
      if (port_facts.size() == 20) break;
      port_facts.push_back({port, count});
      (outbound ? finding.selector.remote_ports : finding.selector.local_ports).push_back(port);
    }
    std::stable_sort(port_facts.begin(), port_facts.end(), [](const PortFact& a, const PortFact& b) { return a.packets > b.packets; });

    const std::string span = format_duration(std::max<DurationNs>(now - first, 0));
    finding.headline = fmt::format("{} {} in {} {} {} {}", total, wording_.what, span, outbound ? "at" : "from", distinct,
                                   outbound ? (distinct == 1 ? "target" : "targets") : (distinct == 1 ? "source" : "sources"));
    finding.evidence.push_back(
        fmt::format("{} {}, {} of them {} one address, within {}", total, wording_.what, most, outbound ? "at" : "from", span));
    finding.evidence.push_back(std::string{wording_.certainty});
    if (distributed && most < rules_.alert)
      finding.evidence.push_back(fmt::format("{} addresses tried at least twice each: distributed", repeaters));
    if (entered) {
      finding.evidence.push_back("then a login from such an address succeeded");
      finding.extra_techniques = {"T1078"};
    }
    finding.counter_evidence.push_back(std::string{wording_.doubt});
    if (!entered) finding.counter_evidence.push_back("no successful login after the failures was seen");
    if (outbound) finding.advice = kIsolateAdvice;
    subject.pace.fill(finding, now, subject.packets, subject.bytes);
    return finding;
  }

  LoginWording wording_;
  LoginRules rules_;
  Offenders offenders_;
  BoundedMap<ConnectionKey, Connection> connections_;
  BoundedMap<SourceKey, Source> sources_;
  BoundedMap<SubjectKey, Subject> subjects_;
  std::vector<SubjectKey> touched_;
};

}  // namespace sekisho
