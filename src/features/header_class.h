// header_class: the class of a packet by its headers alone.
#pragma once
#include "model/header_class.h"
#include "model/packet.h"

namespace sekisho {

// The answer of the programs in bpf/ for the same packet. Whatever the state of connections is, classify.h gives a TrafficClass that
// belongs to it: a connection's state splits a HeaderClass and never moves a packet to another.
HeaderClass header_class(const Packet& packet);

}  // namespace sekisho
