// Staging of facts and the clauses that scan detectors share.
#include "detect/scan_detector.h"

#include "detect/port_table.h"

namespace sekisho {

void ScanDetector::stage(const SourceFact& fact, TimeNs now) {
  const auto [found, fresh] = staged_.try_emplace(fact.remote, Staged{now, fact});
  if (fresh) {
    order_.push_back(fact.remote);
    return;
  }
  auto& held = found->second.fact;
  const auto packets = held.new_packets, bytes = held.new_bytes;
  const auto syns = held.new_syns;
  held = fact;
  held.new_packets += packets;
  held.new_bytes += bytes;
  held.new_syns += syns;
}

void ScanDetector::settle(TimeNs now, TimeNs until) {
  while (!order_.empty()) {
    const auto found = staged_.find(order_.front());
    if (found->second.since > until && staged_.size() <= kMaxStaged) return;
    if (!explained_by_flood(found->second.fact, context_)) campaign_.add(found->second.fact, now);
    staged_.erase(found);
    order_.pop_front();
  }
}

void ScanDetector::on_step(const Step& step, std::vector<Finding>& out) {
  context_.on_step(step);
  for (const auto& fact : step.sources) {
    if (!claims(fact, context_)) continue;
    if (probation_ == 0) {
      if (!explained_by_flood(fact, context_)) campaign_.add(fact, step.time);
      continue;
    }
    stage(fact, step.time);
    if (staged_.size() > kMaxStaged) settle(step.time, step.time - kMinute);
  }
  settle(step.time, step.last ? step.time : step.time - probation_);
  if (!campaign_.due(step.time, step.last)) return;
  auto finding = campaign_.take(step.time);
  judge(campaign_, context_, finding);
  if (const auto* label = find_label(finding.label); finding.advice.empty() && label != nullptr && label->advice.empty())
    finding.advice = "Check that only what you mean to offer listens (ss -ltnu); a scan by itself does no harm.";
  out.push_back(std::move(finding));
}

std::string silence_clause(const ScanContext& context) {
  return context.answers_seen() ? "a SYN's source is unproven: the addresses may be forged, blocking them is not advised"
                                : "only one direction was captured: silence proves little, so more attempts were asked for";
}

void add_ports_clause(const Campaign& campaign, bool marked, Finding& finding) {
  // A sweep over all ports meets a bot's ports too: they must be what the scan is about.
  double telling = 0;
  for (const auto& entry : port_table())
    if (entry.weight >= kTellingWeight) telling += campaign.port_share(entry.port);
  if (telling < 0.5) return;
  if (auto who = attribution(marked, campaign.port_numbers()); !who.empty()) finding.evidence.push_back(std::move(who));
}

}  // namespace sekisho
