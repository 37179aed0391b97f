// Routes: which function answers which method and path, and which role it takes. openapi.json describes the same (a test compares them).
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "web/http.h"
#include "web/sessions.h"
#include "web/workers.h"

namespace sekisho {

struct Call {
  const HttpRequest& request;
  const Visitor& visitor;
  JobContext& worker;
  std::map<std::string, std::string> parameters;  // of the path: {"id", "01J…"}
  double now_s = 0;

  // A parameter of the query, or "" when it is not there.
  const std::string& query(const std::string& name) const;
};

struct Route {
  std::string method, path;   // "/api/v1/incidents/{id}"
  Role least = Role::viewer;  // none: also for those who have not signed in
  std::function<HttpResponse(Call&)> answer;
};

class Routes {
 public:
  void add(std::string method, std::string path, Role least, std::function<HttpResponse(Call&)> answer);
  // 404 or 405 in `status` when there is none.
  const Route* find(std::string_view method, std::string_view path, std::map<std::string, std::string>& parameters, int& status) const;
  const std::vector<Route>& all() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace sekisho
