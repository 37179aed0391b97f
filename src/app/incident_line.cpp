// Columns of fixed width; hostile text is escaped already, and once more.
#include "app/incident_line.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/json_parts.h"
#include "app/text_layout.h"
#include "app/time_words.h"
#include "app/verdict.h"
#include "base/text.h"

namespace sekisho {
namespace {

using nlohmann::json;

struct Mark {
  std::string_view sign, word;
  Ink ink;
};
Mark mark_of(Severity severity) {
  switch (severity) {
    case Severity::critical: return {"■", "CRIT", Ink::red_bold};
    case Severity::high: return {"▲", "HIGH", Ink::red_bold};
    case Severity::medium: return {"●", "MED ", Ink::yellow_bold};
    case Severity::low: return {"○", "LOW ", Ink::cyan_bold};
    case Severity::info: break;
  }
  return {"·", "INFO", Ink::dim};
}

}  // namespace

Incident incident_names(const json& from) {
  Incident i;
  i.id = text_of(from, "id", 80);
  if (const Label* label = find_label(text_of(from, "label", 80))) i.label = label->id, i.kind = label->kind;
  i.direction = text_of(from, "direction", 80) == "egress" ? Direction::egress : Direction::ingress;
  parse_severity(text_of(from, "severity", 80), i.severity);
  i.subject = text_of(from, "subject", 80);
  return i;
}

std::string incident_line(const json& incident, const TextStyle& style, std::string_view change) {
  const auto i = incident_names(incident);
  const auto mark = mark_of(i.severity);
  const auto started = parse_rfc3339(text_of(incident, "started", 80)), ended = parse_rfc3339(text_of(incident, "ended", 80));
  const std::string lasted = !started ? ""
                             : ended  ? format_duration(*ended - *started)
                                      : "open, " + format_duration(std::max<DurationNs>(wall_clock() - *started, 0));
  const std::string title = i.label.empty() ? text_of(incident, "label", 80) : title_of(i);
  TextPage page{style};
  const std::string when = change.empty() ? "" : fmt::format("{} {:<9} ", format_local(wall_clock()).substr(11, 8), change);
  std::string head = page.inked(mark.ink, page.shown(fmt::format("{} {}", mark.sign, mark.word)));
  return fmt::format("{}{}  {}  {:<8} {:<28}  {}  {:<16}  {:>9}  {}\n", when, short_id(i), head, direction_word(i), title.substr(0, 28),
                     started ? format_local(*started).substr(0, 19) : std::string(19, ' '), lasted,
                     format_rate_pps(number_of(incident, "peak_pps")), i.subject);
}

}  // namespace sekisho
