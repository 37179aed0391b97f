// What Connections hands to its watch tables: which packets, from when on, and the facts that come back.
#include <algorithm>
#include <tuple>

#include "features/connections.h"

namespace sekisho {

// Hands a packet to the watch, and begins to watch where the payload is small or says something.
void Connections::watch(Entry& e, const Packet& p, unsigned side, bool fresh, std::uint64_t remote_hash) {
  const unsigned group = group_of(remote_hash) - first_group_;
  const WatchKey key{remote_address(p), local_address(p), remote_port(p), local_port(p)};
  Watched* w = nullptr;
  if (e.flags & kWatched) {
    w = watched_.at(group, e.watch, key);
    if (w == nullptr) e.flags &= static_cast<std::uint16_t>(~kWatched);  // its slot went to another
  }
  const Payload payload{{p.payload, p.payload_captured}, p.payload_bytes};
  const Opener opener = (e.flags & kOpenerKnown) ? ((e.flags & kOpenedByLocal) ? Opener::local : Opener::remote)
                                                 : guess_opener(local_port(p), remote_port(p));
  if (w == nullptr) {
    if (p.payload_bytes == 0 || !(fresh || e.payload[side] == 0)) return;
    const bool first = e.payload[side] == 0;
    const bool beat = p.payload_bytes <= 16 && (opener == Opener::local ? side == 1 : opener == Opener::unknown);
    const std::uint16_t server_port = opener == Opener::local ? key.remote_port : key.local_port;
    const bool speaks = p.payload_captured > 0 && (p.payload[0] == '!' || p.payload[0] == '/' || text_sign(payload) != TextSign::none);
    const bool greets = first && (is_ssh_banner(payload) || is_telnet_negotiation(payload) || is_rdp_request(payload) ||
                                  is_nats_greeting(payload) || is_mirai_registration(payload));
    const bool of_interest = beat || speaks || greets || login_service(server_port) != LoginService::none ||
                             (opener == Opener::local && key.remote_port == 48101);
    if (!of_interest) return;
    bool added = false;
    w = watched_.find_or_add(group, key, p.time, added);
    if (w == nullptr) return;
    e.flags |= kWatched;
    e.watch = static_cast<std::uint16_t>(watched_.slot_of(group, *w));
    const bool used_again = !added && (w->fact.closed || ((e.flags & kOpenerKnown) && e.opened > w->fact.last_seen));
    if (used_again) {
      watched_.release(group, *w, true);
      w = watched_.find_or_add(group, key, p.time, added);
    }
    if (added) {
      ConnectionFact& f = w->fact;
      f.opened = e.opened;
      f.outbound = opener == Opener::local || (opener == Opener::unknown && side == 1);
      f.packets_out = e.packets[1] - (side == 1);  // this packet is counted below
      f.packets_in = e.packets[0] - (side == 0);
      f.payload_out = e.payload[1];
      f.payload_in = e.payload[0];
      w->orientation_sure = (e.flags & kOpenerKnown) != 0;
      if (w->orientation_sure) f.signs |= kSignOpened;
      // A local client's service is told by what is said: a C2 may use port 22 or 23.
      const LoginService service = login_service(w->server_port());
      if (!f.outbound || (service != LoginService::ssh && service != LoginService::telnet)) w->service = service;
      if (f.outbound && f.remote_port == 48101) f.signs |= kSignReportPort;
    }
  }
  ConnectionFact& f = w->fact;
  f.last_seen = p.time;
  f.established = f.established || e.state == State::established;
  ++(side == 1 ? f.packets_out : f.packets_in);
  (side == 1 ? f.payload_out : f.payload_in) += p.payload_bytes;
  bool news = false;
  if (p.payload_bytes > 0) news = observe_payload(*w, {p.time, side == 1, fresh, e.payload[side] == 0, e.payload[side ^ 1] == 0, payload});
  if (e.state == State::closed) news |= observe_close(*w);
  if (news) watched_.changed(*w);
  // Mostly large payloads and nothing said: no beacon. The slot is needed by others.
  if (!has_something_to_say(*w) ? f.packets_out + f.packets_in > 512
                                : f.signs == (f.signs & kSignOpened) && f.beats > 64 && w->small_beats < 8) {
    if (w->service == LoginService::none) {
      watched_.release(group, *w, false);
      e.flags = static_cast<std::uint16_t>((e.flags & ~kWatched) | kNotInteresting);
    }
  }
}

// Attempts of our side to one (address, port), and what came back: counted until one is answered; a fact from the eighth on.
void Connections::watch_attempt(const Packet& p, std::uint64_t remote_hash, bool first, bool answered) {
  const unsigned group = group_of(remote_hash) - first_group_;
  const WatchKey key{remote_address(p), local_address(p), remote_port(p), 0};
  if (p.direction == Direction::ingress) {
    Watched* w = retries_.find(group, key);
    if (w == nullptr) return;
    if (answered)
      retries_.release(group, *w, false);
    else
      ++w->fact.packets_in;  // refused
    return;
  }
  bool added = false;
  Watched* w = retries_.find_or_add(group, key, p.time, added);
  if (w == nullptr) return;
  ConnectionFact& f = w->fact;
  if (added) {
    f.opened = p.time;
    f.outbound = true;
    f.signs = kSignOpened;
  }
  ++f.packets_out;
  f.login_attempts += first;  // distinct tries: the others are the kernel's repetitions
  f.last_seen = p.time;
  if (f.beats >= f.last_beats.size()) std::copy(f.last_beats.begin() + 1, f.last_beats.end(), f.last_beats.begin());
  f.last_beats[std::min<std::size_t>(f.beats, f.last_beats.size() - 1)] = {p.time, 0};
  ++f.beats;
  if (f.beats < 8 || p.time - f.last_beats[std::min<std::size_t>(f.beats, f.last_beats.size()) - 8].time > 5 * kMinute) return;
  f.signs |= kSignUnanswered;
  retries_.changed(*w);
}

void Connections::collect(TimeNs, bool last, std::vector<ConnectionFact>& out) {
  const auto begin = static_cast<std::ptrdiff_t>(out.size());
  watched_.collect(last, out);
  retries_.collect(false, out);
  std::sort(out.begin() + begin, out.end(), [](const ConnectionFact& a, const ConnectionFact& b) {
    return std::tie(a.remote, a.local, a.remote_port, a.local_port, a.opened) <
           std::tie(b.remote, b.local, b.remote_port, b.local_port, b.opened);
  });
}

}  // namespace sekisho
