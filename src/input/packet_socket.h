// PacketSocket: live frames of network interfaces, both directions, through AF_PACKET with a TPACKET_V3 ring.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "input/source.h"

namespace sekisho {

// One thread: run() and stats() are called by the same one. Frame::interface is the index in `interfaces`.
class PacketSocket final : public Source {
 public:
  // Needs CAP_NET_RAW; nothing afterwards does.
  static Result<std::unique_ptr<PacketSocket>> open(const std::vector<std::string>& interfaces);
  ~PacketSocket() override;

  // Ends with an error when an interface disappears.
  Result<void> run(Intake& intake, std::stop_token stop) override;
  SourceStats stats() override;

 private:
  class Ring;
  PacketSocket();
  std::vector<std::unique_ptr<Ring>> rings_;
};

}  // namespace sekisho
