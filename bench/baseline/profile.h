// Profile: a host's ordinary traffic, second by second: daily and weekly course, noise, bursts, and what is peculiar to its kind.
//
// All ordinary traffic is what it is in life: connections complete, questions are answered, sizes and payloads differ. It has its bad moments
// too, which look like attacks in part: crowds that overload the server (handshakes fail, connections are reset), sweeps of port scanners,
// a game server that dies while its players go on sending, speed tests by UDP that nobody answers.
#pragma once
#include <array>
#include <string_view>

#include "traffic.h"

namespace sekisho::bench {

enum class Kind { web, game, bursty, quiet, backup, speed_test, flash_crowd };
constexpr std::array<std::string_view, 7> kProfiles{"web", "game", "bursty", "quiet", "backup", "speed test", "flash crowd"};
constexpr unsigned kDay = 86'400;

class Profile {  // copyable: a copy goes on independently
 public:
  Profile(Kind kind, std::uint64_t seed);
  // The next second; `second` counts from a Monday 00:00 UTC and rises by one.
  const Traffic& next(unsigned second);
  // Packets/s towards the host that are usual at this time, without noise and events.
  double usual_pps(unsigned second) const;

 private:
  struct Event {  // something that began and lasts
    unsigned until = 0;
    double height = 0;
  };
  double course(unsigned second) const;
  bool begins(double times_a_day);
  void web(double level, double crowd, double strain);
  void game(unsigned second);
  void background(unsigned second);
  void transfer(unsigned second);

  Kind kind_;
  double base_pps_, sigma_, rho_, bursts_a_day_;
  Random random_;
  double noise_ = 0, swing_;
  Event burst_, crowd_, sweep_, wave_, crash_, restart_, bulk_in_, bulk_out_, udp_in_, udp_out_;
  unsigned crowd_begin_ = 0;
  double crowd_doubling_ = 30, crowd_strain_ = 0;
  unsigned backup_at_ = 0, backup_until_ = 0;
  Traffic now_;
};

}  // namespace sekisho::bench
