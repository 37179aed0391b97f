// The file of remembered positions: a first line that names the format, then "key TAB value" a line.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.h"
#include "input/line_source.h"

namespace sekisho {
namespace {

constexpr std::string_view kHead = "sekisho log positions 1\n";
constexpr std::size_t kMostBytes = 1 << 20;

Error trouble(const std::string& path, std::string_view what) {
  return {fmt::format("{}: {}: {}", escape_hostile(path, 1000), what, std::strerror(errno))};
}

// A key may hold any byte of a file's name: what would break the format is written as %XX.
std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '\t' || c == '\n' || c == '\r')
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}
std::string decoded(std::string_view text) {
  const auto hex = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0)
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])), i += 2;
    else
      out += text[i];
  }
  return out;
}

}  // namespace

Result<LogPositions> load_positions(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return LogPositions{};
    return trouble(path, "cannot be read");
  }
  std::string text;
  char buffer[4096];
  ssize_t n = 0;
  while ((n = ::read(fd, buffer, sizeof buffer)) > 0 && text.size() < kMostBytes) text.append(buffer, static_cast<std::size_t>(n));
  const Error failed = trouble(path, "cannot be read");
  ::close(fd);
  if (n < 0) return failed;
  if (!text.starts_with(kHead))
    return Error{fmt::format("{} is no file of log positions: name another one, or delete it (everything is then read from the beginning)",
                             escape_hostile(path, 1000))};
  LogPositions positions;
  std::string_view rest = std::string_view{text}.substr(kHead.size());
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (const auto tab = line.find('\t'); tab != std::string_view::npos) positions[decoded(line.substr(0, tab))] = decoded(line.substr(tab + 1));
  }
  return positions;
}

Result<void> save_positions(const std::string& path, const LogPositions& positions) {
  std::string text{kHead};
  for (const auto& [key, value] : positions) text += fmt::format("{}\t{}\n", encoded(key), encoded(value));
  const std::string beside = fmt::format("{}.{}.new", path, ::getpid());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return trouble(beside, "cannot be written");
  bool good = true;
  for (std::size_t at = 0; good && at < text.size();) {
    const auto n = ::write(fd, text.data() + at, text.size() - at);
    if (n > 0)
      at += static_cast<std::size_t>(n);
    else if (errno != EINTR)
      good = false;
  }
  good = good && ::fsync(fd) == 0;
  const Error failed = trouble(beside, "cannot be written");
  ::close(fd);
  if (!good || ::rename(beside.c_str(), path.c_str()) != 0) {
    const Error renaming = good ? trouble(path, "cannot be replaced") : failed;
    ::unlink(beside.c_str());
    return renaming;
  }
  return {};
}

}  // namespace sekisho
