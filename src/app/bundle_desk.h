// BundleDesk: bundles of incidents made by the agent for whoever may only ask it, such as the dashboard.
#pragma once
#include <map>
#include <mutex>
#include <string>

#include "app/store_sink.h"
#include "app/worker.h"
#include "control/server.h"

namespace sekisho {

// The verb `bundle` (operator): begins to make the bundle of an incident, and when asked again says how far it is. Bundles lie in the
// evidence folder as bundle-ID.tar.zst, readable by the agent's user alone; at most kMostKept, the oldest go first.
class BundleDesk {
 public:
  static constexpr std::size_t kMostKept = 20;
  // `store` must live as long as this; it records who asked.
  BundleDesk(std::string store_path, std::string folder, StoreSink& store);
  void add_requests(ControlServer& server);

 private:
  struct Job {
    std::string state, path, message;  // "making", "ready", "failed"
    std::uint64_t bytes = 0;
    TimeNs updated = 0;  // of the incident that it was made of
  };
  Result<std::string> answer(const ControlRequest& request);
  void make(const std::string& id, TimeNs updated);
  void remove_oldest() const;

  const std::string store_path_, folder_;
  StoreSink& store_;
  std::mutex mutex_;
  std::map<std::string, Job> jobs_;  // by ULID
  Worker worker_;                    // last: it uses all of the above
};

}  // namespace sekisho
