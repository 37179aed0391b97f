// The planner of the block list: from a request, the never-block set and what is known to a decision with its reason. Pure: no clock, no
// I/O.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "response/block_book.h"
#include "response/never_block.h"

namespace sekisho {

enum class BlockMode : std::uint8_t { off, suggest, on };
enum class BlockPolicy : std::uint8_t { proof, article };

struct BlockRules {
  BlockMode mode = BlockMode::suggest;
  BlockPolicy policy = BlockPolicy::proof;
  DurationNs fingerprint_for = 0;  // fingerprinted sources are blocked by themselves for so long; 0: they are not
  std::uint32_t adds_a_minute = 500;
  std::uint32_t min_hits = 5;  // failed logins and the like of one source before it is blocked by itself
  std::uint64_t two_way_bytes = 1'000'000;
  std::size_t widen_after = 4;  // IPv6: so many blocked /64 of one /56 become the /56, and so many /56 the /48
};

enum class BlockOrigin : std::uint8_t { by_hand, imported, automatic };

struct BlockRequest {
  Network network;  // a single IPv6 address becomes its /64 unless `exact`
  bool exact = false;
  Proof proof = Proof::syn;
  BlockOrigin origin = BlockOrigin::automatic;
  bool reflector = false;  // the server that an amplification comes from
  std::uint64_t hits = 0;
  std::optional<DurationNs> duration;
  std::string reason, incident, actor;
};

// What the decision rests on besides the request.
struct BlockFacts {
  TimeNs now = 0;
  bool spoofed_flood = false;                 // a flood with forged sources goes on
  std::uint32_t added_last_minute = 0;        // by themselves
  std::uint64_t bytes_in = 0, bytes_out = 0;  // with these addresses within the last hour
  std::uint32_t offences = 0;                 // earlier blocks of this network that are remembered
  bool list_works = true;                     // nftables answers
};

enum class BlockVerdict : std::uint8_t { add, suggest, refuse };
enum class BlockRefusal : std::uint8_t {
  none,
  protected_address,
  reserved,
  already,
  unproven,
  spoofed_flood,
  reflector,
  too_few,
  traffic,
  too_many,
  full,
  mode_off,
  too_wide,
  frees_sooner,  // an entry in it lasts longer
  count
};
std::string_view to_string(BlockRefusal refusal);  // "never_block", "unproven", …: for counters and JSON

struct BlockDecision {
  BlockVerdict verdict = BlockVerdict::refuse;
  BlockRefusal refusal = BlockRefusal::none;
  std::string why;                // one sentence, for each verdict
  BlockEntry entry;               // add, suggest: what stands in the list afterwards
  bool renews = false;            // the entry was there: only its end is another
  std::vector<Network> replaces;  // narrower entries that it covers
  std::vector<Network> evicts;    // that make room for it
};

BlockDecision plan_block(const BlockRequest& request, const BlockRules& rules, const NeverBlock& never, const BlockBook& book,
                         const BlockFacts& facts);

// The network that a request means, before anything is decided.
Network meant_network(const Network& network, bool exact);

// The first block lasts an hour, the next ones 6 h, 24 h, 7 d.
DurationNs block_duration(std::uint32_t earlier_offences);

constexpr std::string_view kArticleRisk =
    "the policy 'article' blocks a source after 3 SYNs within 60 s to listed ports. Whoever sends a SYN chooses its source: with four "
    "forged "
    "packets anybody can have this host block a customer, a search engine or a mirror for an hour";

}  // namespace sekisho
