// Recognises amplifiers' answers: a byte per source port says which vector to look at, its signature says whether it is one.
#include "features/amplification.h"

#include <array>

#include "base/check.h"
#include "features/amplification_signatures.h"
#include "features/locality.h"
#include "model/amplification.h"

namespace sekisho {
namespace {

constexpr std::uint8_t kNone = 0xff, kPayloadDecides = 0x80;
constexpr std::size_t kMostVectors = 64;  // a port's byte: 6 bits of vector, one flag

struct Table {
  std::array<std::uint8_t, 65536> by_port;      // vector, with kPayloadDecides; kNone
  std::array<std::uint8_t, kMostVectors> next;  // another vector of the same port, kNone
  std::array<bool (*)(const PayloadView&), kMostVectors> is_answer{};
  std::uint8_t bittorrent = kNone;  // on any port
};

Table build_table() {
  Table table;
  table.by_port.fill(kNone);
  table.next.fill(kNone);
  const auto vectors = amplification_vectors();
  check(vectors.size() <= kMostVectors, "a vector fits into 6 bits");
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const auto vector = static_cast<std::uint8_t>(i);
    for (const auto& signature : amplification_signatures()) {
      if (signature.label != vectors[i].label) continue;
      table.is_answer[i] = signature.is_answer;
      const auto flag = signature.payload_only ? kPayloadDecides : std::uint8_t{0};
      auto& own = table.by_port[vectors[i].port];
      if (vectors[i].port == 0)
        table.bittorrent = vector;
      else if (own == kNone || !signature.payload_only)  // the port names the vector
        own = vector | flag;
      else
        table.next[own & 0x3f] = vector;
      for (unsigned port = signature.first_port; port != 0 && port <= signature.last_port; ++port)
        if (table.by_port[port] == kNone) table.by_port[port] = vector | kPayloadDecides;
    }
    check(table.is_answer[i] != nullptr, "every amplification vector has a signature");
  }
  return table;
}

const Table kTable = build_table();

// Kept out of line: nearly all packets are rejected before it.
[[gnu::noinline]] std::optional<AmplificationMatch> match_vector(const Packet& packet, std::uint8_t entry) {
  if (is_to_group(packet)) return std::nullopt;  // announcements; an amplifier answers one victim
  const auto payload = payload_of(packet);
  for (std::uint8_t vector = entry & 0x3f; vector != kNone; vector = kTable.next[vector])
    if (kTable.is_answer[vector](payload)) return AmplificationMatch{vector, true};
  if (entry & kPayloadDecides) return std::nullopt;
  return AmplificationMatch{entry, false};
}

}  // namespace

std::optional<AmplificationMatch> match_amplification(const Packet& packet) {
  if (packet.protocol != kUdp || packet.fragment == Fragment::later) return std::nullopt;
  const auto entry = kTable.by_port[packet.sport];
  if (entry != kNone) [[unlikely]]
    return match_vector(packet, entry);
  if (packet.payload_captured >= 6 && packet.payload[0] == 'd') [[unlikely]]
    return match_vector(packet, kTable.bittorrent | kPayloadDecides);
  return std::nullopt;
}

bool is_vse_query(const Packet& packet) {
  using namespace std::string_view_literals;
  return packet.protocol == kUdp && starts_with(payload_of(packet), "\xff\xff\xff\xffTSource Engine Query\0"sv, 12);
}

bool is_dns_message(const Packet& packet) {
  auto p = payload_of(packet);
  if (packet.protocol == kTcp) {  // behind a length of two bytes
    if (p.captured < 2 || p.length < 2) return false;
    p = {p.at + 2, p.captured - 2, p.length - 2};
  }
  if (p.captured < 12) return false;
  const unsigned opcode = p.at[2] >> 3 & 15, reply_code = p.at[3] & 15;
  const bool response = p.at[2] & 0x80;
  const unsigned questions = load_be16(p.at + 4), answers = load_be16(p.at + 6), authorities = load_be16(p.at + 8),
                 additionals = load_be16(p.at + 10);
  if (opcode > 6 || opcode == 3 || (p.at[3] & 0x40)) return false;  // 0x40: reserved, zero
  if (!response && (reply_code != 0 || questions == 0)) return false;
  if (questions > 32 || questions + answers + authorities + additionals == 0) return false;
  // A question takes 5 bytes at least, a record 11.
  if (12 + questions * 5 + (answers + authorities + additionals) * 11 > p.length && packet.fragment == Fragment::none &&
      packet.protocol == kUdp)
    return false;
  if (questions > 0 && p.captured > 12) {
    const auto label = p.at[12];
    if (label > 63 && label < 192) return false;
  }
  return true;
}

bool is_http_request(const Packet& packet) {
  using namespace std::string_view_literals;
  const auto p = payload_of(packet);
  if (packet.protocol != kTcp || p.captured < 4 || p.at[0] < 'C' || p.at[0] > 'T') return false;
  for (const auto method :
       {"GET "sv, "POST "sv, "HEAD "sv, "PUT "sv, "OPTIONS "sv, "DELETE "sv, "PATCH "sv, "CONNECT "sv, "TRACE "sv, "PRI * HTTP/2.0"sv})
    if (starts_with(p, method, 4)) return true;
  return false;
}

bool is_tls_client_hello(const Packet& packet) {
  const auto p = payload_of(packet);
  return packet.protocol == kTcp && p.captured >= 6 && p.at[0] == 0x16 && p.at[1] == 3 && p.at[2] <= 4 && load_be16(p.at + 3) >= 4 &&
         p.at[5] == 1;
}

bool is_peer_to_peer(const Packet& packet) {
  using namespace std::string_view_literals;
  const auto p = payload_of(packet);
  if (p.captured < 12) return false;
  if (packet.protocol == kTcp)
    return p.at[0] == 19 && starts_with(p,
                                        "\x13"
                                        "BitTorrent protocol"sv,
                                        12);
  if (packet.protocol != kUdp || p.at[0] != 'd') return false;
  return starts_with(p, "d1:ad2:id20:"sv, 12) || starts_with(p, "d1:rd2:id20:"sv, 12) || starts_with(p, "d2:ip6:"sv, 7);
}

}  // namespace sekisho
