// The human report of `sekisho analyze`: verdict first, incidents by weight, the scan background, what was read.
#pragma once
#include <string>

#include "app/analysis.h"
#include "app/terminal.h"

namespace sekisho {

// `every_incident`: no incident is shortened to a line. Without it, the first eight and all of severity medium or higher are shown whole
// and at most 40 others as one line each.
std::string text_report(const Analysis& analysis, const TextStyle& style, bool every_incident = false);

// One incident's block alone (`sekisho show`), `number` 0 = without a number.
std::string text_incident(const Incident& incident, const TextStyle& style, unsigned number = 0);

}  // namespace sekisho
