// Recognises the answers of amplifiers by source port and payload.
#pragma once
#include <optional>

#include "model/packet.h"

namespace sekisho {

struct AmplificationMatch {
  unsigned vector = 0;           // index in amplification_vectors()
  bool payload_matches = false;  // the signature of FACTS section 7 is there, not only the port
};

// Is this UDP packet, by its source port and payload, the answer of an amplifier? For packets to us: an attack through reflectors; for
// packets from us: we are the reflector. Whether somebody asked for the answer is the caller's to know. Ports with much other traffic
// (443, and neighbours of the usual ports) match by payload alone, BitTorrent on any port by payload; never to multicast addresses.
// One table look-up for all other ports. Works on the first captured bytes: what was not captured is not held against the packet.
std::optional<AmplificationMatch> match_amplification(const Packet& packet);

// By protocol and first payload bytes, on any port.
bool is_vse_query(const Packet& packet);     // FF FF FF FF "TSource Engine Query" 00
bool is_dns_message(const Packet& packet);   // a plausible DNS header, query or response, over UDP or TCP
bool is_http_request(const Packet& packet);  // "GET ", "POST ", "HEAD ", ...
bool is_tls_client_hello(const Packet& packet);
bool is_peer_to_peer(const Packet& packet);  // BitTorrent's handshake (BEP 3) over TCP, a query or answer of its DHT (BEP 5) over UDP

}  // namespace sekisho
