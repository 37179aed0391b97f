// The payload recognisers: every exact pattern, and the near misses beside it.
#include "features/payload_signs.h"

#include <gtest/gtest.h>

#include "make_packet.h"

namespace sekisho {
namespace {

using test::bytes;

Payload payload(std::string_view text, std::size_t snap = 64) {
  return {{reinterpret_cast<const std::uint8_t*>(text.data()), std::min(text.size(), snap)}, static_cast<std::uint32_t>(text.size())};
}

TEST(PayloadSigns, MiraiRegistration) {
  EXPECT_TRUE(is_mirai_registration(payload(bytes({0, 0, 0, 1}))));
  EXPECT_TRUE(is_mirai_registration(payload(bytes({0, 0, 0, 1, 0}))));
  EXPECT_TRUE(is_mirai_registration(payload(bytes({0, 0, 0, 1, 3, 'a', 'b', 'c'}))));
  EXPECT_FALSE(is_mirai_registration(payload(bytes({0, 0, 0, 1, 3, 'a', 'b'}))));
  EXPECT_FALSE(is_mirai_registration(payload(bytes({0, 0, 0, 2}))));
  EXPECT_FALSE(is_mirai_registration(payload(bytes({0, 0, 1}))));
  EXPECT_FALSE(is_mirai_registration(payload(bytes({0, 0, 0, 1, 33}) + std::string(33, 'x')))) << "ids have at most 32 bytes";
}

TEST(PayloadSigns, MiraiHeartbeat) {
  EXPECT_TRUE(is_mirai_heartbeat(payload(bytes({0, 0}))));
  EXPECT_FALSE(is_mirai_heartbeat(payload(bytes({0}))));
  EXPECT_FALSE(is_mirai_heartbeat(payload(bytes({0, 0, 0}))));
  EXPECT_FALSE(is_mirai_heartbeat(payload(bytes({0xc0, 0}))));
}

TEST(PayloadSigns, BenignBeatsByTheirExactBytes) {
  const std::string bgp = std::string(16, '\xff') + bytes({0, 19, 4});
  const std::pair<std::string, BenignBeat> cases[] = {
      {bytes({0xc0, 0}), BenignBeat::mqtt},
      {bytes({0xd0, 0}), BenignBeat::mqtt},
      {bytes({8, 0, 0, 0, 0, 0, 0, 0xce}), BenignBeat::amqp},
      {"\n", BenignBeat::stomp},
      {bytes({1, 0, 0, 0, 0x0e}), BenignBeat::mysql},
      {bytes({0x89, 0}), BenignBeat::websocket},
      {bytes({0x8a, 0}), BenignBeat::websocket},
      {bytes({0x89, 0x80, 1, 2, 3, 4}), BenignBeat::websocket},
      {bytes({0x89, 4, 'p', 'i', 'n', 'g'}), BenignBeat::websocket},
      {bytes({0x81, 0x81, 1, 2, 3, 4, 0x33}), BenignBeat::websocket},
      {bgp, BenignBeat::bgp},
      {"PING :irc.example.net\r\n", BenignBeat::irc},
      {"PONG irc.example.net\r\n", BenignBeat::irc},
      {":irc.example.net PONG irc.example.net :x\r\n", BenignBeat::irc},
      {"SSH-2.0-OpenSSH_9.2\r\n", BenignBeat::ssh},
      {"NOOP\r\n", BenignBeat::noop},
      {"a17 NOOP\r\n", BenignBeat::noop},
      {bytes({0xff, 0xf1}), BenignBeat::noop},
      {" ", BenignBeat::whitespace},
      {"\r\n", BenignBeat::whitespace},
      {bytes({'Q', 0, 0, 0, 5, 0}), BenignBeat::postgres},
      // near misses
      {bytes({'Q', 0, 0, 0, 6, 'x', 0}), BenignBeat::none},
      {bytes({0, 0}), BenignBeat::none},
      {bytes({0xc0, 1}), BenignBeat::none},
      {bytes({0xc0, 0, 0}), BenignBeat::none},
      {bytes({8, 0, 0, 0, 0, 0, 0, 0xcf}), BenignBeat::none},
      {"\n\n", BenignBeat::none},
      {bytes({1, 0, 0, 0, 0x0f}), BenignBeat::none},
      {bytes({0x89, 1}), BenignBeat::none},
      {bytes({0x81, 1, 'x'}), BenignBeat::none},
      {bgp.substr(0, 18) + '\x03', BenignBeat::none},
      {"PING\r\n", BenignBeat::none},
      {"PING \r\n", BenignBeat::none},
      {"PONG!\n", BenignBeat::none},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(benign_beat(payload(text)), expected) << testing::PrintToString(text);
  EXPECT_EQ(benign_beat(payload("")), BenignBeat::none);
}

TEST(PayloadSigns, GafgytText) {
  EXPECT_EQ(text_sign(payload("PING")), TextSign::bare_ping);
  EXPECT_EQ(text_sign(payload("PING\r\n")), TextSign::bare_ping);
  EXPECT_EQ(text_sign(payload("PONG\n")), TextSign::bare_pong);
  EXPECT_EQ(text_sign(payload("PONG!\n")), TextSign::gafgyt_pong);
  EXPECT_EQ(text_sign(payload("!* UDP 192.0.2.1 80 60 32 0 10\n")), TextSign::gafgyt_command);
  for (const char* text : {"PING :x\r\n", "PINGS\n", "+PONG\r\n", "!*UDP", "!* udp", "! * UDP", "PIN", "", "PONG!!\n"})
    EXPECT_EQ(text_sign(payload(text)), TextSign::none) << text;
}

TEST(PayloadSigns, Busybox) {
  const auto tag = [](std::string_view text) {
    const BusyboxMatch m = find_busybox(payload(text, 256));
    return m.found ? std::string{"+"} + m.tag.data() : std::string{"-"};
  };
  EXPECT_EQ(tag("/bin/busybox MIRAI\r\n"), "+MIRAI");
  EXPECT_EQ(tag("enable;sh;/bin/busybox SORA"), "+SORA");
  EXPECT_EQ(tag("/bin/busybox ps; /bin/busybox ECCHI\r\n"), "+");
  EXPECT_EQ(tag("/bin/busybox cat /proc/mounts\r\n"), "+");
  EXPECT_EQ(tag("/bin/busybox\r\n"), "+");
  EXPECT_EQ(tag("/bin/busybox MIRAI\x1b[31m"), "+") << "no control characters in a tag";
  EXPECT_EQ(tag("/bin/busybox AVERYLONGTAGTHATGOESON\r\n"), "+");
  EXPECT_EQ(tag("busybox MIRAI"), "-");
}

TEST(PayloadSigns, TelnetPrompts) {
  EXPECT_EQ(telnet_prompt(payload("\r\nlogin: ")), PromptSign::login);
  EXPECT_EQ(telnet_prompt(payload(bytes({0xff, 0xfb, 1, 0xff, 0xfa, 0x22, 1, 0xff, 0xf0}) + "Username:")), PromptSign::login);
  EXPECT_EQ(telnet_prompt(payload("Password:")), PromptSign::password);
  EXPECT_EQ(telnet_prompt(payload("\r\nLogin incorrect\r\n\r\nlogin: ")), PromptSign::failed);
  EXPECT_EQ(telnet_prompt(payload("Access denied\r\n")), PromptSign::failed);
  EXPECT_EQ(telnet_prompt(payload("\r\n# ")), PromptSign::shell);
  EXPECT_EQ(telnet_prompt(payload("user@host:~$ ")), PromptSign::shell);
  EXPECT_EQ(telnet_prompt(payload("Last login: Sat Nov 27 on ttyp2\r\n")), PromptSign::shell);
  EXPECT_EQ(telnet_prompt(payload("total 12\r\n")), PromptSign::none);
  EXPECT_EQ(telnet_prompt(payload("")), PromptSign::none);
  EXPECT_TRUE(is_telnet_negotiation(payload(bytes({0xff, 0xfd, 3}))));
  EXPECT_FALSE(is_telnet_negotiation(payload(bytes({0xff, 0xd8, 0xff}))));
}

TEST(PayloadSigns, Logins) {
  EXPECT_EQ(reply_code(payload("530 Login incorrect.\r\n")), 530U);
  EXPECT_EQ(reply_code(payload("230-Welcome\r\n")), 230U);
  EXPECT_EQ(reply_code(payload("5300 x")), 0U);
  EXPECT_EQ(reply_code(payload("530")), 0U);
  EXPECT_TRUE(is_ftp_password(payload("pass x\r\n")));
  EXPECT_FALSE(is_ftp_password(payload("PASV\r\n")));
  EXPECT_TRUE(is_login_refusal(payload("535 5.7.8 Error: authentication failed\r\n"), 587));
  EXPECT_FALSE(is_login_refusal(payload("535 5.7.8 Error\r\n"), 8080));
  EXPECT_FALSE(is_login_refusal(payload("530 Must issue STARTTLS\r\n"), 25));
  EXPECT_TRUE(is_login_refusal(payload("-ERR [AUTH] no\r\n"), 110));
  EXPECT_TRUE(is_login_refusal(payload("a1 NO [AUTHENTICATIONFAILED]\r\n"), 143));
  EXPECT_FALSE(is_login_refusal(payload("* NO disk\r\n"), 143));
  EXPECT_TRUE(is_login_refusal(payload(bytes({0x48, 0, 0, 2, 0xff, 0x15, 0x04}) + "#28000Access denied"), 3306));
  EXPECT_FALSE(is_login_refusal(payload(bytes({0x48, 0, 0, 2, 0xff, 0x16, 0x04}) + "#28000"), 3306));
  EXPECT_TRUE(is_login_refusal(payload("E" + bytes({0, 0, 0, 100}) + std::string("SFATAL\0C28P01\0", 14)), 5432));
  EXPECT_TRUE(is_login_refusal(payload(bytes({0, 0, 0, 1})), 5900));
  EXPECT_TRUE(is_login_refusal(payload(bytes({0, 0, 0, 1, 0, 0, 0, 3}) + "no!"), 5900));
  EXPECT_FALSE(is_login_refusal(payload(bytes({0, 0, 0, 1, 0, 0, 0, 2}) + "no!"), 5900));
  EXPECT_FALSE(is_login_refusal(payload(bytes({0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0})), 5900));
  EXPECT_TRUE(is_rdp_request(payload(bytes({3, 0, 0, 19, 14, 0xe0, 0, 0}))));
  EXPECT_FALSE(is_rdp_request(payload(bytes({3, 0, 0, 19, 14, 0xd0, 0, 0}))));
}

}  // namespace
}  // namespace sekisho
