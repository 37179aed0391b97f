// Who gets in: tokens, sessions, hosts, origins, roles.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/sha256.h"
#include "web/access.h"
#include "web/api.h"
#include "web/site.h"

namespace sekisho {
namespace {

constexpr TimeNs kNow = 1'800'000'000 * kSecond;

class WebAccess : public ::testing::Test {
 protected:
  WebAccess() { std::filesystem::create_directories(folder_); }
  ~WebAccess() override { std::filesystem::remove_all(folder_); }
  std::string token(const std::string& name, Role role) { return create_token(file_, name, role, kNow, "").value(); }
  static HttpRequest request(std::string method = "GET", std::string path = "/api/v1/status") {
    HttpRequest r;
    r.method = std::move(method), r.path = std::move(path), r.host = "127.0.0.1:8470", r.peer = "127.0.0.1";
    return r;
  }
  static HttpRequest login_request(const std::string& secret) {
    auto r = request("POST", "/api/v1/login");
    r.origin = "http://127.0.0.1:8470";
    r.body = nlohmann::json{{"token", secret}}.dump();
    return r;
  }
  static std::string cookie_of(const HttpResponse& response) {
    for (const auto& [name, value] : response.headers)
      if (name == "Set-Cookie") return value.substr(0, value.find(';'));
    return "";
  }

  const std::string folder_ = ::testing::TempDir() + "web_access_" + std::to_string(::getpid());
  const std::string file_ = folder_ + "/tokens.json";
  Access access_{{file_, {"web-3.example"}}};
};

TEST_F(WebAccess, OnlyHashesAreKept) {
  const auto secret = token("admin", Role::admin);
  EXPECT_TRUE(secret.starts_with("sekisho_"));
  EXPECT_EQ(secret.size(), 8U + 43);
  std::ifstream in{file_};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  EXPECT_EQ(text.find(secret.substr(8)), std::string::npos);
  EXPECT_NE(text.find(sha256_hex(secret)), std::string::npos);
  EXPECT_FALSE(create_token(file_, "admin", Role::viewer, kNow, "").ok()) << "a name is taken once";
  EXPECT_FALSE(create_token(file_, "bad name", Role::viewer, kNow, "").ok());
  EXPECT_NE(token("second", Role::admin), secret);
  EXPECT_EQ(read_tokens(folder_ + "/none.json").value().size(), 0U);
  std::ofstream{file_} << "{\"tokens\":[{\"name\":\"x\"}]}";
  EXPECT_FALSE(read_tokens(file_).ok());
}

TEST_F(WebAccess, BearerTokens) {
  const auto secret = token("grafana", Role::viewer);
  auto r = request();
  EXPECT_EQ(access_.visitor(r, kNow).role, Role::none);
  r.authorization = "Bearer " + secret;
  EXPECT_EQ(access_.visitor(r, kNow).role, Role::viewer);
  EXPECT_EQ(access_.visitor(r, kNow).name, "grafana");
  r.authorization = "Bearer " + secret + "x";
  EXPECT_EQ(access_.visitor(r, kNow).role, Role::none);
  r.authorization = "Basic " + secret;
  EXPECT_EQ(access_.visitor(r, kNow).role, Role::none);
}

TEST_F(WebAccess, RevokedTokensAndTheirSessionsEndAtOnce) {
  const auto secret = token("op", Role::operator_);
  const auto answer = access_.login(login_request(secret), kNow);
  ASSERT_EQ(answer.status, 200);
  auto r = request();
  r.cookie = cookie_of(answer);
  EXPECT_EQ(access_.visitor(r, kNow).role, Role::operator_);
  ASSERT_TRUE(revoke_token(file_, "op", "").ok());
  EXPECT_EQ(access_.visitor(r, kNow).role, Role::none);
  EXPECT_EQ(access_.login(login_request(secret), kNow).status, 401);
}

TEST_F(WebAccess, CookieIsStrict) {
  const auto secret = token("v", Role::viewer);
  auto answer = access_.login(login_request(secret), kNow);
  std::string cookie = answer.headers.at(0).second;
  EXPECT_TRUE(cookie.starts_with("sekisho="));
  EXPECT_NE(cookie.find("; HttpOnly"), std::string::npos);
  EXPECT_NE(cookie.find("; SameSite=Strict"), std::string::npos);
  EXPECT_EQ(cookie.find("Secure"), std::string::npos);
  auto tls = login_request(secret);
  tls.tls = true;
  cookie = access_.login(tls, kNow).headers.at(0).second;
  EXPECT_TRUE(cookie.starts_with("__Host-sekisho="));
  EXPECT_NE(cookie.find("; Secure"), std::string::npos);
}

TEST_F(WebAccess, SessionsEnd) {
  const auto secret = token("v", Role::viewer);
  auto r = request();
  r.cookie = cookie_of(access_.login(login_request(secret), kNow));
  EXPECT_EQ(access_.visitor(r, kNow + Sessions::kIdle - kSecond).role, Role::viewer);
  EXPECT_EQ(access_.visitor(r, kNow + 2 * Sessions::kIdle).role, Role::none);
  r.cookie = cookie_of(access_.login(login_request(secret), kNow));
  auto out = r;
  out.method = "POST";
  access_.logout(out);
  EXPECT_EQ(access_.visitor(r, kNow).role, Role::none);
}

TEST_F(WebAccess, LoginsAreLimited) {
  token("v", Role::viewer);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(access_.login(login_request("wrong"), kNow).status, 401) << i;
  EXPECT_EQ(access_.login(login_request("wrong"), kNow).status, 429);
  auto other = login_request("wrong");
  other.peer = "198.51.100.9";
  EXPECT_EQ(access_.login(other, kNow).status, 401) << "another address has its own tries";
  EXPECT_EQ(access_.login(login_request("wrong"), kNow + 11 * kSecond).status, 401) << "one more after ten seconds";
  EXPECT_EQ(access_.login(login_request("wrong"), kNow + 11 * kSecond).status, 429);
}

TEST_F(WebAccess, HostsCannotBeRebound) {
  for (const auto* good :
       {"127.0.0.1:8470", "[::1]:8470", "localhost", "LOCALHOST:1", "203.0.113.5", "web-3.example", "WEB-3.example.:443"})
    EXPECT_TRUE(access_.host_allowed(good)) << good;
  for (const auto* bad : {"", "evil.example", "evil.example:8470", "web-3.example.evil.example", "127.0.0.1.evil.example", "[::1", "a b",
                          "localhost:80x", "0x7f000001"})
    EXPECT_FALSE(access_.host_allowed(bad)) << bad;
}

TEST_F(WebAccess, ForgedRequests) {
  auto r = request("POST", "/api/v1/logout");
  EXPECT_TRUE(access_.forged(r)) << "a change without Origin";
  r.origin = "http://127.0.0.1:8470";
  EXPECT_FALSE(access_.forged(r));
  for (const auto* origin : {"http://evil.example", "https://127.0.0.1:8470", "http://127.0.0.1:9999", "null"}) {
    r.origin = origin;
    EXPECT_TRUE(access_.forged(r)) << origin;
  }
  r = request();
  EXPECT_FALSE(access_.forged(r));
  r.fetch_site = "cross-site";
  EXPECT_TRUE(access_.forged(r));
  r.fetch_site = "same-site";
  EXPECT_TRUE(access_.forged(r));
  r.fetch_site = "same-origin";
  EXPECT_FALSE(access_.forged(r));
  r.method = "POST", r.fetch_site = "", r.authorization = "Bearer x";
  EXPECT_FALSE(access_.forged(r)) << "a program with its own token";
}

TEST_F(WebAccess, RolesOfRoutes) {
  Routes routes;
  const auto nothing = [](Call&) { return HttpResponse{}; };
  routes.add("GET", "/api/v1/status", Role::viewer, nothing);
  routes.add("POST", "/api/v1/blocks", Role::operator_, nothing);
  routes.add("GET", "/api/v1/health", Role::none, nothing);
  LiveFeed feed;
  Site site{access_, routes, feed};
  const auto status = [&](const HttpRequest& r) {
    const auto decision = site.decide(r, kNow);
    if (const auto* response = std::get_if<HttpResponse>(&decision)) return response->status;
    return std::holds_alternative<Work>(decision) ? 1 : 2;
  };
  const auto viewer = token("v", Role::viewer), op = token("o", Role::operator_);
  auto r = request();
  EXPECT_EQ(status(r), 401);
  EXPECT_EQ(status(request("GET", "/api/v1/health")), 1);
  EXPECT_EQ(status(request("GET", "/api/v1/stream")), 401);
  EXPECT_EQ(status(request("GET", "/api/v1/nothing")), 404);
  EXPECT_EQ(status(request("DELETE", "/")), 405);
  r.authorization = "Bearer " + viewer;
  EXPECT_EQ(status(r), 1);
  r.path = "/api/v1/stream";
  EXPECT_EQ(status(r), 2);
  r.method = "POST", r.path = "/api/v1/blocks";
  EXPECT_EQ(status(r), 403);
  r.authorization = "Bearer " + op;
  EXPECT_EQ(status(r), 1);
  r.host = "evil.example";
  EXPECT_EQ(status(r), 421);
}

TEST(WebApi, OpenApiListsEveryRoute) {
  LiveFeed feed;
  AgentLink agent{"/nonexistent", feed};
  const auto places = Places::open({}).value().release();
  const std::unique_ptr<Places> keep{places};
  Api api{{"1",
           "host",
           "{}",
           [](const StoredIncident&) { return std::string{"{}"}; },
           [](const std::string&, std::size_t) { return Result<std::string>{"[]"}; },
           {},
           "/"},
          agent,
          *places};
  Routes routes;
  add_api_routes(routes, api);
  std::map<std::string, std::string> none;
  int status = 0;
  const auto* route = routes.find("GET", "/api/v1/openapi.json", none, status);
  ASSERT_NE(route, nullptr);
  HttpRequest request;
  Visitor visitor;
  JobContext worker{"/nonexistent"};
  Call call{request, visitor, worker, {}, 0};
  const auto document = nlohmann::json::parse(route->answer(call).fixed);
  std::set<std::string> described, served;
  for (const auto& [path, methods] : document["paths"].items())
    for (const auto& [method, about] : methods.items()) described.insert(method + " " + path);
  for (const auto& r : routes.all()) served.insert((r.method == "GET" ? "get " : r.method == "DELETE" ? "delete " : "post ") + r.path);
  for (const auto* special : {"get /api/v1/stream", "post /api/v1/login", "post /api/v1/logout"})
    served.insert(special);  // answered by Site
  EXPECT_EQ(described, served);
}

}  // namespace
}  // namespace sekisho
