// Points, and the verdict on who sends.
#include "detect/evidence.h"

#include <fmt/format.h>

namespace sekisho {

void support(Evidence& e, int points, std::string clause) { e.points += points, e.pro.push_back(std::move(clause)); }
void prove(Evidence& e, int points, std::string clause) { e.hard = true, support(e, points, std::move(clause)); }
void contradict(Evidence& e, int points, std::string clause) { e.points -= points, e.contra.push_back(std::move(clause)); }

std::string percent(double share) {
  const double p = share * 100;
  return p > 0 && p < 9.95 && p != static_cast<int>(p) ? fmt::format("{:.1f} %", p) : fmt::format("{:.0f} %", p);
}

void judge_sources(const Second& second, const SampleStats& s, Evidence& e) {
  if (s.samples < 16) {
    e.sources = fmt::format("{} sources, too few packets to judge them", s.sources);
    return;
  }
  const bool many = s.unique_sources > 0.9 && s.samples >= 128;
  if (s.bogon_share >= 0.02) {
    e.spoofed = true;
    prove(e, 12, fmt::format("{} of the packets come from addresses that no host can have", percent(s.bogon_share)));
    e.sources = "spoofed: sources that cannot exist";
  } else if (many && s.slash8_entropy > 0.975) {
    e.spoofed = true;
    prove(e, 10, fmt::format("the sources are spread evenly over the address space (entropy of /8 {:.3f})", s.slash8_entropy));
    e.sources = "spoofed: spread evenly over the address space";
  } else if (s.ttl_entropy_bits > 6.5) {
    e.spoofed = true;
    prove(e, 10, fmt::format("the TTLs are random ({:.1f} bits)", s.ttl_entropy_bits));
    e.sources = "spoofed: random TTLs";
  } else if (many && s.ttl_entropy_bits < 2 && distinct_remotes(second) > 200) {
    e.spoofed = true;
    support(e, 6, fmt::format("{:.0f} sources share the same TTLs ({:.1f} bits)", distinct_remotes(second), s.ttl_entropy_bits));
    e.sources = "probably spoofed: many sources at one distance";
  } else if (s.sources >= 20 && s.ttl_botnet_share > 0.8) {
    e.sources = fmt::format("botnet, not spoofed: {:.0f} sources, TTLs of ordinary Linux devices", distinct_remotes(second));
  } else if (s.sources >= 20) {
    e.sources = fmt::format("{:.0f} sources, no sign of spoofing", distinct_remotes(second));
  } else {
    e.sources = s.sources == 1 ? std::string{"one source"} : fmt::format("{} sources", s.sources);
  }
}

}  // namespace sekisho
