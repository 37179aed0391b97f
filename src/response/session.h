// Session: by which way the person at this terminal is connected, so that a containment never cuts it.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rooted_folder.h"
#include "response/contain_plan.h"

namespace sekisho {

struct Session {
  std::optional<ManagementPeer> ssh;  // the other end of this session's connection
  std::string how;                    // for people: "this SSH session", "no SSH session"
  std::int64_t session_id = 0;        // getsid(2)
  std::int64_t login_uid = -1;        // of /proc/self/loginuid; -1 = not known
  std::int64_t connected_s = 0;       // when the connection was accepted (the start of its sshd process), seconds since 1970; 0 = not known
  std::vector<ManagementPeer> other_ssh;  // all established connections to SSH servers here
  std::vector<ManagementPeer> signed_in;  // of these, whose login succeeded: sshd's process has the title "sshd: user@pts/0"
};

// Inodes of the sockets that SSH servers hold; from their processes alone.
struct SshSockets {
  struct Above {
    std::set<std::uint64_t> inodes;
    std::int64_t started_s = 0;  // seconds since 1970
  };
  std::vector<Above> above;                // of the processes above ours, the nearest first
  std::set<std::uint64_t> signed_in, all;  // of those whose login succeeded; of all
  bool waiting = false;                    // somebody may be about to sign in
};
SshSockets ssh_sockets(const RootedFolder& files, std::int64_t pid, std::int64_t boot_time_s);
// What is at the other end of them. The kernel walks its whole table of connections for it, which takes milliseconds.
Session session_of(const RootedFolder& files, const SshSockets& ssh, std::string_view ssh_connection);

// From the sshd process above this one and its socket; from SSH_CONNECTION where the chain is broken (tmux, screen).
Session current_session();
// The same from any /proc, for the tests. `ssh_connection` is the variable's text or empty.
Session session_of(const RootedFolder& files, std::int64_t pid, std::string_view ssh_connection, std::int64_t boot_time_s);

// Whether a confirmation from `now` proves that a new connection gets through what was started from `then` at started_s. The reason when
// not.
std::optional<std::string> why_not_new(const Session& now, const std::optional<ManagementPeer>& started_ssh,
                                       std::int64_t started_session_id, std::int64_t started_s);

}  // namespace sekisho
