// Reads the journal with libsystemd: matches, cursor, trusted fields.
#include "input/journal.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/text.h"

namespace sekisho {
namespace {

struct CloseJournal {
  void operator()(sd_journal* j) const { sd_journal_close(j); }
};
using JournalHandle = std::unique_ptr<sd_journal, CloseJournal>;

// What of the journal is read: the kernel's entries, or those of any of these names.
constexpr const char* kNames[] = {"SYSLOG_IDENTIFIER=kernel", "SYSLOG_IDENTIFIER=sshd", "SYSLOG_IDENTIFIER=sshd-session",
                                  "SYSLOG_IDENTIFIER=sshd-auth", "SYSLOG_IDENTIFIER=cowrie"};

// Matches of one field are alternatives; of different fields all must hold, unless a disjunction stands between them.
bool add_matches(sd_journal* j) {
  if (sd_journal_add_match(j, "_TRANSPORT=kernel", 0) < 0 || sd_journal_add_disjunction(j) < 0) return false;
  for (const char* name : kNames)
    if (sd_journal_add_match(j, name, 0) < 0) return false;
  return true;
}

bool is_sshd(std::string_view name) { return name == "sshd" || name == "sshd-session" || name == "sshd-auth"; }

}  // namespace

struct Journal::State {
  JournalOptions options;
  JournalHandle handle;
  std::string name = "journal";
  LineStats stats;
  // Copies of the entry's fields: libsystemd's memory moves with every call.
  std::string text, program, host, cursor;

  // The value of a field of the current entry; false when it has none. At most kMaxLineBytes.
  bool field(const char* field_name, std::string& out) {
    const void* data = nullptr;
    std::size_t size = 0;
    out.clear();
    if (sd_journal_get_data(handle.get(), field_name, &data, &size) < 0) return false;
    std::string_view whole{static_cast<const char*>(data), size};
    const auto equals = whole.find('=');
    if (equals == std::string_view::npos) return false;
    out.assign(whole.substr(equals + 1, kMaxLineBytes));
    return true;
  }

  // False: not to be handed out.
  bool read_entry(LogLine& out) {
    std::string transport, uid, comm, value;
    if (!field("MESSAGE", text)) return false;
    stats.bytes += text.size();
    field("_TRANSPORT", transport);
    field("SYSLOG_IDENTIFIER", program);
    out = {.form = LineForm::message, .input = options.input};
    if (transport == "kernel" || (transport.empty() && program == "kernel")) {
      out.form = LineForm::kernel;
    } else if (program == "kernel") {
      // Somebody calls himself the kernel.
      ++stats.forged;
      return false;
    } else if (is_sshd(program)) {
      // The identifier is what the writer says; who he is, the kernel says. Entries of other machines may lack that.
      const bool by_root = !field("_UID", uid) || uid == "0";
      const bool by_sshd = !field("_COMM", comm) || is_sshd(comm);
      if (!by_root || !by_sshd) {
        ++stats.forged;
        return false;
      }
    }
    out.text = text;
    out.program = program;
    if (field("_HOSTNAME", host)) out.host = host;
    if (field("_PID", value) || field("SYSLOG_PID", value)) std::from_chars(value.data(), value.data() + value.size(), out.pid);
    std::uint64_t micros = 0;
    if (field("_SOURCE_REALTIME_TIMESTAMP", value)) std::from_chars(value.data(), value.data() + value.size(), micros);
    if (micros == 0 && sd_journal_get_realtime_usec(handle.get(), &micros) < 0) micros = 0;
    if (micros < INT64_MAX / 1000) out.time = static_cast<TimeNs>(micros) * kMicrosecond;
    return true;
  }
};

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::open(JournalOptions options) {
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  const auto& files = state->options.files;
  sd_journal* j = nullptr;
  int status = 0;
  struct stat about {};
  if (files.empty()) {
    status = sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY);
  } else if (files.size() == 1 && ::stat(files[0].c_str(), &about) == 0 && S_ISDIR(about.st_mode)) {
    status = sd_journal_open_directory(&j, files[0].c_str(), 0);
    state->name = "journal " + files[0];
  } else {
    std::vector<const char*> paths;
    for (const auto& f : files) paths.push_back(f.c_str());
    paths.push_back(nullptr);
    status = sd_journal_open_files(&j, paths.data(), 0);
    state->name = "journal " + files[0];
  }
  if (status < 0)
    return Error{fmt::format("{} cannot be read: {}. Run as root, or as a member of the group systemd-journal.",
                             escape_hostile(state->name, 1000), std::strerror(-status))};
  state->handle.reset(j);
  if (!add_matches(j)) return Error{"the journal cannot be searched: libsystemd refuses the matches"};
  const auto& o = state->options;
  bool placed = false;
  if (!o.position.empty()) {
    if (sd_journal_seek_cursor(j, o.position.c_str()) >= 0 && sd_journal_next(j) > 0) {
      // The entry that was read last; when it was vacuumed away, the nearest one is the first that is new.
      if (sd_journal_test_cursor(j, o.position.c_str()) <= 0) {
        ++state->stats.lost;
        sd_journal_previous(j);
      }
      placed = true;
    }
  }
  if (!placed) {
    if (o.from_end) {
      sd_journal_seek_tail(j);
      sd_journal_previous(j);
    } else if (o.since > 0) {
      sd_journal_seek_realtime_usec(j, static_cast<std::uint64_t>(o.since / kMicrosecond));
    } else {
      sd_journal_seek_head(j);
    }
  }
  return std::unique_ptr<Journal>{new Journal(std::move(state))};
}

bool Journal::usable() {
  sd_journal* j = nullptr;
  if (sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY) < 0) return false;
  const JournalHandle handle{j};
  return add_matches(j) && sd_journal_seek_head(j) >= 0 && sd_journal_next(j) > 0;
}

LineState Journal::next(LogLine& out) {
  State& s = *state_;
  while (true) {
    int status = sd_journal_next(s.handle.get());
    if (status == 0 && s.options.follow) {
      // Files that were rotated or added are noticed here; a wait of nothing only looks.
      sd_journal_wait(s.handle.get(), 0);
      status = sd_journal_next(s.handle.get());
    }
    if (status < 0) {
      // A damaged file: what can be read of it was read.
      s.stats.trouble = fmt::format("{}: {}", escape_hostile(s.name, 1000), std::strerror(-status));
      return s.options.follow ? LineState::none : LineState::end;
    }
    if (status == 0) return s.options.follow ? LineState::none : LineState::end;
    if (!s.read_entry(out)) continue;
    ++s.stats.lines;
    return LineState::line;
  }
}

const std::string& Journal::name() const { return state_->name; }
const LineStats& Journal::stats() const { return state_->stats; }

void Journal::remember(LogPositions& positions) const {
  char* cursor = nullptr;
  if (sd_journal_get_cursor(state_->handle.get(), &cursor) < 0 || !cursor) return;
  positions[state_->name] = cursor;
  std::free(cursor);  // NOLINT: libsystemd hands it over with malloc
}

}  // namespace sekisho
