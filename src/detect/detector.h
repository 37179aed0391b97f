// Detector: the one door of the room detect. One file per detector; no I/O, no clock, no lock.
#pragma once
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/registry.h"
#include "base/settings.h"
#include "model/finding.h"
#include "model/offender.h"
#include "model/second.h"

namespace sekisho {

class Detector {
 public:
  virtual ~Detector() = default;
  // Called once per step of the sliding window (at most 250 ms apart), by the one thread that owns detection.
  virtual void on_step(const Step& step, std::vector<Finding>& out) = 0;
  // Sources that went on since the last call; after on_step().
  virtual void take_offenders(std::vector<Offender>&) {}
  // Packets/s of a class below which this detector never speaks of a flood; 0 = it does not judge the class.
  virtual double floor_pps(TrafficClass, Direction) const { return 0; }
};

struct DetectorSpec {
  std::string_view name;  // the file's name and [detect.NAME]
  std::string_view help;  // one line
  std::vector<FieldInfo> fields;
  std::function<Result<std::unique_ptr<Detector>>(const SettingTable&)> make;
};

// detector<D>("name", "help"): D has `struct Settings`, `static constexpr Field<Settings> fields[]`, and D(Settings).
template <class D>
DetectorSpec detector(std::string_view name, std::string_view help) {
  using S = typename D::Settings;
  return {name, help, field_infos<S>(D::fields), [name](const SettingTable& given) -> Result<std::unique_ptr<Detector>> {
            const S settings = TRY(read_settings<S>("detect." + std::string{name}, D::fields, given));
            return std::unique_ptr<Detector>{std::make_unique<D>(settings)};
          }};
}

}  // namespace sekisho
