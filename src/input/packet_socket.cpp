// The ring of one interface, and the loop that hands its blocks on.
#include "input/packet_socket.h"

#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/text.h"
#include "input/interfaces.h"

namespace sekisho {
namespace {

constexpr unsigned kBlockBytes = 1 << 20, kBlocks = 16;
constexpr unsigned kBlockTimeoutMs = 20;  // a block that is not full is handed over after this long
constexpr int kPollMs = 50;

// The kernel's clock for packets is the wall clock, so the time of silence is read there too.
TimeNs wall_clock() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<TimeNs>(now.tv_sec) * kSecond + now.tv_nsec;
}

std::string reason(int error) { return std::strerror(error); }

Error no_permission() { return {"watching interfaces needs the capability CAP_NET_RAW: run as root, for example 'sudo sekisho agent'"}; }

Error no_interface(const std::string& name) {
  std::string others;
  for (const auto& other : all_interfaces()) others += (others.empty() ? "" : ", ") + other;
  return {fmt::format("there is no interface '{}'; this machine has: {}", escape_hostile(name, 32), others), ErrorKind::usage};
}

}  // namespace

// Owns a socket and its mapped ring.
class PacketSocket::Ring {
 public:
  static Result<std::unique_ptr<Ring>> open(const std::string& name, std::uint16_t number) {
    std::unique_ptr<Ring> ring{new Ring};
    ring->name_ = name, ring->number_ = number;
    // Protocol 0: nothing arrives before bind(), or the ring would begin with frames of every interface.
    const int probe = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (probe < 0) return errno == EPERM || errno == EACCES ? no_permission() : Error{"cannot open a packet socket: " + reason(errno)};
    ring->fd_ = probe;
    ring->index_ = name.empty() || name.size() >= IFNAMSIZ ? 0 : ::if_nametoindex(name.c_str());
    if (ring->index_ == 0) return no_interface(name);
    ifreq request{};
    std::memcpy(request.ifr_name, name.data(), name.size());
    if (::ioctl(ring->fd_, SIOCGIFHWADDR, &request) != 0) return ring->failed("cannot ask for its link type");
    const auto hardware = request.ifr_hwaddr.sa_family;
    ring->loopback_ = hardware == ARPHRD_LOOPBACK;
    if (hardware != ARPHRD_ETHER && hardware != ARPHRD_LOOPBACK) {
      // Tunnels and the like: without the link header, whatever it is, every one is raw IP.
      ::close(std::exchange(ring->fd_, ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
      if (ring->fd_ < 0) return ring->failed("cannot open a packet socket");
      ring->link_ = LinkType::raw_ip;
    }
    const int version = TPACKET_V3;
    if (::setsockopt(ring->fd_, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0)
      return ring->failed("the kernel has no TPACKET_V3");
    tpacket_req3 wanted{};
    wanted.tp_block_size = kBlockBytes, wanted.tp_block_nr = kBlocks;
    wanted.tp_frame_size = TPACKET_ALIGNMENT << 7, wanted.tp_frame_nr = kBlockBytes / wanted.tp_frame_size * kBlocks;
    wanted.tp_retire_blk_tov = kBlockTimeoutMs;
    if (::setsockopt(ring->fd_, SOL_PACKET, PACKET_RX_RING, &wanted, sizeof wanted) != 0)
      return ring->failed("no memory for the ring of 16 MiB");
    void* map = ::mmap(nullptr, std::size_t{kBlockBytes} * kBlocks, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd_, 0);
    if (map == MAP_FAILED) return ring->failed("cannot map the ring");
    ring->map_ = static_cast<std::uint8_t*>(map);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET, address.sll_protocol = htons(ETH_P_ALL), address.sll_ifindex = static_cast<int>(ring->index_);
    if (::bind(ring->fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return ring->failed("cannot bind to it");
    return ring;
  }
  Ring(Ring&&) = delete;
  ~Ring() {
    if (map_) ::munmap(map_, std::size_t{kBlockBytes} * kBlocks);
    if (fd_ >= 0) ::close(fd_);
  }

  int fd() const { return fd_; }
  const std::string& name() const { return name_; }

  // Hands at most one block on; false when none is ready.
  bool take_block(std::vector<Frame>& batch, Intake& intake) {
    auto* block = reinterpret_cast<tpacket_block_desc*>(map_ + std::size_t{next_} * kBlockBytes);
    std::atomic_ref<__u32> status{block->hdr.bh1.block_status};
    if (!(status.load(std::memory_order_acquire) & TP_STATUS_USER)) return false;
    const std::uint8_t* at = reinterpret_cast<std::uint8_t*>(block) + block->hdr.bh1.offset_to_first_pkt;
    batch.clear();
    for (__u32 left = block->hdr.bh1.num_pkts; left > 0; --left) {
      const auto* packet = reinterpret_cast<const tpacket3_hdr*>(at);
      const auto* from = reinterpret_cast<const sockaddr_ll*>(at + TPACKET_ALIGN(sizeof(tpacket3_hdr)));
      // The loopback shows each packet twice, as it leaves and as it arrives.
      if (!(loopback_ && from->sll_pkttype == PACKET_OUTGOING)) {
        Frame& f = batch.emplace_back();
        f.time = static_cast<TimeNs>(packet->tp_sec) * kSecond + packet->tp_nsec;
        f.bytes = {at + packet->tp_mac, packet->tp_snaplen};
        f.wire_bytes = packet->tp_len;
        f.link = link_, f.interface = number_;
        if (batch.size() == kMaxBatch) intake.on_frames(batch), batch.clear();
      }
      at += packet->tp_next_offset;
    }
    if (!batch.empty()) intake.on_frames(batch);
    status.store(TP_STATUS_KERNEL, std::memory_order_release);
    next_ = (next_ + 1) % kBlocks;
    return true;
  }

  // After POLLERR: an interface that only went down comes back to the same socket, one that was removed never does.
  Result<void> still_there() const {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    char name[IFNAMSIZ];
    if (::if_indextoname(index_, name) == nullptr) return Error{fmt::format("the interface '{}' has disappeared", name_)};
    return {};
  }

  std::uint64_t drops() {
    tpacket_stats_v3 stats{};
    socklen_t size = sizeof stats;
    if (::getsockopt(fd_, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) drops_ += stats.tp_drops;  // reading resets the kernel's
    return drops_;
  }

 private:
  Ring() = default;
  Error failed(std::string_view what) const { return {fmt::format("interface '{}': {}: {}", name_, what, reason(errno))}; }

  std::string name_;
  unsigned index_ = 0, next_ = 0;
  std::uint16_t number_ = 0;
  LinkType link_ = LinkType::ethernet;
  bool loopback_ = false;
  int fd_ = -1;
  std::uint8_t* map_ = nullptr;
  std::uint64_t drops_ = 0;
};

PacketSocket::PacketSocket() = default;
PacketSocket::~PacketSocket() = default;

Result<std::unique_ptr<PacketSocket>> PacketSocket::open(const std::vector<std::string>& interfaces) {
  std::unique_ptr<PacketSocket> source{new PacketSocket};
  for (const auto& name : interfaces) {
    auto ring = TRY(Ring::open(name, static_cast<std::uint16_t>(source->rings_.size())));
    source->rings_.push_back(std::move(ring));
  }
  return source;
}

Result<void> PacketSocket::run(Intake& intake, std::stop_token stop) {
  std::vector<pollfd> waiting;
  for (const auto& ring : rings_) waiting.push_back({ring->fd(), POLLIN | POLLERR, 0});
  std::vector<Frame> batch;
  batch.reserve(kMaxBatch);
  while (!stop.stop_requested()) {
    const int ready = ::poll(waiting.data(), waiting.size(), kPollMs);
    if (ready < 0 && errno != EINTR) return Error{"waiting for packets failed: " + reason(errno)};
    bool any = false;
    for (std::size_t i = 0; ready > 0 && i < rings_.size(); ++i) {
      if (waiting[i].revents & POLLERR) {
        if (auto there = rings_[i]->still_there(); !there.ok()) return there;
      }
      // At most one turn of the ring each, so that a busy interface does not starve the others.
      for (unsigned block = 0; block < kBlocks && !stop.stop_requested() && rings_[i]->take_block(batch, intake); ++block) any = true;
    }
    if (!any) intake.on_idle(wall_clock());  // also after a signal, so that the intake can ask to stop
  }
  return {};
}

SourceStats PacketSocket::stats() {
  SourceStats stats;
  stats.name = "packet_socket";
  for (const auto& ring : rings_) {
    stats.interfaces.push_back(ring->name());
    stats.lost += ring->drops();
  }
  return stats;
}

}  // namespace sekisho
