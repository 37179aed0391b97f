// Any bytes as a log line, in every form: no crash, no view outside the line, and a source only where the kind says so.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "decode/log_decode.h"

namespace {

using namespace sekisho;

void inside(std::string_view view, std::string_view line, std::string_view other = {}) {
  if (view.empty()) return;
  const auto within = [&](std::string_view whole) {
    return view.data() >= whole.data() && view.data() + view.size() <= whole.data() + whole.size();
  };
  if (!within(line) && !within(other)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  LogLine line;
  line.text = {reinterpret_cast<const char*>(data + 1), size - 1};
  line.form = static_cast<LineForm>(data[0] & 3);
  constexpr std::string_view kPrograms[] = {"sshd", "kernel", "cowrie", "nginx"};
  line.program = kPrograms[data[0] >> 2 & 3];
  LogClock clock;
  clock.reference = 1'700'000'000 * kSecond;
  clock.year = data[0] & 16 ? 2020 : 0;
  LogEvent e;
  const LineVerdict verdict = decode_log_line(line, clock, e);
  if (verdict == LineVerdict::event && e.rule.empty()) std::abort();
  if (verdict != LineVerdict::event && (e.has_source || e.kind != LogKind::nothing)) std::abort();
  for (const auto view : {e.password, e.method, e.path, e.agent, e.command, e.host}) inside(view, line.text);
  inside(e.prefix, line.text), inside(e.user, line.text, e.user == "root" ? e.user : std::string_view{});
  return 0;
}
