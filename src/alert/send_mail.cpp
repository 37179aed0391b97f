// SMTP through libcurl: STARTTLS is demanded, not hoped for.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "alert/curl_transfer.h"

namespace sekisho {
namespace {

std::size_t read_some(char* into, std::size_t size, std::size_t count, void* from) {
  auto& rest = *static_cast<std::string_view*>(from);
  const auto n = std::min(size * count, rest.size());
  std::memcpy(into, rest.data(), n);
  rest.remove_prefix(n);
  return n;
}

}  // namespace

AlertOutcome send_mail(const AlertChannel& channel, const AlertMail& mail, const std::stop_token& stop) {
  using enum AlertOutcome::Kind;
  CurlTransfer transfer{channel, channel.settings.url, false, stop};
  CURL* h = transfer.handle();
  curl_slist* to = nullptr;
  for (const auto& one : mail.to) to = curl_slist_append(to, ("<" + one + ">").c_str());
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> keep{to, curl_slist_free_all};
  std::string_view rest = mail.text;
  curl_easy_setopt(h, CURLOPT_MAIL_FROM, ("<" + mail.from + ">").c_str());
  curl_easy_setopt(h, CURLOPT_MAIL_RCPT, to);
  curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(h, CURLOPT_READFUNCTION, read_some);
  curl_easy_setopt(h, CURLOPT_READDATA, &rest);
  curl_easy_setopt(h, CURLOPT_USE_SSL, static_cast<long>(channel.settings.tls == "off" ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  if (!channel.settings.user.empty()) {
    curl_easy_setopt(h, CURLOPT_USERNAME, channel.settings.user.c_str());
    curl_easy_setopt(h, CURLOPT_PASSWORD, channel.secret.c_str());
  }
  const auto failed = transfer.perform();
  const auto status = transfer.status();
  if (failed.empty()) return {delivered, fmt::format("{} took it ({})", shown_alert_url(channel.settings.url), status), {}};
  // 5xx to the message itself, not to a password.
  if (status == 552 || status == 554) return {refused, fmt::format("{} ({})", failed, status), {}};
  return {try_again, status >= 400 ? fmt::format("{} ({})", failed, status) : failed, {}};
}

}  // namespace sekisho
