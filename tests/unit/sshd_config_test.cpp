// sshd_config: the first value holds, Match blocks, Include.
#include "audit/sshd_config.h"

#include <gtest/gtest.h>

namespace sekisho {
namespace {

SshdSettings settings(const std::map<std::string, std::string>& files, const std::string& user) {
  SshdVisitor visitor;
  visitor.user = user;
  return parse_sshd_config(
      "/etc/ssh/sshd_config", visitor,
      [&](const std::string& path) -> std::optional<std::string> {
        const auto found = files.find(path);
        return found == files.end() ? std::nullopt : std::optional{found->second};
      },
      [&](const std::string& pattern) { return files.contains(pattern) ? std::vector{pattern} : std::vector<std::string>{}; });
}

TEST(SshdConfig, DefaultsAndFirstValue) {
  EXPECT_EQ(sshd_value(settings({}, "root"), "passwordauthentication"), "yes");
  const auto s =
      settings({{"/etc/ssh/sshd_config", "# PasswordAuthentication yes\nPasswordAuthentication no\nPasswordAuthentication yes\n"}}, "root");
  EXPECT_EQ(sshd_value(s, "passwordauthentication"), "no");
  EXPECT_EQ(sshd_place(s, "passwordauthentication"), "/etc/ssh/sshd_config:2");
}

TEST(SshdConfig, MatchHoldsForWhomItNames) {
  const std::map<std::string, std::string> files{{"/etc/ssh/sshd_config",
                                                  "Match User root,!x\n PasswordAuthentication no\nMatch Address 10.0.0.0/8\n MaxAuthTries "
                                                  "99\nMatch all\n PasswordAuthentication yes\n"}};
  EXPECT_EQ(sshd_value(settings(files, "root"), "passwordauthentication"), "no");
  EXPECT_EQ(sshd_value(settings(files, "anna"), "passwordauthentication"), "yes");
  EXPECT_EQ(sshd_value(settings(files, "root"), "maxauthtries"), "6");
}

TEST(SshdConfig, AMatchThatHoldsOverridesWhatStandsBeforeIt) {
  const std::map<std::string, std::string> files{
      {"/etc/ssh/sshd_config",
       "PasswordAuthentication no\nMatch User root\n PasswordAuthentication yes\nMatch User root\n PasswordAuthentication no\n"}};
  EXPECT_EQ(sshd_value(settings(files, "root"), "passwordauthentication"), "yes");  // of several that hold, the first
  EXPECT_EQ(sshd_value(settings(files, "anna"), "passwordauthentication"), "no");
}

TEST(SshdConfig, IncludeInsideAMatchThatDoesNotHoldCountsForNothing) {
  const std::map<std::string, std::string> files{{"/etc/ssh/sshd_config", "Include a\nMatch User nobody-here\nInclude b\n"},
                                                 {"/etc/ssh/a", "PermitRootLogin yes\n"},
                                                 {"/etc/ssh/b", "MaxAuthTries 99\n"}};
  EXPECT_EQ(sshd_value(settings(files, "root"), "permitrootlogin"), "yes");
  EXPECT_EQ(sshd_value(settings(files, "root"), "maxauthtries"), "6");
}

TEST(SshdConfig, IncludesThatGoInCirclesEnd) {
  EXPECT_FALSE(settings({{"/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config\n"}}, "root").not_understood.empty());
}

TEST(SshdConfig, UnknownCriteriaDoNotHoldAndAreSaid) {
  const auto s = settings({{"/etc/ssh/sshd_config", "Match RDomain x\n PermitRootLogin yes\n"}}, "root");
  EXPECT_EQ(sshd_value(s, "permitrootlogin"), "prohibit-password");
  EXPECT_EQ(s.not_understood.size(), 1U);
}

}  // namespace
}  // namespace sekisho
