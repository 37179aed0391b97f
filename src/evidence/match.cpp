// Selector semantics: an empty member matches everything; lists longer than kMaxSelected are cut.
#include "evidence/match.h"

#include <algorithm>

namespace sekisho {
namespace {

template <class T>
std::vector<T> prepared(std::vector<T> values) {
  if (values.size() > kMaxSelected) values.resize(kMaxSelected);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

template <class T>
bool holds(const std::vector<T>& sorted, const T& value) {
  return sorted.empty() || std::binary_search(sorted.begin(), sorted.end(), value);
}

}  // namespace

PacketKey key_of(const Packet& packet) {
  return {local_address(packet), remote_address(packet), local_port(packet), remote_port(packet), packet.traffic_class, packet.direction};
}

Matcher::Matcher(const Selector& selector)
    : locals_(prepared(selector.locals)),
      remotes_(prepared(selector.remotes)),
      local_ports_(prepared(selector.local_ports)),
      remote_ports_(prepared(selector.remote_ports)) {
  const bool egress = selector.direction == Direction::egress;
  classes_[egress] = selector.classes.none() ? ~TrafficClassSet{} : selector.classes;
  // The other direction of a connection has classes of its own. Without a remote end "the same pair" would be everybody.
  if (selector.both_ways && (!remotes_.empty() || !remote_ports_.empty() || !local_ports_.empty())) classes_[!egress] = ~TrafficClassSet{};
}

bool Matcher::ends_match(const PacketKey& key) const {
  return holds(local_ports_, key.local_port) && holds(remote_ports_, key.remote_port) && holds(locals_, key.local) &&
         holds(remotes_, key.remote);
}

bool Matcher::matches(const PacketKey& key) const { return classes(key.direction)[index_of(key.traffic_class)] && ends_match(key); }

}  // namespace sekisho
