// Taking stock, repairing, making room.
#include "evidence/evidence_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "evidence/file_hash.h"
#include "evidence/recovery.h"

namespace sekisho {
namespace {

constexpr std::string_view kEnding = ".pcapng.zst";
constexpr std::uintmax_t kMaxRepairBytes = 256 << 20;  // larger ones are none of ours

std::string shown(const std::string& path) { return escape_hostile(path, 1000); }

std::string incident_of(std::string_view name) { return std::string{name.substr(0, name.find('.'))}; }

}  // namespace

Result<void> prepare_evidence_folder(const std::string& dir) {
  if (dir.empty()) return Error{"the evidence folder has no name", ErrorKind::usage};
  std::error_code error;
  const bool existed = std::filesystem::exists(dir, error);
  std::filesystem::create_directories(dir, error);
  if (error) return Error{fmt::format("cannot make the evidence folder {}: {}", shown(dir), error.message())};
  if (!existed && ::chmod(dir.c_str(), 0700) != 0)
    return Error{fmt::format("cannot protect the evidence folder {}: {}", shown(dir), std::strerror(errno))};
  if (!std::filesystem::is_directory(dir, error)) return Error{fmt::format("the evidence folder {} is not a folder", shown(dir))};
  if (::access(dir.c_str(), W_OK | X_OK) != 0)
    return Error{fmt::format("cannot write to the evidence folder {}: {}", shown(dir), std::strerror(errno))};
  return {};
}

Result<std::unique_ptr<EvidenceFolder>> EvidenceFolder::open(std::string dir, std::uint64_t max_bytes, std::size_t max_files) {
  TRY(prepare_evidence_folder(dir));
  const int lock = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0) return Error{fmt::format("cannot open the evidence folder {}: {}", shown(dir), std::strerror(errno))};
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(lock);
    return Error{fmt::format("the evidence folder {} is in use by another agent: give each its own in [evidence] dir", shown(dir))};
  }
  return std::unique_ptr<EvidenceFolder>{new EvidenceFolder(std::move(dir), max_bytes, max_files, lock)};
}

EvidenceFolder::EvidenceFolder(std::string dir, std::uint64_t max_bytes, std::size_t max_files, int lock)
    : dir_(std::move(dir)), max_bytes_(max_bytes), max_files_(max_files), lock_(lock) {}

EvidenceFolder::~EvidenceFolder() { ::close(lock_); }

std::vector<Error> EvidenceFolder::recover(const EvidenceEvents& events) {
  struct Found {
    std::string name;
    std::uint64_t bytes;
    TimeNs changed;
    bool unfinished;
  };
  std::vector<Found> found;
  std::vector<Error> said;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator{dir_, error}; !error && entry != std::filesystem::directory_iterator{};
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    struct stat s {};
    if (!name.ends_with(kEnding) || name.starts_with('.') || ::lstat((dir_ + "/" + name).c_str(), &s) != 0 || !S_ISREG(s.st_mode)) continue;
    found.push_back({name, static_cast<std::uint64_t>(s.st_size), static_cast<TimeNs>(s.st_mtim.tv_sec) * kSecond + s.st_mtim.tv_nsec,
                     (s.st_mode & S_IWUSR) != 0});
  }
  if (error) said.push_back({fmt::format("cannot list the evidence folder {}: {}", shown(dir_), error.message())});
  std::sort(found.begin(), found.end(),
            [](const Found& a, const Found& b) { return std::tie(a.changed, a.name) < std::tie(b.changed, b.name); });
  for (const auto& file : found) {
    if (file.unfinished) {
      repair(file.name, events, said);
    } else {
      stock_.push_back({file.name, file.bytes});
      bytes_ += file.bytes;
    }
  }
  return said;
}

void EvidenceFolder::repair(const std::string& name, const EvidenceEvents& events, std::vector<Error>& said) {
  const std::string path = dir_ + "/" + name;
  const auto failed = [&](const std::string& why) {
    said.push_back({fmt::format("the unfinished evidence file {} stays as it is: {}", shown(path), why)});
  };
  std::error_code error;
  if (const auto size = std::filesystem::file_size(path, error); error || size > kMaxRepairBytes)
    return failed(error ? error.message() : "it is too large to be one of Sekisho's");
  std::ifstream in{path, std::ios::binary};
  const std::vector<char> bytes{std::istreambuf_iterator<char>{in}, {}};
  if (in.bad()) return failed("it cannot be read");
  const Readable readable = readable_part({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  if (readable.packets == 0) {
    if (::unlink(path.c_str()) != 0) return failed(std::strerror(errno));
    said.push_back({fmt::format("the evidence file {} was left without a packet by an earlier run and is removed", shown(path))});
    return;
  }
  if (readable.bytes < bytes.size() && ::truncate(path.c_str(), static_cast<off_t>(readable.bytes)) != 0)
    return failed(std::strerror(errno));
  (void)!::chmod(path.c_str(), 0400);
  EvidenceFile file;
  file.incident_id = incident_of(name), file.path = path;
  file.packets = readable.packets, file.context_packets = readable.context_packets;
  file.first = readable.first, file.last = readable.last;
  file.recovered = true;
  if (auto added = add(file); !added.ok()) return failed(added.error().message);
  said.push_back({fmt::format("the evidence file {} was left unfinished by an earlier run: its {} packets can be read", shown(path),
                              format_count(readable.packets))});
  if (events.on_file) events.on_file(file);
}

Result<void> EvidenceFolder::add(EvidenceFile& file) {
  struct stat s {};
  if (::stat(file.path.c_str(), &s) != 0)
    return Error{fmt::format("the evidence file {} is gone: {}", shown(file.path), std::strerror(errno))};
  file.bytes = static_cast<std::uint64_t>(s.st_size);
  stock_.push_back({file.path.substr(dir_.size() + 1), file.bytes});
  bytes_ += file.bytes;
  file.sha256 = TRY(sha256_of_file(file.path));
  return {};
}

bool EvidenceFolder::make_room(std::uint64_t open_bytes, const std::set<std::string>& open_ids, const EvidenceEvents& events) {
  const auto keeps = [&] { return bytes_ + open_bytes <= max_bytes_ && stock_.size() + open_ids.size() <= max_files_; };
  for (auto oldest = stock_.begin(); !keeps() && oldest != stock_.end();) {
    if (open_ids.contains(incident_of(oldest->name))) {
      ++oldest;
      continue;
    }
    const std::string path = dir_ + "/" + oldest->name;
    // One that cannot be removed is forgotten all the same: trying for ever would help nobody.
    if (::unlink(path.c_str()) == 0 && events.on_removed) events.on_removed(path);
    bytes_ -= oldest->bytes;
    oldest = stock_.erase(oldest);
  }
  return keeps();
}

}  // namespace sekisho
