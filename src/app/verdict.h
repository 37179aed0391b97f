// Verdict: one state and one sentence about an analysis: taking part, attacked, scanned or quiet. Shared by the reports.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "app/analysis.h"

namespace sekisho {

// From worst to best. Taking part outranks everything: the two scenarios of the article are never conflated.
enum class Standing : std::uint8_t { taking_part, attacked, guessed, scanned, noted, quiet };

struct Verdict {
  Standing standing = Standing::quiet;
  std::string word;      // "TAKING PART", "ATTACKED", ...
  std::string sentence;  // one sentence, numbers included; hostile text already escaped
  std::string also;      // what else was found, one sentence; may be empty
};

Verdict judge(const Analysis& analysis);

// Where an incident puts the host.
Standing standing_of(const Incident& incident);
// Incidents for people: taking part first, then by severity, then size, then time.
std::vector<const Incident*> in_order_of_weight(const std::vector<Incident>& incidents);

// Names for people.
std::string title_of(const Incident& incident);             // "DNS amplification"; an unknown label as it is
std::string directed_title(const Incident& incident);       // "inbound DNS amplification"; "outbound scan" says it already
std::string short_id(const Incident& incident);             // "i-20261122-7K3F": day and the last four characters of the ULID
std::string_view direction_word(const Incident& incident);  // "inbound", "outbound", "from here" for C2
// "203.0.113.5" or "this host" when the subject is not one address.
std::string subject_name(const Incident& incident);
std::string advice_of(const Incident& incident);  // its own, its label's, or its kind's default
// "peers spoofed" in words: "spoofed addresses", "real addresses (they answered or are servers)", "unproven addresses".
std::string_view peers_verdict(const Incident& incident);

}  // namespace sekisho
