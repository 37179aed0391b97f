// The terminal view: its size, its verdict, its keys, hostile text.
#include "app/top_screen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace sekisho {
namespace {

using nlohmann::json;
using Key = TopScreen::Key;

json incident(const char* id, const char* severity, const char* direction, const char* label) {
  return {{"id", id},
          {"kind", "flood"},
          {"direction", direction},
          {"label", label},
          {"severity", severity},
          {"subject", "198.51.100.10"},
          {"started", "2026-11-26T02:15:10.000000Z"},
          {"ended", nullptr},
          {"peak_pps", 812'000},
          {"peak_bps", 6.9e9},
          {"packets", 1000},
          {"confidence", 97},
          {"peers",
           {{"distinct", 2},
            {"spoofed", false},
            {"top", {{{"ip", "203.0.113.7"}, {"packets", 700}}, {{"ip", "203.0.113.8"}, {"packets", 300}}}}}},
          {"ports", {{"local", {{{"port", 443}, {"packets", 1000}}}}, {"remote", json::array()}}},
          {"explanation", "97 % UDP from port 53"},
          {"advice", "Ask your provider."},
          {"process", nullptr},
          {"evidence", nullptr}};
}
json second(double pps) {
  const json side{{"pps", pps},
                  {"bps", pps * 4000},
                  {"normal_pps", 100},
                  {"threshold_pps", 1000},
                  {"classes", {{"udp", {{"packets", pps}, {"bytes", 1}}}}}};
  return {{"time", "2026-11-26T02:17:31.000000Z"}, {"ingress", side}, {"egress", side}, {"dropped", 0}, {"open_incidents", 0}};
}
TopScreen screen_with(std::initializer_list<json> incidents) {
  TopScreen screen{TextStyle{false, true, 80}};
  json list = json::array();
  for (const auto& i : incidents) list.push_back(i);
  screen.on_snapshot({{"status", {{"capture", {{"interfaces", {"eth0"}}}}}}, {"incidents", list}});
  screen.on_second(second(500));
  return screen;
}
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(TopScreen, FitsEveryTerminal) {
  const auto screen = screen_with({incident("01A", "critical", "ingress", "amp_dns"), incident("01B", "low", "ingress", "mirai_scan")});
  for (const auto& [columns, rows] : {std::pair{80, 24}, {100, 30}, {119, 24}, {60, 12}, {200, 60}, {40, 10}}) {
    const auto text = screen.draw(columns, rows);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), rows - 1);
    for (const auto& line : lines_of(text)) EXPECT_LE(display_width(line), columns) << line;
  }
}

TEST(TopScreen, WhatGoesOutIsNeverAnAttackOnThisServer) {
  EXPECT_NE(screen_with({}).draw(80, 24).find("Quiet"), std::string::npos);
  EXPECT_NE(screen_with({incident("01A", "critical", "ingress", "amp_dns")}).draw(80, 24).find("UNDER ATTACK"), std::string::npos);
  // Also when the attack on it is the graver one.
  const auto graver =
      screen_with({incident("01A", "critical", "ingress", "amp_dns"), incident("01B", "high", "egress", "udp_flood")}).draw(80, 24);
  EXPECT_NE(graver.find("TAKING PART"), std::string::npos);
  EXPECT_LT(graver.find("udp_flood"), graver.find("amp_dns"));
  EXPECT_NE(screen_with({incident("01A", "medium", "ingress", "ssh_bruteforce")}).draw(80, 24).find("Logins are being guessed"),
            std::string::npos);
  EXPECT_NE(screen_with({incident("01A", "low", "ingress", "mirai_scan")}).draw(80, 24).find("Scanned, not attacked"), std::string::npos);
  const auto both =
      screen_with({incident("01A", "critical", "ingress", "amp_dns"), incident("01B", "critical", "egress", "udp_flood")}).draw(80, 24);
  EXPECT_NE(both.find("TAKING PART"), std::string::npos);
  EXPECT_EQ(both.find("UNDER ATTACK"), std::string::npos);
}

TEST(TopScreen, TheIdOfAnIncidentIsWholeAt80Columns) {
  EXPECT_NE(screen_with({incident("01KAYPDG00000000000000M1C2", "critical", "ingress", "udp_plain_flood")}).draw(80, 24).find("-M1C2"),
            std::string::npos);
}

TEST(TopScreen, KeysChooseSortAndShow) {
  auto screen = screen_with({incident("01A", "low", "ingress", "mirai_scan"), incident("01B", "critical", "ingress", "amp_dns")});
  EXPECT_LT(screen.draw(80, 24).find("amp_dns"), screen.draw(80, 24).find("mirai_scan"));
  EXPECT_TRUE(screen.on_key(Key::down));
  EXPECT_NE(screen.draw(80, 24).find("TALKERS of mirai_scan"), std::string::npos);
  EXPECT_TRUE(screen.on_key(Key::enter));
  EXPECT_NE(screen.draw(80, 24).find("Ask your provider."), std::string::npos);
  EXPECT_TRUE(screen.on_key(Key::back));
  EXPECT_NE(screen.draw(80, 24).find("TALKERS"), std::string::npos);
  EXPECT_FALSE(screen.on_key(Key::quit));
}

TEST(TopScreen, PauseHoldsWhatIsShown) {
  auto screen = screen_with({});
  screen.on_key(Key::pause);
  screen.on_incident({{"change", "opened"}, {"incident", incident("01A", "critical", "ingress", "amp_dns")}});
  EXPECT_NE(screen.draw(80, 24).find("Quiet"), std::string::npos);
  EXPECT_NE(screen.draw(80, 24).find("PAUSED"), std::string::npos);
  screen.on_key(Key::pause);
  EXPECT_NE(screen.draw(80, 24).find("UNDER ATTACK"), std::string::npos);
}

TEST(TopScreen, HostileTextIsDrawnHarmlessly) {
  auto bad = incident("01A", "high", "egress", "udp_flood");
  bad["process"] = {{"pid", 7}, {"exe", "/tmp/\x1b]0;owned\x07\n\n\xe2\x80\xaex"}, {"command", "\x1b[2J"}};
  bad["subject"] = "\x1b[31m";
  auto screen = screen_with({bad});
  for (int i = 0; i < 2; ++i) {
    const auto text = screen.draw(80, 24);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\x07'), std::string::npos);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 23);
    screen.on_key(Key::enter);
  }
}

}  // namespace
}  // namespace sekisho
