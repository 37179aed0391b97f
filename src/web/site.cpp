// From a request to a decision: Host, forgery, page or interface, who, which route.
#include "web/site.h"

#include <fmt/format.h>

#include "web/assets.h"

namespace sekisho {

const std::vector<std::pair<std::string, std::string>>& safety_headers() {
  static const std::vector<std::pair<std::string, std::string>> all{
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; "
       "form-action 'none'; "
       "frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"},
  };
  return all;
}

Decision Site::decide(const HttpRequest& request, TimeNs now) {
  ++counts.requests;
  const auto denied = [&](int status, std::string_view message, std::string_view hint = "") -> Decision {
    ++counts.denied;
    return error_response(status, message, hint);
  };
  if (!access_.host_allowed(request.host))
    return denied(421, "This server has no such name.", "Use its address, or list the name in [web] hosts.");
  const bool interface = request.path.starts_with("/api/") || request.path == "/metrics";
  if (!interface) {
    if (request.method != "GET" && request.method != "HEAD") return denied(405, "Here is only something to read.");
    return asset_response(request);
  }
  if (access_.forged(request))
    return denied(403, "This request came from another site's page.", "Programs send their token: Authorization: Bearer …");
  if (request.path == "/api/v1/login" && request.method == "POST") {
    auto response = access_.login(request, now);
    if (response.status != 200) ++counts.denied;
    return response;
  }
  if (request.path == "/api/v1/logout" && request.method == "POST") return access_.logout(request);

  Work work;
  int status = 404;
  const bool stream = request.path == kStreamPath;
  if (!stream) {
    work.route = routes_.find(request.method, request.path, work.parameters, status);
    if (!work.route)
      return denied(status, status == 405 ? "This address takes another method." : "The interface has no such address.",
                    "/api/v1/openapi.json lists all.");
  }
  work.visitor = access_.visitor(request, now);
  const Role least = stream ? Role::viewer : work.route->least;
  if (work.visitor.role < least) {
    if (work.visitor.role == Role::none) return denied(401, "Sign in first.", "Programs send: Authorization: Bearer TOKEN");
    return denied(403,
                  fmt::format("This takes the role {}; {} has {}.", to_string(least), work.visitor.name, to_string(work.visitor.role)));
  }
  if (!stream) return work;
  if (request.method != "GET") return denied(405, "The stream is only to be read.");
  return Follow{feed_.start(request.last_event_id)};
}

bool Site::still_welcome(const HttpRequest& request, TimeNs now) { return access_.visitor(request, now).role >= Role::viewer; }

}  // namespace sekisho
