// Sources: the bounded table of remote addresses and what they did.
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "base/huge_pages.h"
#include "features/connections.h"
#include "features/fanout.h"
#include "features/source_entry.h"

namespace sekisho {

// Buckets of eight entries, 16 groups by the remote address as in connections.h. A group's packets and the steps alone decide what
// happens in it, so any number of shards gives the same facts. One thread. Entries come from first contacts (SYNs, TCP without sense,
// UDP), never from answers; a contact that says nothing by itself waits as a newcomer of 16 bytes for a second one. A full bucket gives
// up single packets first, then the unsuspicious, then the longest silent; where all are suspicious and recent, a single SYN that tells
// something is told at once and waits as a newcomer too, so that a crowd of scanners does not push itself out.
class Sources {
 public:
  // At most so many facts a group and step; the rest waits for the next step.
  static constexpr std::size_t kFactsPerStep = 128;
  static constexpr std::size_t kToldPerStep = 64;  // of these, about sources without an entry

  // `publics`: further destination addresses that the Mirai fingerprint is compared with (the host's addresses before NAT).
  // entries_per_group is a power of two, 8 to 65,536; 200 bytes each.
  Sources(HashKey key, std::size_t entries_per_group, unsigned first_group, unsigned groups, std::vector<Address> publics);
  ~Sources();
  // Ask for the lines that on_packet() will touch: some packets before it, and again a few before it, when the first have come.
  void prefetch(std::uint64_t remote_hash) const;
  void prefetch_entry(const Packet& packet, std::uint64_t remote_hash) const;
  // Both directions, all protocols, in order of time, direction set; traffic_class set where known (amplification and answers are no
  // first contacts).
  void on_packet(const Packet& packet, const ConnectionVerdict& connection, std::uint64_t remote_hash);
  // Sources whose scan evidence changed since the last call, group by group in order of the change. Once a step; `last`: the input ends,
  // judge what waits.
  void collect(TimeNs now, bool last, std::vector<SourceFact>& out);
  std::uint64_t evictions() const;  // of sources with evidence or a contact that waits for its answer; others are no loss

 private:
  struct Newcomer;
  struct Bucket;
  struct Group;
  struct Contact;
  struct Marks;
  struct Place;

  // sources.cpp: the table.
  void find(std::uint64_t remote_hash, const Address& remote, Place& place);
  bool admit(const Packet& packet, const ConnectionVerdict& connection, std::uint64_t remote_hash, Place& place);
  static bool is_crowded(const Bucket& bucket, std::uint16_t now);
  static bool tell(const Place& place, const Packet& packet, std::uint64_t remote_hash);
  static std::uint32_t victim_of(const Bucket& bucket, std::uint16_t now);
  void insert(const Packet& packet, std::uint64_t remote_hash, Place& place);
  void adopt(const Newcomer& newcomer, const Packet& packet, const Place& place);
  void changed(const Place& place);
  void watch(const Place& place);
  void expire_group(Group& group, std::uint32_t second);
  // source_evidence.cpp: what packets say.
  Contact contact_of(const Address& local, std::uint8_t protocol, std::uint16_t port) const;
  Marks marks_of(const Packet& packet) const;
  void first_contact(const Place& place, const Packet& packet);
  void resolve(const Place& place, const Contact& contact, bool udp, bool success);
  void on_tcp(const Place& place, const Packet& packet, const ConnectionVerdict& connection);
  void on_udp(const Place& place, const Packet& packet);
  void on_syn(const Place& place, const Packet& packet);
  void on_unreachable(const Place& place, const Packet& packet);

  HashKey key_;
  unsigned first_group_;
  std::uint64_t bucket_mask_;
  std::vector<std::uint32_t> publics_;  // IPv4, sorted
  HugeVector<Bucket> buckets_;
  HugeVector<SourceEntry> entries_;
  std::vector<Group> groups_;
  std::uint64_t evictions_ = 0;
};

}  // namespace sekisho
