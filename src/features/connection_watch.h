// ConnectionWatch: the small table of connections worth a closer look; makes ConnectionFacts of beats, C2 bytes and login dialogues.
#pragma once
#include <cstddef>
#include <vector>

#include "base/hash.h"
#include "base/huge_pages.h"
#include "features/payload_signs.h"
#include "model/connection_fact.h"

namespace sekisho {

// The services whose login dialogues are followed.
enum class LoginService : std::uint8_t { none, telnet, ftp, ssh, rdp, other };
LoginService login_service(std::uint16_t server_port);

enum class Opener : std::uint8_t { unknown, local, remote };
// Before the capture began: the side with the service's port is the server, the side with the ephemeral port the client.
Opener guess_opener(std::uint16_t local_port, std::uint16_t remote_port);

struct WatchKey {
  Address remote, local;
  std::uint16_t remote_port = 0, local_port = 0;
  friend auto operator<=>(const WatchKey&, const WatchKey&) = default;
};

// One watched connection: the fact that is handed out and what the recognisers remember in between. What every packet touches comes first.
struct alignas(64) Watched {
  TimeNs registered = 0;  // when the Mirai registration was seen
  std::uint32_t benign_beats = 0;
  BenignBeat benign_kind = BenignBeat::none;
  LoginService service = LoginService::none;
  PromptSign prompt = PromptSign::none;
  std::uint8_t small_beats = 0;  // beats of 1..8 bytes, saturating
  std::uint8_t heartbeats = 0;   // answered 00 00, saturating
  bool in_use = false, dirty = false;
  bool orientation_sure = false;  // a SYN or SYN-ACK told who opened it
  bool heartbeat_pending = false;
  bool bare_ping = false, bare_pong = false;  // seen from the server; from the client
  bool credentials_sent = false;              // a refusal may follow
  bool new_keys = false;                      // SSH: the client switched to encryption
  std::uint16_t accept_bytes = 0;             // SSH: size of the server's first encrypted answer
  ConnectionFact fact;

  bool is_client(bool from_local) const { return from_local == fact.outbound; }
  std::uint16_t server_port() const { return fact.outbound ? fact.remote_port : fact.local_port; }
};

// What a packet means for its watched connection; `fresh` payload is new to the stream (no retransmission, no keepalive probe).
struct WatchEvent {
  TimeNs time = 0;
  bool from_local = false, fresh = false, first_of_side = false, other_side_silent = false;
  Payload payload;
};

// Set-associative in groups like Connections, with full keys. Pushed out first: finished, then without signs, then least recent.
class ConnectionWatch {
 public:
  ConnectionWatch(HashKey key, std::size_t entries_per_group, unsigned groups);
  Watched* find(unsigned group, const WatchKey& key);
  Watched* find_or_add(unsigned group, const WatchKey& key, TimeNs now, bool& added);  // nullptr: no room
  Watched* at(unsigned group, std::size_t slot, const WatchKey& key);                  // nullptr if the slot has a new owner
  std::size_t slot_of(unsigned group, const Watched& watched) const;
  void prefetch(unsigned group, std::size_t slot) const {
    const auto* at = reinterpret_cast<const char*>(&slots_[group * buckets_per_group_ * kWays + slot]);
    constexpr std::size_t kOften = 192;
    for (std::size_t byte = 0; byte < kOften; byte += 64) __builtin_prefetch(at + byte, 1);
  }
  void changed(Watched& watched);  // has something new to say
  void release(unsigned group, Watched& watched, bool keep_news);
  // Everything that changed since the last call; with `all`, also what is still open and has something to say.
  void collect(bool all, std::vector<ConnectionFact>& out);
  std::uint64_t evictions() const { return evictions_; }

 private:
  static constexpr std::size_t kWays = 8;
  std::size_t bucket_of(unsigned group, const WatchKey& key) const;
  void keep_fact(unsigned group, const Watched& watched);

  HashKey key_;
  std::size_t buckets_per_group_;
  HugeVector<Watched> slots_;
  std::vector<std::uint32_t> dirty_;          // slots, each at most once
  std::vector<ConnectionFact> pushed_out_;    // had something to say when evicted; bounded per group
  std::vector<std::uint16_t> pushed_out_of_;  // how many, by group
  std::uint64_t evictions_ = 0;
};

// Feeds the recognisers. True if the fact changed in a way that is worth reporting.
bool observe_payload(Watched& watched, const WatchEvent& event);
bool observe_close(Watched& watched);
bool has_something_to_say(const Watched& watched);

}  // namespace sekisho
