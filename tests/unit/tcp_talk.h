// TcpTalk: both ends of one TCP connection, fed packet by packet into a Connections table. Keeps the sequence numbers right.
#pragma once
#include <vector>

#include "features/connections.h"
#include "make_packet.h"

namespace sekisho::test {

inline constexpr TimeNs kStart = 1'700'000'000 * kSecond;

class TcpTalk {
 public:
  TcpTalk(Connections& table, bool outbound, std::uint16_t server_port, std::uint16_t client_port = 40'000,
          std::string_view remote = "198.51.100.7", std::string_view local = "203.0.113.5")
      : table_{&table},
        outbound_{outbound},
        local_{address(local)},
        remote_{address(remote)},
        local_port_{outbound ? client_port : server_port},
        remote_port_{outbound ? server_port : client_port} {}

  TimeNs now = kStart;
  std::uint32_t client_seq = 1000, server_seq = 900'000;

  ConnectionVerdict send(bool from_client, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack, std::string_view payload = {}) {
    const Direction direction = from_client == outbound_ ? Direction::egress : Direction::ingress;
    const Packet p = tcp_packet(now, direction, local_, local_port_, remote_, remote_port_, flags, seq, ack, payload);
    now += kMillisecond;
    return table_->on_packet(p, hashes_of({}, p));
  }
  ConnectionVerdict syn() { return send(true, kSyn, client_seq, 0); }
  ConnectionVerdict syn_ack() { return send(false, kSyn | kAck, server_seq, client_seq + 1); }
  ConnectionVerdict open() {
    syn();
    syn_ack();
    ++client_seq;
    ++server_seq;
    return send(true, kAck, client_seq, server_seq);
  }
  ConnectionVerdict client(std::string_view payload) {
    const auto v = send(true, kPsh | kAck, client_seq, server_seq, payload);
    client_seq += static_cast<std::uint32_t>(payload.size());
    return v;
  }
  ConnectionVerdict server(std::string_view payload) {
    const auto v = send(false, kPsh | kAck, server_seq, client_seq, payload);
    server_seq += static_cast<std::uint32_t>(payload.size());
    return v;
  }
  void close() {
    send(true, kFin | kAck, client_seq++, server_seq);
    send(false, kFin | kAck, server_seq++, client_seq);
    send(true, kAck, client_seq, server_seq);
  }
  void wait(DurationNs d) { now += d; }

 private:
  Connections* table_;
  bool outbound_;
  Address local_, remote_;
  std::uint16_t local_port_, remote_port_;
};

inline std::vector<ConnectionFact> collected(Connections& table, bool last = true) {
  std::vector<ConnectionFact> facts;
  table.collect(0, last, facts);
  return facts;
}

}  // namespace sekisho::test
