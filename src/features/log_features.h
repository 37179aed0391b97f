// LogFeatures: log events in, one LogStep a second out. The only place where logs are counted.
#pragma once
#include <vector>

#include "features/log_logins.h"
#include "features/log_packets.h"
#include "features/log_requests.h"

namespace sekisho {

struct LogFeatureSettings {
  HashKey key;
  std::vector<Address> publics;         // the host's addresses before NAT
  std::size_t most_sources = 32'768;    // each of: who logs in, who is in firewall lines, who sends requests
  std::size_t most_users = 8'192;
};

// One thread. Time is the caller's: it never goes back but by restart().
class LogFeatures {
 public:
  explicit LogFeatures(LogFeatureSettings settings);
  void on_event(const LogEvent& event, TimeNs now);
  // The step that ends at `now`. What it points to is valid until the next call of any member.
  const LogStep& finish_step(TimeNs now, bool last);
  void restart(TimeNs now);
  // What the store keeps: hits since the last call, by source and service.
  void take_hits(std::vector<LogHit>& out);
  LogLogins& logins() { return logins_; }
  LogPackets& packets() { return packets_; }
  std::uint64_t requests() const { return requests_.total(); }
  std::uint64_t evictions() const { return logins_.evictions() + logins_.user_evictions() + packets_.evictions() + requests_.evictions(); }

 private:
  void on_request(const LogEvent& event, TimeNs now);
  void on_command(const LogEvent& event, TimeNs now);

  LogLogins logins_;
  LogPackets packets_;
  LogRequests requests_;
  LogStep step_;
  std::vector<LoginFact> login_facts_;
  std::vector<DistributedFact> distributed_facts_;
  std::vector<LogScanFact> scan_facts_;
  std::vector<RequestFact> request_facts_;
  std::vector<RequestSourceFact> request_source_facts_;
  std::vector<DecoyCommandFact> command_facts_, told_commands_;
  std::vector<ShortText<127>> command_texts_, told_texts_;
};

}  // namespace sekisho
