// The fleet: what may be configured, and what is believed of what a member says.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "web/fleet.h"

namespace sekisho {
namespace {

TEST(WebFleet, MembersAreNamesAndAddresses) {
  auto member = parse_fleet_member("web-2=https://web-2.example:8470/");
  ASSERT_TRUE(member.ok());
  EXPECT_EQ(member->name, "web-2");
  EXPECT_EQ(member->url, "https://web-2.example:8470");
  for (const auto* good : {"a=https://[2001:db8::1]:8470", "a=http://127.0.0.1:8470", "a=http://[::1]:1", "a=http://localhost:8470"})
    EXPECT_TRUE(parse_fleet_member(good).ok()) << good;
  for (const auto* bad : {"", "web-2", "=https://a", "a b=https://a", "a=", "a=ftp://a", "a=https://", "a=https://u:p@host",
                          "a=https://host/x", "a=https://host?x", "a=https://ho st", "a=https://h\xc3\xb6st", "a=http://192.0.2.1:8470",
                          "a=http://127.evil.example", "a=http://localhost.evil.example", "a=javascript:alert(1)"})
    EXPECT_FALSE(parse_fleet_member(bad).ok()) << bad;
}

TEST(WebFleet, TokensAreReadFromAFileThatOthersCannotRead) {
  const auto path = std::filesystem::temp_directory_path() / ("sekisho-fleet-" + std::to_string(::getpid()));
  const auto write = [&](const char* text, mode_t mode) {
    std::ofstream{path} << text;
    ::chmod(path.c_str(), mode);
  };
  std::vector<FleetMember> members{{"web-2", "https://a", {}}, {"db-1", "https://b", {}}};
  write("# the fleet\nweb-2  one\r\n\ndb-1\ttwo\nother three\n", 0600);
  ASSERT_TRUE(add_fleet_tokens(path, members).ok());
  EXPECT_EQ(members[0].token, "one");
  EXPECT_EQ(members[1].token, "two");
  write("web-2 one\ndb-1 two\n", 0644);
  EXPECT_FALSE(add_fleet_tokens(path, members).ok());
  members[1].token.clear();
  write("web-2 secret-of-web-2\n", 0600);
  auto missing = add_fleet_tokens(path, members);
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("'db-1'"), std::string::npos);
  EXPECT_EQ(missing.error().message.find("secret"), std::string::npos);
  write("web-2\n", 0600);
  EXPECT_NE(add_fleet_tokens(path, members).error().message.find(":1:"), std::string::npos);
  EXPECT_FALSE(add_fleet_tokens("", members).ok());
  EXPECT_FALSE(add_fleet_tokens(path.string() + ".none", members).ok());
  std::filesystem::remove(path);
  std::vector<FleetMember> none;
  EXPECT_TRUE(add_fleet_tokens("", none).ok());
}

FleetSight sight_of(const nlohmann::ordered_json& status) { return {status.dump(), 1'795'313'640 * kSecond, ""}; }

TEST(WebFleet, ARowSaysTheStateOfAMember) {
  const FleetMember member{"web-2", "https://web-2.example:8470", "secret"};
  auto row = fleet_row(
      member, sight_of({{"version", "1.2"},
                        {"agent", {{"running", true}}},
                        {"verdict",
                         {{"standing", "taking_part"},
                          {"since", "2026-11-22T02:14:00.000000Z"},
                          {"incident", {{"title", "Outbound UDP flood"}}},
                          {"others", {1, 2}}}},
                        {"traffic", {{"ingress", {{"pps", 12}}}, {"egress", {{"pps", 90000}}}}},
                        {"health", {{{"state", "ok"}, {"what", "fine"}}, {{"state", "warn"}, {"what", "Capture lost packets"}}}}}));
  EXPECT_EQ(row["state"], "Takes part in an attack");
  EXPECT_EQ(row["what"], "Outbound UDP flood");
  EXPECT_EQ(row["incidents"], 3);
  EXPECT_EQ(row["out_pps"], 90000);
  EXPECT_EQ(row["note"], "Capture lost packets");
  EXPECT_EQ(row["since"], "2026-11-22T02:14:00.000000Z");
  EXPECT_EQ(row.dump().find("secret"), std::string::npos);
  const auto quiet = fleet_row(member, sight_of({{"agent", {{"running", true}}}, {"verdict", {{"standing", "quiet"}}}}));
  EXPECT_EQ(quiet["state"], "Quiet");
  EXPECT_LT(row["rank"].get<int>(), quiet["rank"].get<int>());
  const auto stopped =
      fleet_row(member, sight_of({{"agent", {{"running", false}, {"message", "no agent"}}}, {"traffic", {{"ingress", {{"pps", 5}}}}}}));
  EXPECT_EQ(stopped["state"], "Not watched");
  EXPECT_TRUE(stopped["in_pps"].is_null());  // the last number is not today's
}

TEST(WebFleet, WhatAMemberSaysIsNotTrusted) {
  const FleetMember member{"web-2", "https://web-2.example:8470", ""};
  EXPECT_EQ(fleet_row(member, {})["state"], "Out of reach");
  for (const auto* text :
       {"", "[]", "null", "{", R"({"verdict":7,"agent":[],"traffic":"x","health":{"state":1}})",
        R"({"agent":{"running":true},"verdict":{"standing":9,"since":5,"incident":[],"others":{}},"traffic":{"ingress":{"pps":"x"}}})",
        R"({"agent":{"running":"yes"},"verdict":{"since":"15m"}})"}) {
    const auto row = fleet_row(member, {text, 1, ""});
    EXPECT_TRUE(row["since"].is_null()) << text;
    EXPECT_TRUE(row["in_pps"].is_null()) << text;
  }
  const auto row = fleet_row(member, sight_of({{"version", std::string(5000, 'v')},
                                               {"agent", {{"running", true}}},
                                               {"verdict", {{"standing", "attacked"}, {"incident", {{"title", "a\x1b[31m\nb\u202e"}}}}}}));
  EXPECT_EQ(row["what"].get<std::string>().find('\x1b'), std::string::npos);
  EXPECT_EQ(row["what"].get<std::string>().find("\u202e"), std::string::npos);
  EXPECT_LT(row["version"].get<std::string>().size(), 60U);
}

}  // namespace
}  // namespace sekisho
