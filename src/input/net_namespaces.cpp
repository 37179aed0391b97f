// Namespaces are told apart by their inode; a process that ended between two steps takes its namespace out of the look, no more.
#include "input/net_namespaces.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>

#include "base/fd.h"
#include "input/process_table.h"
#include "input/socket_diag.h"
#include "model/proc_text.h"

namespace sekisho {
namespace {

std::uint64_t namespace_of(const std::string& process) {
  char text[64];
  const auto got = ::readlink((process + "/ns/net").c_str(), text, sizeof text);
  return got <= 0 ? 0 : parse_bracketed({text, static_cast<std::size_t>(got)}, "net").value_or(0);
}

int on_namespace_attribute(const nlattr* a, void* into) {
  if (mnl_attr_get_type(a) == NETNSA_NSID && mnl_attr_get_payload_len(a) == sizeof(std::int32_t))
    std::memcpy(into, mnl_attr_get_payload(a), sizeof(std::int32_t));
  return MNL_CB_OK;
}
int on_namespace_number(const nlmsghdr* answer, void* into) {
  return mnl_attr_parse(answer, sizeof(rtgenmsg), on_namespace_attribute, into);
}

// Asks which namespaces are joined to the reader's by a link: the kernel gives such a namespace a number as soon as a link has its other
// end there (rtnetlink, RTM_GETNSID). Where it does not answer, every one counts as joined.
class Links {
 public:
  Links() {
    if (!socket_ || mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) != 0) return;
    const timeval patience{1, 0};  // the kernel answers at once; never hang on it
    works_ = ::setsockopt(mnl_socket_get_fd(socket_.get()), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0;
  }

  bool reach(std::int64_t pid) {
    if (!works_) return true;
    alignas(nlmsghdr) char buffer[1024];
    auto* header = mnl_nlmsg_put_header(buffer);
    header->nlmsg_type = RTM_GETNSID, header->nlmsg_flags = NLM_F_REQUEST, header->nlmsg_seq = ++sequence_;
    static_cast<rtgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(rtgenmsg)))->rtgen_family = AF_UNSPEC;
    mnl_attr_put_u32(header, NETNSA_PID, static_cast<std::uint32_t>(pid));
    if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0) return works_ = false, true;
    const auto got = mnl_socket_recvfrom(socket_.get(), buffer, sizeof buffer);
    if (got < 0) return works_ = false, true;
    std::int32_t number = 0;
    mnl_cb_run(buffer, static_cast<std::size_t>(got), sequence_, mnl_socket_get_portid(socket_.get()), on_namespace_number, &number);
    return number != NETNSA_NSID_NOT_ASSIGNED;  // an error (the process is gone) leaves 0: not apart
  }

 private:
  struct Close {
    void operator()(mnl_socket* s) const { mnl_socket_close(s); }
  };
  std::unique_ptr<mnl_socket, Close> socket_{mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC)};
  unsigned sequence_ = 0;
  bool works_ = false;
};

enum class Visit { read, gone, refused };

// Only in a thread that ends afterwards: it does not come back.
Visit enter_and_read(const NetNamespace& there, SocketSnapshot& found) {
  const Fd door{::open(fmt::format("/proc/{}/ns/net", there.pid).c_str(), O_RDONLY | O_CLOEXEC)};
  if (!door) return errno == EACCES || errno == EPERM ? Visit::refused : Visit::gone;
  struct stat is {};
  if (::fstat(door.get(), &is) != 0 || is.st_ino != there.inode) return Visit::gone;  // the process id was given to another one
  if (::setns(door.get(), CLONE_NEWNET) != 0) return errno == EPERM ? Visit::refused : Visit::gone;
  found = SocketDiag{}.read(found.time);
  return Visit::read;
}

Visit read_from_outside(const NetNamespace& there, SocketSnapshot& found) {
  const auto process = fmt::format("/proc/{}", there.pid);
  SocketDiag::read_proc(process + "/net", found);
  return namespace_of(process) == there.inode ? Visit::read : Visit::gone;
}

void take(const NetNamespace& there, SocketSnapshot& found, SocketSnapshot& into, std::size_t& room) {
  into.namespaces.push_back(there);
  for (auto& sample : found.sockets) {
    if (room == 0) {
      into.notes.push_back(fmt::format("only the first {} sockets of other network namespaces were read", kMaxForeignSockets));
      return;
    }
    --room;
    sample.socket.net_ns = there.inode, sample.apart = !there.linked;
    into.sockets.push_back(sample);
  }
}

}  // namespace

std::vector<NetNamespace> net_namespaces(std::size_t most, SocketSnapshot& notes) {
  std::vector<NetNamespace> found;
  std::unordered_set<std::uint64_t> seen{namespace_of("/proc/thread-self")};
  struct Close {
    void operator()(DIR* folder) const { ::closedir(folder); }
  };
  const std::unique_ptr<DIR, Close> all{::opendir("/proc")};
  Links links;
  bool more = false;
  for (std::size_t looked = 0; all && looked < ProcessTable::kMaxProcesses;) {
    const dirent* entry = ::readdir(all.get());
    if (!entry) break;
    std::int64_t pid = 0;
    const char* end = entry->d_name + std::strlen(entry->d_name);
    if (const auto [at, error] = std::from_chars(entry->d_name, end, pid); error != std::errc{} || at != end) continue;
    ++looked;
    const auto inode = namespace_of(fmt::format("/proc/{}", pid));
    if (inode == 0) {
      if (errno == EACCES || errno == EPERM) ++notes.unread_processes;
      continue;
    }
    if (!seen.insert(inode).second) continue;
    if (found.size() >= most) {
      more = true;
      continue;
    }
    Process process;
    NetNamespace one{.inode = inode, .pid = pid};
    one.linked = links.reach(pid);
    if (ProcessTable::read(pid, process)) one.container = process.container, one.unit = process.unit;
    found.push_back(std::move(one));
  }
  if (more) notes.notes.push_back(fmt::format("only the first {} network namespaces were looked into", most));
  return found;
}

void add_namespace_sockets(SocketSnapshot& snapshot) {
  const auto all = net_namespaces(kMaxNamespaces, snapshot);
  if (all.empty()) return;
  std::size_t room = kMaxForeignSockets;
  std::thread visitor{[&] {
    bool may_enter = true;
    for (const auto& there : all) {
      SocketSnapshot found;
      found.time = snapshot.time;
      auto visit = may_enter ? enter_and_read(there, found) : Visit::refused;
      if (visit == Visit::refused) {
        may_enter = false;
        visit = read_from_outside(there, found);
      }
      if (visit == Visit::read) take(there, found, snapshot, room);
    }
    snapshot.entered = may_enter;
  }};
  visitor.join();
}

}  // namespace sekisho
