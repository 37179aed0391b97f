// AlertPolicy: which channel is told what and when. Pure: time is an argument, nothing is read or sent; the same calls give the same
// alerts.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alert/alert.h"
#include "alert/channel.h"
#include "alert/week.h"

namespace sekisho {

struct AlertRoute {
  std::string channel;
  unsigned kinds = ~0U, directions = ~0U;  // bits by value
  Severity at_least = Severity::high;
  std::vector<WeekSpan> hours;  // empty: always
  DurationNs after = 0, repeat = 0;
  bool updates = true, resolved = true;
  std::uint64_t per_hour = 60;
  int digest_minute = -1;
};
// Of a correct channel; an error says which setting is wrong.
Result<AlertRoute> alert_route(const std::string& name, const AlertChannelSettings& settings);

struct TimeSpan {
  TimeNs from = 0, to = 0;
};
struct AlertRules {
  std::string host, link;
  std::vector<AlertRoute> routes;
  std::vector<WeekSpan> quiet;  // less severe than quiet_severity waits until they are over
  Severity quiet_severity = Severity::critical;
  std::vector<WeekSpan> maintenance;  // everything waits
  std::vector<TimeSpan> maintenance_once;
  ToLocal local = utc_clock;
};

struct AlertSilence {
  std::string id;  // "s-1"
  TimeNs from = 0, until = 0;
  std::string kind, direction, label, subject, channel;  // empty: any
  std::string by;
};

struct OutgoingAlert {
  std::string channel;
  Alert alert;
};

struct AlertCounts {
  std::uint64_t alerts = 0, held_back = 0, not_told = 0, forgotten = 0;  // forgotten: the table of groups was full
};

// One thread at a time. Incidents of one kind, direction and label that begin within ten minutes are a group: one alert, updates on change.
class AlertPolicy {
 public:
  static constexpr DurationNs kJoinWithin = 10 * kMinute, kUpdateEvery = 10 * kMinute, kResumeWithin = kMinute;
  static constexpr std::size_t kMaxGroups = 1000, kMaxMembers = 1000, kMaxSilences = 100;

  explicit AlertPolicy(AlertRules rules) : rules_(std::move(rules)) {}

  // A change of an incident: what = opened worse changed closed reopened resumed progress, as IncidentNotice has it.
  std::vector<OutgoingAlert> on_incident(std::string_view what, const AlertFacts& facts, TimeNs now);
  // About each second: escalations, ends of silences and quiet hours, digests.
  std::vector<OutgoingAlert> on_time(TimeNs now);

  // `id`: an incident of an open group, its short name, or the end of either.
  Result<std::vector<OutgoingAlert>> acknowledge(const std::string& id, const std::string& by, TimeNs now);
  Result<AlertSilence> silence(AlertSilence silence, TimeNs now);
  bool end_silence(const std::string& id, TimeNs now);
  std::vector<AlertSilence> silences(TimeNs now) const;

  // What a restart must not forget: groups that are open, what was told of them, silences, counts of the digests.
  std::string state() const;
  void restore(std::string_view state, TimeNs now);  // damaged text is as none

  const AlertCounts& counts() const { return counts_; }
  std::size_t open_groups() const { return groups_.size(); }

 private:
  struct Member {
    Severity severity = Severity::info;
    bool open = true, seen = true;  // seen: by this run
  };
  struct Told {
    Severity severity = Severity::info;
    TimeNs last = 0, reminded = 0;
    std::size_t incidents = 0;
    double peak_pps = 0;
    std::string label;
  };
  struct Group {
    std::string id, key;
    TimeNs since = 0, last_opening = 0;
    std::map<std::string, Member> members;
    AlertFacts facts;
    std::string acknowledged_by;
    std::map<std::string, Told> told;  // by channel
    std::set<std::string> held;        // channels for which it waits: silence, hours, bound
    std::uint64_t alerts = 0;          // numbers the alerts
    Severity worst() const;
  };
  struct Meter {
    std::int64_t hour = -1;
    std::uint64_t sent = 0, held = 0;
    bool overflow_told = false;
    std::int64_t digest_day = -1;
    std::map<std::string, std::uint64_t> noise;  // label -> incidents that this channel was not told
    std::uint64_t suppressed = 0;
  };

  Group* group_of(const std::string& incident);
  void open_member(std::string_view what, const AlertFacts& facts, TimeNs now);
  bool suits(const AlertRoute& route, const Group& group) const;
  bool waits(const AlertRoute& route, const Group& group, TimeNs now) const;
  bool within_bound(const AlertRoute& route, const Group* group, TimeNs now, std::vector<OutgoingAlert>& out);
  Alert alert_of(Group& group, AlertEvent event, TimeNs now) const;
  void tell(Group& group, const AlertRoute& route, AlertEvent event, TimeNs now, std::vector<OutgoingAlert>& out);
  void look_at(Group& group, TimeNs now, std::vector<OutgoingAlert>& out);
  void close_group(Group& group, TimeNs now, std::vector<OutgoingAlert>& out);
  void digest(const AlertRoute& route, TimeNs now, std::vector<OutgoingAlert>& out);

  const AlertRules rules_;
  std::map<std::string, Group> groups_;
  std::map<std::string, std::string> member_of_;  // incident -> group
  std::map<std::string, Meter> meters_;           // by channel
  std::vector<AlertSilence> silences_;
  std::uint64_t next_silence_ = 1;
  TimeNs restored_ = 0;  // when; 0: all of the former run is settled
  AlertCounts counts_;
};

}  // namespace sekisho
