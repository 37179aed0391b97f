// Recognises the answers of amplifiers by source port and payload.
#pragma once
#include <optional>

#include "model/packet.h"

namespace sekisho {

struct AmplificationMatch {
  unsigned vector = 0;         // index in amplification_vectors()
  bool payload_matches = false;  // the signature of FACTS section 7 is there, not only the port
};

// For a UDP packet seen as an answer: source port (or payload) of an amplifier. Fast rejection for other ports.
// With `as_reflector` the roles are turned: does this look like an answer that WE, the amplifier, send (sport is the service)?
std::optional<AmplificationMatch> match_amplification(const Packet& packet);

// Exact first payload bytes.
bool is_vse_query(const Packet& packet);      // FF FF FF FF "TSource Engine Query" 00
bool is_dns_message(const Packet& packet);    // a plausible DNS header
bool is_http_request(const Packet& packet);   // "GET ", "POST ", "HEAD ", ...
bool is_tls_client_hello(const Packet& packet);

}  // namespace sekisho
