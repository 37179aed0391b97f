// The live source: which interfaces are watched, and how their packets are taken.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "input/link_info.h"
#include "input/source.h"

namespace sekisho {

// capture.interfaces without repetitions; when empty, the interfaces with a default route. Never empty.
Result<std::vector<std::string>> interfaces_to_watch(const CaptureSettings& capture);

// Takes out interfaces whose packets another one of them shows too: ports of a bridge or bond, VLANs above a watched card. Returns a sentence
// for each, and for tunnels, whose packets are not the same. `ask` tells about an interface by its name.
std::vector<std::string> leave_out_doubles(std::vector<std::string>& interfaces, const std::function<Result<LinkInfo>(const std::string&)>& ask);

// Opens what capture.mode says; "auto" takes the best that the kernel permits. Where something else than was hoped for is used, the
// source's stats().notes say what and why, behind `notes`. The only step that needs privileges.
Result<std::unique_ptr<Source>> open_source(const CaptureSettings& capture, std::vector<std::string> notes);

}  // namespace sekisho
