// The explanation of an incident: one paragraph with the numbers, the evidence, what speaks against it, and how it was decided.
#include <fmt/format.h>

#include "base/text.h"
#include "model/incident.h"

namespace sekisho {
namespace {

std::string joined(const std::vector<std::string>& clauses) {
  std::string out;
  for (const auto& clause : clauses) out += (out.empty() ? "" : "; ") + clause;
  return out;
}

constexpr std::string_view kLowerBounds = " Sampling or a full table shaped these numbers: they are lower bounds.";

std::string_view short_of_dot(std::string_view text) {
  while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string explanation(const Incident& incident) {
  const Label* label = find_label(incident.label);
  std::string out{label ? label->title : incident.label};
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 32);
  out += fmt::format(" ({}, {}) {} {}", to_string(incident.kind), to_string(incident.direction),
                     incident.direction == Direction::ingress ? "on" : "by",
                     incident.subject.empty() || incident.subject == "host" ? "this host" : incident.subject);
  if (!incident.headline.empty()) out += fmt::format(": {}", short_of_dot(incident.headline));
  const bool logs = is_from_logs(incident);
  if (logs) {
    out += fmt::format(". {} log lines", format_count(incident.packets));
    if (incident.peak_pps > 0) out += fmt::format(", at most {:.0f} in a second", incident.peak_pps);
    out += fmt::format(", {} {}.", format_count(incident.distinct_peers), incident.distinct_peers == 1 ? "peer" : "peers");
  } else {
    out += fmt::format(". Peak {} and {}", format_rate_pps(incident.peak_pps), format_rate_bps(incident.peak_bps));
    if (incident.normal_pps > 0)
      out += fmt::format(" (x{:.0f} of normal {})", incident.peak_pps / incident.normal_pps, format_rate_pps(incident.normal_pps));
    out += fmt::format("; {} packets, {}, {} {}{}.", format_count(incident.packets), format_bytes(incident.bytes),
                       format_count(incident.distinct_peers), incident.distinct_peers == 1 ? "peer" : "peers",
                       incident.peers_spoofed ? " (spoofed)" : "");
  }
  if (incident.labels.size() > 1) {
    out += " Mix:";
    for (std::size_t i = 0; i < incident.labels.size(); ++i)
      out += fmt::format("{} {} {:.0f} %", i ? "," : "", incident.labels[i].label, incident.labels[i].share * 100);
    out += ".";
  }
  if (!incident.evidence.empty()) out += fmt::format(" Evidence: {}.", short_of_dot(joined(incident.evidence)));
  out += incident.counter_evidence.empty() ? std::string{" Against it: nothing was found."}
                                           : fmt::format(" Against it: {}.", short_of_dot(joined(incident.counter_evidence)));
  out += fmt::format(" First {} {}, decided {} later with confidence {} of 100.", logs ? "line" : "packet",
                     format_rfc3339(incident.started), format_duration(incident.detected - incident.started), incident.confidence);
  if (const auto& seen = incident.capture) {
    out += fmt::format(" Seen by {}; ", seen->source);
    out +=
        seen->sampling > 1 ? fmt::format("at least one of {} packets was looked at, weighted", seen->sampling) : "every packet looked at";
    out += seen->lost ? fmt::format("; {} frames lost.", format_count(seen->lost)) : "; none lost.";
  }
  if (incident.degraded) out += incident.capture ? " Degraded: shares and sources are less certain." : kLowerBounds;
  return out;
}

}  // namespace sekisho
