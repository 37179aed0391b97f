// The dumps of sock_diag(7) through libmnl.
#include "input/socket_diag.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include "model/proc_text.h"

namespace sekisho {
namespace {

constexpr std::size_t kProcBytes = 256 << 20;
constexpr std::uint32_t kTimeWait = 1U << 6;  // has no owner any more

struct Dump {
  SocketSnapshot& out;
  SocketKind kind;
  std::size_t count = 0;
  bool full = false;
};

Address address_of(int family, const __be32 (&words)[4]) {
  if (family == AF_INET) return address_from_v4(ntohl(words[0]));
  const auto half = [&](int i) { return std::uint64_t{ntohl(words[i])} << 32 | ntohl(words[i + 1]); };
  return {half(0), half(2)};
}

// The kernel may be older and its structure shorter, or newer and longer: what is not there stays zero.
void take_counters(const nlattr* attribute, TimeNs now, SocketSample& sample) {
  tcp_info info{};
  std::memcpy(&info, mnl_attr_get_payload(attribute), std::min<std::size_t>(mnl_attr_get_payload_len(attribute), sizeof info));
  if (mnl_attr_get_payload_len(attribute) < offsetof(tcp_info, tcpi_bytes_retrans) + sizeof info.tcpi_bytes_retrans) return;
  sample.counted = true;
  sample.bytes_sent = info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
  sample.bytes_received = info.tcpi_bytes_received;
  sample.segments_sent = info.tcpi_data_segs_out;
  sample.segments_received = info.tcpi_data_segs_in;
  sample.last_sent = now - static_cast<TimeNs>(info.tcpi_last_data_sent) * kMillisecond;
  sample.last_received = now - static_cast<TimeNs>(info.tcpi_last_data_recv) * kMillisecond;
}

struct Told {
  TimeNs now;
  SocketSample& sample;
};
int on_attribute(const nlattr* attribute, void* data) {
  auto& told = *static_cast<Told*>(data);
  if (mnl_attr_get_type(attribute) == INET_DIAG_INFO) take_counters(attribute, told.now, told.sample);
  return MNL_CB_OK;
}

int on_message(const nlmsghdr* message, void* data) {
  auto& dump = *static_cast<Dump*>(data);
  if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY || mnl_nlmsg_get_payload_len(message) < sizeof(inet_diag_msg)) return MNL_CB_OK;
  if (dump.count >= SocketDiag::kMaxSockets) {
    dump.full = true;
    return MNL_CB_OK;
  }
  const auto& said = *static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(message));
  SocketSample sample;
  HostSocket& s = sample.socket;
  s.kind = dump.kind;
  s.v6 = said.idiag_family == AF_INET6;
  s.local = address_of(said.idiag_family, said.id.idiag_src);
  s.remote = address_of(said.idiag_family, said.id.idiag_dst);
  s.local_port = ntohs(said.id.idiag_sport);
  s.remote_port = ntohs(said.id.idiag_dport);
  s.state = said.idiag_state;
  s.uid = said.idiag_uid;
  s.inode = said.idiag_inode;
  Told told{dump.out.time, sample};
  mnl_attr_parse(message, sizeof(inet_diag_msg), on_attribute, &told);
  dump.out.sockets.push_back(sample);
  ++dump.count;
  return MNL_CB_OK;
}

std::string proc_text(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::string text;
  for (char block[65'536]; text.size() < kProcBytes && in.read(block, sizeof block).gcount() > 0;)
    text.append(block, static_cast<std::size_t>(in.gcount()));
  return text;
}

void take_proc(const std::string& path, SocketKind kind, bool v6, SocketSnapshot& out) {
  std::vector<HostSocket> sockets;
  const bool all = kind == SocketKind::packet ? parse_packet_sockets(proc_text(path), SocketDiag::kMaxSockets, sockets)
                                              : parse_inet_sockets(proc_text(path), kind, v6, SocketDiag::kMaxSockets, sockets);
  if (!all) out.notes.push_back(fmt::format("only the first {} sockets of {} were read", SocketDiag::kMaxSockets, path));
  for (auto& socket : sockets) out.sockets.push_back({.socket = socket});
}

// "self" would be the namespace of the program's first thread.
constexpr const char* kOwnFolder = "/proc/thread-self/net";

void take_inet(const std::string& folder, SocketSnapshot& out) {
  take_proc(folder + "/tcp", SocketKind::tcp, false, out);
  take_proc(folder + "/tcp6", SocketKind::tcp, true, out);
  take_proc(folder + "/udp", SocketKind::udp, false, out);
  take_proc(folder + "/udp6", SocketKind::udp, true, out);
}

void take_raw(const std::string& folder, SocketSnapshot& out) {
  take_proc(folder + "/raw", SocketKind::raw, false, out);
  take_proc(folder + "/raw6", SocketKind::raw, true, out);
  take_proc(folder + "/packet", SocketKind::packet, false, out);
}

}  // namespace

void SocketDiag::read_proc(const std::string& folder, SocketSnapshot& out) {
  take_inet(folder, out);
  take_raw(folder, out);
}

bool SocketDiag::dump(int family, int protocol, SocketSnapshot& out) {
  const std::unique_ptr<mnl_socket, int (*)(mnl_socket*)> door{mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC), mnl_socket_close};
  const auto refused = [&] { return why_ = std::strerror(errno), false; };
  if (!door || mnl_socket_bind(door.get(), 0, MNL_SOCKET_AUTOPID) < 0) return refused();
  const std::size_t size = 65'536;
  const auto buffer = std::make_unique<char[]>(size);
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.get());
  header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  header->nlmsg_seq = 1;
  auto& wanted = *static_cast<inet_diag_req_v2*>(mnl_nlmsg_put_extra_header(header, sizeof(inet_diag_req_v2)));
  wanted.sdiag_family = static_cast<__u8>(family);
  wanted.sdiag_protocol = static_cast<__u8>(protocol);
  wanted.idiag_ext = protocol == IPPROTO_TCP ? 1 << (INET_DIAG_INFO - 1) : 0;
  wanted.idiag_states = ~kTimeWait;
  if (mnl_socket_sendto(door.get(), header, header->nlmsg_len) < 0) return refused();
  Dump state{out, protocol == IPPROTO_TCP ? SocketKind::tcp : SocketKind::udp};
  for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
    const auto got = mnl_socket_recvfrom(door.get(), buffer.get(), size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused();
    more = mnl_cb_run(buffer.get(), static_cast<std::size_t>(got), 1, mnl_socket_get_portid(door.get()), on_message, &state);
    if (more < 0 && errno != EINTR) return refused();  // EINTR: the table changed while it was told; what came is good
    if (more < 0) break;
  }
  if (state.full) out.notes.push_back(fmt::format("only the first {} sockets of a kind were read", kMaxSockets));
  return true;
}

SocketSnapshot SocketDiag::read(TimeNs now) {
  SocketSnapshot out;
  out.time = now;
  if (!denied_)
    for (const int protocol : {IPPROTO_TCP, IPPROTO_UDP})
      for (const int family : {AF_INET, AF_INET6})
        // A kernel without IPv6 refuses that family alone.
        if (!dump(family, protocol, out) && family == AF_INET) denied_ = true;
  if (denied_) {
    out.sockets.clear();
    out.notes.push_back(
        fmt::format("the kernel's socket diagnostics are refused ({}): /proc/net serves instead, without counters, so that "
                    "keepalives are seen in packets only",
                    why_));
    take_inet(kOwnFolder, out);
  }
  take_raw(kOwnFolder, out);
  return out;
}

}  // namespace sekisho
