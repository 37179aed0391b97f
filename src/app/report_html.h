// The page of `sekisho analyze --html FILE`: one self-contained document without script; every text escaped.
#pragma once
#include <string>
#include <string_view>

#include "app/analysis.h"

namespace sekisho {

std::string html_report(const Analysis& analysis);

// Parts of the page that have their own files.
std::string html_text(std::string_view hostile);                      // made harmless, then HTML-escaped
std::string html_rate_plot(const Incident& incident);                 // figure with an SVG plot and its table twin; empty without rates
std::string html_bar(double share, std::string_view css_class = "");  // a decorative bar; the number stands beside it
std::string_view html_style();                                        // the style sheet

}  // namespace sekisho
