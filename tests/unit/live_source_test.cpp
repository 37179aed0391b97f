// Which of several interfaces are watched.
#include "app/live_source.h"

#include <gtest/gtest.h>

#include <map>

namespace sekisho {
namespace {

const std::map<std::string, LinkInfo> kLinks{
    {"eth0", {.index = 2, .master = 5}},
    {"eth1", {.index = 3}},
    {"br0", {.index = 5, .kind = "bridge"}},
    {"eth1.7", {.index = 6, .lower = 3, .kind = "vlan"}},
    {"gre1", {.index = 7, .lower = 3, .kind = "gre"}},
    {"veth0", {.index = 8, .lower = 3, .kind = "veth"}},
};
Result<LinkInfo> ask(const std::string& name) {
  const auto found = kLinks.find(name);
  if (found == kLinks.end()) return Error{"there is none"};
  return found->second;
}

TEST(LiveSource, APortBesideItsBridgeAndAVlanAboveItsCardAreLeftOut) {
  std::vector<std::string> names{"eth0", "br0", "eth1.7", "eth1"};
  const auto notes = leave_out_doubles(names, ask);
  EXPECT_EQ(names, (std::vector<std::string>{"br0", "eth1"}));
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_EQ(notes[0], "eth0 is left out: it is a port of br0, whose packets would be counted twice");
  EXPECT_EQ(notes[1], "eth1.7 is left out: eth1 below it shows the same packets");
}

TEST(LiveSource, AloneEachIsWatched) {
  for (const auto* name : {"eth0", "eth1.7", "br0", "veth0", "missing"}) {
    std::vector<std::string> names{name};
    EXPECT_TRUE(leave_out_doubles(names, ask).empty());
    EXPECT_EQ(names.size(), 1u);
  }
}

TEST(LiveSource, ATunnelIsKeptAndSaidAVethIsNone) {
  std::vector<std::string> names{"eth1", "gre1", "veth0"};
  const auto notes = leave_out_doubles(names, ask);
  EXPECT_EQ(names.size(), 3u);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("gre1 is a tunnel through eth1"), std::string::npos);
}

TEST(LiveSource, InterfacesAreNamedOnce) {
  CaptureSettings capture;
  capture.interfaces = {"a", "b", "a"};
  const auto chosen = interfaces_to_watch(capture);
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(chosen.value(), (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace sekisho
