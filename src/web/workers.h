// Workers: a few threads for what may wait for the disk or the agent, each with its own reader of the store; a bounded queue before them.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "store/store.h"

namespace sekisho {

// What a job may use; belongs to one thread.
class JobContext {
 public:
  explicit JobContext(std::string store_path) : store_path_(std::move(store_path)) {}
  // Opened when first asked for, again when the file at the path is another one; an error while there is none.
  Result<StoreReader*> store();

 private:
  const std::string store_path_;
  std::unique_ptr<StoreReader> reader_;
  std::pair<std::uint64_t, std::uint64_t> file_{0, 0};  // device and inode that the reader has open
};

class Workers {
 public:
  static constexpr std::size_t kWaiting = 200;

  Workers(std::size_t threads, const std::string& store_path);
  ~Workers();
  // False: too many wait already; the job was not taken.
  bool submit(std::function<void(JobContext&)> job);
  std::uint64_t refused() const { return refused_; }

 private:
  void run(const std::stop_token& stop, const std::string& store_path);
  std::mutex mutex_;
  std::condition_variable_any ready_;
  std::deque<std::function<void(JobContext&)>> jobs_;
  std::atomic<std::uint64_t> refused_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace sekisho
