// A copy of the rows, once a second.
#include "app/host_rates.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/time_words.h"

namespace sekisho {
namespace {

// Without packets no steps come: what was seen then is over.
constexpr DurationNs kOver = 3 * kSecond;
constexpr DurationNs kListed = 10 * kMinute;  // after the last packet

}  // namespace

void HostRates::attach(Pipeline& pipeline) {
  pipeline.on_step = [this, before = std::move(pipeline.on_step)](const Step& step) {
    if (before) before(step);
    on_step(step);
  };
}

void HostRates::on_step(const Step& step) {
  const std::lock_guard lock{mutex_};
  if (step.time - time_ < kSecond && step.time >= time_) return;
  time_ = step.time;
  std::erase_if(rows_, [&](const Row& r) { return r.last + kListed < time_; });
  for (auto& row : rows_) row.pps[0] = row.pps[1] = 0;
  for (const auto& second : step.seconds) {
    if (second.all || second.address == Address{}) continue;
    auto row = std::find_if(rows_.begin(), rows_.end(), [&](const Row& r) { return r.address == second.address; });
    if (row == rows_.end()) row = rows_.insert(rows_.end(), Row{second.address});
    row->last = time_;
    for (const auto& count : second.counts) row->pps[static_cast<std::size_t>(second.direction)] += static_cast<double>(count.packets);
  }
}

std::string HostRates::rows_json(std::size_t limit, const std::string& filter) const {
  auto list = nlohmann::ordered_json::array();
  const std::lock_guard lock{mutex_};
  const bool over = wall_clock() - time_ > kOver;
  for (const auto& row : rows_) {
    const auto address = to_string(row.address);
    if (list.size() >= limit) break;
    if (filter.empty() || address.find(filter) != std::string::npos)
      list.push_back({{"address", address}, {"in_pps", over ? 0 : row.pps[0]}, {"out_pps", over ? 0 : row.pps[1]}, {"note", ""}});
  }
  return nlohmann::ordered_json{{"schema", 1}, {"rows", std::move(list)}, {"next", nullptr}, {"message", ""}}.dump();
}

}  // namespace sekisho
