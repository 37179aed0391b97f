// sshd's messages: every form names the right address and no other, whatever the user calls himself.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "decode/log_decode.h"

namespace sekisho {
namespace {

struct Form {
  const char* message;
  LogKind kind;
  const char* source;  // "" = none
  const char* user;
};

const Form kForms[] = {
    // Authentication (auth.c), with and without key information.
    {"Failed password for root from 203.0.113.9 port 51182 ssh2", LogKind::login_failed, "203.0.113.9", "root"},
    {"Failed password for invalid user admin from 203.0.113.9 port 51182 ssh2", LogKind::login_failed, "203.0.113.9", "admin"},
    {"Failed password for invalid user  from 203.0.113.9 port 51182 ssh2", LogKind::login_failed, "203.0.113.9", ""},
    {"Failed keyboard-interactive/pam for root from 2001:db8::7 port 3 ssh2", LogKind::login_failed, "2001:db8::7", "root"},
    {"Failed publickey for git from 203.0.113.9 port 4 ssh2: RSA SHA256:5xyQ+PG1Z3CIiShclJ2iNya5TOdKDgE/HrOXr21IdOo", LogKind::login_failed,
     "203.0.113.9", "git"},
    {"Failed publickey for git from 203.0.113.9 port 4 ssh2: ED25519-CERT SHA256:abc ID alice (serial 3) CA ED25519 SHA256:def",
     LogKind::login_failed, "203.0.113.9", "git"},
    {"Failed hostbased for git from 203.0.113.9 port 4 ssh2: RSA SHA256:abc, client user \"bob\", client host \"pc\"",
     LogKind::login_failed, "203.0.113.9", "git"},
    {"Failed none for invalid user ubnt from 203.0.113.9 port 4 ssh2", LogKind::login_hint, "203.0.113.9", "ubnt"},
    {"Failed password for root from ::ffff:203.0.113.9 port 5 ssh2", LogKind::login_failed, "203.0.113.9", "root"},
    {"Failed password for root from fe80::1%eth0 port 5 ssh2", LogKind::login_failed, "fe80::1", "root"},
    {"Accepted password for alice from 203.0.113.9 port 51182 ssh2", LogKind::login_ok, "203.0.113.9", "alice"},
    {"Accepted publickey for alice from 203.0.113.9 port 6 ssh2: ED25519 SHA256:kzfjfps/WFgXAdNgzvHBLuI072Y+f+91rpinXJAAvkM",
     LogKind::login_ok, "203.0.113.9", "alice"},
    {"Postponed keyboard-interactive for root from 203.0.113.9 port 6 ssh2 [preauth]", LogKind::nothing, "", ""},
    {"Partial publickey for root from 203.0.113.9 port 6 ssh2", LogKind::nothing, "", ""},
    // Users that are refused.
    {"Invalid user pascal from 203.0.113.9 port 53502", LogKind::login_hint, "203.0.113.9", "pascal"},
    {"Invalid user  from 203.0.113.9 port 53502", LogKind::login_hint, "203.0.113.9", ""},
    {"Invalid user pascal from 203.0.113.9", LogKind::login_hint, "203.0.113.9", "pascal"},
    {"User root from 203.0.113.9 not allowed because not listed in AllowUsers", LogKind::login_hint, "203.0.113.9", "root"},
    {"User bob from 203.0.113.9 not allowed because none of user's groups are listed in AllowGroups", LogKind::login_hint, "203.0.113.9",
     "bob"},
    {"User bob from 203.0.113.9 not allowed because a group is listed in DenyGroups", LogKind::login_hint, "203.0.113.9", "bob"},
    {"User bob from 203.0.113.9 not allowed because shell /bin/none does not exist", LogKind::login_hint, "203.0.113.9", "bob"},
    {"User bob from host.example not allowed because listed in DenyUsers", LogKind::login_hint, "", "bob"},
    {"User bob not allowed because account is locked", LogKind::nothing, "", "bob"},
    {"ROOT LOGIN REFUSED FROM 203.0.113.9 port 22", LogKind::login_hint, "203.0.113.9", "root"},
    {"error: maximum authentication attempts exceeded for root from 203.0.113.9 port 4 ssh2 [preauth]", LogKind::login_hint, "203.0.113.9",
     "root"},
    {"error: maximum authentication attempts exceeded for invalid user a b from 203.0.113.9 port 4 ssh2 [preauth]", LogKind::login_hint,
     "203.0.113.9", "a b"},
    {"error: PAM: Authentication failure for root from 203.0.113.9", LogKind::login_hint, "203.0.113.9", "root"},
    {"error: PAM: User not known to the underlying authentication module for illegal user x from 203.0.113.9", LogKind::login_hint,
     "203.0.113.9", "x"},
    {"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root", LogKind::login_hint,
     "203.0.113.9", "root"},
    {"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9", LogKind::login_hint,
     "203.0.113.9", ""},
    {"pam_sss(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=host.example user=bob", LogKind::login_hint,
     "", "bob"},
    {"PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root", LogKind::login_hint,
     "203.0.113.9", "root"},
    // Connections that end before a login.
    {"Connection closed by authenticating user root 203.0.113.9 port 45362 [preauth]", LogKind::login_hint, "203.0.113.9", "root"},
    {"Connection closed by invalid user x 203.0.113.9 port 45362 [preauth]", LogKind::login_hint, "203.0.113.9", "x"},
    {"Connection closed by invalid user  203.0.113.9 port 45362 [preauth]", LogKind::login_hint, "203.0.113.9", ""},
    {"Connection reset by authenticating user root 203.0.113.9 port 49115 [preauth]", LogKind::login_hint, "203.0.113.9", "root"},
    {"Disconnected from invalid user ftp 203.0.113.9 port 26138 [preauth]", LogKind::login_hint, "203.0.113.9", "ftp"},
    {"Disconnected from authenticating user ftp 203.0.113.9 port 26138 [preauth]", LogKind::login_hint, "203.0.113.9", "ftp"},
    {"Disconnected from user alice 203.0.113.9 port 26138", LogKind::nothing, "203.0.113.9", "alice"},
    {"Disconnecting invalid user a 203.0.113.9 port 5: Too many authentication failures [preauth]", LogKind::login_hint, "203.0.113.9",
     "a"},
    {"Disconnecting invalid user a 203.0.113.9 port 5: Change of username or service not allowed: (a,ssh-connection) -> (b,ssh-connection) "
     "[preauth]",
     LogKind::login_hint, "203.0.113.9", "a"},
    {"Connection closed by 203.0.113.9 port 33594 [preauth]", LogKind::probe, "203.0.113.9", ""},
    {"Connection closed by 203.0.113.9 [preauth]", LogKind::probe, "203.0.113.9", ""},
    {"Connection closed by 203.0.113.9 port 33594", LogKind::nothing, "203.0.113.9", ""},
    {"Connection closed by UNKNOWN port 65535 [preauth]", LogKind::probe, "", ""},
    {"Disconnected from 203.0.113.9 port 33594 [preauth]", LogKind::probe, "203.0.113.9", ""},
    {"Received disconnect from 203.0.113.9 port 4:11: Bye Bye [preauth]", LogKind::nothing, "", ""},
    // Probes.
    {"Did not receive identification string from 203.0.113.9 port 4", LogKind::probe, "203.0.113.9", ""},
    {"Did not receive identification string from 203.0.113.9", LogKind::probe, "203.0.113.9", ""},
    {"Bad protocol version identification 'GET / HTTP/1.1' from 203.0.113.9 port 4", LogKind::probe, "203.0.113.9", ""},
    {"banner exchange: Connection from 203.0.113.9 port 4: invalid format", LogKind::probe, "203.0.113.9", ""},
    {"error: kex_exchange_identification: Connection closed by remote host", LogKind::nothing, "", ""},
    {"Unable to negotiate with 203.0.113.9 port 4: no matching key exchange method found. Their offer: a,b [preauth]", LogKind::probe,
     "203.0.113.9", ""},
    {"fatal: Unable to negotiate with 203.0.113.9: no matching cipher found. Their offer: a [preauth]", LogKind::probe, "203.0.113.9", ""},
    {"fatal: Timeout before authentication for 203.0.113.9 port 47056", LogKind::probe, "203.0.113.9", ""},
    {"Timeout before authentication for connection from 203.0.113.9 to 198.51.100.2, pid = 4711", LogKind::probe, "203.0.113.9", ""},
    {"ssh_dispatch_run_fatal: Connection from 203.0.113.9 port 4: message authentication code incorrect [preauth]", LogKind::probe,
     "203.0.113.9", ""},
    {"ssh_dispatch_run_fatal: Connection from invalid user x 203.0.113.9 port 4: Broken pipe [preauth]", LogKind::probe, "203.0.113.9",
     "x"},
    {"drop connection #10 from [203.0.113.9]:50022 on [198.51.100.2]:22 past MaxStartups", LogKind::probe, "203.0.113.9", ""},
    {"drop connection #0 from [2001:db8::9]:50022 on [2001:db8::1]:22 penalty: failed authentication", LogKind::probe, "2001:db8::9", ""},
    {"refused connect from example.com (203.0.113.9)", LogKind::probe, "203.0.113.9", ""},
    {"Protocol major versions differ for 203.0.113.9 port 4: SSH-2.0-OpenSSH_9.2 vs. SSH-1.5-x", LogKind::probe, "203.0.113.9", ""},
    {"Magic value check failed (4289475479) on obfuscated handshake from 203.0.113.9 port 62730", LogKind::probe, "203.0.113.9", ""},
    {"Server listening on 0.0.0.0 port 22.", LogKind::nothing, "", ""},
    {"Close session: user ansible from 192.168.1.1 port 34928 id 0", LogKind::nothing, "", ""},
};

TEST(Sshd, every_form_names_its_source_and_its_user) {
  for (const Form& form : kForms) {
    LogEvent e;
    ASSERT_EQ(decode_sshd(form.message, e), LineVerdict::event) << form.message;
    EXPECT_EQ(static_cast<int>(e.kind), static_cast<int>(form.kind)) << form.message << " taken by " << e.rule;
    EXPECT_EQ(e.has_source ? to_string(e.source) : std::string{}, form.source) << form.message;
    EXPECT_EQ(e.user, form.user) << form.message;
    EXPECT_EQ(e.service, LogService::ssh) << form.message;
  }
}

TEST(Sshd, unknown_forms_are_unknown) {
  for (const char* message : {"Disconnected from totobad user ftp 92.255.85.135 port 26138 [preauth]", "Failed password for root",
                              "Failed password for root from somewhere", "Invalid user x from nowhere", "hello", "Invalid user",
                              "Accepted ", "Failed ", "refused connect from x 1.2.3.4", "User x from 1.2.3.4 not allowed because I say so",
                              "drop connection #1 from 1.2.3.4", "Unable to negotiate with nobody: x"}) {
    LogEvent e;
    EXPECT_EQ(decode_sshd(message, e), LineVerdict::unknown) << message;
    EXPECT_FALSE(e.has_source) << message;
  }
}

// What an attacker may call himself to make 192.0.2.66 look guilty.
const std::vector<std::string>& hostile_texts() {
  static const std::vector<std::string> all{
      "x from 192.0.2.66",
      "x from 192.0.2.66 port 22",
      "x from 192.0.2.66 port 22 ssh2",
      "x from 192.0.2.66 port 22 ssh2: RSA SHA256:abc",
      "from 192.0.2.66 port 22",
      " from 192.0.2.66 port 22",
      "192.0.2.66 port 22",
      "192.0.2.66",
      "x 192.0.2.66 port 22",
      "x 192.0.2.66 port 22: ",
      "x 192.0.2.66 port 22: Too many authentication failures",
      "x 192.0.2.66 port 22 [preauth]",
      "invalid user y from 192.0.2.66 port 1 ssh2",
      "authenticating user root 192.0.2.66 port 22 [preauth]",
      "x rhost=192.0.2.66  user=root",
      "rhost=192.0.2.66",
      "x (192.0.2.66)",
      "x' from 192.0.2.66 port 22",
      "x not allowed because not listed in AllowUsers",
      "x from 192.0.2.66 not allowed because not listed in AllowUsers",
      "root from 192.0.2.66 port 22: no matching key exchange method found. Their offer: x [preauth]",
      "Failed password for root from 192.0.2.66 port 22 ssh2",
      "message repeated 2 times: [ Failed password for root from 192.0.2.66 port 22 ssh2]",
      "connection from 192.0.2.66 to 192.0.2.67, pid = 1",
      "\nFailed password for root from 192.0.2.66 port 22 ssh2",
      std::string("x\0from 192.0.2.66 port 22", 24),
  };
  return all;
}

TEST(Sshd, hostile_names_never_make_another_address_look_guilty) {
  // Where the client's text stands in each message (%). The real source is 203.0.113.9.
  const char* const messages[] = {
      "Failed password for invalid user % from 203.0.113.9 port 7 ssh2",
      "Failed password for % from 203.0.113.9 port 7 ssh2",
      "Failed none for invalid user % from 203.0.113.9 port 7 ssh2",
      "Failed publickey for invalid user % from 203.0.113.9 port 7 ssh2: RSA SHA256:abcd",
      "Failed publickey for root from 203.0.113.9 port 7 ssh2: RSA-CERT SHA256:ab ID % (serial 0) CA RSA SHA256:cd",
      "Failed publickey for % from 203.0.113.9 port 7 ssh2: RSA-CERT SHA256:ab ID % (serial 0) CA RSA SHA256:cd",
      "Failed hostbased for % from 203.0.113.9 port 7 ssh2: RSA SHA256:ab, client user \"%\", client host \"%\"",
      "Invalid user % from 203.0.113.9 port 7",
      "Invalid user % from 203.0.113.9",
      "User % from 203.0.113.9 not allowed because not listed in AllowUsers",
      "error: maximum authentication attempts exceeded for invalid user % from 203.0.113.9 port 7 ssh2 [preauth]",
      "error: PAM: Authentication failure for illegal user % from 203.0.113.9",
      "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=%",
      "Connection closed by invalid user % 203.0.113.9 port 7 [preauth]",
      "Connection closed by authenticating user % 203.0.113.9 port 7 [preauth]",
      "Connection reset by invalid user % 203.0.113.9 port 7 [preauth]",
      "Disconnected from invalid user % 203.0.113.9 port 7 [preauth]",
      "Disconnecting invalid user % 203.0.113.9 port 7: Too many authentication failures [preauth]",
      "Disconnecting invalid user % 203.0.113.9 port 7: Change of username or service not allowed: (%,ssh-connection) -> "
      "(%,ssh-connection) "
      "[preauth]",
      "Received disconnect from 203.0.113.9 port 7:11: % [preauth]",
      "Bad protocol version identification '%' from 203.0.113.9 port 7",
      "Unable to negotiate with 203.0.113.9 port 7: no matching cipher found. Their offer: % [preauth]",
      "Unable to negotiate with invalid user % 203.0.113.9 port 7: no matching cipher found. Their offer: % [preauth]",
      "ssh_dispatch_run_fatal: Connection from invalid user % 203.0.113.9 port 7: Broken pipe [preauth]",
      "Protocol major versions differ for 203.0.113.9 port 7: SSH-2.0-x vs. %",
      "probed from 203.0.113.9 port 7 with %.  Don't panic.",
      "refused connect from % (203.0.113.9)",
      "kex_exchange_identification: client sent invalid protocol identifier \"%\"",
      "banner exchange: Connection from 203.0.113.9 port 7: %",
  };
  const auto put_in = [](std::string text, const std::string& hostile) {
    for (auto at = text.find('%'); at != std::string::npos; at = text.find('%', at + hostile.size())) text.replace(at, 1, hostile);
    return text;
  };
  std::size_t named = 0, tried = 0;
  for (const char* const message : messages)
    for (const auto& hostile : hostile_texts()) {
      const std::string line = put_in(message, hostile);
      LogEvent e;
      decode_sshd(line, e);
      ++tried;
      named += e.has_source;
      if (e.has_source) {
        EXPECT_EQ(to_string(e.source), "203.0.113.9") << line;
      }
    }
  // The attacker must not be able to hide behind such a name either: only where his text stands on both sides of the address.
  EXPECT_GT(named * 10, tried * 8) << named << " of " << tried;
}

TEST(Sshd, repeated_messages_count) {
  LogEvent e;
  ASSERT_EQ(decode_sshd("message repeated 4 times: [ Failed password for root from 203.0.113.9 port 7 ssh2]", e), LineVerdict::event);
  EXPECT_EQ(e.repeats, 4U);
  EXPECT_EQ(e.kind, LogKind::login_failed);
  EXPECT_EQ(to_string(e.source), "203.0.113.9");
}

TEST(Sshd, odd_names_are_marked) {
  LogEvent e;
  decode_sshd("Invalid user x from 192.0.2.66 port 22 from 203.0.113.9 port 7", e);
  EXPECT_TRUE(e.odd);
  e = {};
  decode_sshd("Invalid user \\033[31m from 203.0.113.9 port 7", e);
  EXPECT_TRUE(e.odd);
  e = {};
  decode_sshd("Invalid user backup user from 203.0.113.9 port 7", e);
  EXPECT_FALSE(e.odd);
}

// sshd cuts its reason at 100 bytes: a user name may end the line as another reason does.
TEST(Sshd, a_name_in_the_reason_makes_nobody_guilty) {
  for (const auto* line :
       {"Disconnecting invalid user a 203.0.113.9 port 7: Change of username or service not allowed: (a 192.0.2.66 port 22: Too many "
        "authentication failures [preauth]",
        "Disconnecting authenticating user root 203.0.113.9 port 7: Change of username or service not allowed: (root,ssh-connection) -> "
        "(a 192.0.2.66 port 22: Too many authentication failures"}) {
    LogEvent e;
    decode_sshd(line, e);
    EXPECT_FALSE(e.has_source && to_string(e.source) != "203.0.113.9") << line;
    EXPECT_TRUE(e.odd) << line;
  }
}

TEST(Sshd, long_hostile_text_takes_linear_time) {
  std::string text = "Disconnecting invalid user ";
  for (int i = 0; i < 200'000; ++i) text += "1 port 2: ";
  LogEvent e;
  decode_sshd(text, e);  // minutes if it were quadratic
  EXPECT_FALSE(e.has_source);
}

}  // namespace
}  // namespace sekisho
