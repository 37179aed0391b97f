// HostView: what the checks see of a host, live or as a folder (a mounted image, a fixture): files, processes, sockets, users. Read only.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/child.h"
#include "base/rooted_folder.h"
#include "model/proc_text.h"
#include "model/process.h"

namespace sekisho {

struct AuditSettings {
  std::int64_t within_ms = 120'000;                // for all checks together
  std::int64_t recent_ms = 7 * 86'400'000LL;       // files changed within this time are "recent"
  std::int64_t max_files = 200'000;                // entries of temporary folders that are looked at
  std::vector<std::string> raw_socket_owners;      // executables that may hold raw sockets, besides the known ones
  std::vector<std::string> allowed_listeners;      // ports that may listen, as text
  bool with_scanners = false;                      // run chkrootkit and rkhunter
  std::int64_t scanner_within_ms = 15 * 60'000LL;  // for each scanner
};

// What the room cannot do itself and the program gives it.
struct HostSources {
  // A `list` command of nft as JSON (terse: without the elements of sets) and as terse text. Empty: there is no packet filter to ask (an
  // image).
  std::function<Result<std::string>(const std::string& command, bool terse)> nft_json;
  std::function<Result<std::string>(const std::string& command)> nft_text;
};

struct User {
  std::string name, home, shell;
  std::int64_t uid = -1, gid = -1;
};

// Everything is read once and kept. Not for use by several threads at once. Bounds: 65,536 processes, 1,000,000 sockets, 64 other network
// namespaces, 1 MiB a text file, 10,000 users; what is beyond is not seen, and `limits` says so.
class HostView {
 public:
  struct Options {
    std::string root = "/";
    AuditSettings settings;
    HostSources sources;
  };
  static Result<std::unique_ptr<HostView>> open(Options options);

  bool live() const { return files_.is_host(); }  // the running system, as against an image
  bool as_root() const;                           // may see everything
  const RootedFolder& files() const { return files_; }
  const AuditSettings& settings() const { return options_.settings; }
  const HostSources& sources() const { return options_.sources; }
  std::int64_t now_s() const { return now_s_; }
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }

  // A text file of at most 1 MiB; nothing when it is missing or not readable (then it is in unreadable()).
  std::optional<std::string> text(const std::string& path);
  // When a file changed last: on a live system the later of mtime and ctime, since mtime can be set at will; in an image mtime, because
  // its ctime is that of the copy.
  std::int64_t changed_s(const FileInfo& info) const;
  bool recent(const FileInfo& info) const;
  // Those of the paths that belong to an installed Debian package.
  std::set<std::string> packaged(const std::set<std::string>& paths);

  const std::vector<Process>& processes();
  bool has_processes() { return !processes().empty(); }
  const Process* process(std::int64_t pid);
  // Whether the process has the host's file system, so that its paths are the host's.
  bool shares_files(const Process& process);
  // Whether a file is there now where the process's executable was, in the file system of the process; nothing when it cannot be told.
  std::optional<bool> executable_replaced(const Process& process);
  // The first bytes of what a process runs, deleted or not; live only.
  Result<std::string> running_bytes(const Process& process, std::uint64_t offset, std::size_t max_bytes) const;

  const std::vector<HostSocket>& sockets();
  bool has_sockets();
  const std::vector<const Process*>& holders(std::uint64_t socket_inode);
  struct OpenFile {
    std::int64_t pid;
    std::string target;
  };
  const std::vector<OpenFile>& open_devices();  // descriptors that lead below /dev/, terminals and null left out

  const std::vector<User>& users();
  const std::vector<Mount>& mounts();
  // The host's own addresses, without loopback and link-local ones.
  const std::vector<Address>& own_addresses();
  // Interfaces of the default routes.
  const std::vector<std::string>& default_interfaces_v4();
  const std::vector<std::string>& default_interfaces_v6();

  // A program of the live host, when it is at one of the paths, is root's and nobody else may write it. Bounded in time.
  Result<ChildOutput> run(const std::vector<std::string>& candidates, std::vector<std::string> args, std::chrono::milliseconds within);
  std::optional<std::string> trusted_program(const std::vector<std::string>& candidates) const;

  const std::vector<std::string>& limits() const { return limits_; }          // bounds that were met
  const std::set<std::string>& unreadable() const { return unreadable_; }    // files that permission or damage withheld
  void met_limit(std::string what) { limits_.push_back(std::move(what)); }

 private:
  HostView(RootedFolder files, Options options);
  void read_process(std::int64_t pid, const std::string& folder);
  void read_sockets(const std::string& folder, std::uint64_t net_ns);
  void read_descriptors();

  RootedFolder files_;
  Options options_;
  std::int64_t now_s_;
  std::chrono::steady_clock::time_point deadline_;
  std::optional<std::vector<Process>> processes_;
  std::map<std::int64_t, std::size_t> by_pid_;
  std::uint64_t host_mount_ns_ = 0, host_net_ns_ = 0;
  std::optional<std::vector<HostSocket>> sockets_;
  std::optional<std::map<std::uint64_t, std::vector<const Process*>>> holders_;
  std::vector<OpenFile> devices_;
  std::optional<std::vector<User>> users_;
  std::optional<std::vector<Mount>> mounts_;
  std::optional<std::vector<std::string>> interfaces_v4_, interfaces_v6_;
  std::optional<std::vector<Address>> own_addresses_;
  std::vector<std::string> limits_;
  std::set<std::string> unreadable_;
};

}  // namespace sekisho
