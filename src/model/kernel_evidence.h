// KernelEvidence: what the kernel itself noticed in the last second: it works when capture is sampled or overrun.
#pragma once
#include <cstdint>

namespace sekisho {

// Events within the last second (TcpExt, Udp, Ip of /proc/net/snmp and netstat, both families; softnet_stat; the interfaces' drops).
struct KernelEvidence {
  bool known = false;                    // false in captures
  std::uint64_t syn_cookies_sent = 0;    // TcpExt SyncookiesSent: the queue of half-open connections is full
  std::uint64_t request_queue_full = 0;  // TcpExt TCPReqQFullDoCookies and TCPReqQFullDrop
  std::uint64_t listen_drops = 0;        // TcpExt ListenDrops: connections that a listener did not take
  std::uint64_t listen_overflows = 0;    // TcpExt ListenOverflows: those for which the program was too slow
  std::uint64_t udp_no_ports = 0;        // datagrams to closed ports
  std::uint64_t udp_buffer_errors = 0;   // datagrams that found a socket's buffer full
  std::uint64_t checksum_errors = 0;     // TCP, UDP and ICMP
  std::uint64_t reassembly_failures = 0;
  std::uint64_t softnet_dropped = 0;  // packets for which the kernel's own queue had no room
  std::uint64_t link_dropped = 0;     // packets for which the watched interfaces had none
};

}  // namespace sekisho
