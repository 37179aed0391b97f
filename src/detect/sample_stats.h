// SampleStats: what the sampled packets of some traffic classes have in common.
#pragma once
#include <span>
#include <vector>

#include "model/finding.h"
#include "model/second.h"

namespace sekisho {

struct SampleStats {
  std::size_t samples = 0;
  double weight = 0;       // packets that the samples stand for
  TimeNs burst_first = 0;  // first sample of the unbroken burst that the window ends with
  TimeNs first_time = 0, last_time = 0;
  std::size_t payload_kinds = 0;  // distinct payloads among the samples with payload
  std::size_t sources = 0;        // distinct remote addresses among the samples
  double unique_sources = 0;      // sources / samples
  double top_source_share = 0;
  double slash8_entropy = 0;  // of the sources' first bytes, normalised by log2 of the number of cells that the sample can fill; IPv4 only
  double bogon_share = 0;
  double ttl_entropy_bits = 0;
  double ttl_botnet_share = 0;    // TTL 34-63: decremented from 64
  double modal_length_share = 0;  // largest share of one IP length
  std::uint16_t modal_length = 0;
  double modal_payload_share = 0;  // largest share of one payload (by hash of its first bytes); of samples with payload
  double payload_share = 0;        // samples with payload
  bool payload_random = false;     // no byte position of the payload has any structure (at least 48 samples with 16 bytes each)
  double local_port_entropy = 0, remote_port_entropy = 0;  // normalised by log2(samples)
  std::size_t local_ports = 0, remote_ports = 0;           // distinct among the samples
  double top_local_port_share = 0, top_remote_port_share = 0;
  double flows = 0;  // distinct (source, ports) / samples
  std::size_t flow_count = 0;
  double tunnel_share = 0;             // UDP packets with a whole packet inside (VXLAN, GTP-U; only when configured)
  double push_share = 0;               // TCP with PSH
  double well_known_remote_share = 0;  // remote port below 1024 or 8080, 8443
  std::vector<PeerFact> peers;         // largest first, at most 20
  std::vector<PortFact> local_port_list, remote_port_list;
};

// Samples of `classes` that belong to `second` (its host; all hosts for an `all` row).
SampleStats sample_stats(const Second& second, const TrafficClassSet& classes);

// Could it be that most of them have one payload or one length? A no is certain, and costs little: downloads have many of both.
bool may_be_uniform(const Second& second, const TrafficClassSet& classes);

}  // namespace sekisho
