// Files, users, mounts and programs of the host that is looked at.
#include "audit/host_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>

#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::size_t kTextBytes = 1 << 20, kMaxUsers = 10'000;

std::int64_t number(std::string_view text) {
  std::int64_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Debian's folders joined under /usr: a package may list either name.
std::vector<std::string> both_names(const std::string& path) {
  std::vector<std::string> names{path};
  for (const std::string folder : {"/lib/", "/bin/", "/sbin/"}) {
    if (path.starts_with(folder)) names.push_back("/usr" + path);
    if (path.starts_with("/usr" + folder)) names.push_back(path.substr(4));
  }
  return names;
}

}  // namespace

Result<std::unique_ptr<HostView>> HostView::open(Options options) {
  RootedFolder files = TRY(RootedFolder::open(options.root));
  return std::unique_ptr<HostView>{new HostView(std::move(files), std::move(options))};
}

HostView::HostView(RootedFolder files, Options options)
    : files_(std::move(files)),
      options_(std::move(options)),
      now_s_(static_cast<std::int64_t>(::time(nullptr))),
      deadline_(std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.settings.within_ms)) {}

bool HostView::as_root() const { return ::geteuid() == 0; }

std::optional<std::string> HostView::text(const std::string& path) {
  auto file = files_.read(path, kTextBytes);
  if (!file.ok()) {
    const int why = RootedFolder::last_errno();
    if (why != ENOENT && why != ENOTDIR) unreadable_.insert(path);
    return std::nullopt;
  }
  if (file->truncated) met_limit(fmt::format("{} is longer than 1 MiB: only its beginning was read", escape_hostile(path)));
  return std::move(file->text);
}

std::int64_t HostView::changed_s(const FileInfo& info) const {
  return live() ? std::max(info.modified_s, info.changed_s) : info.modified_s;
}

bool HostView::recent(const FileInfo& info) const { return changed_s(info) > now_s_ - options_.settings.recent_ms / 1000; }

std::set<std::string> HostView::packaged(const std::set<std::string>& paths) {
  std::map<std::string, std::string, std::less<>> wanted;  // each name -> the path as asked
  for (const auto& path : paths)
    for (auto& name : both_names(path)) wanted.emplace(std::move(name), path);
  std::set<std::string> found;
  if (paths.empty()) return found;
  const auto folder = files_.list("/var/lib/dpkg/info", 200'000);
  if (!folder.ok()) return found;
  for (const auto& entry : folder.value()) {
    if (found.size() == paths.size() || std::chrono::steady_clock::now() > deadline_) break;
    if (!entry.path.ends_with(".list") || entry.info.kind != FileKind::regular) continue;
    const auto list = files_.read(entry.path, 16 << 20);
    if (!list.ok()) continue;
    for (std::string_view rest = list.value().text; !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size());
      if (const auto hit = wanted.find(rest.substr(0, end)); hit != wanted.end()) found.insert(hit->second);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return found;
}

const std::vector<User>& HostView::users() {
  if (users_) return *users_;
  users_.emplace();
  const auto passwd = text("/etc/passwd").value_or("");
  for (std::string_view rest = passwd; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    std::vector<std::string_view> fields;
    for (std::size_t at = 0; at <= line.size();) {
      const auto colon = std::min(line.find(':', at), line.size());
      fields.push_back(line.substr(at, colon - at));
      at = colon + 1;
    }
    if (fields.size() < 7 || fields[0].empty()) continue;
    if (users_->size() >= kMaxUsers) {
      met_limit("more than 10,000 users: the rest was not looked at");
      break;
    }
    users_->push_back({std::string{fields[0]}, std::string{fields[5]}, std::string{fields[6]}, number(fields[2]), number(fields[3])});
  }
  return *users_;
}

const std::vector<Mount>& HostView::mounts() {
  if (!mounts_) mounts_ = parse_mounts(text("/proc/self/mountinfo").value_or(""));
  return *mounts_;
}

const std::vector<std::string>& HostView::default_interfaces_v4() {
  if (!interfaces_v4_) interfaces_v4_ = parse_default_routes(text("/proc/net/route").value_or(""), false);
  return *interfaces_v4_;
}
const std::vector<std::string>& HostView::default_interfaces_v6() {
  if (!interfaces_v6_) interfaces_v6_ = parse_default_routes(text("/proc/net/ipv6_route").value_or(""), true);
  return *interfaces_v6_;
}

const std::vector<Address>& HostView::own_addresses() {
  if (own_addresses_) return *own_addresses_;
  own_addresses_ = parse_own_addresses(text("/proc/net/fib_trie").value_or(""), text("/proc/net/if_inet6").value_or(""));
  return *own_addresses_;
}

std::optional<std::string> HostView::trusted_program(const std::vector<std::string>& candidates) const {
  if (!live()) return std::nullopt;
  for (const auto& path : candidates) {
    const auto info = files_.followed_info(path);
    // Somebody else's program is not started, least of all by root.
    if (info.kind == FileKind::regular && info.uid == 0 && (info.mode & 0111) && !(info.mode & 0022)) return path;
  }
  return std::nullopt;
}

Result<ChildOutput> HostView::run(const std::vector<std::string>& candidates, std::vector<std::string> args,
                                  std::chrono::milliseconds within) {
  const auto program = trusted_program(candidates);
  if (!program) return Error{fmt::format("{} is not installed, or not only root's to change", candidates.front())};
  ChildRun child;
  child.program = *program;
  child.args = std::move(args);
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
  child.within = std::max(std::chrono::milliseconds{1}, std::min(within, left));
  return run_child(child);
}

}  // namespace sekisho
