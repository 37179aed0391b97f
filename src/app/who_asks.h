// who_asks: the name under which a request of the control socket is recorded.
#pragma once
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "app/json_parts.h"
#include "control/server.h"

namespace sekisho {

// The kernel's word on the process ("uid 0"), and before it what that process says of its own user ("ops (uid 998)").
inline std::string who_asks(const ControlRequest& request) {
  const auto by = text_of(nlohmann::json::parse(request.with, nullptr, false), "by", 60);
  const auto uid = fmt::format("uid {}", request.uid);
  return by.empty() ? uid : fmt::format("{} ({})", by, uid);
}

}  // namespace sekisho
