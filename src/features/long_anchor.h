// LongAnchor: how busy the busiest hundredth of the last 24 h of clean traffic was, and of each hour of the week (FACTS section 9).
// A slow ramp teaches every short memory to accept it; it cannot teach this one, which takes in an hour only when another hour has passed
// without an attack. 1.6 kB.
#pragma once
#include <array>
#include <cstdint>

#include "features/log_histogram.h"

namespace sekisho {

class LongAnchor {
 public:
  static constexpr unsigned kHours = 168;       // of a week
  static constexpr unsigned kDaySamples = 8640;  // of ten seconds each
  static constexpr unsigned kEnough = 360;       // samples before the day is a statement: an hour

  // Begins with `seconds` clean seconds in which the rate never exceeded `pps`: that a class did not occur is knowledge too.
  void begin(std::uint32_t seconds, double pps);
  // The mean rate of ten clean seconds. `hour`: hours since 1970 (UTC, so that daylight saving time moves nothing; a clock that is set moves
  // on to another hour and loses nothing).
  void add(double mean_pps, std::int64_t hour);
  // An attack: what waits may hold its beginning.
  void discard();
  // A new level proved to be legitimate: it counts for the next 24 h of traffic, by which time the day has taken it in.
  void accept(double pps);

  bool mature() const { return day_samples() >= kEnough; }
  unsigned day_samples() const { return today_.samples() + yesterday_.samples(); }
  double day_pps() const { return day_pps_; }        // 99th percentile; 0 = nothing admitted yet
  double median_pps() const { return median_pps_; }  // of the day
  double accepted_pps() const { return accepted_pps_; }
  // 99th percentile of this hour of the week, or of this hour of yesterday where the week is not known yet; the largest of the hour and its
  // neighbours, so that a job an hour early (daylight saving time) is no surprise. 0 = not known.
  double hour_pps(std::int64_t hour) const;
  // What the last minute is compared with, and whether that is the hour's or the day's.
  struct Reference {
    double pps = 0;
    bool by_hour = false;
  };
  Reference reference(std::int64_t hour) const;

 private:
  friend class BaselineCodec;  // saves and restores
  void close_hour(std::int64_t next);
  void admit(const LogHistogram& hour, std::int64_t number);
  void summarize();

  LogHistogram today_, yesterday_;    // admitted
  LogHistogram pending_, previous_;   // the open hour and the one before it, not admitted yet
  std::int64_t hour_ = 0;             // of pending_
  std::int64_t previous_hour_ = 0;
  std::array<float, kHours> week_{};  // 99th percentile by hour of the week; 0 = never seen
  float accepted_pps_ = 0;
  unsigned accepted_left_ = 0;  // samples for which it still counts
  float day_pps_ = 0, median_pps_ = 0;  // of today_ and yesterday_
};

}  // namespace sekisho
