// webhook: JSON with the incident's contract object, signed as Standard Webhooks has it (standardwebhooks.com).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "alert/channel.h"
#include "alert/payload.h"
#include "alert/safe_text.h"

namespace sekisho {
namespace {

Result<void> check(const AlertChannel& c) {
  TRY(need_alert_secret(c, "the key that signs"));
  return check_alert_url(c, {"https", "http"});
}

// "whsec_" and base64, or the bytes as they stand.
std::string key_of(const std::string& secret) {
  if (!secret.starts_with("whsec_")) return secret;
  const auto key = from_base64(std::string_view{secret}.substr(6));
  return key.empty() ? secret : key;
}

AlertDelivery render(const AlertChannel& c, const Alert& alert, TimeNs now) {
  AlertHttp http{"POST", c.settings.url, {}, alert_payload(alert)};
  const auto time = std::to_string(now / kSecond);
  std::string signatures;
  for (const auto& key : lines_of(c.secret))
    signatures +=
        (signatures.empty() ? "v1," : " v1,") + base64_text(hmac_sha256(key_of(key), fmt::format("{}.{}.{}", alert.id, time, http.body)));
  http.headers = {{"Content-Type", "application/json"},
                  {"webhook-id", alert.id},
                  {"webhook-timestamp", time},
                  {"webhook-signature", signatures},
                  {"Idempotency-Key", alert.id}};
  return http;
}

const Register<AlertChannelSpec> reg{{"webhook", "any HTTPS receiver; the body is signed", check, render}};

}  // namespace
}  // namespace sekisho
