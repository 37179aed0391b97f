// Facts as JSON.
#include "app/live_facts.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/live_json.h"
#include "app/time_words.h"
#include "app/verdict.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::uint64_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (!file) return 0;
  unsigned long size = 0, resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &size, &resident);
  std::fclose(file);
  return read == 2 ? std::uint64_t{resident} * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string_view state_name(Standing standing) {
  switch (standing) {
    case Standing::taking_part: return "taking_part";
    case Standing::attacked: return "attacked";
    case Standing::guessed: return "guessed";
    case Standing::scanned: return "scanned";
    case Standing::noted: return "noted";
    case Standing::quiet: break;
  }
  return "quiet";
}

}  // namespace

LiveFacts::LiveFacts() : started_(wall_clock()) {}

void LiveFacts::on_incident(const IncidentNotice& notice) {
  const std::lock_guard lock{mutex_};
  if (notice.incident->ended)
    open_.erase(notice.incident->id);
  else
    open_[notice.incident->id] = notice.incident;
}

void LiveFacts::on_second(const std::shared_ptr<const LiveSecond>& second) {
  const std::lock_guard lock{mutex_};
  second_ = second;
}

std::vector<Incident> LiveFacts::open_incidents() const {
  const std::lock_guard lock{mutex_};
  std::vector<Incident> list;
  for (const auto& [id, incident] : open_) list.push_back(*incident);
  return list;
}

std::string LiveFacts::agent_json() const {
  const double uptime = static_cast<double>(wall_clock() - started_) / kSecond;
  return dump({{"version", SEKISHO_VERSION},
               {"pid", ::getpid()},
               {"started", format_rfc3339(started_)},
               {"uptime_s", std::max(uptime, 0.0)},
               {"cpu_percent", uptime > 0 ? cpu_seconds() / uptime * 100 : 0.0},
               {"memory_bytes", resident_bytes()}});
}

std::string LiveFacts::verdict_json() const {
  Analysis now;
  now.incidents = open_incidents();
  now.input.packets = 1;
  const auto verdict = judge(now);
  Json ids = Json::array();
  TimeNs since = 0;
  for (const auto* incident : in_order_of_weight(now.incidents)) {
    ids.push_back({{"id", incident->id},
                   {"short", short_id(*incident)},
                   {"title", title_of(*incident)},
                   {"severity", to_string(incident->severity)}});
    if (standing_of(*incident) == verdict.standing) since = since ? std::min(since, incident->started) : incident->started;
  }
  return dump(
      {{"state", state_name(verdict.standing)},
       {"sentence", verdict.standing == Standing::quiet ? "Quiet: no attack, no scan under way, no sign that this host takes part in one."
                                                        : verdict.sentence},
       {"also", verdict.also},
       {"since", since ? Json(format_rfc3339(since)) : Json(nullptr)},
       {"incidents", std::move(ids)}});
}

std::string LiveFacts::traffic_json() const {
  const std::lock_guard lock{mutex_};
  if (!second_) return "null";
  auto traffic = Json::parse(second_json(*second_));
  traffic["total"] = {{"packets_in", second_->packets_in}, {"packets_out", second_->packets_out}, {"dropped", second_->dropped}};
  return dump(traffic);
}

}  // namespace sekisho
