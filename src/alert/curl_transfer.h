// CurlTransfer: a libcurl handle with the rules that hold for every alert: time, size, addresses, trust, no redirects, no proxy.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <stop_token>
#include <string>

#include "alert/channel.h"
#include "alert/send.h"

namespace sekisho {

// One transfer; one thread. Errors name the host only, never the address or what is sent.
class CurlTransfer {
 public:
  // `guarded`: private and link-local targets are refused unless the channel allows them.
  CurlTransfer(const AlertChannel& channel, const std::string& url, bool guarded, const std::stop_token& stop);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;
  CURL* handle() { return handle_.get(); }
  // The sentence of what failed; empty: it was done.
  std::string perform();
  long status();  // HTTP's or SMTP's

 private:
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  static std::size_t drop(char*, std::size_t size, std::size_t count, void* self);

  struct Cleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  const std::string host_;
  const bool guarded_;
  const std::stop_token stop_;
  std::string refused_;  // an address that may not be reached
  std::size_t received_ = 0;
  std::unique_ptr<CURL, Cleanup> handle_;
};

}  // namespace sekisho
