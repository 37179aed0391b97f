// Plots of the page: the rate over time as SVG (stretched by the browser, its labels are HTML so that they stay readable), and bars.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/rate_graph.h"
#include "app/report_html.h"
#include "base/text.h"

namespace sekisho {
namespace {

constexpr int kColumns = 180, kHeight = 100, kTableRows = 24;

// A top for the axis that people can halve.
double round_up(double value) {
  if (value <= 0) return 1;
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double step : {1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0})
    if (value <= step * power * 1.0001) return step * power;
  return 10 * power;
}

std::string area_path(const std::vector<double>& values, double top) {
  std::string path = fmt::format("M0 {}", kHeight);
  double previous = -1;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double y = kHeight - values[i] / top * kHeight;
    if (y != previous) path += fmt::format("V{:.2f}", y);
    path += fmt::format("H{}", i + 1);
    previous = y;
  }
  return path + fmt::format("V{}Z", kHeight);
}

}  // namespace

std::string html_bar(double share, std::string_view css_class) {
  return fmt::format(R"(<svg class="bar {}" aria-hidden="true" focusable="false"><rect class="track" width="100%" height="100%" rx="2"/>)"
                     R"(<rect class="fill" width="{:.2f}%" height="100%" rx="2"/></svg>)",
                     css_class, std::clamp(share, 0.0, 1.0) * 100);
}

std::string html_rate_plot(const Incident& incident) {
  const auto rates = rate_columns(incident, kColumns);
  if (rates.pps.empty()) return {};
  const double top = round_up(rates.max_pps);
  const double span = double(rates.to - rates.from);
  std::string grid;
  for (int i = 1; i < 4; ++i) grid += fmt::format(R"(<path class="grid" d="M0 {0}H{1}"/>)", kHeight * i / 4, kColumns);
  // Where the verdict was reached; near the left edge for a fast one.
  std::string decided;
  const double at = double(incident.detected - rates.from) / span * kColumns;
  if (at >= 0 && at <= kColumns) decided = fmt::format(R"(<path class="decided" d="M{:.2f} 0V{}"/>)", at, kHeight);
  std::string out = fmt::format(
      R"(<figure class="plot"><figcaption>Packets per second, the largest of every {}; peak {}</figcaption>)"
      R"(<div class="frame"><div class="y"><span>{}</span><span>{}</span><span>0</span></div>)"
      R"(<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="Rate over time from {} to {} UTC, peak {}; the table below has the numbers">)"
      R"({}<path class="area" d="{}"/>{}</svg>)"
      R"(<div class="x"><span>{}</span><span>{}</span><span>{} UTC</span></div></div>)",
      format_duration((rates.to - rates.from) / kColumns), format_rate_pps(rates.max_pps), format_rate_pps(top), format_rate_pps(top / 2),
      kColumns, kHeight, format_clock(rates.from), format_clock(rates.to), format_rate_pps(rates.max_pps), grid, area_path(rates.pps, top),
      decided, format_clock(rates.from), format_clock(rates.from + (rates.to - rates.from) / 2), format_clock(rates.to));
  if (!decided.empty())
    out += fmt::format(R"(<p class="legend"><span class="key"></span>verdict reached, {} after the first packet</p>)",
                       format_duration(incident.detected - incident.started));
  const auto coarse = rate_columns(incident, kTableRows);
  out +=
      R"(<details><summary>The plot as a table</summary><table><thead><tr><th scope="col">from (UTC)</th><th scope="col" class="n">peak packets/s</th><th scope="col" class="n">peak bit/s</th></tr></thead><tbody>)";
  for (std::size_t i = 0; i < coarse.pps.size(); ++i)
    out += fmt::format(R"(<tr><td>{}</td><td class="n">{}</td><td class="n">{}</td></tr>)",
                       format_clock(coarse.from + static_cast<DurationNs>(double(i) * double(coarse.to - coarse.from) / kTableRows)),
                       format_rate_pps(coarse.pps[i]), format_rate_bps(coarse.bps[i]));
  return out + "</tbody></table></details></figure>";
}

}  // namespace sekisho
