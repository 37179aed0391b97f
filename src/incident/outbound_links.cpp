// A bot is three things at once: it is told what to do, it does it to many, and it keeps the connection alive.
#include "incident/outbound_links.h"

#include <fmt/format.h>

#include <algorithm>

namespace sekisho {
namespace {

constexpr DurationNs kBefore = 15 * kMinute;
constexpr std::size_t kMost = 4;

bool commands(const Incident& i) { return i.kind == Kind::c2; }
bool acts(const Incident& i) { return i.direction == Direction::egress && (i.kind == Kind::flood || i.kind == Kind::scan); }

bool has_label(const Incident& i, std::string_view label) {
  return std::any_of(i.labels.begin(), i.labels.end(), [&](const LabelShare& l) { return l.label == label; });
}

// Many incidents are of "host" as a whole: they belong to every address of it.
bool same_host(const Incident& a, const Incident& b) { return a.subject == b.subject || a.subject == "host" || b.subject == "host"; }

bool same_time(const Incident& command, const Incident& act) {
  const TimeNs act_ends = act.ended ? *act.ended : std::max(act.memory.last_finding, act.detected);
  const TimeNs command_ends = std::max(command.memory.last_finding, command.detected);
  return command.started <= act_ends && command_ends + kBefore >= act.started;
}

std::string who(const Incident& a, const Incident& b) {
  if (!a.process || !b.process) return {};
  if (a.process->pid == b.process->pid && a.process->started == b.process->started)
    return fmt::format("; process {} does both", a.process->pid);
  return fmt::format("; another process, {}", b.process->pid);
}

std::string told_by(const Incident& incident, const Incident& command) {
  std::string at;
  if (!command.top_peers.empty()) {
    const auto& peer = command.top_peers.front();
    const auto address = to_string(peer.address);
    at = is_v6(peer.address) ? fmt::format(" to [{}]:{}", address, peer.port) : fmt::format(" to {}:{}", address, peer.port);
  }
  const char* what = has_label(command, "c2_command_then_flood") && incident.kind == Kind::flood
                         ? "a command came in just before this flood, on a control connection"
                     : has_label(command, "c2_keepalive") ? "this host keeps a control connection alive"
                                                          : "this host has a control connection";
  return fmt::format("{}{} ({}, incident {}{})", what, at, command.label, command.id, who(incident, command));
}

std::string done_by(const Incident& incident, const Incident& act) {
  return fmt::format("this host also {} ({}, about {} destinations, incident {}{})",
                     act.kind == Kind::flood ? "floods others" : "scans others", act.label, std::max<std::uint64_t>(act.distinct_peers, 1),
                     act.id, who(incident, act));
}

}  // namespace

std::vector<std::string> outbound_links(const Incident& incident, std::span<const Incident* const> others) {
  std::vector<std::string> out;
  if (is_from_logs(incident) || (!commands(incident) && !acts(incident))) return out;
  for (const Incident* other : others) {
    if (out.size() >= kMost) break;
    if (other->id == incident.id || is_from_logs(*other) || !same_host(incident, *other)) continue;
    if (acts(incident) && commands(*other) && same_time(*other, incident))
      out.push_back(told_by(incident, *other));
    else if (acts(*other) && (commands(incident) ? same_time(incident, *other) : incident.kind != other->kind))
      out.push_back(done_by(incident, *other));
  }
  return out;
}

}  // namespace sekisho
