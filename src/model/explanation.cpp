// The paragraph of an incident: numbers, evidence, counter-evidence, how it was decided.
#include <fmt/format.h>

#include "base/text.h"
#include "model/incident.h"

namespace sekisho {

std::string explanation(const Incident& i) {
  const Label* label = find_label(i.label);
  std::string text = fmt::format("{} {} {} {}: {}", label ? label->title : i.label, i.direction == Direction::ingress ? "towards" : "from",
                                 i.subject == "host" ? "this" : "", i.subject, i.headline.empty() ? "seen" : i.headline);
  if (const auto two = text.find("  "); two != std::string::npos) text.erase(two, 1);
  if (i.labels.size() > 1) {
    text += " (";
    for (std::size_t n = 0; n < i.labels.size(); ++n)
      text += fmt::format("{}{} {:.0f} %", n ? ", " : "", i.labels[n].label, i.labels[n].share * 100);
    text += ")";
  }
  text += ".";
  const auto list = [&](std::string_view lead, const std::vector<std::string>& clauses) {
    if (clauses.empty()) return;
    text += lead;
    for (std::size_t n = 0; n < clauses.size(); ++n) text += (n ? "; " : " ") + clauses[n];
    text += ".";
  };
  list(" Evidence:", i.evidence);
  list(" Against it:", i.counter_evidence);
  text += fmt::format(" First packet {}, decided after {} with confidence {}.", format_rfc3339(i.started),
                      format_duration(std::max<DurationNs>(i.detected - i.started, 0)), i.confidence);
  return text;
}

}  // namespace sekisho
