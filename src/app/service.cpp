// Through libsystemd.
#include "app/service.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <cstdint>

namespace sekisho {

void service_ready(std::string_view status) { sd_notify(0, fmt::format("READY=1\nSTATUS={}", status).c_str()); }

void service_reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000).c_str());
}

void service_stopping() { sd_notify(0, "STOPPING=1"); }

Watchdog::Watchdog() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) > 0) every_ = std::chrono::microseconds{microseconds / 3};
}

void Watchdog::alive() {
  const auto now = std::chrono::steady_clock::now();
  if (every_.count() == 0 || now < next_) return;
  next_ = now + every_;
  sd_notify(0, "WATCHDOG=1");
}

}  // namespace sekisho
