// One write(2) a line, so that lines of several threads do not mix; fields go through the journal's own library.
#include "base/log.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION  // where in the program it was said is of no use to who reads it
#include <systemd/sd-journal.h>

#include <cstdlib>
#include <vector>

namespace sekisho {

bool log_is_journal() {
  static const bool journal = [] {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat facts {};
    if (!stream || ::fstat(STDERR_FILENO, &facts) != 0) return false;
    return fmt::format("{}:{}", facts.st_dev, facts.st_ino) == stream;
  }();
  return journal;
}

void log_event(int priority, std::string_view sentence, LogFields fields) {
  if (log_is_journal()) {
    std::vector<std::string> texts{fmt::format("MESSAGE={}", sentence), fmt::format("PRIORITY={}", priority), "SYSLOG_IDENTIFIER=sekisho"};
    for (const auto& [name, value] : fields) texts.push_back(fmt::format("{}={}", name, value));
    std::vector<iovec> parts;
    for (auto& text : texts) parts.push_back({text.data(), text.size()});
    if (sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0) return;
  }
  // Without a journal that listens, its stream still takes the priority in front of the line (sd-daemon(3)).
  const std::string line = log_is_journal() ? fmt::format("<{}>{}\n", priority, sentence) : fmt::format("sekisho: {}\n", sentence);
  // A log that cannot be written must not stop the program.
  static_cast<void>(::write(STDERR_FILENO, line.data(), line.size()) < 0);
}

void log_error(std::string_view sentence) { log_event(3, sentence); }
void log_warning(std::string_view sentence) { log_event(4, sentence); }
void log_notice(std::string_view sentence) { log_event(5, sentence); }

}  // namespace sekisho
