// RateGraph: an incident's rate over time, resampled to columns; shared by the terminal's block graph and the page's SVG.
#pragma once
#include <string>
#include <vector>

#include "model/incident.h"

namespace sekisho {

struct RateColumns {
  TimeNs from = 0, to = 0;
  double max_pps = 0, max_bps = 0;  // of all points
  std::vector<double> pps, bps;     // the largest value within each column; 0 where nothing was seen
};

// Empty when the incident has fewer than four points: two bars are no graph.
RateColumns rate_columns(const Incident& incident, std::size_t columns);

// `rows` lines of block characters (or . : # where utf8 is false), the top one first, each as wide as the columns.
std::vector<std::string> draw_blocks(const std::vector<double>& values, double max, int rows, bool utf8);

// A horizontal bar of share * width characters in eighths, never longer than width.
std::string draw_bar(double share, int width, bool utf8);

}  // namespace sekisho
