// Facts in words that the text report and the page share: size, timing, who, ports, background, what was read.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "app/analysis.h"

namespace sekisho {

std::string when_text(const Incident& incident);    // "2026-11-22 02:15:09 → 02:18:52 UTC (3 min 42 s)"
std::string size_text(const Incident& incident);    // "peak 812 kpps, 6.9 Gb/s (x96 of normal); 98,112,004 packets, 104 GB"
std::string who_text(const Incident& incident);     // "1,904 sources; spoofed addresses: …"
std::string target_text(const Incident& incident);  // "203.0.113.5, ports 443 (96 %), 80 (4 %)"
std::string sure_text(const Incident& incident);    // "confidence 97 of 100; decided 480 ms after the first packet"
std::string seen_text(const Incident& incident);    // "by tc, one of 64 packets looked at, 12 lost: degraded"; empty for captures
std::string process_text(const ProcessFact& process);
std::string ports_text(const std::vector<PortFact>& ports, std::size_t most = 5);  // "23 (70 %), 2323 (18 %) and 2 more"
std::string peer_text(const PeerFact& peer);                                       // "198.51.100.14:53", "[2001:db8::53]:53"
std::string service_text(const Incident& incident);                                // labels with shares when there are several, else empty

std::string percent(double part, double whole);  // "96.9 %", "<0.1 %", "0 %"

// The article's facts about incoming traffic as (name, value) pairs.
std::vector<std::pair<std::string, std::string>> background_facts(const Analysis& analysis);
std::string background_sentence(const Background& background);  // empty when nothing scanned
struct ClassShare {
  std::string name;
  std::uint64_t packets = 0, bytes = 0;
  double share = 0;
};
std::vector<ClassShare> class_shares(const ClassCounts& counts, std::size_t most);  // largest first

std::string input_span_text(const Input& input);  // "2026-11-22 02:14:03 → 02:19:47 UTC (5 min 44 s)"
std::string local_text(const LocalSide& local);
std::string damage_text(const InputDamage& damage);
std::string malformed_text(const Input& input);     // "7 malformed (0.0 %): short ip 5, …; 11 cut short by the snap length"
std::string time_trouble_text(const Input& input);  // empty when time only moved on
std::string speed_text(const Analysis& analysis);   // "read in 12 s (8.0 M packets/s)"

}  // namespace sekisho
