// Options of libcurl, set once for all.
#include "alert/curl_transfer.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>

#include "alert/target_address.h"
#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::size_t kMostOfAnAnswer = 64 * 1024;

std::string host_of(const std::string& url) {
  const auto from = url.find("://");
  if (from == std::string::npos) return "the receiver";
  auto host = url.substr(from + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const auto at = host.rfind('@'); at != std::string::npos) host = host.substr(at + 1);
  return escape_hostile(host, 120);
}

}  // namespace

CurlTransfer::CurlTransfer(const AlertChannel& channel, const std::string& url, bool guarded, const std::stop_token& stop)
    : host_(host_of(url)), guarded_(guarded && !channel.settings.private_targets), stop_(stop) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  handle_.reset(curl_easy_init());
  CURL* h = handle_.get();
  if (!h) return;
  curl_easy_setopt(h, CURLOPT_URL, url.c_str());
  curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https,smtp,smtps");
  curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(h, CURLOPT_PROXY, "");  // a proxy of the environment would reach what is refused here
  curl_easy_setopt(h, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, static_cast<long>(channel.settings.timeout.count));
  curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(channel.settings.timeout.count));
  curl_easy_setopt(h, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!channel.settings.ca_file.empty()) curl_easy_setopt(h, CURLOPT_CAINFO, channel.settings.ca_file.c_str());
  curl_easy_setopt(h, CURLOPT_USERAGENT, "sekisho");
  curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::open_socket);
  curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, &CurlTransfer::progress);
  curl_easy_setopt(h, CURLOPT_XFERINFODATA, this);
  curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, &CurlTransfer::drop);
  curl_easy_setopt(h, CURLOPT_WRITEDATA, this);
}

// The name is resolved by now: what is judged is the address that would be connected to.
curl_socket_t CurlTransfer::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (transfer.guarded_ && is_private_target(&address->addr)) {
    transfer.refused_ = target_text(&address->addr);
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int CurlTransfer::progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<CurlTransfer*>(self)->stop_.stop_requested() ? 1 : 0;
}

// Answers are not needed; one without end is cut.
std::size_t CurlTransfer::drop(char*, std::size_t size, std::size_t count, void* self) {
  auto& received = static_cast<CurlTransfer*>(self)->received_;
  received += size * count;
  return received > kMostOfAnAnswer ? 0 : size * count;
}

std::string CurlTransfer::perform() {
  if (!handle_) return "no memory for a transfer";
  const auto code = curl_easy_perform(handle_.get());
  if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && status() != 0)) return {};
  if (!refused_.empty()) return fmt::format("{} leads to {}, which is private: private_targets = true permits that", host_, refused_);
  if (code == CURLE_ABORTED_BY_CALLBACK) return fmt::format("{}: interrupted, Sekisho ends", host_);
  return fmt::format("{}: {}", host_, curl_easy_strerror(code));
}

long CurlTransfer::status() {
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

}  // namespace sekisho
