// Times in UTC, as abuse desks ask for them.
#include "app/abuse_reply.h"

#include <fmt/format.h>

#include "app/report_facts.h"
#include "app/verdict.h"
#include "base/text.h"

namespace sekisho {

std::string abuse_reply(const Incident& incident, const std::vector<std::string>& actions) {
  const bool out = incident.direction == Direction::egress;
  std::string text = fmt::format("Subject: Re: abuse report ({})\n\nThank you for the report. What we know:\n\n", short_id(incident));
  text += fmt::format("What:     {}\n", directed_title(incident));
  text += fmt::format("Began:    {}\n", format_rfc3339(incident.started));
  text += incident.ended ? fmt::format("Ended:    {}\n", format_rfc3339(*incident.ended)) : std::string{"Ended:    not yet\n"};
  text += fmt::format("Our side: {}\n", subject_name(incident));
  text += fmt::format("Volume:   {} packets, {}, at most {}\n", format_count(incident.packets), format_bytes(incident.bytes),
                      format_rate_pps(incident.peak_pps));
  if (!incident.top_peers.empty()) {
    text += fmt::format("Flows:    {} addresses; the largest:\n", format_count(incident.distinct_peers));
    for (std::size_t i = 0; i < std::min<std::size_t>(incident.top_peers.size(), 10); ++i) {
      const auto& peer = incident.top_peers[i];
      text += fmt::format("          {}{}  {} packets\n", to_string(peer.address), peer.port ? fmt::format(" port {}", peer.port) : "",
                          format_count(peer.packets));
    }
  }
  text += "Cause:    ";
  if (!out)
    text += "our host was the target; its addresses may have been forged as the source of what you saw.\n";
  else if (incident.process)
    text += process_text(*incident.process) + "\n";
  else
    text += "a program on our host; which one is not known yet.\n";
  text += "Action:   ";
  if (actions.empty()) text += "[what was done: host isolated at …, re-imaged at …, credentials changed at …]\n";
  for (std::size_t i = 0; i < actions.size(); ++i) text += (i ? "          " : "") + actions[i] + "\n";
  text +=
      fmt::format("\n{}\n\n{}Times are UTC.\n", explanation(incident), incident.evidence_path.empty() ? "" : "A packet capture is kept. ");
  return text;
}

}  // namespace sekisho
