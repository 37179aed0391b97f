// HTTP: what a status means, and how long to wait before the next attempt.
#include <fmt/format.h>

#include "alert/curl_transfer.h"

namespace sekisho {
namespace {

struct HeaderList {
  curl_slist* list = nullptr;
  ~HeaderList() { curl_slist_free_all(list); }
  void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

}  // namespace

AlertOutcome send_http(const AlertChannel& channel, const AlertHttp& request, const std::stop_token& stop) {
  using enum AlertOutcome::Kind;
  CurlTransfer transfer{channel, request.url, true, stop};
  CURL* h = transfer.handle();
  HeaderList headers;
  for (const auto& [name, value] : request.headers) headers.add(name + ": " + value);
  headers.add("Expect:");  // no waiting for a go-ahead
  curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers.list);
  curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(h, CURLOPT_POSTFIELDS, request.body.data());
  curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  if (auto failed = transfer.perform(); !failed.empty()) return {try_again, std::move(failed), {}};
  const auto status = transfer.status();
  const auto sentence = fmt::format("{} answered {}", shown_alert_url(request.url), status);
  if (status >= 200 && status < 300) return {delivered, sentence, {}};
  if (status >= 300 && status < 400) return {try_again, sentence + ": redirects are not followed, give the final address as url", {}};
  // The message itself is not liked: it would not be the next time either.
  if (status == 400 || status == 413 || status == 422) return {refused, sentence, {}};
  curl_off_t wait = 0;
  curl_easy_getinfo(h, CURLINFO_RETRY_AFTER, &wait);
  AlertOutcome out{try_again, sentence, {}};
  if (wait > 0) out.retry_after = std::chrono::seconds{std::min<curl_off_t>(wait, 3600)};
  return out;
}

}  // namespace sekisho
