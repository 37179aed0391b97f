// Which classes count as answered, and the row's classes together.
#include "features/row_baseline.h"

#include <algorithm>

namespace sekisho {
namespace {

constexpr std::uint64_t kWorthwhile = 20;  // packets/s; a class that hardly occurs needs no baseline: its floor decides

std::uint64_t back(const RowSecond& s, TrafficClass c) { return s.reverse ? (*s.reverse)[index_of(c)].packets : 0; }

// What is one-way by nature is never normal, or a slow ramp would teach the baseline to accept it: FACTS section 9, re-admission.
bool is_two_way(TrafficClass k, const RowSecond& s) {
  using enum TrafficClass;
  const auto n = s.counts[index_of(k)].packets;
  if (k >= amp_first && k <= amp_last) return false;
  switch (k) {
    case tcp_syn:
    case tcp_syn_bare: return s.facts[static_cast<std::size_t>(Fact::handshakes_completed)] * 2 >= n;
    case tcp_ack_unknown:
    case tcp_syn_ack_unasked:
    case tcp_rst:
    case tcp_fin:
    case tcp_null:
    case tcp_xmas:
    case tcp_odd:
    case tcp_data_stalled:
    case icmp_echo:
    case icmp_echo_reply:
    case icmp_unreachable:
    case icmp_other:
    case fragment:
    case dhcp:
    case ipv6_extension:
    case igmp: return false;
    case gre_ip:
    case gre_ethernet:
    case gre_other:
    case ip_in_ip:
    case esp:
    case ah:
    case sctp:
    case other_ip: return back(s, k) * 50 >= n;
    case udp:
    case udp_vse: return back(s, udp_answer) * 2 >= n;
    default: return true;
  }
}

// Enough answers to believe that half an hour of alarm was no attack. Never for what leaves: this host may be the attacker.
bool is_answered(TrafficClass k, const RowSecond& s) {
  using enum TrafficClass;
  if (s.direction == Direction::egress || !is_two_way(k, s)) return false;
  const auto n = s.counts[index_of(k)].packets;
  const auto own_data = s.counts[index_of(tcp_data)].packets;
  switch (k) {
    case tcp_syn:
    case tcp_syn_bare: return own_data + s.counts[index_of(http_request)].packets + s.counts[index_of(tls_hello)].packets >= n;
    case tls_hello: return own_data >= n && back(s, tcp_data) >= n;
    case http_request: return back(s, tcp_data) >= n;
    case tcp_data: return (back(s, tcp_data) + back(s, tcp_ack)) * 4 >= n;
    case dns_query: return back(s, udp_answer) * 2 >= n;
    case udp:
    case udp_vse:
    case tcp_ack:
    case udp_answer:
    case tcp_syn_ack: return true;
    default: return false;
  }
}

}  // namespace

void RowBaseline::learn(const RowSecond& s, AnchorBudget* budget) {
  const bool frozen = s.now < frozen_until_;
  if (!frozen) ++learned_seconds_;
  for (std::size_t c = 0; c < kTrafficClasses; ++c) {
    const auto n = s.counts[c].packets;
    if (!classes_[c] && n < kWorthwhile) continue;
    const auto k = static_cast<TrafficClass>(c);
    const bool two_way = is_two_way(k, s);
    if (!classes_[c]) {
      if (!two_way) continue;
      classes_[c] = std::make_unique<ClassBaseline>();
    }
    classes_[c]->observe({static_cast<double>(n), s.now, s.hour, learned_seconds_, frozen, two_way, frozen && is_answered(k, s)}, budget);
  }
}

void RowBaseline::fill(Second& second) const {
  second.learned_seconds = learned_seconds_;
  for (std::size_t c = 0; c < kTrafficClasses; ++c) {
    const auto& b = classes_[c];
    if (!b || !b->known()) continue;
    second.normal[c] = b->normal_pps(), second.ceiling[c] = b->ceiling_pps(), second.rule[c] = b->rule();
  }
}

void RowBaseline::resume(DurationNs age, TimeNs now, std::int64_t hour) {
  bool short_kept = false;
  for (const auto& b : classes_) {
    if (!b) continue;
    b->resume(age, hour);
    short_kept = short_kept || b->fresh() || b->anchored();
  }
  // Without a fresh memory and without an anchor the row begins anew.
  if (!short_kept) learned_seconds_ = 0;
  frozen_until_ = frozen_left_ > 0 ? now + std::clamp<DurationNs>(frozen_left_ - std::max<DurationNs>(age, 0), 0, 30 * kSecond) : 0;
  frozen_left_ = 0;
}

std::size_t RowBaseline::anchors() const {
  return static_cast<std::size_t>(std::count_if(classes_.begin(), classes_.end(), [](const auto& b) { return b && b->has_anchor(); }));
}

void RowBaseline::describe(const BaselineView& common, TimeNs now, std::int64_t hour, std::vector<BaselineView>& out) const {
  for (std::size_t c = 0; c < kTrafficClasses; ++c) {
    if (!classes_[c]) continue;
    BaselineView& view = out.emplace_back(common);
    view.traffic_class = static_cast<TrafficClass>(c);
    view.frozen_left_s = std::max(0.0, static_cast<double>(frozen_until_ - now) / 1e9);
    classes_[c]->describe(view, now, hour);
  }
}

}  // namespace sekisho
