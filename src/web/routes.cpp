// Matching paths.
#include "web/routes.h"

namespace sekisho {
namespace {

bool matches(std::string_view pattern, std::string_view path, std::map<std::string, std::string>& parameters) {
  while (!pattern.empty() && !path.empty()) {
    const auto want = pattern.substr(0, pattern.find('/', 1)), have = path.substr(0, path.find('/', 1));
    if (want.starts_with("/{")) {
      if (have.size() < 2) return false;
      parameters[std::string{want.substr(2, want.size() - 3)}] = have.substr(1);
    } else if (want != have) {
      return false;
    }
    pattern.remove_prefix(want.size());
    path.remove_prefix(have.size());
  }
  return pattern.empty() && path.empty();
}

}  // namespace

const std::string& Call::query(const std::string& name) const {
  static const std::string none;
  const auto found = request.query.find(name);
  return found == request.query.end() ? none : found->second;
}

void Routes::add(std::string method, std::string path, Role least, std::function<HttpResponse(Call&)> answer) {
  routes_.push_back({std::move(method), std::move(path), least, std::move(answer)});
}

const Route* Routes::find(std::string_view method, std::string_view path, std::map<std::string, std::string>& parameters,
                          int& status) const {
  status = 404;
  for (const auto& route : routes_) {
    std::map<std::string, std::string> found;
    if (!matches(route.path, path, found)) continue;
    if (route.method == method || (method == "HEAD" && route.method == "GET")) {
      parameters = std::move(found);
      return &route;
    }
    status = 405;
  }
  return nullptr;
}

}  // namespace sekisho
