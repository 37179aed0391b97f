// posix_spawn into a process group of its own; a pidfd and the pipes are polled until the deadline.
#include "base/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/fd.h"

namespace sekisho {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  Fd read, write;
};
Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Error{fmt::format("no pipe: {}", std::strerror(errno))};
  return Pipe{Fd{ends[0]}, Fd{ends[1]}};
}

class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigset_t none, every;
    sigemptyset(&none);
    sigfillset(&every);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &every);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

// Reads what is there; false at the end of the stream.
bool drain(const Fd& from, std::string& into, std::size_t max_bytes, bool& truncated) {
  char buffer[16'384];
  const auto got = ::read(from.get(), buffer, sizeof buffer);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got == 0) return false;
  const auto room = std::min(max_bytes - into.size(), static_cast<std::size_t>(got));
  into.append(buffer, room);
  truncated |= room < static_cast<std::size_t>(got);
  return true;
}

int exit_status(int waited) { return WIFEXITED(waited) ? WEXITSTATUS(waited) : 128 + (WIFSIGNALED(waited) ? WTERMSIG(waited) : 0); }

}  // namespace

Result<ChildOutput> run_child(const ChildRun& run) {
  Pipe in = TRY(make_pipe());
  Pipe out = TRY(make_pipe());
  Pipe err = TRY(make_pipe());
  SpawnSettings spawn;
  if (run.input.empty())
    posix_spawn_file_actions_addopen(&spawn.actions, 0, "/dev/null", O_RDONLY, 0);
  else
    posix_spawn_file_actions_adddup2(&spawn.actions, in.read.get(), 0);
  posix_spawn_file_actions_adddup2(&spawn.actions, out.write.get(), 1);
  posix_spawn_file_actions_adddup2(&spawn.actions, err.write.get(), 2);
  posix_spawn_file_actions_addchdir_np(&spawn.actions, "/");

  std::vector<char*> argv{const_cast<char*>(run.program.c_str())};
  for (const auto& arg : run.args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
  char* environment[] = {path, locale, nullptr};

  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, run.program.c_str(), &spawn.actions, &spawn.attributes, argv.data(), environment);
  if (error != 0) return Error{fmt::format("{} cannot be started: {}", run.program, std::strerror(error))};
  out.write.reset(-1);
  err.write.reset(-1);
  in.read.reset(-1);
  const Fd handle{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!run.input.empty()) {
    // As much as fits into the pipe: nobody waits for a child that does not read. SIGPIPE is not an end of ours.
    ::fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    [[maybe_unused]] const auto wrote = ::write(in.write.get(), run.input.data(), std::min<std::size_t>(run.input.size(), 65'536));
    std::signal(SIGPIPE, before);
  }
  in.write.reset(-1);

  ChildOutput result;
  const auto deadline = Clock::now() + run.within;
  bool out_open = true, err_open = true, exited = false;
  while (!exited || out_open || err_open) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0 || (run.stop && run.stop())) break;
    pollfd wait[3] = {
        {out_open ? out.read.get() : -1, POLLIN, 0}, {err_open ? err.read.get() : -1, POLLIN, 0}, {exited ? -1 : handle.get(), POLLIN, 0}};
    // After its end a pipe may be held open by what it started: what has been written is read, nothing is waited for.
    const int ready = ::poll(wait, 3, exited ? 0 : static_cast<int>(std::min<std::int64_t>(left, run.stop ? 200 : handle ? 60'000 : 20)));
    if (ready < 0 && errno != EINTR) break;
    if (exited && ready == 0) break;
    if (wait[0].revents) out_open = drain(out.read, result.out, run.max_output_bytes, result.truncated);
    if (wait[1].revents) err_open = drain(err.read, result.err, run.max_output_bytes, result.truncated);
    int waited = 0;
    if (!exited && ::waitpid(pid, &waited, WNOHANG) == pid) {
      exited = true;
      result.status = exit_status(waited);
    }
  }
  ::kill(-pid, SIGKILL);
  if (!exited) {
    result.timed_out = true;
    int waited = 0;
    while (::waitpid(pid, &waited, 0) < 0 && errno == EINTR) {
    }
    result.status = exit_status(waited);
  }
  return result;
}

}  // namespace sekisho
