// Shares and entropies over at most some thousand samples; called only for rows whose volume gate is open.
#include "detect/sample_stats.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

namespace sekisho {
namespace {

struct AddressHash {
  std::size_t operator()(const Address& a) const { return (a.high * 0x9e3779b97f4a7c15ULL ^ a.low) * 0xd1b54a32d192ed03ULL; }
};

template <class Counts>
double entropy_bits(const Counts& counts, double total) {
  double bits = 0;
  for (const auto& [key, n] : counts)
    if (n > 0) bits -= n / total * std::log2(n / total);
  return bits;
}

template <class Counts>
auto largest(const Counts& counts) {
  return *std::max_element(counts.begin(), counts.end(),
                           [](const auto& a, const auto& b) { return a.second != b.second ? a.second < b.second : a.first > b.first; });
}

std::vector<PortFact> port_list(const std::map<std::uint16_t, double>& counts) {
  std::vector<PortFact> list;
  for (const auto& [port, n] : counts) list.push_back({port, static_cast<std::uint64_t>(std::llround(n))});
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.packets > b.packets; });
  if (list.size() > 20) list.resize(20);
  return list;
}

// Walks back from the end of the window through tenths of a second while each holds at least a tenth of the fullest one.
TimeNs burst_first(const std::vector<const Sample*>& chosen, TimeNs end) {
  std::array<double, 12> weight{};
  std::array<TimeNs, 12> first{};
  const auto slot = [&](TimeNs t) { return static_cast<std::size_t>(std::clamp<TimeNs>((end - t) / (100 * kMillisecond), 0, 11)); };
  for (const auto* s : chosen) {
    const auto i = slot(s->time);
    weight[i] += s->weight;
    first[i] = first[i] == 0 ? s->time : std::min(first[i], s->time);
  }
  const double least = *std::max_element(weight.begin(), weight.end()) / 10;
  std::size_t i = 0;
  while (i < 12 && weight[i] < least) ++i;  // the newest tenth may be empty
  while (i + 1 < 12 && weight[i + 1] >= least) ++i;
  return first[std::min<std::size_t>(i, 11)];
}

// Real protocols have constant or slowly changing header bytes somewhere in their first bytes; floods of random bytes have none.
bool looks_random(const std::vector<const Sample*>& chosen) {
  constexpr std::size_t kPositions = 16;
  std::array<std::array<std::uint16_t, 256>, kPositions> counts{};
  std::size_t n = 0;
  for (const auto* s : chosen) {
    if (s->payload_captured < kPositions) continue;
    ++n;
    for (std::size_t i = 0; i < kPositions; ++i) ++counts[i][s->payload[i]];
  }
  if (n < 48) return false;
  for (const auto& position : counts)
    if (*std::max_element(position.begin(), position.end()) > std::max<std::size_t>(6, n / 16)) return false;
  return true;
}

}  // namespace

SampleStats sample_stats(const Second& second, const TrafficClassSet& classes, TimeNs since) {
  SampleStats r;
  std::vector<const Sample*> chosen;
  for (const auto& s : second.samples)
    if (belongs_to(s, second) && classes[index_of(s.traffic_class)] && s.time >= since) chosen.push_back(&s);
  r.samples = chosen.size();
  if (chosen.empty()) return r;

  std::unordered_map<Address, std::pair<double, std::uint16_t>, AddressHash> sources;
  std::map<unsigned, double> slash8, ttl;
  std::map<std::uint16_t, double> lengths, local_ports, remote_ports;
  std::unordered_map<std::uint32_t, double> payloads;
  std::unordered_map<std::uint64_t, unsigned> flows;
  double v4 = 0, bogons = 0, with_payload = 0, botnet = 0, push = 0, tunnelled = 0, well_known = 0;
  for (const auto* s : chosen) {
    const double w = s->weight;
    r.weight += w;
    auto& source = sources[s->remote];
    source.second = source.first == 0 ? s->remote_port : source.second == s->remote_port ? s->remote_port : 0;
    source.first += w;
    if (is_v4(s->remote)) slash8[v4_value(s->remote) >> 24] += 1, v4 += 1;
    bogons += is_bogon(s->remote) ? w : 0;
    ttl[s->ttl] += w;
    botnet += s->ttl >= 34 && s->ttl <= 63 ? w : 0;
    lengths[s->ip_bytes] += w;
    local_ports[s->local_port] += w;
    remote_ports[s->remote_port] += w;
    if (s->payload_bytes) payloads[s->hash] += w, with_payload += w;
    tunnelled += s->protocol == kUdp && s->inner_protocol ? w : 0;
    push += s->tcp_flags & kPsh ? w : 0;
    well_known += s->remote_port && (s->remote_port < 1024 || s->remote_port == 8080 || s->remote_port == 8443) ? w : 0;
    ++flows[AddressHash{}(s->remote) ^ (std::uint64_t{s->remote_port} << 16 | s->local_port) * 0x9e3779b97f4a7c15ULL];
  }
  const auto [first, last] =
      std::minmax_element(chosen.begin(), chosen.end(), [](const auto* a, const auto* b) { return a->time < b->time; });
  r.first_time = (*first)->time, r.last_time = (*last)->time;
  r.burst_first = burst_first(chosen, second.time);
  r.payload_kinds = payloads.size();
  const auto n = static_cast<double>(chosen.size());
  r.sources = sources.size();
  r.unique_sources = static_cast<double>(sources.size()) / n;
  for (const auto& [address, seen] : sources)
    r.peers.push_back({address, seen.second, static_cast<std::uint64_t>(std::llround(seen.first))});
  std::sort(r.peers.begin(), r.peers.end(),
            [](const auto& a, const auto& b) { return a.packets != b.packets ? a.packets > b.packets : a.address < b.address; });
  r.top_source_share = static_cast<double>(r.peers.front().packets) / r.weight;
  if (r.peers.size() > 20) r.peers.resize(20);
  if (v4 > 0.5 * n && v4 > 1) r.slash8_entropy = entropy_bits(slash8, v4) / std::log2(std::min(v4, 256.0));
  r.bogon_share = bogons / r.weight;
  r.ttl_entropy_bits = entropy_bits(ttl, r.weight);
  r.ttl_botnet_share = botnet / r.weight;
  const auto length = largest(lengths);
  r.modal_length = length.first, r.modal_length_share = length.second / r.weight;
  if (with_payload > 0) r.modal_payload_share = largest(payloads).second / with_payload;
  r.payload_share = with_payload / r.weight;
  r.payload_random = looks_random(chosen);
  if (n > 1) {
    r.local_port_entropy = entropy_bits(local_ports, r.weight) / std::log2(n);
    r.remote_port_entropy = entropy_bits(remote_ports, r.weight) / std::log2(n);
  }
  r.local_ports = local_ports.size(), r.remote_ports = remote_ports.size();
  r.local_port_list = port_list(local_ports), r.remote_port_list = port_list(remote_ports);
  r.top_local_port_share = static_cast<double>(r.local_port_list.front().packets) / r.weight;
  r.top_remote_port_share = static_cast<double>(r.remote_port_list.front().packets) / r.weight;
  r.flow_count = flows.size();
  r.flows = static_cast<double>(flows.size()) / n;
  r.tunnel_share = tunnelled / r.weight;
  r.push_share = push / r.weight;
  r.well_known_remote_share = well_known / r.weight;
  return r;
}

}  // namespace sekisho
