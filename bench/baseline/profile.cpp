// The seven profiles.
#include "profile.h"

#include <algorithm>
#include <cmath>

namespace sekisho::bench {
namespace {

using enum TrafficClass;

// Clients of a web server, some hundred at a time; request heads differ by path, agent and cookies.
const Shape kSyn{.sources = 900, .length_low = 52, .length_high = 60, .connections = 6, .flags = 2};
const Shape kAck{.sources = 900, .length_low = 40, .length_high = 64, .connections = 6};
const Shape kData{.sources = 900, .length_low = 60, .length_high = 1500, .payload_kinds = 1'000'000, .connections = 6, .flags = 0x18};
const Shape kHello{.sources = 900, .length_low = 557, .length_high = 680, .payload_kinds = 400, .connections = 6, .flags = 0x18};
const Shape kRequest{.sources = 900, .length_low = 300, .length_high = 1400, .payload_kinds = 500, .local_port = 80, .connections = 6, .flags = 0x18};
const Shape kOrphan{.sources = 300, .length_low = 40, .length_high = 60, .connections = 2};
const Shape kReset{.sources = 300, .length_low = 40, .length_high = 40, .connections = 2, .flags = 4};
// A crowd: ten times as many, most of them new.
const Shape kCrowdSyn{.sources = 12'000, .length_low = 52, .length_high = 60, .connections = 4, .flags = 2};
const Shape kCrowdData{.sources = 12'000, .length_low = 60, .length_high = 1500, .payload_kinds = 1'000'000, .connections = 4, .flags = 0x18};
const Shape kCrowdAck{.sources = 12'000, .length_low = 40, .length_high = 64, .connections = 4};
const Shape kCrowdHello{.sources = 12'000, .length_low = 557, .length_high = 680, .payload_kinds = 400, .connections = 4, .flags = 0x18};
const Shape kCrowdRequest{.sources = 12'000, .length_low = 300, .length_high = 1400, .payload_kinds = 350, .local_port = 80, .connections = 4, .flags = 0x18};
// Game players: one flow each.
const Shape kPlayers{.sources = 400, .length_low = 45, .length_high = 140, .payload_kinds = 1'000'000, .local_port = 27'015, .protocol = 17, .flags = 0};
const Shape kQueries{.sources = 700, .length_low = 53, .length_high = 57, .payload_kinds = 2, .local_port = 27'015, .connections = 3, .protocol = 17, .flags = 0};
const Shape kStray{.sources = 50, .length_low = 40, .length_high = 300, .payload_kinds = 40, .local_port = 0, .protocol = 17, .flags = 0};
const Shape kPing{.sources = 30, .length_low = 64, .length_high = 84, .payload_kinds = 10, .protocol = 1, .flags = 0, .icmp_type = 8};
// A port scanner: one source, every port; a wave of Mirai-like scanning: many sources, two ports.
const Shape kSweep{.sources = 1, .length_low = 44, .length_high = 44, .local_port = 0, .connections = 0, .flags = 2};
const Shape kWave{.sources = 4000, .devices = true, .length_low = 40, .length_high = 40, .local_port = 23, .connections = 0, .flags = 2};
// One file on two connections; a speed test on sixteen.
const Shape kBulk{.sources = 1, .length_low = 1500, .length_high = 1500, .payload_kinds = 1'000'000, .connections = 2};
const Shape kBulkAck{.sources = 1, .length_low = 52, .length_high = 64, .connections = 2};
const Shape kSpeed{.sources = 1, .length_low = 1400, .length_high = 1500, .payload_kinds = 200, .connections = 16};
const Shape kSpeedUdp{.sources = 1, .length_low = 1498, .length_high = 1498, .payload_kinds = 1'000'000, .local_port = 5201, .protocol = 17, .flags = 0};

constexpr double kPacketsPerConnection = 25;

}  // namespace

Profile::Profile(Kind kind, std::uint64_t seed) : kind_(kind), random_(seed * 7919 + static_cast<std::uint64_t>(kind)) {
  struct Numbers {
    double base, sigma, rho, bursts, swing;
  };
  constexpr std::array<Numbers, 7> numbers{{{2000, 0.25, 0.9, 20, 0.6},
                                            {8000, 0.15, 0.95, 10, 0.5},
                                            {200, 0.7, 0.8, 100, 0.4},
                                            {8, 0.4, 0.5, 10, 0.2},
                                            {300, 0.3, 0.9, 10, 0.5},
                                            {300, 0.3, 0.9, 10, 0.5},
                                            {500, 0.3, 0.9, 10, 0.6}}};
  const auto& n = numbers[static_cast<std::size_t>(kind)];
  base_pps_ = n.base, sigma_ = n.sigma, rho_ = n.rho, bursts_a_day_ = n.bursts, swing_ = n.swing;
}

// Busiest at 20:00, quietest at 08:00 UTC (an American site), a third less at the weekend.
double Profile::course(unsigned second) const {
  const double day = std::cos(2 * 3.141592653589793 * (second % kDay / static_cast<double>(kDay) - 20.0 / 24));
  const double weekend = second / kDay % 7 >= 5 ? 0.7 : 1.0;
  return weekend * (1 + swing_ * day);
}

double Profile::usual_pps(unsigned second) const { return base_pps_ * course(second); }

bool Profile::begins(double times_a_day) { return random_.chance(times_a_day / kDay); }

// `crowd`: so many times the usual level comes on top, from a crowd; `strain`: 0-1, how overloaded the server is.
void Profile::web(double level, double crowd, double strain) {
  const auto people = [&](double pps, const Shape& syn, const Shape& ack, const Shape& data, const Shape& hello, const Shape& request) {
    const double connections = random_.poisson(pps / kPacketsPerConnection);
    const double retransmitted = connections * (0.02 + 0.8 * strain), completed = connections * (0.97 - 0.5 * strain);
    now_.in.add(tcp_syn, connections + std::round(retransmitted), syn, 74);
    now_.in.raise(Fact::handshakes_completed, completed);
    now_.in.raise(Fact::refused, connections * 0.3 * strain);
    now_.in.add(tls_hello, random_.poisson(0.7 * completed), hello, 620);
    now_.in.add(http_request, random_.poisson(0.3 * 2.5 * completed), request, 700);
    now_.in.add(tcp_data, random_.poisson(7 * completed), data, 400);
    now_.in.add(tcp_ack, random_.poisson(14 * completed), ack, 66);
    now_.out.add(tcp_syn_ack, std::round(completed * 1.01), syn, 74);
    now_.out.add(tcp_data, random_.poisson(18 * completed * (1 - 0.5 * strain)), data, 1100);
    now_.out.add(tcp_ack, random_.poisson(6 * completed), ack, 66);
  };
  people(level, kSyn, kAck, kData, kHello, kRequest);
  now_.in.add(tcp_ack_unknown, random_.poisson(level * (0.002 + 0.02 * strain)), kOrphan, 60);
  now_.in.add(tcp_rst, random_.poisson(level * (0.001 + 0.01 * strain)), kReset, 60);
  if (crowd > 0) people(level * crowd, kCrowdSyn, kCrowdAck, kCrowdData, kCrowdHello, kCrowdRequest);
}

// Players send and are sent 20 packets/s each; server browsers query. Twice a day the server restarts and all join anew; every third day it
// dies: for ten seconds nothing happens, then what the players still send counts as unasked, and the kernel refuses it.
void Profile::game(unsigned second) {
  if (second >= restart_.until + 60 && begins(2)) restart_.until = second + 45;
  if (second >= crash_.until + 600 && begins(1 / 3.0)) crash_.until = second + 10 + 5 + random_.below(20);
  const bool dead = second < crash_.until;
  double level = base_pps_ * course(second) * std::exp(noise_ - sigma_ * sigma_ / 2) * (second < burst_.until ? burst_.height : 1);
  double joining = 3;
  if (second < restart_.until) {
    const unsigned left = restart_.until - second;
    if (left > 25)
      level *= 0.02;
    else
      joining = level / 20 / 25, level *= 1 - left / 25.0;
  }
  if (dead) {
    const unsigned gone = crash_.until > second ? crash_.until - second : 0;
    if (gone > 25) {
      now_.in.add(udp_answer, random_.poisson(level), kPlayers, 130);  // not yet ten seconds without an answer
    } else {
      const double still = level * gone / 25.0;
      now_.in.add(udp, random_.poisson(still), kPlayers, 130);
      now_.in.raise(Fact::refused, std::min(still, 900.0));
    }
    now_.in.add(udp_vse, random_.poisson(35 * course(second)), kQueries, 67);
    return;
  }
  now_.in.add(udp_answer, random_.poisson(level), kPlayers, 130);
  now_.in.add(udp, random_.poisson(joining * 3 + 12), kPlayers, 100);
  const double queries = random_.poisson(35 * course(second));
  now_.in.add(udp_vse, queries, kQueries, 67);
  now_.out.add(udp_answer, random_.poisson(level * 1.05 + joining * 3 + 10) + queries, kPlayers, 250);
}

// What every public address sees: stray packets, three sweeps of a port scanner and three waves of infected devices a day.
void Profile::background(unsigned second) {
  if (second >= sweep_.until && begins(3)) sweep_ = {second + 5 + random_.below(25), random_.uniform(100, 400)};
  if (second >= wave_.until && begins(3)) wave_ = {second + 30 + random_.below(60), random_.uniform(20, 120)};
  const double strays = random_.poisson(0.7);
  now_.in.add(tcp_syn_bare, strays, kWave, 60);
  now_.in.add(udp, random_.poisson(0.3), kStray, 120);
  now_.in.add(icmp_echo, random_.poisson(0.2), kPing, 98);
  double refused = strays;
  if (second < sweep_.until) {
    const double n = random_.poisson(sweep_.height);
    now_.in.add(tcp_syn_bare, n, kSweep, 60), refused += n;
  }
  if (second < wave_.until) {
    const double n = random_.poisson(wave_.height);
    now_.in.add(tcp_syn_bare, n, kWave, 60), refused += n;
  }
  now_.in.raise(Fact::refused, refused);
  now_.out.add(tcp_ack, refused, kOrphan, 60);
}

// Backups and speed tests: few connections, full packets, acknowledged; a UDP test sends one flow that nobody answers.
void Profile::transfer(unsigned second) {
  if (kind_ == Kind::backup) {
    if (second % kDay == 0) {
      backup_at_ = second + static_cast<unsigned>(random_.uniform(1.4, 1.6) * 3600);
      backup_until_ = backup_at_ + static_cast<unsigned>(random_.uniform(40, 60) * 60) * (second / kDay % 7 == 6 ? 3 : 1);
    }
    if (second < backup_at_ || second >= backup_until_) return;
    const double pps = random_.poisson(15'000 * std::exp(noise_ / 2));
    now_.in.add(tcp_data, pps, kBulk, 1514), now_.out.add(tcp_ack, pps / 2, kBulkAck, 66);
    return;
  }
  if (second >= bulk_out_.until + 60 && begins(12)) {
    const double height = random_.uniform(8'000, 80'000);
    bulk_in_ = {second + 15, height}, bulk_out_ = {second + 30, height * 0.8};
  }
  if (second >= udp_in_.until + 60 && begins(1)) udp_in_ = {second + 10, random_.uniform(20'000, 60'000)};
  if (second >= udp_out_.until + 60 && begins(1)) udp_out_ = {second + 10, random_.uniform(20'000, 60'000)};
  if (second < bulk_in_.until) {
    const double pps = random_.poisson(bulk_in_.height);
    now_.in.add(tcp_data, pps, kSpeed, 1514), now_.out.add(tcp_ack, pps / 2, kBulkAck, 66);
  } else if (second < bulk_out_.until) {
    const double pps = random_.poisson(bulk_out_.height);
    now_.out.add(tcp_data, pps, kSpeed, 1514), now_.in.add(tcp_ack, pps / 2, kBulkAck, 66);
  }
  if (second < udp_in_.until) now_.in.add(udp, random_.poisson(udp_in_.height), kSpeedUdp, 1512);
  if (second < udp_out_.until) now_.out.add(udp, random_.poisson(udp_out_.height), kSpeedUdp, 1512);
}

const Traffic& Profile::next(unsigned second) {
  now_.in.parts.clear(), now_.out.parts.clear();
  now_.in.facts = {}, now_.out.facts = {};
  noise_ = rho_ * noise_ + std::sqrt(1 - rho_ * rho_) * sigma_ * random_.normal();
  if (second >= burst_.until && begins(bursts_a_day_)) burst_ = {second + 5 + random_.below(55), std::exp(random_.uniform(0.7, 1.8))};
  if (kind_ == Kind::game) {
    game(second);
  } else {
    double crowd = 0, strain = 0;
    if (kind_ == Kind::flash_crowd) {
      if (second >= crowd_.until && begins(1)) {
        crowd_begin_ = second, crowd_doubling_ = std::exp(random_.uniform(std::log(10.0), std::log(120.0)));
        crowd_ = {second + 900 + random_.below(2400), random_.uniform(8, 25)};
        crowd_strain_ = random_.chance(0.25) ? random_.uniform(0.5, 0.9) : random_.uniform(0, 0.3);
      }
      if (second < crowd_.until) {
        const double left = crowd_.until - second;
        crowd = std::min({crowd_.height, 0.1 * std::exp2((second - crowd_begin_) / crowd_doubling_), crowd_.height * std::exp2((left - 300) / 150)});
        strain = crowd_strain_ * crowd / crowd_.height;
      }
    }
    web(base_pps_ * course(second) * std::exp(noise_ - sigma_ * sigma_ / 2) * (second < burst_.until ? burst_.height : 1), crowd, strain);
  }
  background(second);
  if (kind_ == Kind::backup || kind_ == Kind::speed_test) transfer(second);
  return now_;
}

}  // namespace sekisho::bench
