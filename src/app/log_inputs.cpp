// Opens logs by their names, and finds those of this machine.
#include "app/log_inputs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "input/journal.h"
#include "input/kernel_log.h"
#include "input/log_file.h"
#include "input/ulogd_database.h"

namespace sekisho {
namespace {

std::string position_of(const LogInputOptions& options, const std::string& key) {
  if (!options.positions) return {};
  const auto found = options.positions->find(key);
  return found == options.positions->end() ? std::string{} : found->second;
}

Result<std::unique_ptr<LineSource>> open_file(const LogInputOptions& o, const std::string& path, LineForm form, std::uint32_t input,
                                              bool predecessors) {
  LogFileOptions options;
  options.form = form, options.input = input;
  options.follow = o.follow, options.from_end = o.from_end;
  options.predecessors = predecessors, options.not_before = o.since;
  options.position = position_of(o, "file:" + path);
  auto opened = TRY(LogFile::open(path, options));
  return std::unique_ptr<LineSource>{std::move(opened)};
}

Result<std::unique_ptr<LineSource>> open_journal(const LogInputOptions& o, std::vector<std::string> files, std::uint32_t input) {
  JournalOptions options;
  options.input = input;
  options.position = position_of(o, files.empty() ? "journal" : "journal " + files[0]);
  options.files = std::move(files);
  options.since = o.since, options.follow = o.follow, options.from_end = o.from_end;
  auto opened = TRY(Journal::open(std::move(options)));
  return std::unique_ptr<LineSource>{std::move(opened)};
}

Result<std::unique_ptr<LineSource>> open_ulogd(const LogInputOptions& o, std::string what, std::uint32_t input) {
  UlogdOptions options;
  options.input = input, options.follow = o.follow, options.since = o.since, options.from_end = o.from_end;
  if (const auto hash = what.rfind('#'); hash != std::string::npos) options.table = what.substr(hash + 1), what.resize(hash);
  if (!is_postgres(what) && !is_sqlite(what)) return open_file(o, what, LineForm::ulogd, input, o.predecessors);
  options.position = position_of(o, is_postgres(what) ? "ulogd (PostgreSQL)" : "ulogd " + what);
  auto opened = TRY(UlogdDatabase::open(what, std::move(options)));
  return std::unique_ptr<LineSource>{std::move(opened)};
}

Result<std::unique_ptr<LineSource>> open_one(const LogInputOptions& o, const std::string& name, std::uint32_t input, bool found) {
  const auto behind = [&](std::string_view prefix) { return name.substr(prefix.size()); };
  if (name == "journal") return open_journal(o, {}, input);
  if (name.starts_with("journal:")) return open_journal(o, {behind("journal:")}, input);
  if (name.starts_with("ulogd:")) return open_ulogd(o, behind("ulogd:"), input);
  if (name == "/dev/kmsg" || name.starts_with("kmsg:")) {
    auto opened =
        TRY(KernelLog::open(name == "/dev/kmsg" ? name : behind("kmsg:"), {.input = input, .follow = o.follow, .from_end = o.from_end}));
    return std::unique_ptr<LineSource>{std::move(opened)};
  }
  return open_file(o, name, LineForm::text, input, found || o.predecessors);
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace

std::vector<LineSource*> LogInputs::list() const {
  std::vector<LineSource*> all;
  for (const auto& source : sources) all.push_back(source.get());
  return all;
}

std::vector<std::string> found_logs(const std::string& root, bool journal_usable) {
  std::vector<std::string> names;
  const auto first_of = [&](std::initializer_list<const char*> paths) {
    for (const char* path : paths)
      if (exists(root + path)) {
        names.push_back(root + path);
        return;
      }
  };
  if (journal_usable) {
    names.emplace_back("journal");
  } else {
    // Debian writes logins to auth.log and the kernel to kern.log; Red Hat to secure and messages. syslog would repeat kern.log.
    first_of({"/var/log/auth.log", "/var/log/secure"});
    first_of({"/var/log/kern.log", "/var/log/messages", "/var/log/syslog"});
  }
  for (const char* path : {"/var/log/nginx/access.log", "/var/log/apache2/access.log", "/var/log/apache2/other_vhosts_access.log",
                           "/var/log/httpd/access_log", "/var/log/caddy/access.log", "/home/cowrie/cowrie/var/log/cowrie/cowrie.json"})
    if (exists(root + path)) names.push_back(root + path);
  if (exists(root + "/var/log/ulog/syslogemu.log")) names.push_back("ulogd:" + root + "/var/log/ulog/syslogemu.log");
  return names;
}

Result<LogInputs> open_log_inputs(const LogInputOptions& options) {
  LogInputs inputs;
  std::vector<std::string> names = options.names;
  const bool found = names.empty() && !options.journal;
  if (options.journal) names.insert(names.begin(), "journal");
  if (found) names = found_logs("", Journal::usable());
  for (const auto& name : names) {
    auto opened = open_one(options, name, options.first_input + static_cast<std::uint32_t>(inputs.sources.size()), found);
    if (!opened.ok()) {
      if (!found) return opened.error();
      inputs.unreadable.push_back(opened.error().message);
      continue;
    }
    inputs.sources.push_back(std::move(opened).value());
  }
  if (!inputs.sources.empty()) return inputs;
  if (!inputs.unreadable.empty()) return Error{inputs.unreadable.front()};
  return Error{
      "this machine has no journal of sshd or the kernel and none of the usual log files (/var/log/auth.log, secure, kern.log, "
      "messages, nginx, apache2): name the log, or pipe it in (sekisho logs -)"};
}

}  // namespace sekisho
