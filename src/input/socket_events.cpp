// Loads and attaches the programs, and completes each event from /proc while its process still lives. The only file with that skeleton.
#include "input/socket_events.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/fd.h"
#include "bpf/socket_event.h"
#include "input/process_table.h"
#include "input/ring_reader.h"
#include "model/proc_text.h"
#include "sockets.skel.h"

namespace sekisho {
namespace {

static_assert(static_cast<int>(SocketAct::made_raw) == SKS_MADE_RAW && static_cast<int>(SocketAct::connect) == SKS_CONNECT);
static_assert(static_cast<int>(SocketAct::send) == SKS_SEND && static_cast<int>(SocketAct::made_packet) == SKS_MADE_PACKET);

constexpr std::size_t kMaxEvents = 4096;  // in one read()

TimeNs clock_ns(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

Error refused(const char* what, int error) {
  if (error == EPERM || error == EACCES)
    return {fmt::format(
        "the kernel does not permit to watch sockets as they are made ({}): that needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN", what)};
  return {fmt::format("sockets cannot be watched as they are made: {}: {}", what, std::strerror(error))};
}

Fd unified_hierarchy() {
  std::ifstream in{"/proc/self/mountinfo"};
  std::stringstream text;
  text << in.rdbuf();
  for (const auto& mount : parse_mounts(text.str()))
    if (mount.type == "cgroup2") return Fd{::open(mount.point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return {};
}

std::string text_of(const char* text, std::size_t most) { return {text, ::strnlen(text, most)}; }

// What the kernel told: the process may be gone.
Process process_of(const sekisho_socket_event& e, std::uint64_t start_ticks) {
  Process p;
  p.pid = e.pid, p.parent = e.parent, p.uid = e.uid;
  p.start_ticks = start_ticks;
  p.comm = text_of(e.comm, sizeof e.comm);
  p.exe = text_of(e.exe, sizeof e.exe);
  p.args = parse_arguments({e.args, std::min<std::size_t>(e.args_bytes, sizeof e.args)});
  p.has_args = !p.args.empty();
  parse_cgroup(fmt::format("0::/{}", text_of(e.cgroup, sizeof e.cgroup)), p);
  p.net_ns = e.network_namespace;
  return p;
}

}  // namespace

struct SocketEvents::Loaded {
  sockets_bpf* skeleton = nullptr;
  std::optional<RingReader> ring;
  ~Loaded() {
    if (skeleton) sockets_bpf__destroy(skeleton);
  }
};

SocketEvents::SocketEvents(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}
SocketEvents::~SocketEvents() = default;

Result<std::unique_ptr<SocketEvents>> SocketEvents::open() {
  libbpf_set_print(nullptr);
  const Fd root = unified_hierarchy();
  if (!root) return Error{"sockets cannot be watched as they are made: no unified cgroup hierarchy is mounted"};
  auto loaded = std::make_unique<Loaded>();
  auto* s = loaded->skeleton = sockets_bpf__open_and_load();
  if (!s) return refused("the programs were not loaded", errno);
  const std::pair<bpf_program*, bpf_link**> all[] = {{s->progs.sekisho_sock_create, &s->links.sekisho_sock_create},
                                                     {s->progs.sekisho_connect4, &s->links.sekisho_connect4},
                                                     {s->progs.sekisho_connect6, &s->links.sekisho_connect6},
                                                     {s->progs.sekisho_sendmsg4, &s->links.sekisho_sendmsg4},
                                                     {s->progs.sekisho_sendmsg6, &s->links.sekisho_sendmsg6}};
  for (const auto& [program, link] : all)
    if (!(*link = bpf_program__attach_cgroup(program, root.get()))) return refused(bpf_program__name(program), errno);
  auto ring = RingReader::map(bpf_map__fd(s->maps.sekisho_events), SKS_RING_BYTES);
  if (!ring.ok()) return ring.error();
  loaded->ring.emplace(std::move(ring).value());
  std::unique_ptr<SocketEvents> events{new SocketEvents{std::move(loaded)}};
  s->links.sekisho_enter_socket = bpf_program__attach(s->progs.sekisho_enter_socket);
  if (!s->links.sekisho_enter_socket)
    events->note_ = fmt::format(
        "packet sockets are not seen as they are made ({}): the tracing file system is not mounted or not permitted", std::strerror(errno));
  return events;
}

std::uint64_t SocketEvents::lost() const {
  const volatile __u64& lost = loaded_->skeleton->bss->sekisho_events_lost;
  return lost;
}

std::vector<SocketEvent> SocketEvents::read(int timeout_ms) {
  RingReader& ring = *loaded_->ring;
  if (ring.written() == ring.position()) {
    pollfd door{bpf_map__fd(loaded_->skeleton->maps.sekisho_events), POLLIN, 0};
    // The kernel wakes once; a fresh record may be there before the reader's position is known to it.
    ::poll(&door, 1, timeout_ms);
  }
  static const auto kTicks = std::uint64_t{1'000'000'000} / static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
  const auto offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
  std::vector<SocketEvent> out;
  std::size_t reads = 0;
  const auto own = static_cast<std::uint32_t>(::getpid());
  ring.read(kMaxEvents, [&](std::span<const std::uint8_t> bytes) {
    sekisho_socket_event e;
    if (bytes.size() < sizeof e) return;
    std::memcpy(&e, bytes.data(), sizeof e);
    if (e.pid == own || e.act >= SKS_ACTS) return;
    auto known = known_.find(e.pid);
    // A program that another one was started in keeps its process id and start, but has another command line.
    if (known == known_.end() || known->second.started != e.started || known->second.process.comm != text_of(e.comm, sizeof e.comm)) {
      if (known_.size() >= kMaxKnown) known_.clear();
      Known fresh{.started = e.started, .process = process_of(e, e.started / kTicks)};
      Process alive;
      if (reads < kMaxReads && ++reads && ProcessTable::read(e.pid, alive) && alive.start_ticks == e.started / kTicks && !alive.exe.empty())
        fresh.process = std::move(alive), fresh.seen_alive = true;
      known = known_.insert_or_assign(e.pid, std::move(fresh)).first;
    }
    out.push_back({.time = static_cast<TimeNs>(e.time) + offset,
                   .act = static_cast<SocketAct>(e.act),
                   .v6 = e.family == 6,
                   .remote = {e.high, e.low},
                   .port = e.port,
                   .protocol = e.protocol,
                   .count = e.count,
                   .process = known->second.process,
                   .seen_alive = known->second.seen_alive});
  });
  ring.release();
  return out;
}

}  // namespace sekisho
