// The kernel's side is documented in Documentation/networking/packet_mmap.rst.
#include "input/packet_ring.h"

#include <fmt/format.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/bytes.h"

namespace sekisho {
namespace {

constexpr unsigned kBlockBytes = 1 << 18, kBlocks = 64;  // small blocks: between two of them the reader looks at how full it is
constexpr unsigned kBlockTimeoutMs = 20;                 // a block that is not full is handed over after this long

// struct virtio_net_hdr of <linux/virtio_net.h>, which is no C++.
struct OffloadHeader {
  std::uint8_t flags, gso_type;
  std::uint16_t header_bytes, gso_bytes, checksum_start, checksum_offset;
};
static_assert(sizeof(OffloadHeader) == 10);

// Before 6.2 a socket with PACKET_VNET_HDR drops UDP super-frames, for which the header had no name.
bool kernel_names_all_offloads() {
  utsname name{};
  unsigned major = 0, minor = 0;
  if (::uname(&name) != 0 || std::sscanf(name.release, "%u.%u", &major, &minor) != 2) return false;
  return major > 6 || (major == 6 && minor >= 2);
}

Error failed(const Interface& i, std::string_view what) {
  return {fmt::format("interface '{}': {}: {}", i.name, what, std::strerror(errno))};
}

template <class T>
bool set_option(int fd, int option, const T& value) {
  return ::setsockopt(fd, SOL_PACKET, option, &value, sizeof value) == 0;
}

bool is_ready(tpacket_block_desc* b) {
  return std::atomic_ref<__u32>{b->hdr.bh1.block_status}.load(std::memory_order_acquire) & TP_STATUS_USER;
}

}  // namespace

Result<PacketRing> PacketRing::open(const Interface& interface, const Settings& settings) {
  PacketRing r;
  // Protocol 0: nothing arrives before bind(), or the ring would begin with frames of every interface.
  r.socket_ = Fd{::socket(AF_PACKET, (interface.has_link_header ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC, 0)};
  if (!r.socket_ && (errno == EPERM || errno == EACCES))
    return Error{"watching interfaces needs the capability CAP_NET_RAW: run as root, for example 'sudo sekisho agent'"};
  if (!r.socket_) return failed(interface, "cannot open a packet socket");
  const int fd = r.fd();
  r.has_link_header_ = interface.has_link_header, r.loopback_ = interface.loopback, r.mtu_bytes_ = interface.mtu_bytes;
  if (!set_option(fd, PACKET_VERSION, int{TPACKET_V3})) return failed(interface, "the kernel has no TPACKET_V3");
  r.offload_headers_ = interface.has_link_header && kernel_names_all_offloads() && set_option(fd, PACKET_VNET_HDR, 1);
  if (!settings.filter.empty()) TRY(r.set_filter(settings.filter));
  tpacket_req3 wanted{};
  wanted.tp_block_size = kBlockBytes, wanted.tp_block_nr = kBlocks;
  wanted.tp_frame_size = TPACKET_ALIGNMENT << 7, wanted.tp_frame_nr = kBlockBytes / wanted.tp_frame_size * kBlocks;
  wanted.tp_retire_blk_tov = kBlockTimeoutMs;
  if (!set_option(fd, PACKET_RX_RING, wanted)) return failed(interface, "no memory for the ring of 16 MiB");
  r.map_ = Mapping{fd, std::size_t{kBlockBytes} * kBlocks, PROT_READ | PROT_WRITE};
  if (!r.map_) return failed(interface, "cannot map the ring");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET, address.sll_protocol = htons(ETH_P_ALL), address.sll_ifindex = static_cast<int>(interface.index);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return failed(interface, "cannot bind to it");
  if (settings.fanout) {  // by a hash that is the same for both directions of a flow
    constexpr int kUniqueId = 0x2000;
    const int wanted_group =
        settings.fanout_group < 0 ? (PACKET_FANOUT_HASH | kUniqueId) << 16 : settings.fanout_group | PACKET_FANOUT_HASH << 16;
    int group = 0;
    socklen_t size = sizeof group;
    if (!set_option(fd, PACKET_FANOUT, wanted_group) || ::getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, &size) != 0)
      return failed(interface, "cannot spread its packets over several rings");
    r.fanout_group_ = group & 0xffff;
  }
  return r;
}

tpacket_block_desc* PacketRing::block(unsigned number) const {
  return reinterpret_cast<tpacket_block_desc*>(map_.at() + std::size_t{number} * kBlockBytes);
}

bool PacketRing::open_block() {
  if (at_) return true;
  auto* b = block(block_);
  if (!is_ready(b)) return false;
  at_ = reinterpret_cast<std::uint8_t*>(b) + b->hdr.bh1.offset_to_first_pkt;
  left_ = b->hdr.bh1.num_pkts;
  return true;
}

void PacketRing::release() {
  std::atomic_ref<__u32>{block(block_)->hdr.bh1.block_status}.store(TP_STATUS_KERNEL, std::memory_order_release);
  block_ = (block_ + 1) % kBlocks;
  at_ = nullptr;
}

double PacketRing::fill() const {
  unsigned ready = 0;
  while (ready < kBlocks && is_ready(block((block_ + ready) % kBlocks))) ++ready;
  return static_cast<double>(ready) / kBlocks;
}

bool PacketRing::next(Frame& frame, bool& outgoing) {
  while (left_ > 0) {
    std::uint8_t* here = at_;
    const auto& packet = *reinterpret_cast<const tpacket3_hdr*>(here);
    const auto& from = *reinterpret_cast<const sockaddr_ll*>(here + TPACKET_ALIGN(sizeof(tpacket3_hdr)));
    --left_;
    at_ += packet.tp_next_offset;
    outgoing = from.sll_pkttype == PACKET_OUTGOING;
    if (loopback_ && outgoing) continue;  // the loopback shows each packet twice, as it leaves and as it arrives
    std::uint8_t* bytes = here + packet.tp_mac;
    std::uint32_t captured = packet.tp_snaplen;
    frame = {};
    frame.time = static_cast<TimeNs>(packet.tp_sec) * kSecond + packet.tp_nsec;
    frame.wire_bytes = packet.tp_len;
    frame.link = has_link_header_ ? LinkType::ethernet : LinkType::raw_ip;
    frame.bytes = {bytes, captured};
    show_offload(packet, frame);
    if ((packet.tp_status & TP_STATUS_VLAN_VALID) && has_link_header_ && captured >= 12) {
      // A tag that the card or the kernel took out goes back to where it was; there is room in front of the frame.
      bytes -= 4;
      std::memmove(bytes, bytes + 4, 12);
      store_be16(bytes + 12, packet.tp_status & TP_STATUS_VLAN_TPID_VALID ? packet.hv1.tp_vlan_tpid : std::uint16_t{ETH_P_8021Q});
      store_be16(bytes + 14, static_cast<std::uint16_t>(packet.hv1.tp_vlan_tci));
      frame.bytes = {bytes, captured + 4};
      frame.wire_bytes += 4U * frame.segments;
    }
    return true;
  }
  return false;
}

// One buffer that the card will cut, or that the kernel glued together, is several packets on the wire.
void PacketRing::show_offload(const tpacket3_hdr& packet, Frame& frame) const {
  std::uint32_t payload = 0, headers = 0;  // of a segment
  if (offload_headers_) {
    OffloadHeader h;
    std::memcpy(&h, frame.bytes.data() - sizeof h, sizeof h);
    if (h.gso_type == 0 || h.gso_bytes == 0) return;
    payload = h.gso_bytes, headers = h.header_bytes;
  }
  const std::uint32_t link = has_link_header_ ? ETH_HLEN : 0;
  const std::uint32_t largest = mtu_bytes_ + link + 8;  // two VLAN tags
  if (payload == 0 && (offload_headers_ || packet.tp_len <= largest)) return;
  // header_bytes may name more than the headers (the linear part of the buffer): TCP's and UDP's own are taken where they can be read.
  const auto* p = frame.bytes.data() + link;
  const std::size_t readable = frame.bytes.size() - std::min<std::size_t>(frame.bytes.size(), link);
  if (readable >= 40) {
    const std::uint32_t ip = p[0] >> 4 == 4 ? (p[0] & 15) * 4U : 40;
    const std::uint8_t protocol = p[0] >> 4 == 4 ? p[9] : p[6];
    if (protocol == kTcp && readable >= ip + 13) headers = link + ip + (p[ip + 12] >> 4) * 4U;
    if (protocol == kUdp) headers = link + ip + 8;
  }
  if (headers == 0 || headers >= packet.tp_len) return;
  if (payload == 0) payload = largest - 8 > headers ? largest - 8 - headers : 1;  // not told: as large as they may be
  const std::uint32_t segments = std::min((packet.tp_len - headers + payload - 1) / payload, 0xffffU);
  if (segments < 2) return;
  frame.segments = static_cast<std::uint16_t>(segments);
  frame.wire_bytes = packet.tp_len + (segments - 1) * headers;
}

std::uint64_t PacketRing::take_drops() {
  tpacket_stats_v3 stats{};
  socklen_t size = sizeof stats;
  return ::getsockopt(fd(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0 ? stats.tp_drops : 0;  // reading resets the kernel's
}

Result<void> PacketRing::set_filter(std::span<const sock_filter> filter) {
  sock_fprog program{static_cast<unsigned short>(filter.size()), const_cast<sock_filter*>(filter.data())};
  const int none = 0;
  const int done = filter.empty() ? ::setsockopt(fd(), SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none)
                                  : ::setsockopt(fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
  if (done != 0 && !(filter.empty() && errno == ENOENT))
    return Error{fmt::format("the kernel refused the filter that samples: {}", std::strerror(errno))};
  return {};
}

void PacketRing::clear_error() {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size);
}

}  // namespace sekisho
