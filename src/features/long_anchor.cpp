// Hours wait, are admitted to the day and to their hour of the week, and fade.
#include "features/long_anchor.h"

namespace sekisho {
namespace {

constexpr double kQuantile = 0.99;
constexpr double kGrowth = 1.5;         // a day may raise the anchor by so much
constexpr double kWeekShare = 0.3;      // weight of the newest week
constexpr unsigned kHalfAnHour = 180;   // samples before an hour says something about its hour of the week

std::size_t slot(std::int64_t hour) {
  constexpr auto hours = static_cast<std::int64_t>(LongAnchor::kHours);
  return static_cast<std::size_t>((hour % hours + hours) % hours);
}

}  // namespace

void LongAnchor::begin(std::uint32_t seconds, double pps) {
  today_.add(pps, std::min(seconds / 10, kDaySamples - 1));
  summarize();
}

void LongAnchor::add(double mean_pps, std::int64_t hour) {
  if (hour != hour_) close_hour(hour);
  pending_.add(mean_pps);
  if (accepted_left_ > 0 && --accepted_left_ == 0) accepted_pps_ = 0;
}

void LongAnchor::close_hour(std::int64_t next) {
  if (previous_.samples()) admit(previous_, previous_hour_);
  if (pending_.samples()) previous_ = pending_, previous_hour_ = hour_;
  else previous_.clear();
  pending_.clear();
  hour_ = next;
}

void LongAnchor::admit(const LogHistogram& hour, std::int64_t number) {
  double most = 1e9;
  if (yesterday_.samples() >= kDaySamples) most = std::max<double>(kGrowth * yesterday_.quantile(kQuantile), accepted_pps_);
  if (hour.samples() >= kHalfAnHour) {
    float& known = week_[slot(number)];
    const double seen = std::max(1.0, std::min(hour.quantile(kQuantile), most));
    if (known > 0)
      known += static_cast<float>(kWeekShare * (std::min(seen, kGrowth * known) - known));
    else
      known = static_cast<float>(seen);
  }
  today_.merge(hour, most);
  if (today_.samples() >= kDaySamples) yesterday_ = today_, today_.clear();
  summarize();
}

void LongAnchor::summarize() {
  LogHistogram both = yesterday_;
  both.merge(today_);
  day_pps_ = static_cast<float>(both.quantile(kQuantile));
  median_pps_ = static_cast<float>(both.quantile(0.5));
}

void LongAnchor::discard() { pending_.clear(), previous_.clear(); }

void LongAnchor::accept(double pps) {
  accepted_pps_ = static_cast<float>(pps);
  accepted_left_ = kDaySamples;
}

double LongAnchor::hour_pps(std::int64_t hour) const {
  double most = 0;
  for (const auto h : {hour - 1, hour, hour + 1}) {
    const double known = week_[slot(h)] > 0 ? week_[slot(h)] : week_[slot(h - 24)];
    if (known == 0) return 0;
    most = std::max(most, known);
  }
  return most;
}

// Once hours are known they are closer than the day, whose busiest hundredth may be a nightly backup; the day's median beside them takes in
// a new level that each hour of the week would take weeks to learn.
LongAnchor::Reference LongAnchor::reference(std::int64_t hour) const {
  const double of_hour = hour_pps(hour);
  const double of_day = of_hour > 0 ? median_pps_ : day_pps_;
  if (accepted_pps_ > std::max(of_hour, of_day)) return {accepted_pps_, false};
  return of_hour >= of_day && of_hour > 0 ? Reference{of_hour, true} : Reference{of_day, false};
}

}  // namespace sekisho
