// Total volume above what was learned, without evidence of an attack. Low by design: a backup, a release, a crowd.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "base/text.h"
#include "detect/detector.h"

namespace sekisho {
namespace {

class SpikeUnclassified final : public Detector {
 public:
  struct Settings {
    std::int64_t floor_pps = 1000, learned_seconds = 2;
    double floor_mbps = 5;
    Milliseconds hold{400};
  };
  static constexpr Field<Settings> fields[] = {
      {"floor_pps", &Settings::floor_pps, 1, 1'000'000'000, "packets per second in all below which nothing is a spike"},
      {"floor_mbps", &Settings::floor_mbps, 0, 1e6, "and megabits per second"},
      {"learned_seconds", &Settings::learned_seconds, 1, 86'400,
       "clean seconds that must have been learned before volume alone is reported"},
      {"hold", &Settings::hold, 100, 600'000, "how long the volume must stay up"}};

  explicit SpikeUnclassified(Settings settings) : settings_(settings) {}

  void on_step(const Step& step, std::vector<Finding>& out) override {
    for (const auto& s : step.seconds) {
      if (s.all || s.host == 0 || s.direction == Direction::egress) continue;
      if (s.learned_seconds < settings_.learned_seconds && since_.empty()) continue;
      double pps = 0, bytes = 0, ceiling = 0, normal = 0;
      for (std::size_t c = 0; c < kTrafficClasses; ++c) {
        pps += static_cast<double>(s.counts[c].packets), bytes += static_cast<double>(s.counts[c].bytes);
        ceiling += s.ceiling[c], normal += s.normal[c];
      }
      const bool open = s.learned_seconds >= settings_.learned_seconds && pps >= static_cast<double>(settings_.floor_pps) &&
                        bytes * 8 >= settings_.floor_mbps * 1e6 && pps > ceiling;
      if (!open) {
        if (!since_.empty()) since_.erase(s.address);
        continue;
      }
      TimeNs& since = since_[s.address];
      if (since == 0) since = step.time;
      if (step.time - since < settings_.hold.count * kMillisecond) continue;
      Finding f;
      f.time = step.time;
      f.first_packet = since - kSecond;
      f.label = "spike_unclassified";
      f.subject = s.address;
      f.confidence = 40;
      f.severity = Severity::low;
      f.rate_pps = pps, f.rate_bps = bytes * 8, f.normal_pps = normal;
      for (const auto& c : s.step) f.packets += c.packets, f.bytes += c.bytes;
      f.distinct_peers = static_cast<std::uint64_t>(distinct_remotes(s));
      f.headline = fmt::format("{}, {} (normal {}, at most {})", format_rate_pps(pps), format_rate_bps(bytes * 8), format_rate_pps(normal),
                               format_rate_pps(ceiling));
      f.evidence = {"volume alone"};
      f.counter_evidence = {"no signature, no half-open connections, no closed ports, no impossible sources"};
      f.selector.locals = {s.address};
      out.push_back(std::move(f));
    }
  }

 private:
  Settings settings_;
  std::map<Address, TimeNs> since_;
};

const Register<DetectorSpec> reg{detector<SpikeUnclassified>("spike_unclassified", "volume above normal without evidence of an attack")};

}  // namespace
}  // namespace sekisho
