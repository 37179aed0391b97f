// A minute against the median minute.
#include "app/port_waves.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::size_t kHour = 60, kTopPorts = 20;

std::uint64_t sum(const std::map<std::uint16_t, std::uint64_t>& counts) {
  std::uint64_t all = 0;
  for (const auto& [port, n] : counts) all += n;
  return all;
}

}  // namespace

PortWaves::Counts PortWaves::add(TimeNs now, const Counts& totals) {
  const auto minute = now / kMinute;
  if (open_ && minute != *open_) {
    minutes_.push_back(sum(minute_));
    // Minutes in which nobody looked count as silent, as far as they matter.
    for (auto m = *open_ + 1; m < minute && m - *open_ <= static_cast<std::int64_t>(kHour); ++m) minutes_.push_back(0);
    while (minutes_.size() > kHour) minutes_.pop_front();
    minute_.clear();
    told_ = 0;
  }
  open_ = minute;
  Counts fresh;
  std::map<std::uint16_t, std::uint64_t> known;
  for (const auto& [port, total] : totals) {
    const auto before = totals_.find(port);
    const auto was = before == totals_.end() ? (started_ ? 0 : total) : before->second;
    const auto more = total >= was ? total - was : total;  // less than before: the counters began anew
    if (more) {
      fresh.emplace_back(port, more);
      minute_[port] += more;
    }
    known[port] = total;
  }
  totals_ = std::move(known);
  started_ = true;
  return fresh;
}

std::optional<Finding> PortWaves::judge(TimeNs now) {
  const auto all = sum(minute_);
  if (minutes_.size() < settings_.learned_minutes || all < settings_.least || all == told_) return std::nullopt;
  auto sorted = minutes_;
  std::sort(sorted.begin(), sorted.end());
  const auto median = sorted[sorted.size() / 2];
  if (static_cast<double>(all) < settings_.times * static_cast<double>(median + 1)) return std::nullopt;
  Finding f;
  f.time = now, f.first_packet = now / kMinute * kMinute;
  f.label = "iot_scan";
  f.has_subject = false;
  f.merge_key = "rules wave";
  f.confidence = 60, f.severity = Severity::medium;
  f.packets = all - told_;
  f.bytes = f.packets * 40;  // a SYN's least
  f.rate_pps = static_cast<double>(all) / 60, f.normal_pps = static_cast<double>(median) / 60;
  told_ = all;
  for (const auto& [port, n] : minute_) f.local_ports.push_back({port, n});
  std::stable_sort(f.local_ports.begin(), f.local_ports.end(), [](const PortFact& a, const PortFact& b) { return a.packets > b.packets; });
  if (f.local_ports.size() > kTopPorts) f.local_ports.resize(kTopPorts);
  for (const auto& p : f.local_ports) f.selector.local_ports.push_back(p.port);
  f.headline =
      fmt::format("{} SYNs to device ports within a minute (median of the last hour: {})", format_count(all), format_count(median));
  f.evidence.push_back(fmt::format("counters of the firewall rules: port {} alone {}", f.local_ports.front().port,
                                   format_count(f.local_ports.front().packets)));
  f.counter_evidence.emplace_back("counters know no sources: how many they are, and whether they are forged, is not known");
  return f;
}

}  // namespace sekisho
