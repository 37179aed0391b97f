// The queue and its thread.
#include "app/worker.h"

#include <pthread.h>

#include <chrono>
#include <utility>

namespace sekisho {

Worker::Worker(std::string name, std::size_t capacity, std::function<void()> idle, unsigned idle_ms)
    : name_(std::move(name)), capacity_(capacity), idle_(std::move(idle)), idle_ms_(idle_ms), thread_([this] { run(); }) {}

bool Worker::post(std::function<void()> job, Importance importance) {
  {
    const std::lock_guard lock{mutex_};
    if (ending_ || jobs_.size() >= (importance == Importance::routine ? capacity_ / 2 : capacity_)) {
      ++dropped_;
      return false;
    }
    jobs_.emplace_back(std::move(job), importance);
  }
  changed_.notify_one();
  return true;
}

std::size_t Worker::waiting() const {
  const std::lock_guard lock{mutex_};
  return jobs_.size();
}

void Worker::run() {
  pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
  std::unique_lock lock{mutex_};
  for (;;) {
    const auto ready = [this] { return ending_ || !jobs_.empty(); };
    if (idle_ms_ == 0) {
      changed_.wait(lock, ready);
    } else if (!changed_.wait_for(lock, std::chrono::milliseconds{idle_ms_}, ready)) {
      lock.unlock();
      idle_();
      lock.lock();
      continue;
    }
    if (jobs_.empty()) return;  // ending, and all is done
    const auto job = std::move(jobs_.front().first);
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

void Worker::finish() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

}  // namespace sekisho
