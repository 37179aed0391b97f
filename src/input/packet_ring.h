// PacketRing: one packet socket with its mapped TPACKET_V3 ring.
#pragma once
#include <linux/filter.h>
#include <linux/if_packet.h>

#include <cstdint>
#include <memory>
#include <span>

#include "base/fd.h"
#include "base/result.h"
#include "input/interfaces.h"
#include "input/mapping.h"
#include "model/packet.h"

namespace sekisho {

// One thread. Blocks are looked at in order: next(), frame after frame, then release().
class PacketRing {
 public:
  struct Settings {
    bool fanout = false;    // one of several rings of its interface: the kernel spreads the flows over them
    int fanout_group = -1;  // of those that were opened before; -1: the first one
    std::span<const sock_filter> filter;
  };
  // Needs CAP_NET_RAW.
  static Result<PacketRing> open(const Interface& interface, const Settings& settings);

  int fd() const { return socket_.get(); }
  int fanout_group() const { return fanout_group_; }
  // A block that the kernel has filled: false when none is ready.
  bool open_block();
  // The next frame of the open block; false at its end. Its bytes are valid until release(). `outgoing`: left this host.
  bool next(Frame& frame, bool& outgoing);
  void release();
  // Which part of the ring waits to be read, 0 to 1.
  double fill() const;
  // Frames that the kernel had no room for, since the last call.
  std::uint64_t take_drops();
  Result<void> set_filter(std::span<const sock_filter> filter);
  // After POLLERR: clears it.
  void clear_error();

 private:
  PacketRing() = default;
  tpacket_block_desc* block(unsigned number) const;
  void show_offload(const tpacket3_hdr& packet, Frame& frame) const;

  Fd socket_;
  Mapping map_;
  int fanout_group_ = -1;
  unsigned block_ = 0;          // the open one, or the next
  std::uint32_t left_ = 0;      // frames in the open block
  std::uint8_t* at_ = nullptr;  // the next frame
  bool has_link_header_ = true, loopback_ = false, offload_headers_ = false;
  std::uint32_t mtu_bytes_ = 1500;
};

}  // namespace sekisho
