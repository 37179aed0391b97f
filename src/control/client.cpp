// Lines over the unix socket, with a bound on every wait.
#include "control/client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace sekisho {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

// A connected socket, or -1 and errno.
int connected(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  const int why = errno;
  ::close(fd);
  errno = why;
  return -1;
}

bool wait_for(int fd, short events, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd one{fd, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

}  // namespace

bool agent_is_absent(const std::string& path) {
  const int fd = connected(path);
  const int why = errno;
  if (fd >= 0) ::close(fd);
  return fd < 0 && (why == ENOENT || why == ECONNREFUSED || why == ENOTDIR);
}

Result<std::unique_ptr<ControlClient>> ControlClient::connect(const std::string& path) {
  const int fd = connected(path);
  if (fd >= 0) return std::unique_ptr<ControlClient>{new ControlClient(fd)};
  const auto name = escape_hostile(path);
  switch (errno) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
      return Error{fmt::format(
          "the agent is not running (nobody answers at {}): start it with 'sudo systemctl start sekisho' or 'sudo sekisho agent'", name)};
    case EACCES: return Error{fmt::format("no permission to ask the agent at {}: be root, or join the group sekisho", name)};
    default: return Error{fmt::format("cannot reach the agent at {}: {}", name, std::strerror(errno))};
  }
}

ControlClient::~ControlClient() { ::close(fd_); }

Result<void> ControlClient::send(const std::string& line, std::chrono::milliseconds patience) {
  const std::string all = line + "\n";
  const auto until = Clock::now() + patience;
  for (std::size_t sent = 0; sent < all.size();) {
    if (!wait_for(fd_, POLLOUT, until)) return Error{"the agent does not take the request"};
    const auto n = ::send(fd_, all.data() + sent, all.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
      // What it said before it closed tells more than that it did.
      if (errno == EPIPE) return {};
      return Error{fmt::format("the agent went away: {}", std::strerror(errno))};
    }
    if (n > 0) sent += static_cast<std::size_t>(n);
  }
  return {};
}

Result<std::optional<std::string>> ControlClient::next(std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  for (;;) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      std::optional line{buffer_.substr(0, end)};
      buffer_.erase(0, end + 1);
      return line;
    }
    if (buffer_.size() > kMaxAnswerBytes + 4096) return Error{"the agent's answer has no end"};
    if (!wait_for(fd_, POLLIN, until)) return std::optional<std::string>{};
    char bytes[64 * 1024];
    const auto got = ::recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got == 0) return Error{"the agent has stopped"};
    if (got < 0 && errno != EAGAIN && errno != EINTR) return Error{fmt::format("the agent went away: {}", std::strerror(errno))};
    if (got > 0) buffer_.append(bytes, static_cast<std::size_t>(got));
  }
}

Result<std::string> ControlClient::ask(const std::string& verb, const std::string& with, Role role, std::chrono::milliseconds patience) {
  RequestLine request;
  request.id = ++id_;
  request.verb = verb, request.role = role, request.with = with;
  TRY(send(request_line(request), patience));
  const auto line = TRY(next(patience));
  if (!line) return Error{fmt::format("the agent does not answer '{}' in time", verb)};
  const json answer = json::parse(*line, nullptr, false);
  if (!answer.is_object() || !answer.contains("ok") || !answer["ok"].is_boolean())
    return Error{"the agent's answer is not understood: it may be another version"};
  if (!answer["ok"].get<bool>())
    return Error{
        answer.contains("error") && answer["error"].is_string() ? answer["error"].get<std::string>() : "the agent refused without a reason",
        answer.value("code", json{}) == json("bad_request") ? ErrorKind::usage : ErrorKind::failed};
  return answer.value("data", json{}).dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<std::string> ControlClient::subscribe(const std::string& with, Role role) { return ask("subscribe", with, role); }

}  // namespace sekisho
