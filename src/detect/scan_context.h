// ScanContext: what scan detectors must know about the moment: are answers captured at all, and which hosts are being flooded?
#pragma once
#include <string_view>
#include <vector>

#include "model/second.h"

namespace sekisho {

// From this rate on, SYNs to one host without handshakes are a flood's (FACTS section 10), and single SYNs say nothing of their sources.
constexpr double kSynFloodPps = 200;
constexpr double kUdpFloodPps = 1'000;

class ScanContext {
 public:
  void on_step(const Step& step);
  bool answers_seen() const { return answers_seen_; }
  // SYNs per second without handshakes, UDP per second, to a host, at their height within the last two seconds.
  double syn_flood_pps(const Address& local) const;
  double udp_flood_pps(const Address& local) const;

 private:
  struct Flood;
  const Flood* flood_of(const Address& local) const;
  struct Flood {
    Address local;
    TimeNs until = 0;
    double syn_pps = 0, udp_pps = 0;
  };
  bool answers_seen_ = false;
  TimeNs now_ = 0;
  std::vector<Flood> floods_;  // by the number of the host's row
};

// A source's own rate of first contacts, over at least a second.
double syn_rate_pps(const SourceFact& fact);

// Did the threshold random walk decide "scanner"? Four straight failures (alpha .01, beta .99); where answers are not captured,
// silence proves little: six.
bool walk_decided(const SourceFact& fact, const ScanContext& context);

// The one label that a source's TCP contacts speak for, empty if none: marks of a tool first, then the walk and the shape (more
// ports than addresses, or the reverse; slow if its contacts are 30 s and more apart), then single SYNs to device ports.
std::string_view tcp_scan_label(const SourceFact& fact, const ScanContext& context);

}  // namespace sekisho
