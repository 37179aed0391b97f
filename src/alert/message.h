// AlertMessage: an alert as people read it: one subject line, a few named lines, a link. The same words in every channel.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"

namespace sekisho {

struct AlertLine {
  std::string name, text;  // "size", "812 kpps, 6.9 Gb/s (x96 of normal)"
};

// Texts hold no control characters, no invalid UTF-8, no marks that turn the direction of writing; they are not yet safe as markup.
struct AlertMessage {
  std::string subject;  // "[CRIT] web-3 inbound UDP flood 812 kpps (x96 normal), since 02:15:10"
  std::vector<AlertLine> lines;
  std::string link;  // empty: none
};
AlertMessage alert_message(const Alert& alert);

// "name: text" lines, the link last.
std::string plain_text(const AlertMessage& message);
std::string_view severity_word(Severity severity);  // "CRIT", "HIGH", "MED", "LOW", "INFO"

}  // namespace sekisho
