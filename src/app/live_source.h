// The live source: which interfaces are watched, and how their packets are taken.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "input/source.h"

namespace sekisho {

// capture.interfaces without repetitions; when empty, the interfaces with a default route. Never empty.
Result<std::vector<std::string>> interfaces_to_watch(const CaptureSettings& capture);

// Opens what capture.mode says; "auto" takes the best that the kernel permits. Where something else than was hoped for is used, the
// source's stats().notes say what and why. The only step that needs privileges.
Result<std::unique_ptr<Source>> open_source(const CaptureSettings& capture);

}  // namespace sekisho
