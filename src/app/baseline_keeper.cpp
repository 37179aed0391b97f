// Between the pipeline, a blob of the store, and the status.
#include "app/baseline_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/log.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

const std::string kBlob = "baselines";
constexpr std::uint64_t kShowEveryS = 5, kSaveEveryS = 60;
constexpr std::size_t kShown = 400;  // rows; those of all hosts together first

double rounded(double value) { return std::isfinite(value) ? std::round(value * 10) / 10 : 0; }

Json as_json(const BaselineView& v) {
  return {{"subject", v.all ? std::string{"all"} : to_string(v.address)},
          {"family", v.v6 ? 6 : 4},
          {"direction", to_string(v.direction)},
          {"class", to_string(v.traffic_class)},
          {"pps", rounded(v.level_pps)},
          {"normal_pps", rounded(v.normal_pps)},
          {"floor_pps", rounded(v.floor_pps)},
          {"threshold_pps", rounded(v.threshold_pps)},
          {"rule", to_string(v.rule)},
          {"why", explain(v.rule)},
          {"learned_seconds", v.learned_seconds},
          {"frozen_left_s", rounded(v.frozen_left_s)},
          {"waiting_left_s", rounded(v.waiting_left_s)}};
}

}  // namespace

void BaselineKeeper::restore(Pipeline& pipeline, const std::string& store_path) {
  const auto read = [&]() -> Result<void> {
    auto reader = TRY(open_store_reader(store_path));
    const auto bytes = TRY(reader->blob(kBlob));
    return bytes ? pipeline.restore_baselines(*bytes) : Result<void>{};
  };
  if (const auto done = read(); !done.ok()) log_warning(fmt::format("what was normal is learned anew: {}", done.error().message));
}

void BaselineKeeper::save(TimeNs now) {
  if (auto bytes = pipeline_.save_baselines(); !bytes.empty()) store_.put_blob(kBlob, now, std::move(bytes));
}

void BaselineKeeper::look(TimeNs now) {
  ++seconds_;
  if (seconds_ % kSaveEveryS == 0) save(now);
  if (seconds_ % kShowEveryS != 1) return;
  auto views = pipeline_.baselines();
  std::stable_sort(views.begin(), views.end(), [](const auto& a, const auto& b) { return a.all > b.all; });
  if (views.size() > kShown) views.resize(kShown);
  Json rows = Json::array();
  for (const auto& v : views) rows.push_back(as_json(v));
  auto text = rows.dump();
  const std::lock_guard lock{mutex_};
  json_ = std::move(text);
}

std::string BaselineKeeper::json() const {
  const std::lock_guard lock{mutex_};
  return json_;
}

}  // namespace sekisho
