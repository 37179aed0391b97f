// One write(2) a line, so that lines of several threads do not mix.
#include "base/log.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace sekisho {
namespace {

// JOURNAL_STREAM is "device:inode" of the stream that systemd connected: a redirected stderr is none (systemd.exec(5)).
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat facts {};
  if (!stream || ::fstat(STDERR_FILENO, &facts) != 0) return false;
  return fmt::format("{}:{}", facts.st_dev, facts.st_ino) == stream;
}

void say(int priority, std::string_view sentence) {
  static const bool journal = stderr_is_journal();
  const std::string line = journal ? fmt::format("<{}>{}\n", priority, sentence) : fmt::format("sekisho: {}\n", sentence);
  // A log that cannot be written must not stop the program.
  static_cast<void>(::write(STDERR_FILENO, line.data(), line.size()) < 0);
}

}  // namespace

void log_error(std::string_view sentence) { say(3, sentence); }
void log_warning(std::string_view sentence) { say(4, sentence); }
void log_notice(std::string_view sentence) { say(5, sentence); }

}  // namespace sekisho
