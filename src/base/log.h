// What the program says about itself: to stderr, or to the journal with priority and fields when systemd runs it.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sekisho {

// systemd connected this stderr to the journal (JOURNAL_STREAM, systemd.exec(5)): a redirected one is not.
bool log_is_journal();

// Any thread; one line each; hostile text is escaped by the caller. In the journal the line has its priority and no name; otherwise it is
// "sekisho: text".
void log_error(std::string_view sentence);    // something does not work
void log_warning(std::string_view sentence);  // something works less well
void log_notice(std::string_view sentence);   // normal but worth knowing

// syslog(3)'s priorities 0-7. Fields have names of A-Z, 0-9 and _ ("SEKISHO_INCIDENT"); they are only seen in the journal.
using LogFields = std::span<const std::pair<std::string, std::string>>;
void log_event(int priority, std::string_view sentence, LogFields fields = {});

}  // namespace sekisho
