// ScanDetector: the frame of the detectors that turn sources into a campaign: whose fact is it, is a flood the better explanation,
// and what to say.
#pragma once
#include <deque>
#include <map>

#include "detect/campaign.h"
#include "detect/detector.h"
#include "detect/scan_context.h"

namespace sekisho {

class ScanDetector : public Detector {
 public:
  void on_step(const Step& step, std::vector<Finding>& out) final;
  void take_offenders(std::vector<Offender>& out) final { campaign_.take_offenders(out); }

 protected:
  // `probation`: facts wait a second before they count, so that the first moments of a flood are not taken for a scan.
  ScanDetector(std::string_view label, CampaignRules rules, DurationNs probation) : campaign_{label, rules}, probation_{probation} {}

  virtual bool claims(const SourceFact& fact, const ScanContext& context) const = 0;
  virtual bool explained_by_flood(const SourceFact&, const ScanContext&) const { return false; }
  virtual void judge(const Campaign& campaign, const ScanContext& context, Finding& finding) const = 0;

 private:
  struct Staged {
    TimeNs since = 0;
    SourceFact fact;  // the latest: rates show only in the course of time
  };
  static constexpr std::size_t kMaxStaged = 512;  // above it the oldest are judged early: by then a flood shows in the rates
  void stage(const SourceFact& fact, TimeNs now);
  void settle(TimeNs now, TimeNs until);

  Campaign campaign_;
  ScanContext context_;
  DurationNs probation_;
  std::map<Address, Staged> staged_;
  std::deque<Address> order_;  // of staged_, by time
};

constexpr DurationNs kScanProbation = kSecond;

// Clauses that several of them use.
std::string silence_clause(const ScanContext& context);  // counter-evidence about answers
void add_ports_clause(const Campaign& campaign, bool marked, Finding& finding);

}  // namespace sekisho
