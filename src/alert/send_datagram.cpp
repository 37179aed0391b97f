// Lines and datagrams: files, unix sockets, UDP, TCP, and TLS through libcurl's connection.
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "alert/curl_transfer.h"
#include "base/fd.h"
#include "base/text.h"

namespace sekisho {
namespace {

using enum AlertOutcome::Kind;
using Clock = std::chrono::steady_clock;

AlertOutcome failure(std::string_view where, int why) {
  return {try_again, fmt::format("{}: {}", escape_hostile(where, 200), std::strerror(why)), {}};
}

bool wait_for(int fd, short events, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return errno = ETIMEDOUT, false;
    pollfd one{fd, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

// Everything, before the time is over.
bool write_all(int fd, std::string_view text, Clock::time_point until) {
  while (!text.empty()) {
    const auto n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return false;
    if (!wait_for(fd, POLLOUT, until)) return false;
  }
  return true;
}

AlertOutcome to_file(const std::string& path, std::string text) {
  text += '\n';
  // Not over a link, and never as a device that hangs.
  const Fd file{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640)};
  if (!file) return failure(path, errno);
  struct stat is {};
  if (::fstat(file.get(), &is) != 0 || !S_ISREG(is.st_mode)) return {try_again, escape_hostile(path, 200) + " is no plain file", {}};
  // In one piece: a reader never sees half a line; a full disk's half is taken back.
  const auto wrote = ::write(file.get(), text.data(), text.size());
  if (wrote == static_cast<ssize_t>(text.size())) return {delivered, escape_hostile(path, 200) + " has it", {}};
  const int why = wrote < 0 ? errno : ENOSPC;
  if (wrote > 0) static_cast<void>(::ftruncate(file.get(), is.st_size) == 0);
  return failure(path, why);
}

AlertOutcome to_unix_socket(const std::string& path, const std::string& text, Clock::time_point until) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return failure(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  int why = 0;
  for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
    const Fd out{::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (::connect(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      why = errno;
      if (why == EPROTOTYPE) continue;
      break;
    }
    if (write_all(out.get(), type == SOCK_STREAM ? text + "\n" : text, until))
      return {delivered, escape_hostile(path, 200) + " has it", {}};
    why = errno;
    break;
  }
  return failure(path, why);
}

struct Place {
  std::string host, port;
};
Place place_of(const std::string& url, const char* port) {
  auto rest = url.substr(url.find("://") + 3);
  rest = rest.substr(0, rest.find('/'));
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string::npos) return {rest, port};
    return {rest.substr(1, end - 1), end + 1 < rest.size() && rest[end + 1] == ':' ? rest.substr(end + 2) : port};
  }
  const auto colon = rest.rfind(':');
  return colon == std::string::npos ? Place{rest, port} : Place{rest.substr(0, colon), rest.substr(colon + 1)};
}

AlertOutcome to_network(const std::string& url, const std::string& text, bool stream, Clock::time_point until) {
  const auto place = place_of(url, stream ? "601" : "514");
  addrinfo wanted{};
  wanted.ai_socktype = stream ? SOCK_STREAM : SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(place.host.c_str(), place.port.c_str(), &wanted, &found); error != 0)
    return {try_again, fmt::format("{}: {}", escape_hostile(place.host, 120), ::gai_strerror(error)), {}};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> keep{found, ::freeaddrinfo};
  int why = EHOSTUNREACH;
  for (const auto* at = found; at; at = at->ai_next) {
    const Fd out{::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol)};
    int connected = ::connect(out.get(), at->ai_addr, at->ai_addrlen);
    if (connected != 0 && errno == EINPROGRESS && wait_for(out.get(), POLLOUT, until)) {
      socklen_t size = sizeof why;
      ::getsockopt(out.get(), SOL_SOCKET, SO_ERROR, &why, &size);
      connected = why == 0 ? 0 : -1;
      errno = why;
    }
    if (connected != 0 || !write_all(out.get(), text, until)) {
      why = errno;
      continue;
    }
    if (!stream) return {delivered, escape_hostile(place.host, 120) + " was sent it (UDP tells nothing more)", {}};
    // It was taken when the other side has read to the end; one that keeps the connection open is believed after a moment.
    ::shutdown(out.get(), SHUT_WR);
    char byte = 0;
    if (wait_for(out.get(), POLLIN, std::min(until, Clock::now() + std::chrono::milliseconds{500})) &&
        ::recv(out.get(), &byte, 1, MSG_DONTWAIT) < 0 && errno == ECONNRESET) {
      why = errno;
      continue;
    }
    return {delivered, escape_hostile(place.host, 120) + " has it", {}};
  }
  return failure(place.host, why);
}

// libcurl makes the connection and the TLS, as for https, and speaks no HTTP on it.
AlertOutcome to_tls(const AlertChannel& c, const std::string& text, const std::stop_token& stop, Clock::time_point until) {
  const auto place = place_of(c.settings.url, "6514");
  const bool v6 = place.host.find(':') != std::string::npos;
  CurlTransfer transfer{c, fmt::format("https://{}{}{}:{}/", v6 ? "[" : "", place.host, v6 ? "]" : "", place.port), false, stop};
  CURL* h = transfer.handle();
  curl_easy_setopt(h, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(h, CURLOPT_SSL_ENABLE_ALPN, 0L);
  if (auto failed = transfer.perform(); !failed.empty()) return {try_again, std::move(failed), {}};
  std::string_view rest = text;
  curl_socket_t fd = CURL_SOCKET_BAD;
  curl_easy_getinfo(h, CURLINFO_ACTIVESOCKET, &fd);
  while (!rest.empty()) {
    std::size_t sent = 0;
    const auto code = curl_easy_send(h, rest.data(), rest.size(), &sent);
    rest.remove_prefix(sent);
    if (code == CURLE_AGAIN && wait_for(fd, POLLOUT, until)) continue;
    if (code != CURLE_OK) return {try_again, fmt::format("{}: {}", escape_hostile(place.host, 120), curl_easy_strerror(code)), {}};
  }
  return {delivered, escape_hostile(place.host, 120) + " has it", {}};
}

}  // namespace

AlertOutcome send_datagram(const AlertChannel& c, const AlertDatagram& datagram, const std::stop_token& stop) {
  const auto until = Clock::now() + std::chrono::milliseconds{c.settings.timeout.count};
  if (c.settings.url.empty()) {
    struct stat is {};
    if (::stat(c.settings.path.c_str(), &is) == 0 && S_ISSOCK(is.st_mode)) return to_unix_socket(c.settings.path, datagram.text, until);
    return to_file(c.settings.path, datagram.text);
  }
  const auto& url = c.settings.url;
  if (url.starts_with("unix://")) return to_unix_socket(url.substr(7), datagram.text, until);
  const auto framed = datagram.frames_count ? fmt::format("{} {}", datagram.text.size(), datagram.text) : datagram.text;
  if (url.starts_with("tls://")) return to_tls(c, framed, stop, until);
  return to_network(url, framed, url.starts_with("tcp://"), until);
}

}  // namespace sekisho
