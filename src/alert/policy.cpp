// Groups, who is told of them, and what waits.
#include "alert/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::size_t kMaxNoise = 200;
constexpr std::array<Kind, 7> kKinds{Kind::flood,     Kind::scan,        Kind::c2,      Kind::bruteforce,
                                     Kind::reflector, Kind::backscatter, Kind::exposure};

std::string key_of(const AlertFacts& f) { return fmt::format("{}/{}/{}", to_string(f.kind), to_string(f.direction), f.label); }

bool is_growth(const std::string& whole, const std::string& end) { return end.size() >= 4 && whole.ends_with(end); }

}  // namespace

Result<AlertRoute> alert_route(const std::string& name, const AlertChannelSettings& s) {
  const auto wrong = [&](std::string_view what) { return Error{fmt::format("[alert.{}] {}", name, what), ErrorKind::usage}; };
  AlertRoute route;
  route.channel = name;
  if (!s.kinds.empty()) route.kinds = 0;
  for (const auto& text : s.kinds) {
    const auto at = std::find_if(kKinds.begin(), kKinds.end(), [&](Kind k) { return text == to_string(k); });
    if (at == kKinds.end()) return wrong("'kinds' are flood scan c2 bruteforce reflector backscatter exposure");
    route.kinds |= 1U << static_cast<unsigned>(*at);
  }
  if (!s.directions.empty()) route.directions = 0;
  for (const auto& text : s.directions) {
    if (text != "ingress" && text != "egress") return wrong("'directions' are ingress and egress");
    route.directions |= 1U << static_cast<unsigned>(text == "egress" ? Direction::egress : Direction::ingress);
  }
  if (!parse_severity(s.severity, route.at_least)) return wrong("'severity' is info, low, medium, high or critical");
  for (const auto& text : s.hours) {
    auto span = parse_week_span(text);
    if (!span.ok()) return wrong("'hours': " + span.error().message);
    route.hours.push_back(span.value());
  }
  if (!s.digest.empty() && ((route.digest_minute = parse_minute(s.digest)) < 0 || route.digest_minute == 24 * 60))
    return wrong("'digest' is a time of day such as \"08:00\"");
  route.after = s.after.count * kMillisecond, route.repeat = s.repeat.count * kMillisecond;
  if (route.repeat > 0 && route.repeat < kMinute) return wrong("'repeat' is at least 1m");
  route.updates = s.updates, route.resolved = s.resolved;
  route.per_hour = static_cast<std::uint64_t>(s.per_hour);
  return route;
}

Severity AlertPolicy::Group::worst() const {
  Severity worst = Severity::info;
  for (const auto& [incident, member] : members) worst = std::max(worst, member.severity);
  return worst;
}

AlertPolicy::Group* AlertPolicy::group_of(const std::string& incident) {
  const auto at = member_of_.find(incident);
  return at == member_of_.end() ? nullptr : &groups_.at(at->second);
}

bool AlertPolicy::suits(const AlertRoute& route, const Group& group) const {
  return (route.kinds >> static_cast<unsigned>(group.facts.kind) & 1) &&
         (route.directions >> static_cast<unsigned>(group.facts.direction) & 1) && group.worst() >= route.at_least;
}

bool AlertPolicy::waits(const AlertRoute& route, const Group& group, TimeNs now) const {
  const auto local = rules_.local(now);
  if (!route.hours.empty() && !in_any(route.hours, local)) return true;
  if (group.worst() < rules_.quiet_severity && in_any(rules_.quiet, local)) return true;
  if (in_any(rules_.maintenance, local)) return true;
  for (const auto& span : rules_.maintenance_once)
    if (now >= span.from && now < span.to) return true;
  const auto& f = group.facts;
  const auto matches = [](const std::string& wanted, std::string_view is) { return wanted.empty() || wanted == is; };
  return std::any_of(silences_.begin(), silences_.end(), [&](const AlertSilence& s) {
    return now < s.until && matches(s.kind, to_string(f.kind)) && matches(s.direction, to_string(f.direction)) &&
           matches(s.label, f.label) && matches(s.subject, f.subject) && matches(s.channel, route.channel);
  });
}

// One more for this channel in this hour? What is critical may be twice as many. The first that waits is said.
bool AlertPolicy::within_bound(const AlertRoute& route, const Group* group, TimeNs now, std::vector<OutgoingAlert>& out) {
  auto& meter = meters_[route.channel];
  const auto hour = now / (3600 * kSecond);
  if (meter.hour != hour) meter.hour = hour, meter.sent = meter.held = 0, meter.overflow_told = false;
  const bool urgent = group && (group->worst() == Severity::critical || group->facts.taking_part);
  if (meter.sent < (urgent ? 2 * route.per_hour : route.per_hour)) return ++meter.sent, true;
  ++meter.held, ++counts_.held_back;
  if (meter.overflow_told) return false;
  meter.overflow_told = true;
  Alert alert;
  alert.id = fmt::format("overflow-{}-{}", route.channel, hour);
  alert.event = AlertEvent::overflow;
  alert.time = now, alert.host = rules_.host, alert.link = rules_.link;
  alert.notes = {{"", fmt::format("more than {} alerts in this hour: further ones wait until {} UTC", route.per_hour,
                                  format_clock((hour + 1) * 3600 * kSecond).substr(0, 5))},
                 {"do", "sekisho incidents --open"}};
  out.push_back({route.channel, std::move(alert)});
  return false;
}

Alert AlertPolicy::alert_of(Group& group, AlertEvent event, TimeNs now) const {
  Alert alert;
  alert.id = fmt::format("{}-{:x}-{}-{}", group.id, group.since / kSecond, to_string(event), group.alerts++);
  alert.group = group.id;
  alert.event = event;
  alert.time = now, alert.host = rules_.host, alert.link = rules_.link;
  alert.facts = group.facts;
  alert.facts.severity = group.worst();
  alert.incidents = group.members.size();
  return alert;
}

void AlertPolicy::tell(Group& group, const AlertRoute& route, AlertEvent event, TimeNs now, std::vector<OutgoingAlert>& out) {
  auto& told = group.told[route.channel];
  Alert alert = alert_of(group, event, now);
  if (event == AlertEvent::worse) alert.former = told.severity;
  if (event == AlertEvent::opened) told.reminded = now;
  if (event == AlertEvent::reminder) told.reminded = now;
  told.severity = group.worst(), told.last = now, told.incidents = group.members.size(), told.peak_pps = group.facts.peak_pps;
  told.label = group.facts.label;
  group.held.erase(route.channel);
  ++counts_.alerts;
  out.push_back({route.channel, std::move(alert)});
}

// Everything that is due for an open group.
void AlertPolicy::look_at(Group& group, TimeNs now, std::vector<OutgoingAlert>& out) {
  const bool acknowledged = !group.acknowledged_by.empty();
  for (const auto& route : rules_.routes) {
    if (!suits(route, group)) continue;
    const auto at = group.told.find(route.channel);
    AlertEvent event = AlertEvent::opened;
    if (at == group.told.end()) {
      if (acknowledged || now < group.since + route.after) continue;
    } else {
      const Told& told = at->second;
      const bool changed =
          group.members.size() > told.incidents || group.facts.peak_pps >= 2 * told.peak_pps || group.facts.label != told.label;
      if (group.worst() > told.severity)
        event = AlertEvent::worse;
      else if (route.updates && changed && now - told.last >= kUpdateEvery)
        event = AlertEvent::update;
      else if (route.repeat > 0 && !acknowledged && now - told.reminded >= route.repeat)
        event = AlertEvent::reminder;
      else
        continue;
    }
    if (waits(route, group, now) ||
        (group.held.contains(route.channel) && meters_[route.channel].overflow_told &&
         meters_[route.channel].hour == now / (3600 * kSecond) && group.worst() != Severity::critical && !group.facts.taking_part)) {
      group.held.insert(route.channel);
      continue;
    }
    if (within_bound(route, &group, now, out))
      tell(group, route, event, now, out);
    else
      group.held.insert(route.channel);
  }
}

void AlertPolicy::close_group(Group& group, TimeNs now, std::vector<OutgoingAlert>& out) {
  for (const auto& route : rules_.routes) {
    if (group.told.contains(route.channel)) {
      if (route.resolved) out.push_back({route.channel, alert_of(group, AlertEvent::resolved, now)}), ++counts_.alerts;
    } else if (suits(route, group) && group.held.contains(route.channel)) {
      ++meters_[route.channel].suppressed, ++counts_.not_told;
    }
  }
}

void AlertPolicy::open_member(std::string_view what, const AlertFacts& facts, TimeNs now) {
  const auto key = key_of(facts);
  Group* group = nullptr;
  for (auto& [id, one] : groups_)
    if (one.key == key && now - one.last_opening <= kJoinWithin && one.members.size() < kMaxMembers &&
        std::any_of(one.members.begin(), one.members.end(), [](const auto& m) { return m.second.open; }))
      group = &one;
  if (!group) {
    if (groups_.size() >= kMaxGroups) {
      ++counts_.forgotten;
      return;
    }
    group = &groups_[facts.id];
    group->id = facts.id, group->key = key, group->since = now, group->facts = facts;
  }
  group->last_opening = now;
  group->members[facts.id] = {facts.severity, true, true};
  member_of_[facts.id] = group->id;
  if (what == "resumed") return;
  for (const auto& route : rules_.routes)
    if (route.digest_minute >= 0 && !suits(route, *group))
      if (auto& noise = meters_[route.channel].noise; noise.size() < kMaxNoise || noise.contains(facts.label)) ++noise[facts.label];
}

std::vector<OutgoingAlert> AlertPolicy::on_incident(std::string_view what, const AlertFacts& facts, TimeNs now) {
  std::vector<OutgoingAlert> out;
  Group* group = group_of(facts.id);
  if (!group) {
    if (what == "closed") return out;  // nobody was told that it began
    open_member(what, facts, now);
    group = group_of(facts.id);
    if (!group) return out;
  }
  auto& member = group->members[facts.id];
  member.severity = std::max(member.severity, facts.severity), member.open = what != "closed", member.seen = true;
  // The group is shown by its worst incident, the largest of these.
  const bool own = group->facts.id == facts.id;
  if (own || std::pair{facts.severity, facts.peak_pps} > std::pair{group->facts.severity, group->facts.peak_pps}) group->facts = facts;
  if (std::any_of(group->members.begin(), group->members.end(), [](const auto& m) { return m.second.open; })) {
    look_at(*group, now, out);
    return out;
  }
  close_group(*group, now, out);
  const auto id = group->id;
  for (const auto& [incident, m] : group->members) member_of_.erase(incident);
  groups_.erase(id);
  return out;
}

std::vector<OutgoingAlert> AlertPolicy::on_time(TimeNs now) {
  std::vector<OutgoingAlert> out;
  std::erase_if(silences_, [&](const AlertSilence& s) { return now >= s.until; });
  // Of the former run: what this run does not know after a minute has ended in between.
  if (restored_ != 0 && now - restored_ >= kResumeWithin) {
    restored_ = 0;
    for (auto at = groups_.begin(); at != groups_.end();) {
      auto& group = at->second;
      for (auto& [id, member] : group.members)
        if (!member.seen) member.open = false;
      if (std::any_of(group.members.begin(), group.members.end(), [](const auto& m) { return m.second.open; })) {
        ++at;
        continue;
      }
      close_group(group, now, out);
      for (const auto& [incident, m] : group.members) member_of_.erase(incident);
      at = groups_.erase(at);
    }
  }
  for (auto& [id, group] : groups_) look_at(group, now, out);
  for (const auto& route : rules_.routes) digest(route, now, out);
  return out;
}

void AlertPolicy::digest(const AlertRoute& route, TimeNs now, std::vector<OutgoingAlert>& out) {
  if (route.digest_minute < 0) return;
  auto& meter = meters_[route.channel];
  const auto local = rules_.local(now);
  const auto day = local.minute >= route.digest_minute ? local.day : local.day - 1;
  if (meter.digest_day < 0) meter.digest_day = day;
  if (meter.digest_day >= day) return;
  meter.digest_day = day;
  if (meter.noise.empty() && meter.suppressed == 0) return;
  std::uint64_t all = 0;
  std::vector<std::pair<std::uint64_t, std::string>> sorted;
  for (const auto& [label, count] : meter.noise) all += count, sorted.emplace_back(count, label);
  std::sort(sorted.rbegin(), sorted.rend());
  Alert alert;
  alert.id = fmt::format("digest-{}-{}", route.channel, day);
  alert.event = AlertEvent::digest;
  alert.time = now, alert.host = rules_.host, alert.link = rules_.link;
  alert.notes.push_back(
      {"", fmt::format("since the last digest: {} {} of background noise, {} suppressed {}", format_count(all),
                       all == 1 ? "incident" : "incidents", format_count(meter.suppressed), meter.suppressed == 1 ? "alert" : "alerts")});
  for (std::size_t i = 0; i < std::min<std::size_t>(sorted.size(), 20); ++i) {
    const Label* label = find_label(sorted[i].second);
    alert.notes.push_back({label ? std::string{label->title} : sorted[i].second, format_count(sorted[i].first)});
  }
  if (meter.suppressed)
    alert.notes.push_back({"suppressed", fmt::format("{}: silence, quiet hours or the hour's bound", format_count(meter.suppressed))});
  alert.notes.push_back({"more", "sekisho incidents --since 1d · sekisho scanners"});
  meter.noise.clear(), meter.suppressed = 0;
  ++counts_.alerts;
  out.push_back({route.channel, std::move(alert)});
}

Result<std::vector<OutgoingAlert>> AlertPolicy::acknowledge(const std::string& id, const std::string& by, TimeNs now) {
  Group* found = nullptr;
  for (auto& [incident, name] : member_of_) {
    auto& group = groups_.at(name);
    const bool named = group.facts.id == incident && (group.facts.name == id || is_growth(group.facts.name, id));
    // "i-20261122-7K3F": the day, and the end of the ULID.
    const bool short_name = id.size() == 15 && id.starts_with("i-") && incident.ends_with(id.substr(11));
    if (incident == id || named || short_name || is_growth(incident, id)) {
      if (found && found != &group)
        return Error{fmt::format("'{}' names several incidents: give more of the id", escape_hostile(id, 40)), ErrorKind::usage};
      found = &group;
    }
  }
  if (!found)
    return Error{fmt::format("no open incident '{}': 'sekisho incidents --open' lists them", escape_hostile(id, 40)), ErrorKind::usage};
  std::vector<OutgoingAlert> out;
  if (!found->acknowledged_by.empty()) return out;
  found->acknowledged_by = by.empty() ? "somebody" : by;
  for (const auto& route : rules_.routes)
    if (found->told.contains(route.channel)) {
      Alert alert = alert_of(*found, AlertEvent::acknowledged, now);
      alert.by = found->acknowledged_by;
      out.push_back({route.channel, std::move(alert)}), ++counts_.alerts;
    }
  return out;
}

Result<AlertSilence> AlertPolicy::silence(AlertSilence silence, TimeNs now) {
  std::erase_if(silences_, [&](const AlertSilence& s) { return now >= s.until; });
  if (silences_.size() >= kMaxSilences) return Error{fmt::format("there are {} silences already: end one of them", kMaxSilences)};
  silence.id = fmt::format("s-{}", next_silence_++);
  silence.from = now;
  silences_.push_back(silence);
  return silence;
}

bool AlertPolicy::end_silence(const std::string& id, TimeNs) {
  return std::erase_if(silences_, [&](const AlertSilence& s) { return s.id == id; }) > 0;
}

std::vector<AlertSilence> AlertPolicy::silences(TimeNs now) const {
  std::vector<AlertSilence> out;
  for (const auto& s : silences_)
    if (now < s.until) out.push_back(s);
  return out;
}

}  // namespace sekisho
