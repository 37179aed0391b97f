// One profile: a day to learn, a week to be quiet in, and attacks from some of its moments.
#include "runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sekisho::bench {
namespace {

constexpr unsigned kWarmUp = kDay, kWeek = 7 * kDay;
constexpr unsigned kMoments = 12;     // from which attacks start
constexpr unsigned kAttackFor = 60;   // seconds
constexpr unsigned kLeadIn = 90;      // seconds of ordinary traffic between a moment and the attack
constexpr unsigned kPulses = 40, kPulseEvery = 420;
constexpr unsigned kEpisode = 30;     // seconds of silence between two episodes of one alarm
const TimeNs kMonday = 1'735'516'800 * kSecond;  // 2024-12-30 00:00 UTC

TimeNs end_of(unsigned second) { return kMonday + static_cast<TimeNs>(second + 1) * kSecond; }

// Counts episodes of alarm.
class Episodes {
 public:
  bool begins(unsigned second, bool alarm) {
    if (!alarm) return false;
    const bool fresh = last_ == 0 || second > last_ + kEpisode;
    last_ = second;
    return fresh;
  }

 private:
  unsigned last_ = 0;
};

// Where attacks start from: everything that has a memory.
struct Moment {
  unsigned second = 0;
  Profile profile;
  Peers peers;
  std::vector<std::uint8_t> learned;
};

// A second of ordinary traffic. When a gate opens it is judged in three steps, as the sliding window would hold it: weak evidence has to last.
Verdicts ordinary_second(Guard& guard, const Traffic& t, unsigned second, Random& random) {
  const TimeNs end = end_of(second);
  const bool was_near = guard.near();
  Verdicts all = guard.judge({end - 200 * kMillisecond, t}, kSecond, random);
  if (all.near && !was_near)
    for (const TimeNs now : {end - 100 * kMillisecond, end}) {
      Verdicts v = guard.judge({now, t}, 100 * kMillisecond, random);
      all.attacks.insert(all.attacks.end(), v.attacks.begin(), v.attacks.end());
      all.spike |= v.spike;
    }
  guard.learn(end);
  return all;
}

std::vector<Moment> quiet_week(Kind kind, std::uint64_t seed, Results& r) {
  Random random(seed * 31 + 17), choice(seed * 131 + static_cast<std::uint64_t>(kind));
  std::vector<unsigned> at;
  for (unsigned m = 0; m < kMoments; ++m) at.push_back(kWarmUp + choice.below(kWeek));
  std::sort(at.begin(), at.end());
  std::vector<Moment> moments;
  Profile profile(kind, seed);
  Guard guard;
  Peers peers;
  std::array<Episodes, kDetectors> episodes;
  Episodes spikes;
  for (unsigned second = 0; second < kWarmUp + kWeek; ++second) {
    while (moments.size() < at.size() && at[moments.size()] == second)
      moments.push_back({second, profile, peers, guard.save(end_of(second) - kSecond)});
    const Traffic& t = profile.next(second);
    const auto theirs = peers.on_second(t.total_in());
    const Verdicts ours = ordinary_second(guard, t, second, random);
    if (second < kWarmUp) continue;
    if (episodes[0].begins(second, !ours.attacks.empty())) ++r.false_alarms[0], ++r.false_labels[std::string{ours.attacks.front()}];
    for (std::size_t p = 0; p < theirs.size(); ++p) r.false_alarms[p + 1] += episodes[p + 1].begins(second, theirs[p]);
    r.spikes += spikes.begins(second, ours.spike);
  }
  r.days += kWeek / static_cast<double>(kDay);
  return moments;
}

void scale(Way& way, double by) {
  for (auto& p : way.parts) p.pps *= by;
  for (auto& f : way.facts) f = static_cast<std::uint64_t>(static_cast<double>(f) * by);
}

// From a moment on: ordinary traffic, and attacks when they are due.
class Trial {
 public:
  Trial(const Moment& moment, std::uint64_t seed) : second_(moment.second), profile_(moment.profile), peers_(moment.peers), random_(seed) {
    guard_.restore(moment.learned, end_of(second_) - kSecond);
    alarms_.fill(false);
  }
  double usual() const { return profile_.usual_pps(second_); }
  unsigned second() const { return second_; }
  void ordinary() { attacked(0, 0, 0); }
  // One second with an attack of `pps` that began `age` seconds ago; its first seconds are judged every 100 ms. Says who alarms, and when ours
  // did, in seconds since the attack began.
  struct Said {
    std::array<bool, kDetectors> alarm{};
    double ours_after = 0;
  };
  Said attacked(std::size_t kind, double pps, double age, bool ours_too = true) {
    const Traffic& t = profile_.next(second_);
    Said said;
    const TimeNs end = end_of(second_);
    if (pps <= 0) {
      said.alarm[0] = !ordinary_second(guard_, t, second_, random_).attacks.empty();
    } else {
      attack_.in = {}, attack_.out = {};
      add_attack(kind, pps, random_, attack_);
      const unsigned steps = !ours_too ? 0 : age < 5 ? 10 : 1;
      for (unsigned step = 1; step <= steps && !said.alarm[0]; ++step) {
        const double share = step / static_cast<double>(steps), held = std::min(1.0, age + share);
        Traffic part = attack_;
        scale(part.in, held), scale(part.out, held);
        const TimeNs now = end - kSecond + static_cast<TimeNs>(share * 1e9);
        const TimeNs from = now - static_cast<TimeNs>((age + share) * 1e9);
        const auto v = guard_.judge({now, t, &part, from}, steps == 10 ? 100 * kMillisecond : kSecond, random_);
        if (!v.attacks.empty()) said.alarm[0] = true, said.ours_after = age + share;
      }
      if (ours_too) guard_.learn(end);
    }
    const auto theirs = peers_.on_second(t.total_in() + (pps > 0 ? attack_.total_in() : 0));
    std::copy(theirs.begin(), theirs.end(), said.alarm.begin() + 1);
    ++second_;
    return said;
  }

 private:
  unsigned second_;
  Profile profile_;
  Peers peers_;
  Guard guard_;
  Random random_;
  Traffic attack_;
  std::array<bool, kDetectors> alarms_;
};

void single_attacks(Kind kind, std::uint64_t seed, const std::vector<Moment>& moments, Results& r) {
  for (std::size_t f = 0; f < kFactors.size(); ++f)
    for (std::size_t m = 0; m < moments.size(); ++m)
      for (std::size_t a = m % 2; a < kAttacks.size(); a += 2) {
        Trial trial(moments[m], seed * 1000 + m * 10 + a);
        for (unsigned i = 0; i < kLeadIn; ++i) trial.ordinary();
        const double floor = kAttacks[a].floor_pps;
        const double pps = kFactors[f] * (kFactors[f] == 2 ? floor : std::max(trial.usual(), floor));
        std::array<double, kDetectors> after{};
        after.fill(-1);
        for (unsigned i = 0; i < kAttackFor && std::count(after.begin(), after.end(), -1.0); ++i) {
          const auto said = trial.attacked(a, pps, i, after[0] < 0);
          for (std::size_t d = 0; d < kDetectors; ++d)
            if (after[d] < 0 && said.alarm[d]) after[d] = d == 0 ? said.ours_after : i + 1;
        }
        for (std::size_t d = 0; d < kDetectors; ++d) {
          r.found[f][d].count(after[d] >= 0);
          if (after[d] >= 0) r.latency_s[f][d].push_back(after[d]);
        }
        if (after[0] < 0) ++r.missed[fmt::format("{} {}x on {}", kAttacks[a].label, kFactors[f], kProfiles[static_cast<std::size_t>(kind)])];
      }
}

void pulse_wave(Kind kind, std::uint64_t seed, const Moment& moment, std::size_t attack, Results& r) {
  Trial trial(moment, seed * 77 + attack);
  for (unsigned pulse = 0; pulse < kPulses; ++pulse) {
    for (unsigned i = kAttackFor; i < kPulseEvery; ++i) trial.ordinary();
    std::array<bool, kDetectors> found{};
    const double pps = 5 * std::max(trial.usual(), kAttacks[attack].floor_pps);
    for (unsigned i = 0; i < kAttackFor; ++i) {
      const auto said = trial.attacked(attack, pps, i);
      for (std::size_t d = 0; d < kDetectors; ++d) found[d] |= said.alarm[d];
    }
    for (std::size_t d = 0; d < kDetectors; ++d) r.pulses[d].count(found[d]);
    if (!found[0]) ++r.missed[fmt::format("pulse of {} on {}", kAttacks[attack].label, kProfiles[static_cast<std::size_t>(kind)])];
  }
}

// From a tenth of the usual level (or of the floor) to twenty times it.
void ramp(Kind kind, std::uint64_t seed, const Moment& moment, std::size_t attack, double growth, Results& r) {
  Trial trial(moment, seed * 99 + attack);
  for (unsigned i = 0; i < kLeadIn; ++i) trial.ordinary();
  const double unit = std::max(trial.usual(), kAttacks[attack].floor_pps);
  std::array<double, kDetectors> at{};
  at.fill(-1);
  for (unsigned i = 0; std::count(at.begin(), at.end(), -1.0); ++i) {
    const double times = 0.1 * std::pow(growth, i / 60.0);
    if (times > 20) break;
    const auto said = trial.attacked(attack, times * unit, i + 5, at[0] < 0);
    for (std::size_t d = 0; d < kDetectors; ++d)
      if (at[d] < 0 && said.alarm[d]) at[d] = times;
  }
  for (std::size_t d = 0; d < kDetectors; ++d) {
    r.ramps[d].count(at[d] >= 0);
    if (at[d] >= 0) r.ramp_times[d].push_back(at[d]);
  }
  if (at[0] < 0) ++r.missed[fmt::format("ramp {:.0f} % of {} on {}", (growth - 1) * 100, kAttacks[attack].label, kProfiles[static_cast<std::size_t>(kind)])];
}

}  // namespace

void run_profile(Kind kind, std::uint64_t seed, Results& r) {
  const auto moments = quiet_week(kind, seed, r);
  single_attacks(kind, seed, moments, r);
  pulse_wave(kind, seed, moments[3], (3 * seed + static_cast<std::size_t>(kind)) % kAttacks.size(), r);
  for (std::size_t a = 0; a < kAttacks.size(); ++a)
    for (const double growth : {1.05, 1.08}) ramp(kind, seed, moments[(a + 5) % moments.size()], a, growth, r);
}

}  // namespace sekisho::bench
