// BpfPrograms: the programs of bpf/ in the kernel, with what they share with user space.
#pragma once
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "bpf/shared.h"

namespace sekisho {

// Any thread may call, one at a time.
class BpfPrograms {
 public:
  // xdp_frags: for frames in pieces (a large MTU); *_ip: interfaces without link headers.
  enum class Program { xdp, xdp_frags, in, out, in_ip, out_ip };
  struct Wanted {
    bool xdp = false, xdp_frags = false, tc = false, tc_ip = false;
  };

  // Verifies and loads; attaches nothing. The error says what the kernel refused. Needs CAP_BPF and CAP_NET_ADMIN (and CAP_PERFMON).
  static Result<std::unique_ptr<BpfPrograms>> load(Wanted wanted);
  ~BpfPrograms();
  BpfPrograms(const BpfPrograms&) = delete;

  // -1 when it was not wanted.
  int fd(Program program) const;
  int ring_fd() const;
  int blocked_fd() const;
  int networks_fd() const;
  // Shared memory: the programs read it at any time.
  volatile sekisho_settings& settings() const;
  volatile std::uint64_t* filter() const;  // SK_FILTER_WORDS
  // The sum over all processors, read without a system call.
  sekisho_counters counters() const;

 private:
  struct Loaded;
  explicit BpfPrograms(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace sekisho
