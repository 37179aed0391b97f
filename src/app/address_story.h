// The story of one address or network: packets, logs, blocks and sockets in one timeline.
#pragma once
#include <string>
#include <vector>

#include "app/time_words.h"
#include "model/address.h"
#include "store/store.h"

namespace sekisho {

struct StoryEntry {
  TimeNs time = 0;
  std::string_view what;  // "incident", "scan", "login", "block"; static storage
  std::string text;       // escaped
  std::string incident;   // its id, when it is one or belongs to one
};

struct AddressStory {
  Network network;
  TimeRange range;
  std::vector<StoryEntry> entries;  // in order of time; scans and logins by the hour, over more than three days by the day
  std::uint64_t incidents = 0, scan_hits = 0, failures = 0, successes = 0;
  std::vector<StoredBlock> blocks;  // entries that hold or are suggested now and meet the network
  bool cut = false;                 // the newest entries alone are here
};
Result<AddressStory> tell_story(StoreReader& reader, const Network& network, const TimeRange& range);

}  // namespace sekisho
