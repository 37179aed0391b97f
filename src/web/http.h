// HttpRequest and HttpResponse: what the routes see of HTTP; plain data, no library.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sekisho {

struct HttpRequest {
  std::string method;                        // "GET"
  std::string path;                          // percent-decoded, without the query; begins with '/'
  std::map<std::string, std::string> query;  // decoded; of equal names the last
  std::string body;                          // at most kMaxBodyBytes
  std::string peer;                          // the client's address, or what a trusted proxy says it is
  bool tls = false;                          // the client speaks TLS with us (or with the trusted proxy)
  // Headers that mean something here; empty when missing.
  std::string host, origin, authorization, cookie, accept_encoding, if_none_match, last_event_id, fetch_site, content_type;
};

struct HttpResponse {
  int status = 200;
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;  // beyond those that every answer has
  std::string body;
  // Instead of body: bytes that live as long as the program, or a file (its descriptor is closed after the last byte).
  std::string_view fixed;
  int file = -1;
  std::uint64_t file_bytes = 0;
};

constexpr std::size_t kMaxHeaderBytes = 16 * 1024, kMaxBodyBytes = 64 * 1024;

// "a%20b" -> "a b"; with plus_is_space also "a+b". An error on a broken escape or on a zero byte.
Result<std::string> percent_decode(std::string_view text, bool plus_is_space);
// Splits "/path?a=1&b=2" into the request; at most 32 parameters. An error is a sentence for the client.
Result<void> parse_target(std::string_view target, HttpRequest& into);
// The value of a cookie; nullopt when it is not there. Never quoted: ours is not.
std::optional<std::string_view> cookie_value(std::string_view header, std::string_view name);
// Whether an Accept-Encoding header takes `coding` ("gzip", "br"): listed and not with q=0.
bool accepts_encoding(std::string_view header, std::string_view coding);
// "2026-11-22T02:15:10Z" with any fraction or offset, "@epoch" or "epoch" in seconds, "15m", "24h", "7d" (that long before `now_s`).
std::optional<double> parse_when(std::string_view text, double now_s);

// {"error":{"message":…,"hint":…}} with a status.
HttpResponse error_response(int status, std::string_view message, std::string_view hint = "");

}  // namespace sekisho
