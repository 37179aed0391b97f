// Which changes are worth telling, and how.
#include "app/live_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/incident_json.h"
#include "app/report_text.h"
#include "app/time_words.h"
#include "base/text.h"

namespace sekisho {

LiveOutput::LiveOutput(bool json, ColorChoice color)
    : json_(json), draws_(isatty(STDERR_FILENO) == 1), style_(terminal_style(STDOUT_FILENO, color)), worker_("console", 1024) {}

void LiveOutput::clear_status() {
  if (std::exchange(drawn_, false)) std::fputs("\r\033[K", stderr), std::fflush(stderr);
}

void LiveOutput::say(const std::string& sentence) {
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
  if (notice.what != "resumed") worst_ = std::max(worst_, notice.incident->severity);
  if (!notice.worth_telling()) return;
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
