// KernelLog: the kernel's messages as /dev/kmsg gives them.
#pragma once
#include <memory>

#include "input/line_source.h"

namespace sekisho {

struct KernelLogOptions {
  std::uint32_t input = 0;
  bool follow = false;
  bool from_end = false;
  TimeNs booted = 0;  // when the kernel's clock stood at 0; 0 = ask the clock of this machine
};

// One thread. Records are "level,number,microseconds,flags;text" with lines of properties behind them.
class KernelLog final : public LineSource {
 public:
  // /dev/kmsg, or a file of such records, one a line.
  static Result<std::unique_ptr<KernelLog>> open(const std::string& path, KernelLogOptions options);
  ~KernelLog() override;
  LineState next(LogLine& out) override;
  const std::string& name() const override;
  const LineStats& stats() const override;
  void remember(LogPositions& positions) const override;

 private:
  struct State;
  explicit KernelLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One record: its number, its time after booting, its text with \xNN decoded by nobody. False when it is none.
bool read_kernel_record(std::string_view record, std::uint64_t& number, std::uint64_t& microseconds, std::string_view& text);

}  // namespace sekisho
