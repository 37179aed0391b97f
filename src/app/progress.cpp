// The progress bar's thread and the interrupt flag.
#include "app/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>

#include "base/text.h"
#include "base/time.h"

namespace sekisho {
namespace {

volatile std::sig_atomic_t interrupt_flag = 0, hangup_flag = 0;

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupt_flag = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one ends the program
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return interrupt_flag != 0; }

void catch_hangups(bool stops) {
  struct sigaction action {};
  action.sa_handler = stops ? [](int) { interrupt_flag = 1; } : [](int) { hangup_flag = 1; };
  sigaction(SIGHUP, &action, nullptr);
}

bool take_hangup() {
  if (hangup_flag == 0) return false;
  hangup_flag = 0;
  return true;
}

ProgressBar::ProgressBar(const CaptureProgress& progress, bool draw, std::stop_source stop)
    : progress_(progress), draw_(draw), stop_(std::move(stop)), thread_([this](const std::stop_token& token) { run(token); }) {}

ProgressBar::~ProgressBar() {
  thread_.request_stop();
  wake_.notify_all();
  thread_.join();
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void ProgressBar::run(const std::stop_token& token) {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock{mutex_};
  while (!token.stop_requested()) {
    wake_.wait_for(lock, token, std::chrono::milliseconds{50}, [] { return false; });
    if (interrupted()) stop_.request_stop();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (draw_ && seconds > 1 && !token.stop_requested()) draw(seconds);
  }
}

void ProgressBar::draw(double seconds) {
  const auto done = progress_.bytes_done.load(), total = progress_.bytes_total.load(), packets = progress_.packets.load();
  std::string line = fmt::format("\r\033[K{} packets, {}", format_count(packets), format_rate_pps(static_cast<double>(packets) / seconds));
  if (total > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto left = share > 0.01 ? static_cast<DurationNs>(seconds * (1 - share) / share * 1e9) : 0;
    const auto filled = static_cast<std::size_t>(share * 24);
    line = fmt::format("\r\033[K[{}{}] {:3.0f} %  {}{}", std::string(filled, '#'), std::string(24 - filled, '.'), share * 100,
                       format_rate_pps(static_cast<double>(packets) / seconds), left ? ", " + format_duration(left) + " left" : "");
  }
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace sekisho
