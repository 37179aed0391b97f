// StoredFrame: a frame as an evidence file holds it.
#pragma once
#include <cstdint>
#include <span>

#include "model/packet.h"

namespace sekisho {

struct StoredFrame {
  TimeNs time = 0;
  std::span<const std::uint8_t> bytes;
  std::uint32_t wire_bytes = 0;
  std::uint32_t weight = 1;  // above 1: it stands for so many; a packet comment says so
  LinkType link = LinkType::ethernet;
  std::uint16_t interface = 0;
  Direction direction = Direction::ingress;
  bool context = false;  // does not belong to the incident: what else passed; a packet comment says so
};

}  // namespace sekisho
