// Campaign: many scan sources of one label become one growing incident: totals, port mix, growth, and findings with increments.
#pragma once
#include <array>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/distinct.h"
#include "detect/peer_table.h"
#include "model/finding.h"
#include "model/offender.h"
#include "model/source_fact.h"

namespace sekisho {

struct CampaignRules {
  // Severity: `single` for one or two sources, low from three on, medium for a wave: so many distinct sources within the window
  // and more than three times the median minute once an hour was watched.
  Severity single = Severity::info;
  std::uint64_t wave_sources = 30;
  DurationNs wave_window = kMinute;
  bool wave_on_telling_ports = true;  // only sources on ports that say "device" count
  DurationNs idle = 15 * kMinute;     // silence after which totals start anew
  DurationNs report_every = 5 * kSecond;
};

struct CampaignTotals {
  TimeNs first_seen = 0;
  std::uint64_t packets = 0, bytes = 0, syns = 0, bare_syns = 0, fingerprint_syns = 0;
  std::uint64_t sources = 0;  // the numbers below count sources
  std::uint64_t high_ports = 0, with_syn = 0, low_ttl = 0, private_sources = 0, completed = 0, refused = 0;
  std::uint64_t several_syns = 0, constant = 0;  // three SYNs and more; of them one source port and one window throughout
};

class Campaign {
 public:
  Campaign(std::string_view label, CampaignRules rules) : label_{label}, merge_key_{label}, rules_{rules} {}

  void add(const SourceFact& fact, TimeNs now);
  // Is there something to say? The first time at once, then every few seconds, at the end, and when a wave begins.
  bool due(TimeNs now, bool last);
  // Numbers, peers, ports, severity, the evidence that all scans share, the selector; the detector adds confidence and its own text.
  Finding take(TimeNs now);
  void take_offenders(std::vector<Offender>& out) { offenders_.take(out); }

  const CampaignTotals& totals() const { return totals_; }
  std::uint64_t distinct_sources() const;
  bool wave() const { return wave_; }
  const std::set<Address>& locals() const { return locals_; }
  std::vector<PortFact> ports() const;          // largest first
  double port_share(std::uint16_t port) const;  // of the SYNs
  std::vector<std::uint16_t> port_numbers() const;
  std::uint16_t most_ports() const { return most_ports_; }  // of one source
  std::uint16_t most_locals() const { return most_locals_; }
  std::uint32_t most_failures() const { return most_failures_; }  // of one source, and its successes
  std::uint32_t its_successes() const { return its_successes_; }
  double fastest_pps() const { return fastest_pps_; }

 private:
  struct Peer {
    std::uint64_t packets = 0;
    // What the last fact said: facts are totals, and start anew when the source was pushed out of its table.
    std::uint64_t fact_packets = 0, fact_bytes = 0;
    std::uint32_t fact_syns = 0;
    std::array<std::uint16_t, 8> port_syns{};
    TimeNs last = 0;
    bool telling = false, several = false, constant = false, completed = false, refused = false;
  };
  void reset();
  void count_minute(TimeNs now, std::uint64_t fresh);
  void look_for_wave(TimeNs now);
  void trim_peers();
  std::string growth() const;

  std::string_view label_;
  std::string merge_key_;
  CampaignRules rules_;
  CampaignTotals totals_;
  Offenders offenders_;
  PeerTable<Peer> peers_;
  bool peers_trimmed_ = false;
  Distinct distinct_;
  std::set<Address> locals_;
  bool many_locals_ = false;
  std::map<std::uint16_t, std::uint64_t> ports_;
  std::uint64_t other_ports_ = 0;
  std::uint16_t most_ports_ = 0, most_locals_ = 0;
  std::uint32_t most_failures_ = 0, its_successes_ = 0;
  double fastest_pps_ = 0;
  std::deque<std::uint32_t> minutes_;  // new sources by minute, the newest last
  TimeNs minute_start_ = 0;
  TimeNs last_add_ = 0, last_report_ = 0, next_look_ = 0;
  bool reported_ = false, wave_ = false, wave_told_ = false;
  std::uint64_t new_packets_ = 0, new_bytes_ = 0;
  TimeNs new_first_ = 0;
};

}  // namespace sekisho
