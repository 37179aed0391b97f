// The checks of `sekisho doctor`, each on its own.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"

namespace sekisho {

enum class Diagnosis { good, remark, wrong };
struct DoctorLine {
  std::string_view about;  // "kernel"
  Diagnosis diagnosis = Diagnosis::good;
  std::string what;    // one sentence: what was found
  std::string remedy;  // empty when good
};
// In the order in which they are shown. Reads only; takes a moment for a large store.
std::vector<DoctorLine> doctor_lines(const Config& config);

}  // namespace sekisho
