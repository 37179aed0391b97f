// Staging of facts and the clauses that scan detectors share.
#include "detect/scan_detector.h"

#include "detect/port_table.h"

namespace sekisho {

void ScanDetector::settle(TimeNs now, TimeNs until, std::size_t keep) {
  while (!staged_.empty() && (staged_.front().time <= until || staged_.size() > keep)) {
    const auto& fact = staged_.front().fact;
    if (!explained_by_flood(fact, context_)) campaign_.add(fact, now);
    staged_.pop_front();
  }
}

void ScanDetector::on_step(const Step& step, std::vector<Finding>& out) {
  context_.on_step(step);
  for (const auto& fact : step.sources)
    if (claims(fact, context_)) {
      staged_.push_back({step.time, fact});
      settle(step.time, step.time - kMinute, kMaxStaged);
    }
  settle(step.time, step.last ? step.time : step.time - probation_, kMaxStaged);
  if (!campaign_.due(step.time, step.last)) return;
  auto finding = campaign_.take(step.time);
  judge(campaign_, context_, finding);
  if (const auto* label = find_label(finding.label); finding.advice.empty() && label != nullptr && label->advice.empty())
    finding.advice = "Check that only what you mean to offer listens (ss -ltnu); a scan by itself does no harm.";
  out.push_back(std::move(finding));
}

std::string silence_clause(const ScanContext& context) {
  return context.answers_seen() ? "a SYN's source is unproven: the addresses may be forged, blocking them is not advised"
                                : "only one direction was captured: silence proves little, so twice as many attempts were asked for";
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
