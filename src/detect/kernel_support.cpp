// Which counter speaks for which kind of flood.
#include "detect/kernel_support.h"

#include <fmt/format.h>

#include <algorithm>

namespace sekisho {
namespace {

constexpr int kMost = 15;

bool has(const TrafficClassSet& classes, TrafficClass first, TrafficClass last) {
  for (auto c = index_of(first); c <= index_of(last); ++c)
    if (classes[c]) return true;
  return false;
}

}  // namespace

double kernel_drops(const KernelEvidence& k) { return static_cast<double>(k.softnet_dropped + k.link_dropped); }

void judge_kernel(const KernelEvidence& k, const TrafficClassSet& classes, double pps, Evidence& e) {
  if (!k.known) return;
  using enum TrafficClass;
  int points = 0;
  const auto say = [&](int more, std::uint64_t count, std::string_view what) {
    if (count == 0 || points >= kMost) return;
    more = std::min(more, kMost - points);
    points += more;
    support(e, more, fmt::format("the kernel {} ({} in the last second)", what, count));
  };
  // A few are ordinary: a share of the flood is not.
  const auto weighs = [&](std::uint64_t count, double share) { return static_cast<double>(count) > share * pps ? count : 0; };
  if (has(classes, tcp_syn, tcp_syn_bare)) {
    say(15, k.syn_cookies_sent, "answers with SYN cookies: the queue of half-open connections is full");
    say(15, k.request_queue_full, "refuses connections: the queue of half-open connections is full");
  }
  if (has(classes, tcp_syn, tcp_odd)) {
    say(10, k.listen_overflows, "dropped connections that a program did not accept in time");
    say(10, k.listen_drops, "dropped connections that a listener had no room for");
  }
  if (has(classes, udp, amp_last)) {
    say(10, weighs(k.udp_no_ports, 0.3), "counted datagrams to closed ports");
    say(10, weighs(k.udp_buffer_errors, 0.05), "dropped datagrams that a program did not read in time");
  }
  if (has(classes, fragment, fragment)) say(10, weighs(k.reassembly_failures, 0.05), "could not put fragments together");
  say(5, weighs(k.checksum_errors, 0.1), "counted wrong checksums, which tools send");
  say(5, static_cast<std::uint64_t>(kernel_drops(k)), "or the card had no room for packets");
}

}  // namespace sekisho
