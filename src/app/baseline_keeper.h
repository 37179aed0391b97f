// BaselineKeeper: what the agent has learned to be normal: restored at the start, saved each minute and at the stop, shown by `status
// --baseline`.
#pragma once
#include <mutex>
#include <string>

#include "app/pipeline.h"
#include "app/store_sink.h"

namespace sekisho {

// The pipeline's thread, json() excepted.
class BaselineKeeper {
 public:
  BaselineKeeper(Pipeline& pipeline, StoreSink& store) : pipeline_(pipeline), store_(store) {}
  // Before the first frame. What cannot be read is left out, with a warning in the log: the agent then learns anew.
  static void restore(Pipeline& pipeline, const std::string& store_path);
  // Once a second.
  void look(TimeNs now);
  void save(TimeNs now);
  // Any thread: a JSON array, one object for each class of each row, as of the last five seconds; docs/control.md.
  std::string json() const;

 private:
  Pipeline& pipeline_;
  StoreSink& store_;
  std::uint64_t seconds_ = 0;
  mutable std::mutex mutex_;
  std::string json_ = "[]";
};

}  // namespace sekisho
