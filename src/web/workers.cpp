// The threads and their queue.
#include "web/workers.h"

#include <sys/stat.h>

namespace sekisho {

Result<StoreReader*> JobContext::store() {
  struct stat facts {};
  const std::pair<std::uint64_t, std::uint64_t> file = ::stat(store_path_.c_str(), &facts) == 0
                                                           ? std::pair<std::uint64_t, std::uint64_t>{facts.st_dev, facts.st_ino}
                                                           : std::pair<std::uint64_t, std::uint64_t>{};
  if (!reader_ || file != file_) {
    reader_.reset();
    reader_ = TRY(open_store_reader(store_path_));
    file_ = file;
  }
  return reader_.get();
}

Workers::Workers(std::size_t threads, const std::string& store_path) {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this, store_path](const std::stop_token& stop) { run(stop, store_path); });
}

Workers::~Workers() {
  for (auto& thread : threads_) thread.request_stop();
}

bool Workers::submit(std::function<void(JobContext&)> job) {
  {
    const std::lock_guard lock{mutex_};
    if (jobs_.size() >= kWaiting) {
      ++refused_;
      return false;
    }
    jobs_.push_back(std::move(job));
  }
  ready_.notify_one();
  return true;
}

void Workers::run(const std::stop_token& stop, const std::string& store_path) {
  JobContext worker{store_path};
  for (;;) {
    std::function<void(JobContext&)> job;
    {
      std::unique_lock lock{mutex_};
      if (!ready_.wait(lock, stop, [this] { return !jobs_.empty(); })) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job(worker);
  }
}

}  // namespace sekisho
