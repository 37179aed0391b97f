// The small parsers of HTTP, routing, CSV and the bundle of the page.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "web/api.h"
#include "web/assets.h"
#include "web/compress.h"
#include "web/http.h"
#include "web/live_feed.h"
#include "web/routes.h"

namespace sekisho {
namespace {

TEST(WebHttp, PercentDecoding) {
  EXPECT_EQ(percent_decode("a%20b%2Fc", false).value(), "a b/c");
  EXPECT_EQ(percent_decode("a+b", false).value(), "a+b");
  EXPECT_EQ(percent_decode("a+b", true).value(), "a b");
  for (const auto* broken : {"%", "%2", "%zz", "%00", "x%0"}) EXPECT_FALSE(percent_decode(broken, true).ok()) << broken;
}

TEST(WebHttp, Target) {
  HttpRequest r;
  ASSERT_TRUE(parse_target("/api/v1/incidents?q=198.51.100.7&q=x&empty&since=24h&", r).ok());
  EXPECT_EQ(r.path, "/api/v1/incidents");
  EXPECT_EQ(r.query, (std::map<std::string, std::string>{{"q", "x"}, {"empty", ""}, {"since", "24h"}}));
  EXPECT_FALSE(parse_target("http://other/", r).ok());
  EXPECT_FALSE(parse_target("", r).ok());
  EXPECT_FALSE(parse_target("*", r).ok());
  std::string many = "/?";
  for (int i = 0; i < 40; ++i) many += "a" + std::to_string(i) + "=1&";
  EXPECT_FALSE(parse_target(many, r).ok());
}

TEST(WebHttp, Cookies) {
  EXPECT_EQ(cookie_value("a=1; sekisho=abc; b=2", "sekisho"), "abc");
  EXPECT_EQ(cookie_value("sekisho=abc", "sekisho"), "abc");
  EXPECT_EQ(cookie_value("xsekisho=abc; sekishox=1", "sekisho"), std::nullopt);
  EXPECT_EQ(cookie_value("", "sekisho"), std::nullopt);
}

TEST(WebHttp, Encodings) {
  EXPECT_TRUE(accepts_encoding("gzip, deflate, br", "br"));
  EXPECT_TRUE(accepts_encoding("gzip;q=0.5", "gzip"));
  EXPECT_FALSE(accepts_encoding("gzip;q=0, br", "gzip"));
  EXPECT_FALSE(accepts_encoding("gzip;q=0.000", "gzip"));
  EXPECT_FALSE(accepts_encoding("xgzip", "gzip"));
  EXPECT_FALSE(accepts_encoding("", "br"));
}

TEST(WebHttp, Times) {
  constexpr double now = 1'800'000'000;
  EXPECT_EQ(parse_when("2026-11-22T02:15:10Z", now), 1795313710.0);
  EXPECT_EQ(parse_when("2026-11-22T03:15:10.5+01:00", now), 1795313710.5);
  EXPECT_EQ(parse_when("2026-11-22T03:15:10 01:00", now), 1795313710.0);  // the '+' of a query that was not escaped
  EXPECT_EQ(parse_when("2026-11-22", now), 1795305600.0);
  EXPECT_EQ(parse_when("1795313710", now), 1795313710.0);
  EXPECT_EQ(parse_when("@1795313710", now), 1795313710.0);
  EXPECT_EQ(parse_when("15m", now), now - 900);
  EXPECT_EQ(parse_when("7d", now), now - 7 * 86400);
  EXPECT_EQ(parse_when("99999d", now), 0.0);
  for (const auto* wrong : {"", "yesterday", "2026-13-01", "2026-02-30", "2026-11-22T25:00", "15x", "-5", "nan", "1e99", "@15m",
                            "2026-11-22T02:15:10Zjunk", "1969-12-31", "9999-01-01", "99999999999"})
    EXPECT_EQ(parse_when(wrong, now), std::nullopt) << wrong;
}

TEST(WebHttp, RoutesMatchWholeSegments) {
  Routes routes;
  const auto nothing = [](Call&) { return HttpResponse{}; };
  routes.add("GET", "/api/v1/incidents", Role::viewer, nothing);
  routes.add("GET", "/api/v1/incidents/{id}", Role::viewer, nothing);
  routes.add("GET", "/api/v1/incidents/{id}/evidence", Role::viewer, nothing);
  routes.add("POST", "/api/v1/incidents/{id}/ack", Role::operator_, nothing);
  std::map<std::string, std::string> p;
  int status = 0;
  ASSERT_NE(routes.find("GET", "/api/v1/incidents/01ABC/evidence", p, status), nullptr);
  EXPECT_EQ(p.at("id"), "01ABC");
  EXPECT_EQ(routes.find("GET", "/api/v1/incidents/01ABC", p, status)->path, "/api/v1/incidents/{id}");
  EXPECT_EQ(routes.find("HEAD", "/api/v1/incidents", p, status)->path, "/api/v1/incidents");
  EXPECT_EQ(routes.find("GET", "/api/v1/incidents/", p, status), nullptr);
  EXPECT_EQ(status, 404);
  EXPECT_EQ(routes.find("GET", "/api/v1/incidents/a/b/c", p, status), nullptr);
  EXPECT_EQ(routes.find("GET", "/api/v1/incidents/a/ack", p, status), nullptr);
  EXPECT_EQ(status, 405);
}

TEST(WebHttp, CsvHoldsHostileTextInItsCell) {
  const Json rows = Json::array(
      {{{"name", "=HYPERLINK(\"http://x\")"}, {"n", -5}, {"list", {1, 2}}}, {{"name", "a,\"b\"\nc"}, {"n", nullptr}, {"more", "@x"}}});
  EXPECT_EQ(to_csv(rows),
            "name,n,list,more\r\n"
            "\"'=HYPERLINK(\"\"http://x\"\")\",-5,\"[1,2]\",\r\n"
            "\"a,\"\"b\"\"\\x0ac\",,,'@x\r\n");
}

TEST(WebHttp, BundleOfThePage) {
  const auto assets = read_bundle(
      "/index.html text/html abc identity 5\n/index.html text/html abc gzip 2\n/assets/x.js text/javascript def identity 3\n\nhelloGZxyz");
  ASSERT_EQ(assets.size(), 2U);
  EXPECT_EQ(assets.at("/index.html").plain, "hello");
  EXPECT_EQ(assets.at("/index.html").gzip, "GZ");
  EXPECT_EQ(assets.at("/assets/x.js").plain, "xyz");
  EXPECT_TRUE(read_bundle("\n").empty());
  EXPECT_TRUE(read_bundle("/a t e identity 99999999999999999999\n\n").empty());
  EXPECT_TRUE(read_bundle("/a t e identity 9\n\nshort").empty());
}

TEST(WebHttp, Gzip) {
  const std::string text(5000, 'a');
  const auto packed = gzip(text);
  ASSERT_FALSE(packed.empty());
  EXPECT_LT(packed.size(), 100U);
  EXPECT_EQ(packed.substr(0, 2), "\x1f\x8b");
  EXPECT_TRUE(gzip("x").empty());  // not smaller
}

TEST(WebLiveFeed, ResumesAndSaysWhenItCannot) {
  LiveFeed feed;
  int added = 0;
  feed.on_added = [&] { ++added; };
  for (int i = 1; i <= 5; ++i) feed.add("run." + std::to_string(i), "second", "{\"n\":" + std::to_string(i) + "}");
  EXPECT_EQ(added, 5);
  // A new viewer begins with what comes next.
  auto fresh = feed.start("");
  EXPECT_FALSE(fresh.resumed);
  EXPECT_EQ(feed.after(fresh.position, 1000), "");
  // One that comes back goes on behind what it knows.
  auto back = feed.start("run.3");
  EXPECT_TRUE(back.resumed);
  EXPECT_EQ(feed.after(back.position, 1000), "id: run.4\nevent: second\ndata: {\"n\":4}\n\nid: run.5\nevent: second\ndata: {\"n\":5}\n\n");
  EXPECT_EQ(feed.after(back.position, 1000), "");
  EXPECT_FALSE(feed.start("other.3").resumed);
  // A slow one gets bounded pieces, and one that is too slow is told so once.
  std::uint64_t slow = 0;
  EXPECT_EQ(feed.after(slow, 1), "id: run.1\nevent: second\ndata: {\"n\":1}\n\n");
  for (std::size_t i = 0; i < LiveFeed::kEvents + 10; ++i) feed.add("x", "second", "{}");
  EXPECT_EQ(feed.after(slow, 1000), "event: reset\ndata: {}\n\n");
  EXPECT_EQ(feed.after(slow, 1000), "");
  EXPECT_GT(feed.skipped(), 1000U);
}

}  // namespace
}  // namespace sekisho
