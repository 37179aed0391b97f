// The rules for failed logins of one service that the brute-force detectors for logs share: a source that is loud, one that tries many
// users, one that is slow, and many that are quiet together.
#pragma once
#include "detect/log_findings.h"
#include "model/offender.h"

namespace sekisho {

struct LogLoginWording {
  LogService service;
  std::string_view label;
  std::string_view tries;  // "failed ssh logins"
  std::string_view doubt;  // counter-evidence
  std::uint16_t port;      // 0 = not known
};

struct LogLoginRules {
  std::int64_t warn = 5;          // failures within ten minutes that are noted
  std::int64_t alert = 20;        // that are an attack
  std::int64_t users = 8;         // distinct users within ten minutes that are an attack; 0 = not judged
  std::int64_t slow = 10;         // failures within 24 hours of a source that never failed `warn` times in ten minutes
  std::int64_t distributed = 10;  // sources with two to five tries at the same users
};

class LogLoginCampaign {
 public:
  LogLoginCampaign(LogLoginWording wording, LogLoginRules rules)
      : wording_{wording}, rules_{rules}, merge_key_{std::string{wording.label} + " log"} {}
  void take_offenders(std::vector<Offender>& out) { offenders_.take(out); }

  void on_step(const LogStep& step, std::vector<Finding>& out) {
    bool touched = false;
    for (const LoginFact& fact : step.logins)
      if (fact.service == wording_.service) touched |= observe(fact);
    for (const DistributedFact& fact : step.distributed)
      if (fact.service == wording_.service) touched |= observe(fact);
    if (!touched && !step.last) return;
    if (peers_.empty()) return;
    judge(step, out);
    // A source that has been silent for a day is no part of what goes on now.
    peers_.expire(step.time - 24 * 3600 * kSecond);
    if (peers_.empty()) loud_ = users_ = slow_ = 0, distributed_ = {}, honeypot_ = mirai_ = defaults_ = 0;
  }

 private:
  bool observe(const LoginFact& f) {
    if (f.new_failures == 0) return false;
    const bool loud = f.failures_10min >= rules_.alert;
    const bool many_users = rules_.users > 0 && f.users_10min >= rules_.users;
    const bool noted = f.failures_10min >= rules_.warn;
    const bool slow = !noted && f.failures_day >= rules_.slow;
    const bool member = peers_.all().contains(f.source);
    if (!noted && !slow && !member && !many_users) return false;
    // One more failure of a source that was loud yesterday is no offence.
    if (noted || slow || many_users) offenders_.add(wording_.label, merge_key_, f.source.base, slow ? f.failures_day : f.failures_10min);
    auto& peer = peers_.at(f.source);
    const std::uint64_t before = peer.hits;
    // What a source did before it was noticed belongs to it.
    peer.hits = std::max<std::uint64_t>(peer.hits + f.new_failures, member ? 0 : f.failures_day);
    total_ += peer.hits - before;
    if (!member) peer.first = f.first_seen;
    peer.last = f.last_seen;
    most_ = std::max<std::uint64_t>(most_, f.failures_10min);
    loud_ += loud && !member_of(loud_sources_, f.source);
    users_ += many_users && !member_of(user_sources_, f.source);
    slow_ += slow && !member_of(slow_sources_, f.source);
    most_users_ = std::max(most_users_, f.users_10min);
    defaults_ += f.default_users > 0;
    mirai_ = std::max(mirai_, f.mirai_credentials);
    honeypot_ += f.honeypot;
    return true;
  }
  bool observe(const DistributedFact& f) {
    if (f.sources < rules_.distributed) return false;
    distributed_ = f;
    names_.clear();
    for (const auto name : f.names)
      if (!name.empty()) names_ += (names_.empty() ? "" : ", ") + quoted_text(name);
    for (std::size_t i = 0; i < f.examples_count; ++i) {
      auto& peer = peers_.at(f.examples[i]);
      if (peer.hits == 0) peer.hits = 2, total_ += 2, peer.first = f.first_seen;
      peer.last = std::max(peer.last, f.first_seen);
    }
    return true;
  }
  // Once each, bounded.
  static bool member_of(std::vector<Network>& list, const Network& source) {
    if (std::find(list.begin(), list.end(), source) != list.end()) return true;
    if (list.size() < 256) list.push_back(source);
    return false;
  }

  void judge(const LogStep& step, std::vector<Finding>& out) {
    const bool distributed = distributed_.sources > 0;
    const bool attack = loud_ > 0 || users_ > 0 || distributed;
    Finding f = log_finding(wording_.label, step, merge_key_);
    f.severity = attack ? Severity::medium : Severity::low;
    if (!pace_.due(step, f.severity, total_)) return;
    f.confidence = attack ? (loud_ > 0 ? 95 : 88) : slow_ > 0 ? 75 : 60;
    peers_.fill(f);
    if (distributed) f.distinct_peers = std::max<std::uint64_t>(f.distinct_peers, distributed_.sources);
    if (wording_.port) f.local_ports.push_back({wording_.port, total_}), f.selector.local_ports.push_back(wording_.port);
    f.headline = fmt::format("{} {} from {} source{}", format_count(total_), wording_.tries, format_count(f.distinct_peers),
                             plural(f.distinct_peers));
    if (loud_)
      f.evidence.push_back(
          fmt::format("{} source{} with at least {} within ten minutes; the most: {}", loud_, plural(loud_), rules_.alert, most_));
    else if (most_ >= static_cast<std::uint64_t>(rules_.warn))
      f.evidence.push_back(fmt::format("the most from one source within ten minutes: {}", most_));
    if (users_)
      f.evidence.push_back(
          fmt::format("{} source{} tried at least {} different users within ten minutes", users_, plural(users_), rules_.users));
    if (distributed)
      f.evidence.push_back(fmt::format("distributed: {} sources with two to five tries each at the same {} user{}{}{}",
                                       distributed_.sources, distributed_.users, plural(distributed_.users), names_.empty() ? "" : ": ",
                                       names_));
    if (slow_)
      f.evidence.push_back(fmt::format("slow: {} source{} with at least {} within a day, never {} in ten minutes", slow_, plural(slow_),
                                       rules_.slow, rules_.warn));
    if (defaults_) f.evidence.push_back("users that devices come with were tried (root, admin, support, ubnt, guest, ...)");
    if (mirai_) f.evidence.push_back(fmt::format("{} of a source's tries had a factory password from Mirai's list", mirai_));
    if (distributed) f.extra_techniques.push_back("T1110.003");
    if (honeypot_) f.counter_evidence.push_back("part of it was tried at a decoy, which has nothing to lose");
    f.counter_evidence.push_back(std::string{wording_.doubt});
    pace_.fill(f, step, total_);
    out.push_back(std::move(f));
  }

  LogLoginWording wording_;
  LogLoginRules rules_;
  std::string merge_key_;
  Offenders offenders_;
  LogPeers peers_;
  LogPace pace_;
  std::uint64_t total_ = 0, most_ = 0;
  std::uint32_t loud_ = 0, users_ = 0, slow_ = 0, most_users_ = 0, defaults_ = 0, mirai_ = 0, honeypot_ = 0;
  std::vector<Network> loud_sources_, user_sources_, slow_sources_;
  DistributedFact distributed_;
  std::string names_;
};

}  // namespace sekisho
