// Host, Origin, tokens, cookies.
#include "web/access.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace sekisho {
namespace {

bool is_address(const std::string& name) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, name.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

// With TLS a prefixed name: the browser then insists on Secure and on no other host having set it.
std::string_view cookie_name(bool tls) { return tls ? "__Host-sekisho" : "sekisho"; }

std::string cookie_header(bool tls, std::string_view value, std::int64_t max_age_s) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", cookie_name(tls), value, max_age_s, tls ? "; Secure" : "");
}

constexpr std::string_view kHow = "Make one with: sekisho web token new --role viewer";

}  // namespace

std::string host_name(std::string_view header) {
  if (header.empty() || header.size() > 300) return {};
  std::string_view name = header, port;
  if (header.front() == '[') {
    const auto end = header.find(']');
    if (end == std::string_view::npos) return {};
    name = header.substr(1, end - 1);
    port = header.substr(end + 1);
  } else if (const auto colon = header.rfind(':'); colon != std::string_view::npos) {
    name = header.substr(0, colon);
    port = header.substr(colon);
  }
  if (!port.empty() && (port.front() != ':' || port.substr(1).find_first_not_of("0123456789") != std::string_view::npos)) return {};
  std::string lower;
  for (const char c : name) {
    if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_' && c != ':')
      return {};
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  while (!lower.empty() && lower.back() == '.') lower.pop_back();
  return lower;
}

bool Access::host_allowed(std::string_view header) const {
  const auto name = host_name(header);
  if (name.empty()) return false;
  return name == "localhost" || name.ends_with(".localhost") || is_address(name) ||
         std::any_of(settings_.hosts.begin(), settings_.hosts.end(), [&](const std::string& host) { return host_name(host) == name; });
}

bool Access::forged(const HttpRequest& request) const {
  // A program that brings its own token was not led here by a page: a page cannot set this header for another site unasked.
  if (!request.authorization.empty()) return false;
  if (!request.fetch_site.empty() && request.fetch_site != "same-origin" && request.fetch_site != "none") return true;
  const bool changes = request.method != "GET" && request.method != "HEAD";
  if (request.origin.empty()) return changes && request.fetch_site.empty();
  return request.origin != fmt::format("{}://{}", request.tls ? "https" : "http", request.host);
}

std::vector<Token> Access::tokens() {
  struct stat facts {};
  const bool there = ::stat(settings_.token_file.c_str(), &facts) == 0;
  const std::pair<std::int64_t, std::int64_t> stamp{there ? facts.st_ctim.tv_sec * kSecond + facts.st_ctim.tv_nsec : 0,
                                                    there ? static_cast<std::int64_t>(facts.st_ino) : 0};
  const std::lock_guard lock{mutex_};
  if (stamp == file_stamp_) return tokens_;
  auto fresh = read_tokens(settings_.token_file);
  if (!fresh.ok()) return {};  // a damaged file lets nobody in
  // A name that is gone, or stands for another secret or role now, ends its sessions.
  for (const auto& old : tokens_)
    if (std::none_of(fresh->begin(), fresh->end(),
                     [&](const Token& t) { return t.name == old.name && t.sha256 == old.sha256 && t.role == old.role; }))
      sessions_.remove_all_of(old.name);
  tokens_ = std::move(*fresh);
  file_stamp_ = stamp;
  return tokens_;
}

Visitor Access::visitor(const HttpRequest& request, TimeNs now) {
  const auto known = tokens();
  if (!request.authorization.empty()) {
    constexpr std::string_view scheme = "Bearer ";
    if (!request.authorization.starts_with(scheme)) return {};
    const auto* token = find_token(known, std::string_view{request.authorization}.substr(scheme.size()));
    return token ? Visitor{token->name, token->role} : Visitor{};
  }
  const auto cookie = cookie_value(request.cookie, cookie_name(request.tls));
  if (!cookie || cookie->size() != 43) return {};
  return sessions_.find(*cookie, now).value_or(Visitor{});
}

HttpResponse Access::login(const HttpRequest& request, TimeNs now) {
  if (const auto wait = limit_.wait(request.peer, now); wait > 0) {
    const auto seconds = wait / kSecond + 1;
    auto response = error_response(429, "Too many failed tries.", fmt::format("Wait {} s, then try again.", seconds));
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
    return response;
  }
  const auto document = nlohmann::json::parse(request.body, nullptr, false);
  if (!document.is_object() || !document.value("token", nlohmann::json{}).is_string())
    return error_response(400, "A login is {\"token\": \"…\"}.");
  const auto known = tokens();
  const auto* token = find_token(known, document["token"].get_ref<const std::string&>());
  if (!token) {
    limit_.failed(request.peer, now);
    ++failed_logins_;
    return error_response(401, "This token is not valid.",
                          known.empty() ? std::string{"There is no token yet. "}.append(kHow) : std::string{kHow});
  }
  auto cookie = random_secret();
  if (!cookie.ok()) return error_response(500, cookie.error().message);
  sessions_.add(*cookie, {token->name, token->role}, now);
  HttpResponse response;
  response.headers.emplace_back("Set-Cookie", cookie_header(request.tls, *cookie, Sessions::kLongest / kSecond));
  response.body = nlohmann::ordered_json{{"schema", 1}, {"user", token->name}, {"role", to_string(token->role)}}.dump() + "\n";
  return response;
}

HttpResponse Access::logout(const HttpRequest& request) {
  if (const auto cookie = cookie_value(request.cookie, cookie_name(request.tls))) sessions_.remove(*cookie);
  HttpResponse response;
  response.headers.emplace_back("Set-Cookie", cookie_header(request.tls, "", 0));
  response.body = "{\"schema\":1}\n";
  return response;
}

}  // namespace sekisho
