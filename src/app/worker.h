// Worker: a thread with a bounded queue of jobs. Whatever may be slow has one, so that it delays nothing else.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace sekisho {

// post() may be called by any thread and never waits. Jobs run one after the other, in order.
class Worker {
 public:
  enum class Importance { routine, essential };  // routine jobs are dropped when the queue is half full, essential ones when it is full

  // `idle` runs on the thread when nothing came for `idle_ms` (0: never).
  explicit Worker(std::string name, std::size_t capacity = 1024, std::function<void()> idle = {}, unsigned idle_ms = 0);
  ~Worker() { finish(); }

  bool post(std::function<void()> job, Importance importance = Importance::essential);
  // Does what is queued, then ends; later jobs are dropped.
  void finish();

  std::uint64_t dropped() const { return dropped_; }
  std::size_t waiting() const;

 private:
  void run();

  const std::string name_;  // of the thread, at most 15 bytes
  const std::size_t capacity_;
  const std::function<void()> idle_;
  const unsigned idle_ms_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::function<void()>, Importance>> jobs_;
  bool ending_ = false;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::thread thread_;
};

}  // namespace sekisho
