// The eight attacks.
#include "attack.h"

#include <algorithm>

namespace sekisho::bench {
namespace {

using enum TrafficClass;

const Shape kSpoofedSyn{.spoofed = true, .length_low = 60, .length_high = 60, .connections = 0, .flags = 2};
const Shape kBotSyn{.sources = 2500, .devices = true, .length_low = 60, .length_high = 60, .connections = 0, .flags = 2};
const Shape kUdpRandom{.sources = 2000, .devices = true, .length_low = 540, .length_high = 540, .payload_random = true, .local_port = 0, .connections = 0, .protocol = 17, .flags = 0};
const Shape kUdpPlain{.sources = 800, .devices = true, .length_low = 540, .length_high = 540, .payload_kinds = 1, .local_port = 27'015, .protocol = 17, .flags = 0};
const Shape kBotAck{.sources = 2000, .devices = true, .length_low = 40, .length_high = 40, .local_port = 0, .connections = 0};
const Shape kBotPing{.sources = 1500, .devices = true, .length_low = 84, .length_high = 84, .payload_kinds = 3, .protocol = 1, .flags = 0, .icmp_type = 8};
const Shape kNtp{.sources = 600, .devices = true, .length_low = 468, .length_high = 468, .payload_kinds = 900, .local_port = 0, .remote_port = 123, .connections = 0, .protocol = 17, .flags = 0};
const Shape kBotRequest{.sources = 3000, .devices = true, .length_low = 180, .length_high = 260, .payload_kinds = 9, .local_port = 80, .connections = 2, .flags = 0x18};
const Shape kBotConnection{.sources = 3000, .devices = true, .length_low = 60, .length_high = 60, .local_port = 80, .connections = 2, .flags = 2};
const Shape kBotData{.sources = 3000, .devices = true, .length_low = 40, .length_high = 52, .local_port = 80, .connections = 2};

}  // namespace

void add_attack(std::size_t kind, double rate, Random& random, Traffic& t) {
  const double pps = random.poisson(rate);
  switch (kind) {
    case 0:  // spoofed SYNs: the server answers, nobody completes
      t.in.add(tcp_syn, pps, kSpoofedSyn, 74);
      t.out.add(tcp_syn_ack, std::min(pps, 20'000.0), kSpoofedSyn, 74);
      break;
    case 1:  // UDP to random ports; the kernel refuses as fast as it may
      t.in.add(udp, pps, kUdpRandom, 554);
      t.in.raise(Fact::refused, std::min(pps, 1000.0));
      break;
    case 2: t.in.add(udp, pps, kUdpPlain, 554); break;  // one payload to the port of the service, which ignores it
    case 3:                                             // ACKs to no connection: each is answered by a RST
      t.in.add(tcp_ack_unknown, pps, kBotAck, 60);
      t.in.raise(Fact::refused, pps);
      t.out.add(tcp_ack, pps, kBotAck, 60);
      break;
    case 4:
      t.in.add(icmp_echo, pps, kBotPing, 98);
      t.out.add(icmp_echo_reply, std::min(pps, 1000.0), kBotPing, 98);
      break;
    case 5: t.in.add(static_cast<TrafficClass>(index_of(amp_first) + 1), pps, kNtp, 482); break;
    case 6: {  // real connections of bots that ask the same few things; ten requests each
      const double connections = pps / 10;
      t.in.add(tcp_syn, connections, kBotConnection, 74);
      t.in.raise(Fact::handshakes_completed, connections * 0.95);
      t.in.add(http_request, pps, kBotRequest, 250);
      t.in.add(tcp_ack, pps, kBotData, 60);
      t.out.add(tcp_syn_ack, connections, kBotConnection, 74);
      t.out.add(tcp_data, pps, kBotData, 900);
      break;
    }
    default:  // SYNs of real bots that never go on
      t.in.add(tcp_syn, pps, kBotSyn, 74);
      t.out.add(tcp_syn_ack, std::min(pps, 20'000.0), kBotSyn, 74);
  }
}

}  // namespace sekisho::bench
