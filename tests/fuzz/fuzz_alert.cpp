// Spool files and the policy's state from any bytes; and whatever texts an alert has, each channel makes a payload that holds together.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "alert/policy.h"

namespace sekisho {
namespace {

std::vector<AlertChannel> channels() {
  std::vector<AlertChannel> all;
  for (const auto& spec : Registry<AlertChannelSpec>::all()) {
    AlertChannel c;
    c.name = "x", c.secret = "k";
    c.settings.type = std::string{spec.name}, c.settings.url = "https://h.example/topic";
    c.settings.from = "a@b.example", c.settings.to = {"c@d.example"}, c.settings.program = "/x", c.settings.path = "/x";
    all.push_back(std::move(c));
  }
  return all;
}

}  // namespace
}  // namespace sekisho

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekisho;
  static const auto all = channels();
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  AlertPolicy policy{{}};
  policy.restore(text, kSecond);
  static_cast<void>(policy.on_time(120 * kSecond));
  Alert alert;
  if (auto parsed = parse_alert(text); parsed.ok()) {
    alert = std::move(parsed).value();
    const auto again = parse_alert(alert_json(alert));
    if (!again.ok()) std::abort();
  } else {
    // All of it as one text, in every place.
    alert.id = alert.host = alert.by = alert.group = text;
    auto& f = alert.facts;
    f.id = f.name = f.label = f.what = f.subject = f.verdict = f.who = f.process = f.advice = f.evidence = text;
    alert.event = static_cast<AlertEvent>(size % 9);
    alert.notes = {{std::string{text}, std::string{text}}};
  }
  for (const auto& channel : all) {
    const auto delivery = render_alert(channel, alert, kSecond);
    if (const auto* http = std::get_if<AlertHttp>(&delivery))
      if (nlohmann::json::parse(http->body, nullptr, false).is_discarded()) std::abort();
    if (const auto* line = std::get_if<AlertDatagram>(&delivery))
      if (line->text.find_first_of("\r\n") != std::string::npos) std::abort();
    if (const auto* mail = std::get_if<AlertMail>(&delivery)) {
      const auto head = mail->text.substr(0, mail->text.find("\r\n\r\n"));
      if (head.find("\nBcc:") != std::string::npos) std::abort();
    }
  }
  return 0;
}
