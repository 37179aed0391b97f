// BpfSource: live frames through the programs of bpf/: XDP or tc on ingress, tc on egress, exact counters, the block list.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "input/block_list.h"
#include "input/bpf_attach.h"
#include "input/bpf_programs.h"
#include "input/frame_budget.h"
#include "input/interfaces.h"
#include "input/ring_reader.h"
#include "input/source.h"
#include "input/totals_check.h"

namespace sekisho {

struct BpfSourceSettings {
  bool xdp = true;           // try native XDP on ingress
  bool xdp_on_veth = false;  // also on a veth, where it can lose the host's own packets
  bool links = true;         // false: tc filters of the old kind, as on kernels before 6.6
  double max_frames_pps = 200'000;
};

// One thread: run(), stats() and block_list() are used by the same one. Frame::interface is the index in `interfaces`.
class BpfSource final : public Source {
 public:
  // The error says what the kernel refused; needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN. An interface where XDP is refused gets tc, and
  // stats().notes say so.
  static Result<std::unique_ptr<BpfSource>> open(const std::vector<std::string>& interfaces, const BpfSourceSettings& settings);
  ~BpfSource() override;

  // An interface that disappears is noted, and watched again when it comes back.
  Result<void> run(Intake& intake, std::stop_token stop) override;
  SourceStats stats() override;
  BlockList& block_list() { return block_list_; }
  BlockList* early_blocks() override;  // where XDP runs on an interface at least
  // A sentence for stats().notes, from whoever chose this source.
  void add_note(std::string note) { notes_.push_back(std::move(note)); }

 private:
  struct Port {
    Interface interface;
    std::optional<BpfAttachment> in, out;
    bool present = false, xdp = false;
    std::string note;
  };
  BpfSource(std::unique_ptr<BpfPrograms> programs, RingReader ring, const BpfSourceSettings& settings);
  Result<void> attach(Port& port);
  bool drain(Intake& intake);
  void steer();
  void look_around();

  BpfSourceSettings settings_;
  std::unique_ptr<BpfPrograms> programs_;
  RingReader ring_;
  BlockList block_list_;
  std::vector<Port> ports_;
  std::vector<std::string> notes_;
  FrameBudget budget_;
  std::vector<Frame> batch_;
  TimeNs clock_offset_ = 0;  // wall clock minus the clock of the programs' time stamps
  TimeNs last_look_ = 0, degraded_until_ = 0;
  std::uint64_t frames_ = 0, ring_full_ = 0;
  LinkTotals seen_[SK_DIRECTIONS];
  TotalsCheck checks_[SK_DIRECTIONS];
  std::uint32_t sampling_ = 1, recent_sampling_ = 1, max_sampling_ = 1;
};

}  // namespace sekisho
