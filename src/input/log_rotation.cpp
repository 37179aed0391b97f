// Finds rotated files by name, and files that were moved by inode and by how they begin.
#include "input/log_rotation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>

#include "base/hash.h"
#include "input/unpack.h"

namespace sekisho {
namespace {

bool is_packed_suffix(std::string_view s) { return s == ".gz" || s == ".xz" || s == ".zst"; }

// What stands behind FILE's name: its age as a key that sorts oldest first, or nothing when it is no rotation.
// ".12" and ".12.gz": a number that grows with age. "-20240101", "-20240101-1704067200", ".2024-01-01": a date.
struct Age {
  bool numbered = false;
  std::int64_t key = 0;
  bool packed = false;
  friend auto operator<=>(const Age&, const Age&) = default;
};
std::optional<Age> age_of(std::string_view suffix) {
  Age age;
  if (const auto dot = suffix.rfind('.'); dot != std::string_view::npos && is_packed_suffix(suffix.substr(dot)))
    age.packed = true, suffix = suffix.substr(0, dot);
  if (suffix.size() < 2 || (suffix[0] != '.' && suffix[0] != '-')) return std::nullopt;
  std::string digits;
  for (const char c : suffix.substr(1)) {
    if (c >= '0' && c <= '9')
      digits += c;
    else if (c != '-' && c != '_' && c != '.')
      return std::nullopt;
  }
  if (digits.empty() || digits.size() > 18) return std::nullopt;
  std::int64_t n = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), n);
  age.numbered = digits.size() < 8;
  if (age.numbered && (suffix[0] != '.' || digits.size() != suffix.size() - 1)) return std::nullopt;
  age.key = age.numbered ? -n : n;
  return age;
}

}  // namespace

std::string to_text(const LogPlace& p) {
  return fmt::format("{} {} {} {} {:x}", p.device, p.inode, p.offset, p.head_bytes, p.head_hash);
}

std::optional<LogPlace> parse_place(std::string_view text) {
  LogPlace p;
  const auto number = [&](auto& into, int base, bool last) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into, base);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (last) return text.empty();
    if (!text.starts_with(' ')) return false;
    text.remove_prefix(1);
    return true;
  };
  if (!number(p.device, 10, false) || !number(p.inode, 10, false) || !number(p.offset, 10, false) || !number(p.head_bytes, 10, false) ||
      !number(p.head_hash, 16, true) || p.head_bytes > kMostHeadBytes)
    return std::nullopt;
  return p;
}

std::uint64_t head_hash(std::string_view bytes) {
  std::uint64_t h = bytes.size();
  for (const char c : bytes) h = fold_multiply(h ^ static_cast<unsigned char>(c) ^ 0x9e3779b97f4a7c15ULL, 0xd1b54a32d192ed03ULL);
  return h;
}

std::unique_ptr<OpenLog> OpenLog::open(const std::string& path, std::uint64_t skip) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return nullptr;
  std::unique_ptr<OpenLog> log{new OpenLog};
  log->fd_ = fd;
  struct stat about {};
  if (::fstat(fd, &about) != 0) return nullptr;
  if (!S_ISREG(about.st_mode)) {
    errno = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
    return nullptr;
  }
  log->path_ = path;
  log->device_ = about.st_dev, log->inode_ = about.st_ino;
  log->modified_ = about.st_mtim.tv_sec * kSecond + about.st_mtim.tv_nsec;
  unsigned char magic[6] = {};
  const auto got = ::pread(fd, magic, sizeof magic, 0);
  const bool gzip = got >= 2 && magic[0] == 0x1f && magic[1] == 0x8b;
  const bool zstd = got >= 4 && magic[0] == 0x28 && magic[1] == 0xb5 && magic[2] == 0x2f && magic[3] == 0xfd;
  const bool xz = got >= 6 && magic[0] == 0xfd && magic[1] == '7' && magic[2] == 'z' && magic[3] == 'X' && magic[4] == 'Z';
  log->packed_ = gzip || zstd || xz;
  if (log->packed_) {
    std::vector<char> sink(skip ? 64 << 10 : 0);
    while (log->offset_ < skip) {
      const auto wanted = std::min<std::uint64_t>(sink.size(), skip - log->offset_);
      if (log->read({sink.data(), static_cast<std::size_t>(wanted)}) == 0) {
        errno = ESPIPE;
        return nullptr;
      }
    }
  } else {
    if (static_cast<std::uint64_t>(about.st_size) < skip) {
      errno = ESPIPE;
      return nullptr;
    }
    log->offset_ = skip;
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  return log;
}

OpenLog::~OpenLog() {
  if (fd_ >= 0) ::close(fd_);
}

std::size_t OpenLog::read(std::span<char> into) {
  if (packed_) {
    // Only now: a queue of packed predecessors holds one window at a time. The descriptor's name stays right when the file is renamed.
    if (!unpacked_) {
      auto opened = open_file(fmt::format("/proc/self/fd/{}", fd_), nullptr);
      if (!opened.opened.stream) {
        failure_ = opened.problem.why;
        return 0;
      }
      unpacked_ = unpack(std::move(opened.opened.stream), {}).stream;
    }
    const auto n = unpacked_->read({reinterpret_cast<std::uint8_t*>(into.data()), into.size()}, {});
    if (n == 0 && !unpacked_->failure().empty()) failure_ = unpacked_->failure();
    offset_ += n;
    return n;
  }
  while (true) {
    const auto n = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset_));
    if (n >= 0) {
      offset_ += static_cast<std::uint64_t>(n);
      return static_cast<std::size_t>(n);
    }
    if (errno == EINTR) continue;
    failure_ = std::string("reading failed: ") + std::strerror(errno);
    return 0;
  }
}

bool OpenLog::head(std::uint32_t most, std::string& out) const {
  if (packed()) {
    const auto again = open(fmt::format("/proc/self/fd/{}", fd_));
    out.clear();
    char buffer[kMostHeadBytes];
    while (again && out.size() < most) {
      const auto n = again->read({buffer, most - out.size()});
      if (n == 0) break;
      out.append(buffer, n);
    }
    return again != nullptr;
  }
  out.resize(most);
  const auto n = ::pread(fd_, out.data(), most, 0);
  out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return n >= 0;
}

std::vector<std::string> rotated_predecessors(const std::string& path) {
  const std::filesystem::path whole{path};
  const auto folder = whole.has_parent_path() ? whole.parent_path() : std::filesystem::path{"."};
  const std::string name = whole.filename();
  std::map<Age, std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator at{folder, error}, end; !error && at != end; at.increment(error)) {
    const std::string other = at->path().filename();
    if (other.size() <= name.size() || !other.starts_with(name)) continue;
    if (const auto age = age_of(std::string_view{other}.substr(name.size()))) {
      std::error_code ignored;
      if (at->is_regular_file(ignored)) found[*age] = whole.has_parent_path() ? (folder / other).string() : other;
    }
  }
  std::vector<std::string> list;
  const Age* last = nullptr;
  for (const auto& [age, file] : found) {
    // The packed twin of a plain file is the same, being written or left over.
    if (!last || last->numbered != age.numbered || last->key != age.key) list.push_back(file);
    last = &age;
  }
  return list;
}

std::optional<std::size_t> find_place(const std::vector<std::string>& candidates, const LogPlace& place) {
  const auto begins_alike = [&](const std::string& path) {
    if (place.head_bytes == 0) return false;
    const auto log = OpenLog::open(path);
    if (!log) return false;
    std::string head(place.head_bytes, 0);
    std::size_t got = 0;
    while (got < head.size()) {
      const auto n = log->read({head.data() + got, head.size() - got});
      if (n == 0) return false;
      got += n;
    }
    return head_hash(head) == place.head_hash;
  };
  for (std::size_t i = candidates.size(); i-- > 0;) {
    struct stat about {};
    if (::stat(candidates[i].c_str(), &about) != 0 || about.st_dev != place.device || about.st_ino != place.inode) continue;
    if ((place.head_bytes == 0 || begins_alike(candidates[i])) && OpenLog::open(candidates[i], place.offset)) return i;
  }
  for (std::size_t i = candidates.size(); i-- > 0;)
    if (begins_alike(candidates[i]) && OpenLog::open(candidates[i], place.offset)) return i;
  return std::nullopt;
}

}  // namespace sekisho
