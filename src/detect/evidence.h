// Evidence: what speaks for and against a verdict, in points and in clauses with numbers.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "detect/sample_stats.h"

namespace sekisho {

struct Evidence {
  int points = 0;
  bool hard = false;  // something that ordinary traffic does not show: without it volume stays a spike_unclassified
  std::vector<std::string> pro, contra;
  bool spoofed = false;
  std::string sources;  // who: "spoofed: 14 % of the sources are addresses that cannot exist"
  std::string advice;   // empty = the label's
};

void support(Evidence& e, int points, std::string clause);     // soft: adds up, never decides alone
void prove(Evidence& e, int points, std::string clause);       // hard
void contradict(Evidence& e, int points, std::string clause);  // points are subtracted

std::string percent(double share);  // "97 %", "0.4 %"

// Spoofed, botnet or few real sources (FACTS section 8); sets e.spoofed and e.sources and adds points.
void judge_sources(const Second& second, const SampleStats& stats, Evidence& e);

}  // namespace sekisho
