// The control protocol and socket: roles, hostile input, the stream, slow and dead clients.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "control/client.h"
#include "control/server.h"

namespace sekisho {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

TEST(ControlProtocol, RequestsAreReadAndRefused) {
  const auto good = parse_request(R"({"v":1,"id":7,"do":"incidents","role":"viewer","with":{"open":true},"further":1})");
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good.value().id, 7U);
  EXPECT_EQ(good.value().verb, "incidents");
  EXPECT_EQ(good.value().role, Role::viewer);
  EXPECT_EQ(good.value().with, R"({"open":true})");
  const auto again = parse_request(request_line(good.value()));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.value().with, good.value().with);

  const std::string deep = R"({"v":1,"do":"status","with":)" + std::string(30'000, '[') + std::string(30'000, ']') + "}";
  for (const std::string& bad : {std::string{""},
                                 std::string{"{"},
                                 std::string{"null"},
                                 std::string{"[1]"},
                                 std::string{R"({"do":"status"})"},
                                 std::string{R"({"v":2,"do":"status"})"},
                                 std::string{R"({"v":"1","do":"status"})"},
                                 std::string{R"({"v":1})"},
                                 std::string{R"({"v":1,"do":""})"},
                                 std::string{R"({"v":1,"do":"a b"})"},
                                 std::string{R"({"v":1,"do":7})"},
                                 std::string{R"({"v":1,"do":"status","id":-1})"},
                                 std::string{R"({"v":1,"do":"status","id":"x"})"},
                                 std::string{R"({"v":1,"do":"status","role":"root"})"},
                                 std::string{R"({"v":1,"do":"status","role":7})"},
                                 std::string{R"({"v":1,"do":"status","with":[]})"},
                                 std::string{"{\"v\":1,\"do\":\"sta\xfftus\"}"},
                                 R"({"v":1,"do":")" + std::string(41, 'a') + R"("})",
                                 std::string(kMaxRequestBytes + 1, ' '),
                                 deep}) {
    const auto refused = parse_request(bad);
    ASSERT_FALSE(refused.ok()) << bad.substr(0, 80);
    EXPECT_LT(refused.error().message.size(), 200U);
  }
}

TEST(ControlProtocol, LinesAreValidJsonWhateverTheySay) {
  const std::string hostile = "a\"b\\c\n\x1b[31m\xff\xe2\x80\xae";
  const auto line = error_line(3, "failed", hostile);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto parsed = json::parse(line, nullptr, false);
  ASSERT_TRUE(parsed.is_object());
  EXPECT_FALSE(parsed["ok"].get<bool>());
}

class ControlTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sekisho-control-XXXXXX";
    folder_ = ::mkdtemp(name);
    settings_.path = folder_ + "/run/control.sock";
    settings_.group = "no-such-group-here";
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    auto server = ControlServer::open(settings_);
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(server).value();
    server_->on("status", Role::viewer,
                [](const ControlRequest& r) -> Result<std::string> { return R"({"role":")" + std::string{to_string(r.role)} + R"("})"; });
    server_->on("block", Role::operator_, [](const ControlRequest& r) -> Result<std::string> { return r.with; });
    server_->on("fails", Role::viewer, [](const ControlRequest&) -> Result<std::string> { return Error{"it cannot be done"}; });
    server_->on_snapshot([] { return std::string{R"({"all":"quiet"})"}; });
    server_->start();
  }
  std::unique_ptr<ControlClient> client() {
    auto connected = ControlClient::connect(settings_.path);
    EXPECT_TRUE(connected.ok()) << (connected.ok() ? "" : connected.error().message);
    return std::move(connected).value();
  }
  static json next(ControlClient& client) {
    const auto line = client.next(5s);
    return line.ok() && line.value() ? json::parse(*line.value(), nullptr, false) : json{};
  }
  int raw() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, settings_.path.data(), settings_.path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }

  std::string folder_;
  ControlServerSettings settings_;
  std::unique_ptr<ControlServer> server_;
};

TEST_F(ControlTest, RolesAreTheLesserOfBoth) {
  open();
  auto c = client();
  EXPECT_EQ(c->ask("status").value(), R"({"role":"admin"})") << "the agent's own user";
  EXPECT_EQ(c->ask("status", "{}", Role::viewer).value(), R"({"role":"viewer"})");
  EXPECT_EQ(c->ask("block", R"({"ip":"198.51.100.7"})", Role::operator_).value(), R"({"ip":"198.51.100.7"})");
  const auto denied = c->ask("block", "{}", Role::viewer);
  ASSERT_FALSE(denied.ok());
  EXPECT_NE(denied.error().message.find("needs the role operator"), std::string::npos);
  EXPECT_EQ(c->ask("nothing").error().message, "the agent does not know 'nothing'");
  EXPECT_EQ(c->ask("fails").error().message, "it cannot be done");
  EXPECT_EQ(server_->stats().refused, 1U);
}

TEST_F(ControlTest, HostileBytesHurtNobodyElse) {
  open();
  auto good = client();
  const int bad = raw();
  using namespace std::string_literals;
  const std::string nonsense = "\x00\xff{{{{\n\n\r\n{\"v\":1}\n[[[[\n"s;
  ASSERT_EQ(::send(bad, nonsense.data(), nonsense.size(), MSG_NOSIGNAL), static_cast<ssize_t>(nonsense.size()));
  const int endless = raw();
  const std::string line(kMaxRequestBytes + 20'000, 'x');
  for (std::size_t sent = 0; sent < line.size();) {
    const auto n = ::send(endless, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) break;
    sent += static_cast<std::size_t>(n);
  }
  EXPECT_TRUE(good->ask("status").ok());
  char answer[4096];
  const auto got = ::recv(endless, answer, sizeof answer, 0);
  EXPECT_NE(std::string(answer, got > 0 ? static_cast<std::size_t>(got) : 0).find("longer than 64 KiB"), std::string::npos);
  EXPECT_LE(::recv(endless, answer, sizeof answer, 0), 0) << "and is disconnected";
  ::close(bad);
  ::close(endless);
  EXPECT_TRUE(good->ask("status").ok());
}

TEST_F(ControlTest, TheStreamIsNumberedAndResumes) {
  open();
  auto c = client();
  server_->publish("second", "1");
  const auto subscribed = json::parse(c->subscribe().value());
  EXPECT_EQ(subscribed["seq"], 1);
  EXPECT_FALSE(subscribed["resumed"].get<bool>());
  const auto snapshot = next(*c);
  EXPECT_EQ(snapshot["event"], "snapshot");
  EXPECT_EQ(snapshot["data"]["all"], "quiet");
  server_->publish("second", "2");
  server_->publish("incident", R"({"change":"opened"})");
  EXPECT_EQ(next(*c)["data"], 2);
  const auto incident = next(*c);
  EXPECT_EQ(incident["event"], "incident");
  EXPECT_EQ(incident["seq"], 3);

  auto only = client();
  ASSERT_TRUE(only->subscribe(R"({"events":["incident"],"after":1,"run":)" + subscribed["run"].dump() + "}").ok());
  const auto first = next(*only);
  EXPECT_EQ(first["event"], "incident") << "no snapshot, no seconds: it goes on where it was told to";
  EXPECT_EQ(first["seq"], 3);
  auto other_run = client();
  EXPECT_FALSE(json::parse(other_run->subscribe(R"({"after":1,"run":"0000"})").value())["resumed"].get<bool>());
  auto future = client();
  EXPECT_FALSE(json::parse(future->subscribe(R"({"after":99,"run":)" + subscribed["run"].dump() + "}").value())["resumed"].get<bool>());
}

TEST_F(ControlTest, ASlowSubscriberMissesEventsAndDelaysNobody) {
  settings_.kept_events = 50;
  open();
  auto slow = client();
  auto quick = client();
  ASSERT_TRUE(slow->subscribe().ok());
  ASSERT_TRUE(quick->subscribe(R"({"events":["last"]})").ok());
  next(*quick);
  const std::string big = "\"" + std::string(100'000, 'x') + "\"";
  for (int i = 0; i < 200; ++i) server_->publish("second", big);
  server_->publish("last", "1");
  auto told = next(*quick);
  if (told["event"] == "gap") told = next(*quick);  // it was late for the events that it did not ask for
  EXPECT_EQ(told["event"], "last");
  bool gap = false;
  std::uint64_t seen = 0, missed = 0;
  for (;;) {
    const auto event = next(*slow);
    if (!event.is_object()) break;
    if (event["event"] == "gap") gap = true, missed += event["data"]["missed"].get<std::uint64_t>();
    if (event["event"] == "second") ++seen;
    if (event["event"] == "last") break;
  }
  EXPECT_TRUE(gap);
  EXPECT_EQ(seen + missed, 200U) << "what was missed is counted";
  EXPECT_GE(server_->stats().missed, missed);
}

TEST_F(ControlTest, OneServerForASocketAndLeftoversAreCleared) {
  open();
  const auto second = ControlServer::open(settings_);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("another agent"), std::string::npos) << second.error().message;
  EXPECT_FALSE(agent_is_absent(settings_.path));
  server_.reset();
  EXPECT_TRUE(agent_is_absent(settings_.path));
  const auto refused = ControlClient::connect(settings_.path);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("sudo systemctl start sekisho"), std::string::npos);
  // A socket that an agent left when it was killed.
  const int left = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, settings_.path.data(), settings_.path.size());
  ASSERT_EQ(::bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(left);
  open();
  EXPECT_TRUE(client()->ask("status").ok());
}

TEST_F(ControlTest, TooManyClientsAreToldSo) {
  settings_.max_clients = 2;
  open();
  auto first = client(), second = client();
  EXPECT_TRUE(first->ask("status").ok());
  EXPECT_TRUE(second->ask("status").ok());
  auto third = client();
  const auto refused = third->ask("status");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("connected already"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(first->ask("status").ok());
}

}  // namespace
}  // namespace sekisho
