// DailyAudit: the agent's audit of its own host, soon after the start and then once a day.
#pragma once
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/store_sink.h"

namespace sekisho {

// Runs `sekisho audit` as a program of its own: an audit may hang in a broken file system, and then it can be ended. What became worse
// since the last one is said in the log and in the store's audit record.
class DailyAudit {
 public:
  // `config`: the agent's configuration file, if it was told one.
  DailyAudit(std::optional<std::string> config, StoreSink& store) : config_(std::move(config)), store_(store) {}
  ~DailyAudit() { finish(); }
  void start();
  void finish();
  std::string status_json() const;                                                // last, next, findings, worse, problem
  std::string findings_json(std::size_t limit, const std::string& filter) const;  // rows of the dashboard's view

 private:
  struct Row {
    std::string severity, check, what, where, remedy;
  };
  void run(const std::stop_token& stop);
  void audit(const std::stop_token& stop);
  Result<std::size_t> take(const std::string& json);

  const std::optional<std::string> config_;
  StoreSink& store_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Row> rows_;
  std::size_t worse_ = 0;
  TimeNs last_ = 0, next_ = 0;
  std::string problem_;
  std::jthread thread_;
};

}  // namespace sekisho
