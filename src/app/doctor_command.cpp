// The lines, as text or JSON.
#include "app/doctor_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/doctor_checks.h"
#include "app/text_layout.h"

namespace sekisho {

int run_doctor(const DoctorCommand& command) {
  const auto config = load_config(command.read.config);
  if (!config.ok()) return fail(config.error());
  const auto lines = doctor_lines(config.value());
  bool wrong = false;
  for (const auto& line : lines) wrong |= line.diagnosis == Diagnosis::wrong;
  if (command.read.json) {
    nlohmann::ordered_json checks = nlohmann::ordered_json::array();
    for (const auto& line : lines)
      checks.push_back({{"about", line.about},
                        {"diagnosis", line.diagnosis == Diagnosis::good     ? "good"
                                      : line.diagnosis == Diagnosis::remark ? "remark"
                                                                            : "wrong"},
                        {"what", line.what},
                        {"remedy", line.remedy.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(line.remedy)}});
    fmt::print("{}\n", nlohmann::ordered_json{{"schema", 1}, {"ok", !wrong}, {"checks", std::move(checks)}}.dump(
                           2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return wrong ? 1 : 0;
  }
  TextPage page{terminal_style(STDOUT_FILENO, command.color)};
  for (const auto& line : lines) {
    const bool good = line.diagnosis == Diagnosis::good;
    const auto sign = good ? "✓" : line.diagnosis == Diagnosis::remark ? "!" : "✗";
    page.entry(0, 14, page.shown(fmt::format("{} {}", sign, line.about)),
               good                                  ? Ink::green_bold
               : line.diagnosis == Diagnosis::remark ? Ink::yellow_bold
                                                     : Ink::red_bold,
               line.what);
    if (!good) page.entry(0, 14, "", Ink::none, fmt::format("→ {}", line.remedy), Ink::bold);
  }
  fmt::print("{}", page.take());
  return std::fflush(stdout) != 0 ? 3 : wrong ? 1 : 0;
}

}  // namespace sekisho
