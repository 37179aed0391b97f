// SocketWatch: looks at the sockets of this host: what beats, who holds what, which process causes an outbound incident.
#pragma once
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/recent_sockets.h"
#include "app/sink.h"
#include "features/socket_beats.h"
#include "incident/attribution.h"
#include "input/process_table.h"
#include "input/socket_diag.h"

namespace sekisho {

struct Owner {
  std::optional<ProcessFact> process;
  std::string reason;  // one clause: by what it is known, or why not
};

// A thread of its own does what is slow: the dumps and the walk through /proc. All members may be called by any thread.
class SocketWatch final : public Sink {
 public:
  struct Settings {
    DurationNs interval = 10 * kSecond;
    bool namespaces = true;  // other network namespaces too
  };
  // `recent` outlives it.
  SocketWatch(Settings settings, const RecentSockets& recent) : settings_(settings), recent_(recent) {}
  ~SocketWatch() override { finish(); }
  void start();
  // An open outbound incident wants a process: the sockets are looked at at once, then each second until it is known, ten times at most.
  void on_incident(const IncidentNotice& notice) override;
  void finish() override;

  std::vector<ConnectionFact> take_facts();  // connections that beat since the last call
  std::optional<Owner> owner_of(const std::string& incident_id) const;
  // Ids whose owner became known since the last call.
  std::vector<std::string> take_news();

  // For `sekisho top`, the dashboard and others: established connections with their processes; at most `limit` rows.
  // Of all network namespaces.
  static std::string connections_json(std::size_t limit, const std::string& filter);
  std::string status_json() const;  // sockets, followed, not_followed, read_ms, namespaces, at_creation, events_lost, notes

 private:
  struct Wanted {
    std::shared_ptr<const Incident> incident;
    int looks = 0;
  };
  void run(const std::stop_token& stop);
  void look();
  void attribute_all(const SocketSnapshot& snapshot);
  std::string doings_of(const Process& process, const SocketSnapshot& snapshot, const std::vector<RecentSocket>& recent) const;
  Owner owner_among(const Incident& incident, const SocketSnapshot& snapshot, std::vector<OwnedSocket> sockets) const;

  const Settings settings_;
  const RecentSockets& recent_;
  SocketDiag diag_;
  SocketBeats beats_;
  ProcessTable processes_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Wanted> wanted_;
  std::map<std::string, Owner> owners_;  // of open incidents
  std::vector<std::string> news_;
  std::vector<ConnectionFact> facts_;
  std::size_t sockets_ = 0, followed_ = 0, namespaces_ = 0;
  std::uint64_t not_followed_ = 0;
  double read_ms_ = 0;
  std::vector<std::string> notes_;
  bool urgent_ = false;
  std::jthread thread_;
};

}  // namespace sekisho
