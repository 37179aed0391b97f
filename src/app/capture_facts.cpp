// The source's statistics as JSON and as lines of health.
#include "app/capture_facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace sekisho {
namespace {

nlohmann::ordered_json totals_json(const LinkTotals& in, const LinkTotals& out) {
  return {{"packets_in", in.packets}, {"bytes_in", in.bytes}, {"packets_out", out.packets}, {"bytes_out", out.bytes}};
}

}  // namespace

void CaptureFacts::update(SourceStats stats) {
  const std::lock_guard lock{mutex_};
  stats_ = std::move(stats);
}

std::uint64_t CaptureFacts::lost() const {
  const std::lock_guard lock{mutex_};
  return stats_.lost;
}

CaptureState CaptureFacts::state() const {
  const std::lock_guard lock{mutex_};
  return {stats_.name, stats_.lost, stats_.sampling};
}

bool CaptureFacts::degraded() const {
  const std::lock_guard lock{mutex_};
  return stats_.degraded;
}

std::string CaptureFacts::json() const {
  const std::lock_guard lock{mutex_};
  nlohmann::ordered_json j{
      {"mode", stats_.name}, {"interfaces", nlohmann::ordered_json::array()}, {"local", nlohmann::ordered_json::array()}};
  for (const auto& name : stats_.interfaces) j["interfaces"].push_back(escape_hostile(name, 32));
  for (const auto& network : local_) j["local"].push_back(to_string(network));
  j["frames"] = stats_.frames;
  j["lost"] = stats_.lost;
  j["sampling"] = stats_.sampling;
  j["max_sampling"] = stats_.max_sampling;
  j["seen"] = totals_json(stats_.seen_in, stats_.seen_out);
  j["exact"] = totals_json(stats_.exact_in, stats_.exact_out);
  j["disagreement"] = stats_.disagreement;
  j["blocked"] = stats_.blocked;
  j["degraded"] = stats_.degraded;
  j["notes"] = nlohmann::ordered_json::array();
  for (const auto& note : stats_.notes) j["notes"].push_back(escape_hostile(note, 300));
  return j.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::vector<HealthLine> CaptureFacts::problems() const {
  const std::lock_guard lock{mutex_};
  std::vector<HealthLine> lines;
  for (const auto& note : stats_.notes)
    if (note.find("disappeared") != note.npos)
      lines.push_back({"capture", escape_hostile(note, 300), "It is watched again as soon as it is back."});
  if (!stats_.degraded) return lines;
  if (stats_.sampling > 1)
    lines.push_back({"capture",
                     fmt::format("More packets come than can be looked at one by one: one of {} is. Totals stay exact.", stats_.sampling),
                     "Nothing, while an attack lasts; otherwise raise max_frames_pps in [capture]."});
  if (stats_.disagreement > 0)
    lines.push_back({"capture", fmt::format("What was seen differs from the exact counters by {:.1f} %.", stats_.disagreement * 100),
                     "Shares and sources are less certain; look whether the processor is overloaded."});
  if (stats_.lost > 0)
    lines.push_back(
        {"capture",
         fmt::format("{} frames were lost since the start, some of them lately or while it was sampled.", format_count(stats_.lost)),
         "Lower max_frames_pps in [capture], or give the agent more of the processor."});
  return lines;
}

}  // namespace sekisho
