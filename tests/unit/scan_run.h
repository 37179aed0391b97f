// Runs hand-made packets through the features and the detectors of scans, step by step as the pipeline does.
#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "detect/detector.h"
#include "features/features.h"
#include "scan_packets.h"

namespace sekisho::scan_test {

inline constexpr std::array<std::string_view, 11> kScanDetectors{"address_scan", "backscatter", "egress_scan", "iot_scan",
                                                                 "masscan_scan", "mirai_scan",  "port_scan",   "scan_followup",
                                                                 "slow_scan",    "udp_scan",    "zmap_scan"};

// All findings of the scan detectors. Packets are sorted by time first.
inline std::vector<Finding> run_scans(std::vector<Packet> packets, unsigned shards = 1, DurationNs silence_after = 0) {
  std::stable_sort(packets.begin(), packets.end(), [](const Packet& a, const Packet& b) { return a.time < b.time; });
  FeatureSettings settings;
  auto features = std::make_unique<Features>(settings, shards);
  std::vector<std::unique_ptr<Detector>> detectors;
  for (const auto& spec : Registry<DetectorSpec>::all())
    if (std::find(kScanDetectors.begin(), kScanDetectors.end(), spec.name) != kScanDetectors.end())
      detectors.push_back(spec.make({}).value());
  std::vector<Finding> findings;
  const auto close = [&](std::uint64_t step, TimeNs now, bool last) {
    const auto& seen = features->finish_step(step, now, kStep, last);
    for (auto& d : detectors) d->on_step(seen, findings);
  };
  std::vector<PacketHashes> hashes(packets.size());
  std::size_t from = 0;
  auto step = static_cast<std::uint64_t>(packets.front().time / kStep);
  const auto count = [&](std::size_t to) {
    for (const auto& shard : features->shards())
      shard->count(std::span{packets}.subspan(from, to - from), std::span{hashes}.subspan(from, to - from), step);
    from = to;
  };
  for (std::size_t i = 0; i < packets.size(); ++i) {
    auto& p = packets[i];
    p.index = i;
    const auto s = static_cast<std::uint64_t>(p.time / kStep);
    if (s != step) {
      count(i);
      close(step, static_cast<TimeNs>((step + 1) * kStep), false);
      for (++step; step < s && step % 50 != 0; ++step) close(step, static_cast<TimeNs>((step + 1) * kStep), false);
      if (step < s) close(s - 1, static_cast<TimeNs>(s * kStep), false);
      step = s;
    }
    features->assign_host(p);
    hashes[i] = hashes_of(features->key(), p);
  }
  count(packets.size());
  const auto end = packets.back().time + silence_after;
  for (; static_cast<TimeNs>((step + 1) * kStep) < end; ++step) close(step, static_cast<TimeNs>((step + 1) * kStep), false);
  close(step, end, true);
  return findings;
}

inline std::map<std::string_view, Finding> last_by_label(const std::vector<Finding>& findings) {
  std::map<std::string_view, Finding> last;
  for (const auto& f : findings) last[f.label] = f;
  return last;
}

}  // namespace sekisho::scan_test
