// The ports that bots of the Mirai family probe: weight, who uses them, and when a family may be named (FACTS section 4).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sekisho {

enum class Grounds : std::uint8_t { read, known, article };  // how well the row is founded: source read, known literature, the article

struct PortEntry {
  std::uint16_t port = 0;
  std::uint8_t weight = 0;    // 0-60: confidence that a half-open SYN to it is of that family; never more from a port alone
  std::string_view service;   // what listens there
  std::string_view families;  // "Satori, Okiru": may be named with the fingerprint; empty = all of them use it
  std::string_view exploits;  // CVE ids, empty = none known
  Grounds grounds = Grounds::read;
};

std::span<const PortEntry> port_table();         // sorted by port
const PortEntry* find_port(std::uint16_t port);  // nullptr if it is none of theirs

// From this weight on a port says "device"; the HTTP ports below say little.
constexpr std::uint8_t kTellingWeight = 25;

// The attribution rule: a family is named only if the port AND a mark of the code (fingerprint, busybox tag) agree; otherwise
// "Mirai-like (port 37215 is used by Satori-lineage bots)". Empty if no port of the table is among them.
std::string attribution(bool marked, std::span<const std::uint16_t> ports);

}  // namespace sekisho
