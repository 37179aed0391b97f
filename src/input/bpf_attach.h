// BpfAttachment: one program on one interface, for as long as this lives.
#pragma once
#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace sekisho {

// Through a link of the kernel the program goes with the process, however that ends. Kernels before 6.6 have no such link for tc: there a
// filter of the old kind is used, which a killed process leaves behind; the next attach_tc on the interface removes it.
class BpfAttachment {
 public:
  enum class Way { in, out };

  // Native XDP only: the generic kind is slower than tc and loses packets.
  static Result<BpfAttachment> xdp(int program_fd, unsigned ifindex);
  static Result<BpfAttachment> tc(int program_fd, unsigned ifindex, Way way);
  // The old kind, whatever the kernel is.
  static Result<BpfAttachment> tc_filter(int program_fd, unsigned ifindex, Way way);

  BpfAttachment(BpfAttachment&& other) noexcept;
  BpfAttachment& operator=(BpfAttachment&&) = delete;
  ~BpfAttachment();
  bool is_link() const { return static_cast<bool>(link_); }

 private:
  BpfAttachment() = default;
  Fd link_;
  unsigned filter_ifindex_ = 0;  // 0: no filter of the old kind
  Way way_ = Way::in;
};

}  // namespace sekisho
