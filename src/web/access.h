// Access: may this request be answered, and as whom. Host and Origin first (no DNS rebinding, no request forged by another page), then
// the bearer token or the session cookie.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "web/http.h"
#include "web/sessions.h"
#include "web/tokens.h"

namespace sekisho {

struct AccessSettings {
  std::string token_file;
  std::vector<std::string> hosts;  // names beyond localhost and addresses, as the Host header may say them
};

// "203.0.113.5", "[::1]:8470", "web-3.example:443" -> the name alone, lower case; empty when it is none.
std::string host_name(std::string_view host_header);

// Any threads.
class Access {
 public:
  explicit Access(AccessSettings settings) : settings_(std::move(settings)) {}

  // Whether the Host header names this server. Addresses always do: only a name can be rebound.
  bool host_allowed(std::string_view host_header) const;
  // Whether another site's page made the browser send this. Cookies alone are no proof that the user wanted it.
  bool forged(const HttpRequest& request) const;
  // Role::none: not signed in.
  Visitor visitor(const HttpRequest& request, TimeNs now);

  // Signs in with a token; the answer has the cookie, or says why not.
  HttpResponse login(const HttpRequest& request, TimeNs now);
  HttpResponse logout(const HttpRequest& request);

  std::size_t sessions() const { return sessions_.size(); }
  std::uint64_t failed_logins() const { return failed_logins_; }

 private:
  // The tokens as the file has them now: a token that was revoked is out at once, and its sessions with it.
  std::vector<Token> tokens();

  const AccessSettings settings_;
  Sessions sessions_;
  LoginLimit limit_;
  std::mutex mutex_;
  std::vector<Token> tokens_;
  std::pair<std::int64_t, std::int64_t> file_stamp_{-1, -1};  // of the file that tokens_ was read from: change time and inode
  std::atomic<std::uint64_t> failed_logins_ = 0;
};

}  // namespace sekisho
