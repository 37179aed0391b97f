// PacketSocket: live frames of network interfaces, both directions, through AF_PACKET with a TPACKET_V3 ring.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "input/source.h"
#include "model/address.h"

namespace sekisho {

// One thread: run() and drops() are called by the same one. Frame::interface is the index in `interfaces`.
class PacketSocket final : public Source {
 public:
  // Needs CAP_NET_RAW; nothing afterwards does.
  static Result<std::unique_ptr<PacketSocket>> open(const std::vector<std::string>& interfaces);
  ~PacketSocket() override;

  // Ends with an error when an interface disappears.
  Result<void> run(Intake& intake, std::stop_token stop) override;
  // Frames that the kernel had no room for, since open().
  std::uint64_t drops();

 private:
  class Ring;
  PacketSocket();
  std::vector<std::unique_ptr<Ring>> rings_;
};

// Interfaces that exist here, up or not.
std::vector<std::string> all_interfaces();
// Those with a default route; without any, all that are up but the loopback.
std::vector<std::string> default_interfaces();
// Every address of this host.
std::vector<Network> local_networks();

// The interfaces of the default routes in the text of /proc/net/route and /proc/net/ipv6_route, each once.
std::vector<std::string> default_route_interfaces(std::string_view route, std::string_view ipv6_route);

}  // namespace sekisho
