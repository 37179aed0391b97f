// KernelCounters: the kernel's own statistics, as what happened since the last look.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "input/link_info.h"
#include "model/kernel_evidence.h"

namespace sekisho {

// One thread. Reads its own network namespace (softnet_stat: the whole machine). Needs no capability.
class KernelCounters {
 public:
  // What cannot be opened counts as zero: kernels without IPv6 have no snmp6.
  static KernelCounters open(const std::vector<std::string>& interfaces);
  // Events since the last call; the first one only remembers, and its answer is not known.
  KernelEvidence read();

 private:
  KernelCounters() = default;
  KernelEvidence totals();

  std::array<Fd, 4> files_;
  std::vector<std::string> interfaces_;
  std::optional<LinkReader> links_;
  KernelEvidence before_;
};

// Adds what the text of /proc/net/snmp or /proc/net/netstat says (two lines for each protocol: names, values), of /proc/net/snmp6 (a name
// and a value on each line), of /proc/net/softnet_stat (a line of hexadecimal numbers for each processor). Anything else is passed over.
void add_snmp(std::string_view text, KernelEvidence& totals);
void add_snmp6(std::string_view text, KernelEvidence& totals);
void add_softnet(std::string_view text, KernelEvidence& totals);

}  // namespace sekisho
