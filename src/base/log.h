// What the program says about itself: to stderr, or to the journal with its priority when systemd runs it.
#pragma once
#include <string_view>

namespace sekisho {

// Any thread; one line each; hostile text is escaped by the caller. Under systemd (JOURNAL_STREAM names this stderr) the line carries its
// priority in the form of sd-daemon(3), "<4>text", and no name; otherwise it is "sekisho: text".
void log_error(std::string_view sentence);    // something does not work
void log_warning(std::string_view sentence);  // something works less well
void log_notice(std::string_view sentence);   // normal but worth knowing

}  // namespace sekisho
