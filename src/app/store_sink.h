// StoreSink: everything that the agent keeps, written by a thread of its own; goes on without the store when that fails, and says so.
#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/sink.h"
#include "app/worker.h"
#include "store/store.h"

namespace sekisho {

struct StoreHealth {
  std::string path;
  bool working = false;
  std::string problem;             // a sentence while it does not work
  std::uint64_t unsaved = 0;       // incidents that wait for the store to work again
  std::uint64_t lost_seconds = 0;  // that were not stored
  std::uint64_t dropped = 0;       // jobs for which the queue had no room
};

// Members may be called by any thread and never wait for the disk, settle() and finish() excepted.
class StoreSink final : public Sink {
 public:
  // Null `writer` with its `problem`: the store is tried again every half minute.
  StoreSink(std::string path, Retention retention, std::unique_ptr<StoreWriter> writer, std::string problem);
  ~StoreSink() override;

  // `done` runs on the store's thread once the incident has reached the disk, or could not.
  void save(const IncidentNotice& notice, std::function<void(bool stored)> done);
  void on_second(const std::shared_ptr<const LiveSecond>& second) override;
  void add_scan_hits(std::vector<ScanHit> hits);
  void put_blob(std::string key, TimeNs now, std::vector<std::uint8_t> bytes);
  // Anything else: runs on the store's thread and is committed within five seconds. For evidence records, audit entries and the like.
  void write(std::function<Result<void>(StoreWriter&)> job, Worker::Importance importance = Worker::Importance::essential);
  // Waits, at most so long, until everything that was handed over before is on the disk. An error says why it is not.
  Result<void> settle(std::chrono::milliseconds most);
  void finish() override;

  StoreHealth health() const;

 private:
  struct Unsaved {
    StoredIncident row;
    std::vector<TimelineEntry> changes;
  };
  bool usable();
  bool note(const Result<void>& done);
  bool save_waiting();

  const std::string path_;
  const Retention retention_;
  std::unique_ptr<StoreWriter> writer_;        // the store's thread
  std::map<std::string, Unsaved> unsaved_;     // by id; bounded: the oldest go
  std::int64_t next_try_ = 0, next_care_ = 0;  // seconds of the steady clock
  std::uint64_t seconds_ = 0;                  // that were kept
  mutable std::mutex mutex_;                   // of health_
  StoreHealth health_;
  Worker worker_;  // last: its thread uses all of the above
};

}  // namespace sekisho
