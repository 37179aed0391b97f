// Resampling and block drawing.
#include "app/rate_graph.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sekisho {

RateColumns rate_columns(const Incident& incident, std::size_t columns) {
  RateColumns out;
  const auto& points = incident.rates;
  if (points.size() < 4 || columns == 0) return out;
  const DurationNs span = points.back().time - points.front().time;
  if (span <= 0) return out;
  const DurationNs spacing = std::max<DurationNs>(span / static_cast<DurationNs>(points.size() - 1), 1);
  out.from = points.front().time;
  out.to = points.back().time + spacing;
  out.pps.assign(columns, 0);
  out.bps.assign(columns, 0);
  const double per_column = double(out.to - out.from) / double(columns);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].time < out.from) continue;  // never: points are in order
    // A point holds until the next one, but not across a silence (three spacings): a pulse wave must look like one.
    const TimeNs next = i + 1 < points.size() ? points[i + 1].time : out.to;
    const TimeNs until = next - points[i].time > 3 * spacing ? points[i].time + spacing : next;
    auto first = static_cast<std::size_t>(double(points[i].time - out.from) / per_column);
    auto last = static_cast<std::size_t>(std::max(0.0, std::ceil(double(until - out.from) / per_column) - 1));
    first = std::min(first, columns - 1);
    last = std::clamp(last, first, columns - 1);
    for (auto c = first; c <= last; ++c) {
      out.pps[c] = std::max(out.pps[c], double(points[i].pps));
      out.bps[c] = std::max(out.bps[c], double(points[i].bps));
    }
    out.max_pps = std::max(out.max_pps, double(points[i].pps));
    out.max_bps = std::max(out.max_bps, double(points[i].bps));
  }
  return out;
}

std::vector<std::string> draw_blocks(const std::vector<double>& values, double max, int rows, bool utf8) {
  constexpr std::array<const char*, 9> blocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::array<const char*, 9> ascii{" ", ".", ".", ".", ":", ":", ":", "#", "#"};
  std::vector<std::string> lines(static_cast<std::size_t>(std::max(rows, 1)));
  for (const double value : values) {
    int level = max > 0 ? static_cast<int>(std::lround(value / max * rows * 8)) : 0;
    if (value > 0) level = std::max(level, 1);  // little is not nothing
    for (int row = 0; row < rows; ++row) {
      const int eighths = std::clamp(level - (rows - 1 - row) * 8, 0, 8);
      lines[static_cast<std::size_t>(row)] += (utf8 ? blocks : ascii)[static_cast<std::size_t>(eighths)];
    }
  }
  return lines;
}

std::string draw_bar(double share, int width, bool utf8) {
  constexpr std::array<const char*, 8> part{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  int eighths = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * width * 8));
  if (share > 0) eighths = std::max(eighths, 1);
  std::string bar;
  for (; eighths >= 8; eighths -= 8) bar += utf8 ? "█" : "#";
  if (eighths > 0) bar += utf8 ? part[static_cast<std::size_t>(eighths)] : eighths >= 4 ? "#" : bar.empty() ? "." : "";
  return bar;
}

}  // namespace sekisho
