// Fleet: the dashboards of other servers, asked every few seconds for their state: one row a server, worst first.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace sekisho {

struct FleetMember {
  std::string name;  // as the operator calls it; what the server says of itself is not needed
  std::string url;   // "https://198.51.100.20:8470", without a path
  std::string token;
};

// "web-2=https://web-2.example:8470": name and address, the token still empty. Plain HTTP is for loopback alone (a tunnel): the token
// would be read on the way. An error is a sentence that says what to write instead.
Result<FleetMember> parse_fleet_member(std::string_view text);

// Lines "NAME TOKEN"; '#' begins a comment. An error names the file and the line, never what the line holds.
Result<void> add_fleet_tokens(const std::string& file, std::vector<FleetMember>& members);

// One row of the table from what a member's /api/v1/status said, or why it said nothing (`problem`). Pure; nothing a member says is
// trusted: wrong types count as missing, texts are escaped and cut.
struct FleetSight {
  std::string status;   // the document; empty: there has been none yet
  TimeNs seen = 0;      // when it came; 0: never
  std::string problem;  // of the last attempt; empty: it answered
};
nlohmann::ordered_json fleet_row(const FleetMember& member, const FleetSight& sight);

// Any threads.
class Fleet {
 public:
  Fleet(std::vector<FleetMember> members, std::string ca_file, DurationNs every);
  ~Fleet() { stop(); }
  bool any() const { return !members_.empty(); }
  void start();  // a thread of its own, until stop()
  void stop();
  // Worst first: taking part, attacked, out of reach, scanned, quiet.
  nlohmann::ordered_json rows() const;

 private:
  void run(const std::stop_token& stop);
  void ask_all(const std::stop_token& stop);

  const std::vector<FleetMember> members_;
  const std::string ca_file_;
  const DurationNs every_;
  mutable std::mutex mutex_;
  std::vector<FleetSight> sights_;  // of the member with the same index
  std::jthread thread_;
};

}  // namespace sekisho
