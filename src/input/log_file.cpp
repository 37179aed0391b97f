// Tails a log file through rotations, and reads it once where nothing is to be followed.
#include "input/log_file.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <deque>

#include "base/text.h"
#include "input/line_buffer.h"
#include "input/log_rotation.h"

namespace sekisho {
namespace {

constexpr auto kRetiredFor = std::chrono::minutes{10};  // a writer is told of the rotation some time after it
constexpr std::size_t kMostRetired = 4;

TimeNs wall_clock() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

struct LogFile::State {
  // One physical file, read from some place on.
  struct Segment {
    std::unique_ptr<OpenLog> log;
    LineBuffer buffer;
    std::uint64_t handed_out = 0;  // offset behind the last line that was handed out
    std::uint32_t head_bytes = 0;  // how the file began when it was last looked at
    std::uint64_t head = 0;
    bool cut = false;              // it begins otherwise now: it was truncated and written anew
    std::chrono::steady_clock::time_point retired{};
  };

  std::string path;
  LogFileOptions options;
  LineStats stats;
  // Files to be read from their beginning, already open: names shift under us. The last one is `path`, unless that was missing.
  std::deque<std::unique_ptr<Segment>> waiting;
  bool want_path = false;  // `path` was missing when it was its turn to be opened
  std::unique_ptr<Segment> current;
  bool live = false;                             // `current` is `path`, and more may come
  std::deque<std::unique_ptr<Segment>> finish;   // to be read to their end first: remains of files that were rotated away
  std::deque<std::unique_ptr<Segment>> retired;  // rotated away, but their writer may not know it yet
  bool missing = false, pipe_ended = false;
  bool is_pipe = false;
  LineBuffer pipe;

  std::string key() const { return "file:" + path; }

  // Looks at how the file begins; `cut` when that is no longer what it was.
  void note_head(Segment& s) const {
    std::string head;
    if (s.log->packed() && s.head_bytes) return;
    if (!s.log->head(kMostHeadBytes, head)) return;
    if (head.size() < s.head_bytes || head_hash({head.data(), s.head_bytes}) != s.head) {
      s.cut = true;
      return;
    }
    if (head.size() == s.head_bytes) return;
    s.head_bytes = static_cast<std::uint32_t>(head.size());
    s.head = head_hash(head);
  }
  LogPlace place_of(const Segment& s) const {
    return {s.log->device(), s.log->inode(), s.handed_out, s.head_bytes, s.head};
  }

  std::unique_ptr<Segment> start(const std::string& file, std::uint64_t offset) {
    auto log = OpenLog::open(file, offset);
    if (!log) return nullptr;
    auto s = std::make_unique<Segment>();
    s->log = std::move(log);
    s->handed_out = offset;
    s->head = head_hash({});
    note_head(*s);
    return s;
  }

  void queue(const std::string& file) {
    auto s = start(file, 0);
    want_path = !s && file == path;
    if (s)
      waiting.push_back(std::move(s));
    else if (!want_path)
      stats.trouble = fmt::format("{}: {}", escape_hostile(file, 1000), std::strerror(errno));
  }

  // Queues what is unread from `place` on, `path` last. False when the place is nowhere to be found.
  bool queue_from(const LogPlace& place, const std::vector<std::string>& chain) {
    const auto at = find_place(chain, place);
    if (!at) return false;
    if (auto s = start(chain[*at], place.offset)) finish.push_back(std::move(s));
    for (std::size_t i = *at + 1; i < chain.size(); ++i) queue(chain[i]);
    return true;
  }

  // The first time: from the remembered place, or from the oldest predecessor, or from `path`.
  void begin() {
    auto chain = rotated_predecessors(path);
    chain.push_back(path);
    std::vector<LogPlace> places;
    for (std::string_view rest = options.position; !rest.empty();) {
      const auto one = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      if (const auto place = parse_place(one)) places.push_back(*place);
    }
    if (!places.empty()) {
      // All but the last were rotated away while their writer still wrote: what came after we left, and no more.
      for (std::size_t i = 0; i + 1 < places.size(); ++i)
        if (const auto at = find_place(chain, places[i]))
          if (auto s = start(chain[*at], places[i].offset)) finish.push_back(std::move(s));
      if (!queue_from(places.back(), chain)) {
        ++stats.lost;
        queue(path);
      } else if (waiting.empty() && !want_path) {
        // The place is in `path` itself.
        current = std::move(finish.back());
        finish.pop_back();
        live = options.follow;
      }
      return;
    }
    if (options.from_end) {
      struct stat about {};
      if (::stat(path.c_str(), &about) == 0) current = start(path, static_cast<std::uint64_t>(about.st_size));
      live = current != nullptr;
      want_path = !current;
      return;
    }
    if (options.predecessors)
      for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
        struct stat about {};
        if (::stat(chain[i].c_str(), &about) != 0) continue;
        if (options.not_before && about.st_mtim.tv_sec * kSecond + kSecond < options.not_before) continue;
        queue(chain[i]);
        ++stats.predecessors;
      }
    queue(path);
  }

  // Opens what is next; false when there is nothing (yet).
  bool advance() {
    if (waiting.empty() && want_path) {
      queue(path);
      if (want_path && !missing) missing = true, ++stats.vanished;
    }
    if (waiting.empty()) return false;
    current = std::move(waiting.front());
    waiting.pop_front();
    const bool last = waiting.empty() && !want_path;
    if (last) missing = false;
    live = last && options.follow && !current->log->packed();
    return true;
  }

  // At the end of the live file: has it been rotated, truncated or removed? True when there is something new to read.
  bool rotated() {
    Segment& s = *current;
    struct stat about {}, here {};
    if (::stat(path.c_str(), &about) != 0) {
      if (!missing) missing = true, ++stats.vanished;
      return false;
    }
    missing = false;
    if (about.st_ino != s.log->inode() || about.st_dev != s.log->device()) {
      ++stats.rotations;
      auto chain = rotated_predecessors(path);
      // What was rotated away between ours and the new one was never seen.
      if (const auto at = find_place(chain, place_of(s)))
        for (std::size_t i = *at + 1; i < chain.size(); ++i) queue(chain[i]);
      queue(path);
      s.retired = std::chrono::steady_clock::now();
      retired.push_back(std::move(current));
      if (retired.size() > kMostRetired) finish.push_back(std::move(retired.front())), retired.pop_front();
      live = false;
      return true;
    }
    if (::fstat(s.log->fd(), &here) != 0) return false;
    note_head(s);
    if (!s.cut && static_cast<std::uint64_t>(here.st_size) >= s.log->offset()) return false;
    ++stats.rotations;
    // What we had not read was copied away before the file was cut.
    const auto chain = rotated_predecessors(path);
    const LogPlace place = place_of(s);
    if (const auto at = find_place(chain, place)) {
      if (auto copy = start(chain[*at], place.offset)) finish.push_back(std::move(copy));
      for (std::size_t i = *at + 1; i < chain.size(); ++i) queue(chain[i]);
    }
    queue(path);
    current.reset();
    live = false;
    return true;
  }

  bool hand_out(Segment& s, bool more_may_come, LogLine& out) {
    std::uint64_t taken = 0;
    std::string_view text;
    while (!s.buffer.next(text, taken, stats.too_long)) {
      const auto n = s.log->read(s.buffer.room());
      if (n > 0) {
        // What was read behind our place may be the new beginning of a file that was cut: then it is read again from there.
        if (more_may_come) note_head(s);
        if (s.cut) return false;
        s.buffer.filled(n);
        continue;
      }
      if (!s.log->failure().empty())
        stats.trouble = fmt::format("{}: {}", escape_hostile(s.log->path(), 1000), s.log->failure());
      if (more_may_come || !s.buffer.rest(text, taken)) return false;
      break;
    }
    s.handed_out += taken;
    fill(text, taken, more_may_come ? wall_clock() : s.log->modified(), out);
    return true;
  }
  void fill(std::string_view text, std::uint64_t taken, TimeNs reference, LogLine& out) {
    ++stats.lines;
    stats.bytes += taken;
    out = {.text = text, .form = options.form, .reference = reference, .input = options.input};
  }

  LineState next(LogLine& out) {
    while (true) {
      if (!finish.empty()) {
        if (hand_out(*finish.front(), false, out)) return LineState::line;
        finish.pop_front();
        continue;
      }
      if (!current) {
        if (!advance()) return next_retired(out, options.follow ? LineState::none : LineState::end);
        continue;
      }
      if (hand_out(*current, live, out)) return LineState::line;
      if (live) {
        if (!rotated()) return next_retired(out, LineState::none);
        continue;
      }
      if (waiting.empty() && !want_path) return LineState::end;
      current.reset();
    }
  }

  LineState next_retired(LogLine& out, LineState otherwise) {
    while (!retired.empty()) {
      for (const auto& s : retired)
        if (hand_out(*s, true, out)) return LineState::line;
      if (std::chrono::steady_clock::now() - retired.front()->retired < kRetiredFor) break;
      finish.push_back(std::move(retired.front()));
      retired.pop_front();
      if (hand_out(*finish.back(), false, out)) return LineState::line;
      finish.pop_back();
    }
    return otherwise;
  }

  // Standard input, unless it is a file.
  LineState next_of_pipe(LogLine& out) {
    std::uint64_t taken = 0;
    std::string_view text;
    while (!pipe.next(text, taken, stats.too_long)) {
      if (pipe_ended) {
        if (!pipe.rest(text, taken)) return LineState::end;
        break;
      }
      pollfd wanted{STDIN_FILENO, POLLIN, 0};
      const int ready = ::poll(&wanted, 1, 0);
      if (ready == 0 || (ready < 0 && errno == EINTR)) return LineState::none;
      const auto room = pipe.room();
      const auto n = ::read(STDIN_FILENO, room.data(), room.size());
      if (n > 0)
        pipe.filled(static_cast<std::size_t>(n));
      else if (n == 0 || (errno != EINTR && errno != EAGAIN))
        pipe_ended = true;
    }
    fill(text, taken, wall_clock(), out);
    return LineState::line;
  }
};

LogFile::LogFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogFile::~LogFile() = default;

Result<std::unique_ptr<LogFile>> LogFile::open(const std::string& path, LogFileOptions options) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->options = std::move(options);
  if (path == "-") {
    state->is_pipe = true;
    state->path = "standard input";
    if (::isatty(STDIN_FILENO) == 1) return Error{"standard input is a terminal: pipe a log into it (journalctl -u ssh | sekisho logs -)", ErrorKind::usage};
    return std::unique_ptr<LogFile>{new LogFile(std::move(state))};
  }
  if (!OpenLog::open(path) && !(state->options.follow && errno == ENOENT)) {
    const int why = errno;
    if (why == ENOENT) return Error{fmt::format("{}: there is no such file. Check the spelling.", escape_hostile(path, 1000))};
    if (why == EACCES || why == EPERM)
      return Error{fmt::format("{}: permission denied. Run as root, or as a member of the group that owns it (adm on Debian).", escape_hostile(path, 1000))};
    if (why == EISDIR) return Error{fmt::format("{} is a folder: name the log files in it.", escape_hostile(path, 1000)), ErrorKind::usage};
    return Error{fmt::format("{}: {}", escape_hostile(path, 1000), why == EINVAL ? "not a regular file" : std::strerror(why))};
  }
  state->begin();
  return std::unique_ptr<LogFile>{new LogFile(std::move(state))};
}

LineState LogFile::next(LogLine& out) { return state_->is_pipe ? state_->next_of_pipe(out) : state_->next(out); }
const std::string& LogFile::name() const { return state_->path; }
const LineStats& LogFile::stats() const { return state_->stats; }

void LogFile::remember(LogPositions& positions) const {
  const State& s = *state_;
  if (s.is_pipe) return;
  std::string text;
  const auto add = [&](const State::Segment& segment) { text += (text.empty() ? "" : ";") + to_text(s.place_of(segment)); };
  // The last one is the place; what is newer than it is found again by its name. Those before it are remains of files that were rotated
  // away: only what is behind their places is still to come.
  for (const auto& segment : s.retired) add(*segment);
  for (const auto& segment : s.finish) add(*segment);
  if (s.current) add(*s.current);
  if (text.empty()) return;
  positions[s.key()] = text;
}

}  // namespace sekisho
