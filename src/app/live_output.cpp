// Which changes are worth telling, and how.
#include "app/live_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "app/incident_json.h"
#include "app/report_text.h"
#include "app/time_words.h"
#include "app/verdict.h"
#include "base/log.h"
#include "base/text.h"

namespace sekisho {

LiveOutput::LiveOutput(bool json, ColorChoice color)
    : json_(json),
      journal_(!json && log_is_journal()),
      draws_(isatty(STDERR_FILENO) == 1),
      style_(terminal_style(STDOUT_FILENO, color)),
      worker_("console", 1024) {}

void LiveOutput::clear_status() {
  if (std::exchange(drawn_, false)) std::fputs("\r\033[K", stderr), std::fflush(stderr);
}

void LiveOutput::say(const std::string& sentence) {
  if (journal_) return log_notice(sentence);
  clear_status();
  FILE* to = json_ ? stderr : stdout;
  fmt::print(to, "{}\n", sentence);
  std::fflush(to);
}

void LiveOutput::on_incident(const IncidentNotice& notice) {
  worker_.post([this, notice] { tell(notice); });
}

void LiveOutput::on_second(const std::shared_ptr<const LiveSecond>& second) {
  worker_.post([this, second] { draw(*second); }, Worker::Importance::routine);
}

void LiveOutput::tell(const IncidentNotice& notice) {
  seen_ += notice.what == "opened";
  if (notice.what != "resumed" && notice.what != "past") worst_ = std::max(worst_, notice.incident->severity);
  if (!notice.worth_telling()) return;
  if (journal_) return tell_journal(notice);
  clear_status();
  if (json_) {
    auto object = incident_json(*notice.incident);
    object["change"] = notice.what;
    fmt::print("{}\n", object.dump());
  } else {
    fmt::print("\n{} UTC  {}\n{}", format_clock(wall_clock()), notice.what, text_incident(*notice.incident, style_));
  }
  std::fflush(stdout);
}

void LiveOutput::tell_journal(const IncidentNotice& notice) {
  const Incident& i = *notice.incident;
  const int priority = notice.what == "closed"            ? 5
                       : i.severity == Severity::critical ? 2
                       : i.severity == Severity::high     ? 3
                       : i.severity == Severity::medium   ? 4
                                                          : 5;
  const std::vector<std::pair<std::string, std::string>> fields{{"SEKISHO_INCIDENT", i.id},
                                                                {"SEKISHO_CHANGE", std::string{notice.what}},
                                                                {"SEKISHO_KIND", std::string{to_string(i.kind)}},
                                                                {"SEKISHO_LABEL", std::string{i.label}},
                                                                {"SEKISHO_DIRECTION", std::string{to_string(i.direction)}},
                                                                {"SEKISHO_SEVERITY", std::string{to_string(i.severity)}},
                                                                {"SEKISHO_SUBJECT", escape_hostile(i.subject, 64)}};
  log_event(priority,
            fmt::format("{}: {} {} on {}, peak {} {} ({})", notice.what, to_string(i.severity), directed_title(i), subject_name(i),
                        format_rate_pps(i.peak_pps), format_rate_bps(i.peak_bps), short_id(i)),
            fields);
}

void LiveOutput::draw(const LiveSecond& second) {
  last_ = second;
  if (!draws_) return;
  const auto rate = [](const TrafficSide& side) { return format_rate_pps(static_cast<double>(side.packets)); };
  fmt::print(stderr, "\r\033[Kin {}, out {}, {} open, {} dropped by the kernel", rate(second.traffic.sides[0]),
             rate(second.traffic.sides[1]),
             second.open_incidents == 1 ? std::string{"1 incident"} : fmt::format("{} incidents", second.open_incidents),
             format_count(second.dropped));
  std::fflush(stderr);
  drawn_ = true;
}

void LiveOutput::last_words(DurationNs watched) {
  say(fmt::format("Stopped after {}: {} packets in, {} out, {} dropped by the kernel; {} {}, {} still open.", format_duration(watched),
                  format_count(last_.packets_in), format_count(last_.packets_out), format_count(last_.dropped), seen_,
                  seen_ == 1 ? "incident" : "incidents", last_.open_incidents));
}

}  // namespace sekisho
