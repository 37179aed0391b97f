// Which changes are worth telling, and how.
#include "app/live_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/incident_json.h"
#include "app/report_text.h"
#include "base/text.h"

namespace sekisho {
namespace {

TimeNs wall_clock() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

LiveOutput::LiveOutput(bool json, ColorChoice color)
    : json_(json), draws_(isatty(STDERR_FILENO) == 1), style_(terminal_style(STDOUT_FILENO, color)) {}

void LiveOutput::clear_status() {
  if (std::exchange(drawn_, false)) std::fputs("\r\033[K", stderr), std::fflush(stderr);
}

void LiveOutput::say(const std::string& sentence) {
  clear_status();
  FILE* to = json_ ? stderr : stdout;
  fmt::print(to, "{}\n", sentence);
  std::fflush(to);
}

void LiveOutput::on_incident(IncidentChange change, const Incident& incident) {
  const auto known = open_.find(incident.id);
  std::string_view what = "opened";
  if (change == IncidentChange::closed) {
    what = "closed";
  } else if (known != open_.end()) {
    if (incident.severity <= known->second) return;
    what = "worse";
  } else if (change == IncidentChange::updated) {
    what = "reopened";
  }
  if (change == IncidentChange::closed)
    open_.erase(incident.id);
  else
    open_[incident.id] = incident.severity;
  seen_ += change == IncidentChange::opened;
  worst_ = std::max(worst_, incident.severity);

  clear_status();
  if (json_) {
    auto object = incident_json(incident);
    object["change"] = what;
    fmt::print("{}\n", object.dump());
  } else {
    fmt::print("\n{} UTC  {}\n{}", format_clock(wall_clock()), what, text_incident(incident, style_));
  }
  std::fflush(stdout);
}

void LiveOutput::status(const LiveCounts& now, double seconds) {
  if (draws_) {
    const auto rate = [&](std::uint64_t a, std::uint64_t b) {
      return format_rate_pps(static_cast<double>(b - a) / std::max(seconds, 0.001));
    };
    fmt::print(stderr, "\r\033[Kin {}, out {}, {} open, {} dropped by the kernel", rate(before_.in, now.in), rate(before_.out, now.out),
               open_.size() == 1 ? std::string{"1 incident"} : fmt::format("{} incidents", open_.size()), format_count(now.drops));
    std::fflush(stderr);
    drawn_ = true;
  }
  before_ = now;
}

void LiveOutput::last_words(const LiveCounts& total, DurationNs watched) {
  say(fmt::format("Stopped after {}: {} packets in, {} out, {} dropped by the kernel; {} {}, {} still open.", format_duration(watched),
                  format_count(total.in), format_count(total.out), format_count(total.drops), seen_, seen_ == 1 ? "incident" : "incidents",
                  open_.size()));
}

}  // namespace sekisho
