// ShardTeam: threads that run one function for several indices at once and wait for all of them.
#pragma once
#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace sekisho {

// run() is called by one thread, which works too. The function must not touch what another index writes.
class ShardTeam {
 public:
  explicit ShardTeam(unsigned members) {
    for (unsigned i = 1; i < members; ++i) threads_.emplace_back([this, i](std::stop_token stop) { work(i, stop); });
  }
  ~ShardTeam() {
    for (auto& t : threads_) t.request_stop();
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
  }
  void run(const std::function<void(unsigned)>& job) {
    job_ = &job;
    left_.store(static_cast<unsigned>(threads_.size()), std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
    job(0);
    for (unsigned left; (left = left_.load(std::memory_order_acquire)) != 0;) left_.wait(left, std::memory_order_acquire);
  }

 private:
  void work(unsigned index, const std::stop_token& stop) {
    for (unsigned seen = 0;; ++seen) {
      round_.wait(seen, std::memory_order_acquire);
      if (stop.stop_requested()) return;
      (*job_)(index);
      if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) left_.notify_one();
    }
  }
  std::atomic<unsigned> round_{0}, left_{0};
  const std::function<void(unsigned)>* job_ = nullptr;
  std::vector<std::jthread> threads_;
};

}  // namespace sekisho
