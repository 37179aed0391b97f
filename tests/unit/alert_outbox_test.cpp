// The spool and the thread of a channel: at least once, in order, over outages and restarts, within bounds; and real senders at bad
// receivers.
#include "alert/outbox.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "alert_sample.h"

namespace sekisho {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/sekisho-alerts-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  std::string path;
};

std::shared_ptr<const Alert> alert(const std::string& id, AlertEvent event = AlertEvent::opened) {
  auto a = samples::udp_alert();
  a.id = id, a.event = event;
  return std::make_shared<const Alert>(std::move(a));
}

std::size_t files_in(const std::string& folder) {
  std::size_t n = 0;
  for (const auto& e : fs::directory_iterator{folder}) n += e.is_regular_file();
  return n;
}

// A receiver that notes ids; it fails while `down`.
struct Receiver {
  std::mutex mutex;
  std::vector<std::string> got;
  std::atomic<int> attempts = 0;
  std::atomic<bool> down = false;
  AlertOutcome::Kind answer = AlertOutcome::Kind::try_again;
  AlertOutbox::Send door() {
    return [this](const AlertChannel&, const Alert& a, const std::stop_token&) -> AlertOutcome {
      ++attempts;
      if (down) return {answer, "it is down", {}};
      const std::lock_guard lock{mutex};
      got.push_back(a.id);
      return {AlertOutcome::Kind::delivered, "ok", {}};
    };
  }
  std::vector<std::string> all() {
    const std::lock_guard lock{mutex};
    return got;
  }
};

bool until(const std::function<bool()>& holds) {
  for (int i = 0; i < 1000 && !holds(); ++i) std::this_thread::sleep_for(10ms);
  return holds();
}

AlertOutboxSettings settings(const Folder& folder) {
  AlertOutboxSettings s;
  s.folder = folder.path + "/oncall";
  s.first_pause = 10ms, s.longest_pause = 40ms;
  return s;
}
AlertOutbox::Clock clock() {
  return [] { return samples::kAlertTime; };
}

TEST(AlertOutbox, SendsInOrderAndForgetsWhatWasSent) {
  Folder folder;
  Receiver receiver;
  AlertOutbox box{samples::alert_channel("webhook"), settings(folder), receiver.door(), clock()};
  for (const auto* id : {"a", "b", "c"}) box.put(alert(id));
  EXPECT_TRUE(until([&] { return receiver.all().size() == 3; }));
  box.finish(1s);
  EXPECT_EQ(receiver.all(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(files_in(folder.path + "/oncall"), 0U);
  EXPECT_EQ(box.status().sent, 3U);
}

TEST(AlertOutbox, AnOutageDelaysButLosesNothing) {
  Folder folder;
  Receiver receiver;
  receiver.down = true;
  AlertOutbox box{samples::alert_channel("webhook"), settings(folder), receiver.door(), clock()};
  for (const auto* id : {"a", "b"}) box.put(alert(id));
  EXPECT_TRUE(until([&] { return receiver.attempts >= 3; }));
  EXPECT_EQ(box.status().problem, "it is down");
  EXPECT_TRUE(box.status().failing_since.has_value());
  EXPECT_EQ(box.status().waiting, 2U);
  receiver.down = false;
  EXPECT_TRUE(until([&] { return receiver.all().size() == 2; }));
  box.finish(1s);
  EXPECT_EQ(receiver.all(), (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(box.status().failing_since.has_value());
}

TEST(AlertOutbox, WhatWaitsOutlivesTheProgram) {
  Folder folder;
  Receiver receiver;
  receiver.down = true;
  {
    AlertOutbox box{samples::alert_channel("webhook"), settings(folder), receiver.door(), clock()};
    for (const auto* id : {"a", "b"}) box.put(alert(id));
    EXPECT_TRUE(until([&] { return receiver.attempts >= 1; }));
  }
  EXPECT_EQ(files_in(folder.path + "/oncall"), 2U);
  receiver.down = false;
  AlertOutbox box{samples::alert_channel("webhook"), settings(folder), receiver.door(), clock()};
  box.put(alert("c"));
  EXPECT_TRUE(until([&] { return receiver.all().size() == 3; }));
  box.finish(1s);
  EXPECT_EQ(receiver.all(), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(AlertOutbox, WhatIsNeverTakenIsBuriedAndHoldsUpNothing) {
  Folder folder;
  Receiver receiver;
  receiver.down = true, receiver.answer = AlertOutcome::Kind::refused;
  AlertOutbox box{samples::alert_channel("webhook"), settings(folder), receiver.door(), clock()};
  box.put(alert("bad"));
  EXPECT_TRUE(until([&] { return box.status().dead == 1; }));
  receiver.down = false;
  box.put(alert("good"));
  EXPECT_TRUE(until([&] { return receiver.all().size() == 1; }));
  box.finish(1s);
  EXPECT_EQ(files_in(folder.path + "/oncall/dead"), 1U);
}

TEST(AlertOutbox, TooOldIsGivenUp) {
  Folder folder;
  Receiver receiver;
  receiver.down = true;
  AlertOutbox box{samples::alert_channel("webhook"), settings(folder), receiver.door(),
                  [] { return samples::kAlertTime + 73LL * 3600 * kSecond; }};
  box.put(alert("old"));
  EXPECT_TRUE(until([&] { return box.status().dead == 1; }));
}

TEST(AlertSpool, IsBoundedAndKeepsBeginningsAndEnds) {
  Folder folder;
  AlertSpool spool{folder.path + "/x", 3};
  spool.put(alert("1"));
  spool.put(alert("2"));
  spool.put(alert("3", AlertEvent::update));
  spool.put(alert("4", AlertEvent::resolved));
  EXPECT_EQ(spool.size(), 3U);
  EXPECT_EQ(spool.dropped(), 1U);
  std::string left;
  for (; !spool.empty(); spool.done()) left += spool.front().alert->id;
  EXPECT_EQ(left, "124");
  EXPECT_EQ(files_in(folder.path + "/x"), 0U);
}

TEST(AlertSpool, HoldsNoSecretAndOthersCannotReadIt) {
  Folder folder;
  Receiver receiver;
  receiver.down = true;
  AlertOutbox box{samples::alert_channel("slack"), settings(folder), receiver.door(), clock()};
  box.put(alert("a"));
  const auto path = folder.path + "/oncall/000000000001.json";
  std::ifstream file{path};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  EXPECT_NE(text.find("UDP flood"), std::string::npos);
  EXPECT_EQ(text.find("secretsecret"), std::string::npos);
  struct stat is {};
  ASSERT_EQ(::stat(path.c_str(), &is), 0);
  EXPECT_EQ(is.st_mode & 0777U, 0600U);
}

TEST(AlertSpool, DamagedFilesAreLaidAside) {
  Folder folder;
  fs::create_directories(folder.path + "/x");
  std::ofstream{folder.path + "/x/000000000007.json"} << "{\"id\":";
  std::ofstream{folder.path + "/x/notes.txt"} << "x";
  { AlertSpool{folder.path + "/y", 3}.put(alert("good")); }
  fs::rename(folder.path + "/y/000000000001.json", folder.path + "/x/000000000008.json");
  AlertSpool spool{folder.path + "/x", 3};
  EXPECT_EQ(spool.size(), 1U);
  EXPECT_EQ(spool.dead(), 1U);
  EXPECT_TRUE(fs::exists(folder.path + "/x/dead/000000000007.json"));
  spool.put(alert("next"));
  EXPECT_TRUE(fs::exists(folder.path + "/x/000000000009.json"));
}

TEST(AlertSpool, ADiskThatFailsLosesNoAlertOfThisRun) {
  Folder folder;
  std::ofstream{folder.path + "/file"} << "x";
  AlertSpool spool{folder.path + "/file/x", 3};
  spool.put(alert("a"));
  ASSERT_EQ(spool.size(), 1U);
  EXPECT_NE(spool.problem(), "");
  spool.done();
  EXPECT_TRUE(spool.empty());
}

AlertOutcome send_to(AlertChannelSettings s, const std::stop_token& stop = {}) {
  auto channel = make_alert_channel("x", std::move(s));
  EXPECT_TRUE(channel.ok()) << (channel.ok() ? "" : channel.error().message);
  return deliver_alert(channel.value(), samples::udp_alert(), samples::kAlertTime, stop);
}

TEST(AlertSend, PrivateTargetsAreRefusedWhereTheyAreConnectedTo) {
  for (const auto* url :
       {"https://127.0.0.1:9/x", "https://[::1]:9/x", "https://localhost:9/x", "https://169.254.169.254/x", "https://0x7f000001:9/x"}) {
    const auto outcome = send_to({.type = "webhook", .url = url, .secret = "k"});
    EXPECT_EQ(outcome.kind, AlertOutcome::Kind::try_again) << url;
    EXPECT_NE(outcome.sentence.find("which is private: private_targets = true permits that"), std::string::npos) << outcome.sentence;
    EXPECT_EQ(outcome.sentence.find("/x"), std::string::npos) << outcome.sentence;
  }
  const auto allowed = send_to({.type = "webhook", .url = "https://127.0.0.1:9/x", .secret = "k", .private_targets = true});
  EXPECT_EQ(allowed.sentence.find("private"), std::string::npos) << allowed.sentence;
}

std::string script(const Folder& folder, const std::string& text) {
  const auto path = folder.path + "/tell";
  std::ofstream{path} << "#!/bin/sh\n" << text;
  ::chmod(path.c_str(), 0700);
  return path;
}

TEST(AlertSend, AProgramGetsJsonAndNothingInItsArguments) {
  Folder folder;
  const auto path = script(folder, "cat > " + folder.path + "/in; echo \"$@\" > " + folder.path + "/args; env > " + folder.path + "/env\n");
  EXPECT_EQ(send_to({.type = "program", .args = {"$(id)", "a b"}, .program = path}).kind, AlertOutcome::Kind::delivered);
  const auto read = [&](const char* name) {
    std::ifstream file{folder.path + "/" + name};
    return std::string{std::istreambuf_iterator<char>{file}, {}};
  };
  EXPECT_EQ(read("args"), "$(id) a b\n");
  EXPECT_NE(read("in").find("\"event\":\"opened\""), std::string::npos);
  EXPECT_EQ(read("env").find("203.0.113.5"), std::string::npos);
}

TEST(AlertSend, AProgramThatHangsOrDoesNotReadIsEnded) {
  Folder folder;
  auto outcome = send_to({.type = "program", .timeout = {500}, .program = script(folder, "sleep 60\n")});
  EXPECT_EQ(outcome.kind, AlertOutcome::Kind::try_again);
  EXPECT_NE(outcome.sentence.find("was stopped"), std::string::npos) << outcome.sentence;
  EXPECT_EQ(send_to({.type = "program", .program = script(folder, "exec <&-; exit 0\n")}).kind, AlertOutcome::Kind::delivered);
  EXPECT_EQ(send_to({.type = "program", .program = script(folder, "exit 3\n")}).kind, AlertOutcome::Kind::try_again);
  EXPECT_EQ(send_to({.type = "program", .program = folder.path + "/missing"}).kind, AlertOutcome::Kind::try_again);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(send_to({.type = "program", .timeout = {60'000}, .program = script(folder, "sleep 60\n")}, stop.get_token()).kind,
            AlertOutcome::Kind::try_again);
}

TEST(AlertSend, EveLinesAreAppendedToPlainFilesOnly) {
  Folder folder;
  const auto path = folder.path + "/eve.json";
  for (int i = 0; i < 2; ++i) EXPECT_EQ(send_to({.type = "eve", .path = path}).kind, AlertOutcome::Kind::delivered);
  std::ifstream file{path};
  std::string line;
  int lines = 0;
  while (std::getline(file, line)) ++lines;
  EXPECT_EQ(lines, 2);
  fs::create_symlink(path, folder.path + "/link");
  EXPECT_EQ(send_to({.type = "eve", .path = folder.path + "/link"}).kind, AlertOutcome::Kind::try_again);
  ASSERT_EQ(::mkfifo((folder.path + "/fifo").c_str(), 0600), 0);
  EXPECT_EQ(send_to({.type = "eve", .path = folder.path + "/fifo"}).kind, AlertOutcome::Kind::try_again);
  EXPECT_EQ(send_to({.type = "eve", .path = "/dev/full"}).kind, AlertOutcome::Kind::try_again);
}

}  // namespace
}  // namespace sekisho
