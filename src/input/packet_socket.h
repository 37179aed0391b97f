// PacketSocket: live frames of network interfaces, both directions, through AF_PACKET: the source for where BPF programs are not permitted.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "input/frame_budget.h"
#include "input/interfaces.h"
#include "input/link_info.h"
#include "input/packet_ring.h"
#include "input/sample_filter.h"
#include "input/source.h"
#include "input/totals_check.h"

namespace sekisho {

struct PacketSocketSettings {
  unsigned rings = 1;  // for each interface
  double max_frames_pps = 200'000;
};

// One thread: run() and stats() are called by the same one. Frame::interface is the index in `interfaces`. Frames of all rings are merged
// by time. When more comes than may be handed over, the kernel samples; frames that are lost nevertheless are counted, and the weights of
// the next ones stand for them.
class PacketSocket final : public Source {
 public:
  // Needs CAP_NET_RAW.
  static Result<std::unique_ptr<PacketSocket>> open(const std::vector<std::string>& interfaces, const PacketSocketSettings& settings);

  // An interface that disappears is noted, and watched again when it comes back (which needs the capability again).
  Result<void> run(Intake& intake, std::stop_token stop) override;
  SourceStats stats() override;
  // A sentence for stats().notes, from whoever chose this source.
  void add_note(std::string note) { notes_.push_back(std::move(note)); }

 private:
  struct Port {
    Interface interface;
    std::vector<PacketRing> rings;
    LinkInfo start, last;  // counters when it was opened, and when they were last read
    bool present = false;
    std::string note;
  };
  struct Head {  // the next frame of a ring whose block is open
    PacketRing* ring;
    Frame frame;
    bool outgoing;
  };

  PacketSocket(LinkReader links, const PacketSocketSettings& settings);
  Result<void> open_port(Port& port);
  bool wait();
  bool drain(Intake& intake);
  void take(const Head& head);
  void hand_over(Intake& intake);
  void take_drops();
  void steer();
  void set_rates(SampleRates wanted);
  void look_around();
  static LinkTotals exact(const Port& port, bool outgoing);
  LinkTotals exact(bool outgoing) const;

  PacketSocketSettings settings_;
  LinkReader links_;
  std::vector<Port> ports_;
  std::vector<std::string> notes_;
  FrameBudget budget_;
  RateHistory rates_;
  std::vector<Frame> batch_;
  std::vector<Head> heads_;
  std::vector<PacketRing*> opened_;
  LinkTotals seen_[2], gone_[2];  // gone: counted by interfaces that disappeared
  TotalsCheck checks_[2];
  std::uint64_t frames_ = 0, lost_ = 0, lost_before_ = 0, owed_ = 0;
  double syn_ = 0, rest_ = 0;  // packets of each kind since the last look at the rates, weights applied
  std::uint64_t drops_ = 0;    // since the last look at the rates, as packets
  double most_pps_;            // frames a second, less after an overflow
  double fill_ = 0;            // of the fullest ring, when it was last steered
  TimeNs last_steer_ = 0, last_hurry_ = 0, last_look_ = 0, degraded_until_ = 0;
  std::uint32_t recent_sampling_ = 1, sampling_ = 1, max_sampling_ = 1;
};

}  // namespace sekisho
