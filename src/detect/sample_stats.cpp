// Shares and entropies over at most some thousand samples; called only for rows whose volume gate is open.
#include "detect/sample_stats.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

namespace sekisho {
namespace {

constexpr std::size_t kTop = 20;

// Weights by key, in order of first appearance: a dense list behind a table of its indices, for at most `most` keys.
template <class Key, class Value = double>
class Counts {
 public:
  explicit Counts(std::size_t most) : table_(std::bit_ceil(2 * std::max<std::size_t>(most, 8))) { list_.reserve(most); }
  Value& operator[](const Key& key) {
    auto at = hash(key) >> 32 & (table_.size() - 1);
    for (; table_[at] != 0; at = (at + 1) & (table_.size() - 1))
      if (list_[table_[at] - 1].first == key) return list_[table_[at] - 1].second;
    list_.push_back({key, {}});
    table_[at] = static_cast<std::uint32_t>(list_.size());
    return list_.back().second;
  }
  std::size_t size() const { return list_.size(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  static std::uint64_t hash(const Address& a) { return (a.high * 0x9e3779b97f4a7c15ULL ^ a.low) * 0xd1b54a32d192ed03ULL; }
  static std::uint64_t hash(std::uint64_t n) { return n * 0x9e3779b97f4a7c15ULL; }
  std::vector<std::uint32_t> table_;  // index in list_ + 1; 0 = free
  std::vector<std::pair<Key, Value>> list_;
};

double entropy_term(double n, double total) { return n > 0 ? -n / total * std::log2(n / total) : 0; }
template <class Key>
double entropy_bits(const Counts<Key>& counts, double total) {
  double bits = 0;
  for (const auto& [key, n] : counts) bits += entropy_term(n, total);
  return bits;
}
double entropy_bits(const std::array<double, 256>& counts, double total) {
  double bits = 0;
  for (const double n : counts) bits += entropy_term(n, total);
  return bits;
}

template <class Key>
auto largest(const Counts<Key>& counts) {
  return *std::max_element(counts.begin(), counts.end(),
                           [](const auto& a, const auto& b) { return a.second != b.second ? a.second < b.second : a.first > b.first; });
}

std::vector<PortFact> port_list(const Counts<std::uint16_t>& counts) {
  std::vector<PortFact> list;
  list.reserve(counts.size());
  for (const auto& [port, n] : counts) list.push_back({port, static_cast<std::uint64_t>(std::llround(n))});
  const auto top = list.begin() + static_cast<std::ptrdiff_t>(std::min(list.size(), kTop));
  std::partial_sort(list.begin(), top, list.end(),
                    [](const auto& a, const auto& b) { return a.packets != b.packets ? a.packets > b.packets : a.port < b.port; });
  list.erase(top, list.end());
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
  const auto long_enough = [](const Sample* s) { return s->payload_captured >= kPositions; };
  const auto n = static_cast<std::size_t>(std::count_if(chosen.begin(), chosen.end(), long_enough));
  if (n < 48) return false;
  for (std::size_t i = 0; i < kPositions; ++i) {
    std::array<std::uint16_t, 256> counts{};
    for (const auto* s : chosen)
      if (long_enough(s)) ++counts[s->payload[i]];
    if (*std::max_element(counts.begin(), counts.end()) > std::max<std::size_t>(6, n / 16)) return false;
  }
  return true;
}

std::vector<const Sample*> choose(const Second& second, const TrafficClassSet& classes) {
  std::vector<const Sample*> chosen;
  chosen.reserve(second.samples.size());
  for (const auto& s : second.samples)
    if (belongs_to(s, second) && classes[index_of(s.traffic_class)]) chosen.push_back(&s);
  return chosen;
}

}  // namespace

SampleStats sample_stats(const Second& second, const TrafficClassSet& classes) {
  SampleStats r;
  const auto chosen = choose(second, classes);
  r.samples = chosen.size();
  if (chosen.empty()) return r;

  Counts<Address, std::pair<double, std::uint16_t>> sources{chosen.size()};
  std::array<double, 256> slash8{}, ttl{};
  Counts<std::uint16_t> lengths{chosen.size()}, local_ports{chosen.size()}, remote_ports{chosen.size()};
  Counts<std::uint32_t> payloads{chosen.size()};
  Counts<std::uint64_t, unsigned> flows{chosen.size()};
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
    ++flows[(s->remote.high * 0x9e3779b97f4a7c15ULL ^ s->remote.low) * 0xd1b54a32d192ed03ULL ^
            (std::uint64_t{s->remote_port} << 16 | s->local_port) * 0x9e3779b97f4a7c15ULL];
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
  const auto top = r.peers.begin() + static_cast<std::ptrdiff_t>(std::min(r.peers.size(), kTop));
  std::partial_sort(r.peers.begin(), top, r.peers.end(),
                    [](const auto& a, const auto& b) { return a.packets != b.packets ? a.packets > b.packets : a.address < b.address; });
  r.peers.erase(top, r.peers.end());
  r.top_source_share = static_cast<double>(r.peers.front().packets) / r.weight;
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

bool may_be_uniform(const Second& second, const TrafficClassSet& classes) {
  const auto chosen = choose(second, classes);
  struct Vote {  // Boyer and Moore: whatever holds more than half of the weight is left over
    std::uint32_t value = 0;
    double lead = 0, weight = 0;
    void count(std::uint32_t v, double w) {
      if (v == value)
        lead += w;
      else if ((lead -= w) < 0)
        value = v, lead = -lead;
    }
  } payload, length;
  double all = 0, with_payload = 0;
  for (const auto* s : chosen) {
    all += s->weight;
    length.count(s->ip_bytes, s->weight);
    if (s->payload_bytes) payload.count(s->hash, s->weight), with_payload += s->weight;
  }
  if (with_payload < 0.5 * all) return false;
  for (const auto* s : chosen) {
    if (s->ip_bytes == length.value) length.weight += s->weight;
    if (s->payload_bytes && s->hash == payload.value) payload.weight += s->weight;
  }
  return length.weight > 0.9 * all || payload.weight > 0.85 * with_payload;
}

}  // namespace sekisho
