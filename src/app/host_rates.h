// HostRates: what each address of this host that had traffic lately sends and receives now; for the dashboard's view of hosts.
#pragma once
#include <mutex>
#include <string>
#include <vector>

#include "app/pipeline.h"

namespace sekisho {

class HostRates {
 public:
  // Follows the pipeline's steps from now on; must live as long as it.
  void attach(Pipeline& pipeline);
  // Rows {address, in_pps, out_pps, note}; any thread.
  std::string rows_json(std::size_t limit, const std::string& filter) const;

 private:
  void on_step(const Step& step);

  struct Row {
    Address address;
    double pps[2] = {0, 0};  // by Direction
    TimeNs last = 0;         // when it had traffic
  };
  mutable std::mutex mutex_;
  TimeNs time_ = 0;  // of the step that the rows are of
  std::vector<Row> rows_;
};

}  // namespace sekisho
