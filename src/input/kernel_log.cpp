// Reads kernel records: from the device one a call, from a file one a line.
#include "input/kernel_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>

#include "base/text.h"
#include "input/line_buffer.h"

namespace sekisho {
namespace {

TimeNs now_of(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

}  // namespace

bool read_kernel_record(std::string_view record, std::uint64_t& number, std::uint64_t& microseconds, std::string_view& text) {
  const auto semicolon = record.find(';');
  if (semicolon == std::string_view::npos) return false;
  std::string_view head = record.substr(0, semicolon);
  const auto field = [&](std::uint64_t& out) {
    const auto word = head.substr(0, head.find(','));
    head.remove_prefix(std::min(head.size(), word.size() + 1));
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
    return error == std::errc{} && end == word.data() + word.size() && !word.empty();
  };
  std::uint64_t level = 0;
  if (!field(level) || !field(number) || !field(microseconds) || microseconds > static_cast<std::uint64_t>(INT64_MAX / 2000)) return false;
  text = record.substr(semicolon + 1);
  text = text.substr(0, text.find('\n'));
  return true;
}

struct KernelLog::State {
  std::string path;
  KernelLogOptions options;
  LineStats stats;
  int fd = -1;
  bool device = false;
  std::array<char, 16 << 10> record{};  // the kernel's records are 8 KiB at most
  LineBuffer buffer;
  ~State() {
    if (fd >= 0) ::close(fd);
  }

  bool put(std::string_view whole, LogLine& out) {
    std::uint64_t number = 0, micros = 0;
    std::string_view text;
    if (!read_kernel_record(whole, number, micros, text)) return false;
    ++stats.lines;
    stats.bytes += whole.size();
    out = {.text = text, .form = LineForm::kernel, .time = options.booted + static_cast<TimeNs>(micros) * kMicrosecond, .input = options.input};
    return true;
  }
  LineState next_of_device(LogLine& out) {
    while (true) {
      const auto n = ::read(fd, record.data(), record.size());
      if (n > 0) {
        if (put({record.data(), static_cast<std::size_t>(n)}, out)) return LineState::line;
      } else if (n < 0 && errno == EPIPE) {
        ++stats.lost;  // the ring was overwritten: the next read begins at its oldest record
      } else if (n < 0 && errno == EINTR) {
        continue;
      } else {
        if (n < 0 && errno != EAGAIN) stats.trouble = fmt::format("{}: {}", path, std::strerror(errno));
        return options.follow ? LineState::none : LineState::end;
      }
    }
  }
  LineState next_of_file(LogLine& out) {
    std::string_view text;
    std::uint64_t taken = 0;
    while (true) {
      while (buffer.next(text, taken, stats.too_long))
        if (put(text, out)) return LineState::line;
      const auto room = buffer.room();
      const auto n = ::read(fd, room.data(), room.size());
      if (n <= 0) {
        if (!options.follow && buffer.rest(text, taken) && put(text, out)) return LineState::line;
        return options.follow ? LineState::none : LineState::end;
      }
      buffer.filled(static_cast<std::size_t>(n));
    }
  }
};

KernelLog::KernelLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
KernelLog::~KernelLog() = default;

Result<std::unique_ptr<KernelLog>> KernelLog::open(const std::string& path, KernelLogOptions options) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->options = options;
  state->fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (state->fd < 0)
    return Error{fmt::format("{} cannot be read: {}. Run as root, or allow it (sysctl kernel.dmesg_restrict=0).", escape_hostile(path, 1000),
                             std::strerror(errno))};
  struct stat about {};
  state->device = ::fstat(state->fd, &about) == 0 && S_ISCHR(about.st_mode);
  if (state->device && options.from_end) ::lseek(state->fd, 0, SEEK_END);
  if (state->options.booted == 0) state->options.booted = now_of(CLOCK_REALTIME) - now_of(CLOCK_MONOTONIC);
  return std::unique_ptr<KernelLog>{new KernelLog(std::move(state))};
}

LineState KernelLog::next(LogLine& out) { return state_->device ? state_->next_of_device(out) : state_->next_of_file(out); }
const std::string& KernelLog::name() const { return state_->path; }
const LineStats& KernelLog::stats() const { return state_->stats; }
// The ring does not survive a restart of the machine, and what it holds is read again in a moment: nothing to remember.
void KernelLog::remember(LogPositions&) const {}

}  // namespace sekisho
