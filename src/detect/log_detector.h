// LogDetector: the twin of Detector for logs. One file per detector; no I/O, no clock, no lock.
#pragma once
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/registry.h"
#include "base/settings.h"
#include "model/finding.h"
#include "model/log_step.h"
#include "model/offender.h"

namespace sekisho {

class LogDetector {
 public:
  virtual ~LogDetector() = default;
  // Called once per second of log time in which something came, by the one thread that reads the logs.
  virtual void on_step(const LogStep& step, std::vector<Finding>& out) = 0;
  // Sources that went on since the last call; after on_step().
  virtual void take_offenders(std::vector<Offender>&) {}
};

struct LogDetectorSpec {
  std::string_view name;  // the file's name and [detect.NAME]; begins with log_
  std::string_view help;  // one line
  std::vector<FieldInfo> fields;
  std::function<Result<std::unique_ptr<LogDetector>>(const SettingTable&)> make;
};

// As detector() in detector.h.
template <class D>
LogDetectorSpec log_detector(std::string_view name, std::string_view help) {
  using S = typename D::Settings;
  return {name, help, field_infos<S>(D::fields), [name](const SettingTable& given) -> Result<std::unique_ptr<LogDetector>> {
            const S settings = TRY(read_settings<S>("detect." + std::string{name}, D::fields, given));
            return std::unique_ptr<LogDetector>{std::make_unique<D>(settings)};
          }};
}

}  // namespace sekisho
