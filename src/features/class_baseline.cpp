// Learning, waiting, freezing, and the five rules of the threshold.
#include "features/class_baseline.h"

#include <algorithm>
#include <cmath>

namespace sekisho {
namespace {

constexpr unsigned kMemory = 900;   // seconds; then they are halved
constexpr unsigned kWarm = 300;     // seconds before anything is above normal
constexpr double kSmallPps = 50;    // below every floor: learned at once
constexpr double kAnchorPps = 20;   // a class that never reaches it has floors above anything an anchor could say
constexpr DurationNs kAcceptAfter = 10 * kMinute;       // without an attack
constexpr DurationNs kAcceptAlarmAfter = 30 * kMinute;  // under a verdict of attack that it outlives without pause
constexpr double kAlarmTimes = 10, kAlarmPps = 1000;    // nor is more accepted then than so many times the ceiling, or packets/s
constexpr DurationNs kAlarmPause = 30 * kSecond;
constexpr DurationNs kStale = 60 * kMinute;  // a restored short memory older than this is of another time of day
constexpr double kOverAnchor = 2;            // the 60 s mean above so many times the anchor's 99th percentile
constexpr double kCusumLimit = 2, kCusumCap = 5;
constexpr double kCusumLeast = 10;  // packets/s: the logarithm of less is noise

}  // namespace

void ClassBaseline::observe(const ClassSecond& s, AnchorBudget* budget) {
  level_ = static_cast<float>(s.pps);
  if (s.frozen && anchor_) anchor_->discard();
  count_bin(s, !s.frozen && s.two_way, budget);
  follow_change(s);
  settle_waiting(s);
  const bool practised = short_.samples() >= kWarm || anchored();
  if (practised ? s.pps > std::max<double>(ceiling_, kSmallPps) : s.frozen)
    wait(s);
  else if (!s.frozen && s.two_way)
    learn(s);
  decide(s.hour);
}

void ClassBaseline::learn(const ClassSecond& s) {
  if (short_.samples() >= kMemory) short_.halve();
  short_.add(s.pps);
  summarize();
}

// The minute's mean, and ten clean seconds for the anchor.
void ClassBaseline::count_bin(const ClassSecond& s, bool clean, AnchorBudget* budget) {
  const std::int64_t bin = s.now / (10 * kSecond);
  if (bin != bin_) {
    close_bin(s, budget);
    for (std::int64_t b = std::max(bin_ + 1, bin - std::int64_t{kBins} + 1); b <= bin; ++b) bins_[static_cast<std::size_t>(b) % kBins] = 0;
    bin_ = bin, bin_clean_seconds_ = 0, bin_spoiled_ = false;
  }
  bins_[static_cast<std::size_t>(bin) % kBins] += static_cast<float>(s.pps);
  if (clean)
    ++bin_clean_seconds_;
  else
    bin_spoiled_ = true;
}

void ClassBaseline::close_bin(const ClassSecond& s, AnchorBudget* budget) {
  if (bin_ == 0) return;
  float sum = 0;
  for (const float b : bins_) sum += b;
  minute_pps_ = sum / (10 * kBins);
  if (bin_spoiled_ || bin_clean_seconds_ < 5) return;
  const double mean = bins_[static_cast<std::size_t>(bin_) % kBins] / 10.0;
  if (!anchor_) {
    if (mean < kAnchorPps) return;
    if (budget && budget->left == 0) {
      ++budget->refused;
      return;
    }
    if (budget) --budget->left;
    anchor_ = std::make_unique<LongAnchor>();
    anchor_->begin(s.row_seconds, kAnchorPps);  // until now it never was worth one
  }
  anchor_->add(mean, s.hour);
}

// CUSUM of ln(rate / median): many seconds somewhat above normal are as telling as one far above.
void ClassBaseline::follow_change(const ClassSecond& s) {
  if (short_.samples() < kWarm || median_ < kCusumLeast) {
    cusum_ = 0;
    return;
  }
  const double reference = std::max(std::log(2.2), 2.5 * sigma_);
  cusum_ = static_cast<float>(std::clamp(cusum_ + std::log(std::max(s.pps, 1.0) / median_) - reference, 0.0, kCusumCap));
}

void ClassBaseline::wait(const ClassSecond& s) {
  if (s.frozen && waiting_ && !waiting_->alarmed) forget_waiting();  // what came before may have been its beginning
  if (!waiting_) {
    waiting_ = std::make_unique<Waiting>();
    waiting_->since = s.now, waiting_->alarmed = s.frozen;
  }
  waiting_->last = s.now;
  if (s.frozen ? s.answered : s.two_way)
    waiting_->seconds.add(s.pps);
  else
    ++waiting_->one_way;
}

void ClassBaseline::forget_waiting() { waiting_.reset(); }

// "New normal": what stays above the ceiling and is answered is accepted, so that a legitimate step is reported for minutes, not for ever.
void ClassBaseline::settle_waiting(const ClassSecond& s) {
  if (!waiting_) return;
  auto& w = *waiting_;
  const DurationNs lasted = s.now - w.since;
  if (w.alarmed) {
    // A pulse ends; only what goes on for half an hour, answered all the time, may be the service's new life.
    if (s.now - w.last > kAlarmPause) return forget_waiting();
    if (lasted < kAcceptAlarmAfter) return;
    if (w.seconds.samples() < 0.8 * static_cast<double>(lasted / kSecond)) return forget_waiting();
    if (w.seconds.quantile(0.99) > std::max(kAlarmTimes * ceiling_, kAlarmPps)) return forget_waiting();
  } else {
    if (s.frozen) return forget_waiting();
    if (lasted < kAcceptAfter) return;
    if (w.one_way > w.seconds.samples()) return forget_waiting();
  }
  const bool step = w.seconds.samples() >= 300;
  const double height = w.seconds.quantile(0.99);
  while (short_.samples() > kMemory / 2) short_.halve();
  short_.merge(w.seconds);
  if (step && anchor_) anchor_->accept(height);
  forget_waiting();
  summarize();
  decide(s.hour);
}

void ClassBaseline::summarize() {
  const double median = short_.quantile(0.5), sigma = 1.4826 * short_.log_mad(median);
  const double by_median = median * std::clamp(std::exp(5 * sigma), 3.0, 6.0), by_quantile = 1.2 * short_.quantile(0.999);
  median_ = static_cast<float>(median), sigma_ = static_cast<float>(sigma);
  short_ceiling_ = static_cast<float>(std::max(by_median, by_quantile));
  short_rule_ = by_median >= by_quantile ? ThresholdRule::median : ThresholdRule::quantile;
}

void ClassBaseline::decide(std::int64_t hour) {
  normal_ = median_, ceiling_ = short_ceiling_, rule_ = short_.samples() ? short_rule_ : ThresholdRule::floor;
  if (anchored()) {
    const auto reference = anchor_->reference(hour);
    const auto limit = static_cast<float>(kOverAnchor * reference.pps);
    const auto by = reference.by_hour ? ThresholdRule::hour_of_week : ThresholdRule::day;
    if (short_.samples() < 60) {  // after a restart
      if (limit > ceiling_) ceiling_ = limit, rule_ = by;
      if (normal_ == 0) normal_ = static_cast<float>(anchor_->median_pps());
    } else if (minute_pps_ > limit && limit < ceiling_) {
      ceiling_ = limit, rule_ = by;
    }
  }
  if (cusum_ > kCusumLimit) {
    const auto limit = static_cast<float>(median_ * std::exp(std::max(std::log(2.2), 2.5 * sigma_)));
    if (limit < ceiling_) ceiling_ = limit, rule_ = ThresholdRule::cusum;
  }
}

void ClassBaseline::resume(DurationNs age, std::int64_t hour) {
  if (age > kStale || age < -kStale) {
    short_.clear();
    summarize();
  }
  decide(hour);
}

void ClassBaseline::describe(BaselineView& view, TimeNs now, std::int64_t hour) const {
  view.level_pps = level_, view.normal_pps = normal_, view.ceiling_pps = ceiling_;
  view.rule = rule_;
  view.learned_seconds = short_.samples();
  view.mean_minute_pps = minute_pps_;
  view.cusum = cusum_;
  if (anchor_) {
    view.day_pps = anchor_->day_pps(), view.hour_of_week_pps = anchor_->hour_pps(hour);
    view.day_seconds = anchor_->day_samples() * 10;
  }
  if (waiting_) {
    view.waiting_seconds = waiting_->seconds.samples();
    view.waiting_left_s =
        std::max(0.0, static_cast<double>(waiting_->since + (waiting_->alarmed ? kAcceptAlarmAfter : kAcceptAfter) - now) / 1e9);
  }
}

}  // namespace sekisho
