// The agent as a service: what systemd is told (sd_notify(3)); nothing happens when systemd did not start the program.
#pragma once
#include <chrono>
#include <string_view>

namespace sekisho {

void service_ready(std::string_view status);
void service_reloading();
void service_stopping();

// Tells systemd that the program is alive, as often as WatchdogSec asks for. alive() is called by the thread that must not hang.
class Watchdog {
 public:
  Watchdog();
  void alive();

 private:
  std::chrono::microseconds every_{0};  // 0: nobody waits for it
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace sekisho
