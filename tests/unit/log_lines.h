// Lines in memory as a source, and the log pipeline over them.
#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "app/log_pipeline.h"

namespace sekisho {

class MemoryLines final : public LineSource {
 public:
  explicit MemoryLines(std::vector<std::string> lines, std::uint32_t input = 0) : lines_(std::move(lines)), input_(input) {}
  LineState next(LogLine& out) override {
    if (at_ == lines_.size()) return LineState::end;
    out = {.text = lines_[at_++], .reference = 1'700'000'000 * kSecond, .input = input_};
    ++stats_.lines;
    return LineState::line;
  }
  const std::string& name() const override { return name_; }
  const LineStats& stats() const override { return stats_; }

 private:
  std::vector<std::string> lines_;
  std::uint32_t input_;
  std::size_t at_ = 0;
  std::string name_ = "memory";
  LineStats stats_;
};

// "2023-11-14T10:00:05Z": seconds after ten o'clock.
inline std::string at_second(double seconds) {
  const auto whole = static_cast<TimeNs>(seconds * 1e9);
  return format_rfc3339(1'699'956'000 * kSecond + whole);
}
inline std::string sshd_line(double seconds, const std::string& message, unsigned pid = 0) {
  static unsigned next_pid = 1000;
  return fmt::format("{} web-3 sshd[{}]: {}", at_second(seconds), pid ? pid : ++next_pid, message);
}
inline std::string failed(double seconds, const std::string& source, const std::string& user = "root") {
  return sshd_line(seconds, fmt::format("Failed password for {} from {} port 4000 ssh2", user, source));
}

struct LogRun {
  std::vector<Incident> incidents;
  LogTally tally;
  std::vector<LoginFact> logins;
  std::vector<LogHit> hits;
  std::vector<std::pair<Offender, bool>> offenders;  // with: had it an incident?
  const Incident* find(std::string_view label) const {
    for (const auto& i : incidents)
      if (i.label == label) return &i;
    return nullptr;
  }
};

inline LogRun run_lines(std::vector<std::vector<std::string>> inputs, LogPipelineSettings settings = {}) {
  const auto config = load_config(std::nullopt);
  auto made = LogPipeline::make(std::move(settings), config.value());
  EXPECT_TRUE(made.ok());
  auto& pipeline = **made;
  std::vector<std::unique_ptr<MemoryLines>> sources;
  std::vector<LineSource*> list;
  for (auto& lines : inputs) {
    sources.push_back(std::make_unique<MemoryLines>(std::move(lines), static_cast<std::uint32_t>(sources.size())));
    list.push_back(sources.back().get());
  }
  LogRun run;
  pipeline.on_offender = [&](const Offender& o, const Incident* incident) { run.offenders.emplace_back(o, incident != nullptr); };
  EXPECT_TRUE(pipeline.run(list, {}));
  pipeline.finish();
  run.tally = pipeline.tally();
  pipeline.features().logins().for_each([&](const LoginFact& f) {
    run.logins.push_back(f);
    run.logins.back().user = {};
  });
  pipeline.features().take_hits(run.hits);
  run.incidents = pipeline.take_incidents();
  return run;
}

}  // namespace sekisho
