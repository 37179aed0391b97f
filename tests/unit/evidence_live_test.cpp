// The agent's evidence: the thread that writes, the folder's bound, repair after a crash, context, and disks that fail.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "evidence/compressor.h"
#include "evidence/file_hash.h"
#include "evidence/frame_queue.h"
#include "evidence/pcapng_blocks.h"
#include "evidence/recorder.h"
#include "evidence/recovery.h"
#include "read_evidence.h"

namespace sekisho {
namespace {

namespace fs = std::filesystem;

const Address kLocal = *parse_address("203.0.113.5"), kRemote = *parse_address("198.51.100.7");

class EvidenceLive : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "sekisho-evidence-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
    settings_.dir = dir_ + "/evidence";
    settings_.context_packets = 1'000;
    settings_.interfaces = {"eth0"};
  }
  void TearDown() override {
    recorder_.reset();
    fs::permissions(settings_.dir, fs::perms::owner_all, error_);
    fs::remove_all(dir_);
  }

  Result<void> try_start() {
    recorder_.reset();
    files_.clear();
    EvidenceEvents events;
    events.on_file = [this](const EvidenceFile& file) { files_.push_back(file); };  // read after finish()
    events.on_removed = [this](const std::string& path) { removed_.push_back(path); };
    recorder_ = TRY(Recorder::open_live(settings_, {}, std::move(events)));
    return {};
  }
  void start() {
    const auto started = try_start();
    ASSERT_TRUE(started.ok()) << started.error().message;
  }

  void feed(TimeNs time, TrafficClass traffic_class = TrafficClass::udp, Direction direction = Direction::ingress) {
    std::vector<std::uint8_t> bytes(60, 0xee);
    std::memcpy(bytes.data(), &index_, 8);
    Frame frame;
    frame.time = time, frame.bytes = bytes, frame.wire_bytes = 60;
    Packet packet;
    packet.time = time, packet.index = index_++;
    packet.direction = direction, packet.traffic_class = traffic_class;
    packet.src = direction == Direction::ingress ? kRemote : kLocal;
    packet.dst = direction == Direction::ingress ? kLocal : kRemote;
    packet.protocol = kUdp;
    recorder_->on_packet(frame, packet);
  }
  static Incident flood(const std::string& id) {
    Incident i;
    i.id = id, i.label = "udp_flood", i.subject = "203.0.113.5", i.headline = "many packets";
    Selector s;
    s.classes.set(index_of(TrafficClass::udp));
    i.selectors = {s};
    return i;
  }
  // A file with `packets` packets, complete.
  std::string write_one(const std::string& id, int packets = 10) {
    const auto path = recorder_->open_incident(flood(id), now_).value();
    for (int n = 0; n < packets; ++n) feed(now_ += kMillisecond);
    EXPECT_TRUE(recorder_->close(id).ok());
    return path;
  }
  std::string all_errors() {
    std::string all;
    for (const auto& e : recorder_->take_errors()) all += e.message + "\n";
    return all;
  }

  std::string dir_;
  std::error_code error_;
  EvidenceSettings settings_;
  std::unique_ptr<Recorder> recorder_;
  std::vector<EvidenceFile> files_;
  std::vector<std::string> removed_;
  std::uint64_t index_ = 0;
  TimeNs now_ = 1'795'313'643 * kSecond;
};

TEST_F(EvidenceLive, AFileBeginsBeforeTheIncidentAndIsHashed) {
  start();
  for (int n = 0; n < 100; ++n) feed(now_ + n * 10 * kMillisecond, n % 2 ? TrafficClass::udp : TrafficClass::tcp_data);
  const TimeNs began = now_ + kSecond;
  for (int n = 0; n < 500; ++n) feed(began + n * kMillisecond);
  const auto path = recorder_->open_incident(flood("01AB"), began).value();
  EXPECT_EQ(path, settings_.dir + "/01AB.pcapng.zst");
  for (int n = 500; n < 1'000; ++n) feed(began + n * kMillisecond);
  ASSERT_TRUE(recorder_->close("01AB").ok());
  ASSERT_TRUE(recorder_->finish().ok());
  EXPECT_EQ(all_errors(), "");

  const auto file = read_back(path);
  EXPECT_TRUE(file.whole);
  EXPECT_NE(file.comment.find("incident 01AB"), std::string::npos);
  ASSERT_EQ(file.names, std::vector<std::string>{"eth0"});
  ASSERT_EQ(file.packets.size(), 1'100U);
  std::size_t context = 0;
  for (const auto& packet : file.packets) {
    EXPECT_EQ(packet.comment, packet.time < began ? "context" : "");
    context += packet.comment == "context";
  }
  EXPECT_EQ(context, 100U);
  ASSERT_EQ(files_.size(), 1U);
  EXPECT_EQ(files_[0].incident_id, "01AB");
  EXPECT_EQ(files_[0].path, path);
  EXPECT_EQ(files_[0].bytes, fs::file_size(path));
  EXPECT_EQ(files_[0].packets, 1'100U);
  EXPECT_EQ(files_[0].context_packets, 100U);
  EXPECT_EQ(files_[0].first, now_);
  EXPECT_EQ(files_[0].last, began + 999 * kMillisecond);
  EXPECT_FALSE(files_[0].recovered);
  std::string out;
  FILE* sum = popen(("sha256sum " + path).c_str(), "r");
  char line[100] = {};
  if (sum && fgets(line, sizeof line, sum)) out = std::string{line}.substr(0, 64);
  if (sum) pclose(sum);
  EXPECT_EQ(files_[0].sha256, out);
  struct stat s {};
  ASSERT_EQ(stat(path.c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 0400U) << "complete files are read-only";
}

TEST_F(EvidenceLive, ContextIsAFairSampleAndHasItsOwnShare) {
  settings_.max_packets = 1'000, settings_.context_packets = 100;
  start();
  for (int n = 0; n < 50'000; ++n) feed(now_ + n * 100 * kMicrosecond, TrafficClass::tcp_data);
  const TimeNs began = now_ + 5 * kSecond;
  const auto path = recorder_->open_incident(flood("01AB"), began).value();
  for (int n = 0; n < 200'000; ++n) feed(began + n * 10 * kMicrosecond, n % 2 ? TrafficClass::udp : TrafficClass::tcp_data);
  ASSERT_TRUE(recorder_->finish().ok());
  const auto file = read_back(path);
  std::size_t before = 0, during = 0, own = 0, first_half = 0;
  double stands_for = 0;
  for (const auto& packet : file.packets) {
    const bool context = packet.comment.starts_with("context");
    own += !context;
    if (!context) continue;
    (packet.time < began ? before : during)++;
    first_half += packet.time < now_ + 2'500 * kMillisecond;
    if (packet.time < began) stands_for += packet.comment == "context" ? 1 : std::stod(packet.comment.substr(16));
  }
  EXPECT_LE(file.packets.size(), 1'000U);
  EXPECT_GT(own, 600U);
  EXPECT_LE(before, 60U);
  EXPECT_GT(before, 20U);
  EXPECT_GT(during, 10U);
  EXPECT_LE(before + during, 100U);
  EXPECT_NEAR(double(first_half), double(before) / 2, double(before) / 3) << "spread over the whole time before";
  EXPECT_NEAR(stands_for, 50'000, 25'000);
}

TEST_F(EvidenceLive, AnIncidentThatComesBackGoesOnInAnotherFile) {
  start();
  const auto first = write_one("01AB", 100);
  feed(now_ += kSecond);
  const auto second = write_one("01AB", 50);
  EXPECT_EQ(first, second) << "the path of the incident stays the first file's";
  ASSERT_TRUE(recorder_->finish().ok());
  ASSERT_EQ(files_.size(), 2U);
  EXPECT_EQ(files_[1].path, settings_.dir + "/01AB.2.pcapng.zst");
  EXPECT_EQ(files_[1].incident_id, "01AB");
  EXPECT_TRUE(read_back(files_[1].path).whole);
}

TEST_F(EvidenceLive, TheMostSilentIncidentsFileIsCompletedForANewOne) {
  settings_.max_open = 2;
  start();
  const auto on = [](const char* id, TrafficClass c) {
    auto i = flood(id);
    i.selectors[0].classes.reset();
    i.selectors[0].classes.set(index_of(c));
    return i;
  };
  const TimeNs began = now_;
  ASSERT_TRUE(recorder_->open_incident(on("01AB", TrafficClass::udp), began).ok());
  ASSERT_TRUE(recorder_->open_incident(on("01CD", TrafficClass::tcp_syn), began).ok());
  for (int n = 0; n < 10; ++n) feed(now_ += kMillisecond, TrafficClass::tcp_syn);
  for (int n = 0; n < 10; ++n) feed(now_ += kMillisecond, TrafficClass::udp);
  ASSERT_TRUE(recorder_->open_incident(on("01EF", TrafficClass::tcp_rst), now_).ok());
  EXPECT_TRUE(recorder_->is_open("01AB"));
  EXPECT_FALSE(recorder_->is_open("01CD"));
  // What passed meanwhile is still in the ring; what the first file has is not stored again.
  for (int n = 0; n < 5; ++n) feed(now_ += kMillisecond, TrafficClass::tcp_syn);
  ASSERT_TRUE(recorder_->open_incident(on("01CD", TrafficClass::tcp_syn), began).ok());
  ASSERT_TRUE(recorder_->finish().ok());
  std::uint64_t own = 0;
  for (const auto& file : files_)
    if (file.incident_id == "01CD") own += file.packets - file.context_packets;
  EXPECT_EQ(own, 15U);
}

TEST_F(EvidenceLive, TheOldestMakeRoomButNeverAnOpenIncidents) {
  settings_.total_bytes = 100'000;
  start();
  auto other = flood("00OPEN");
  other.selectors[0].classes.reset();
  other.selectors[0].classes.set(index_of(TrafficClass::tcp_syn));
  const auto open = recorder_->open_incident(other, now_).value();
  for (int n = 0; n < 100; ++n) feed(now_ += kMillisecond, TrafficClass::tcp_syn);
  for (int n = 0; n < 40; ++n) write_one("01F" + std::to_string(100 + n), 300);
  ASSERT_TRUE(recorder_->flush().ok());
  ASSERT_TRUE(recorder_->finish().ok());
  EXPECT_GT(removed_.size(), 5U);
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator{settings_.dir}) bytes += entry.file_size();
  EXPECT_LE(bytes, 100'000U);
  EXPECT_TRUE(fs::exists(open));
  EXPECT_EQ(removed_.front(), settings_.dir + "/01F100.pcapng.zst");
  EXPECT_FALSE(fs::exists(removed_.back()));
  EXPECT_TRUE(fs::exists(settings_.dir + "/01F139.pcapng.zst"));
}

TEST_F(EvidenceLive, FullOfOpenIncidentsIsSaidOnce) {
  settings_.total_bytes = 20'000;
  start();
  const auto path = recorder_->open_incident(flood("01AB"), now_).value();
  for (int round = 0; round < 20; ++round) {
    for (int n = 0; n < 400; ++n) feed(now_ += kMillisecond);
    (void)recorder_->flush();
    usleep(2'000);  // lets the thread look
  }
  ASSERT_TRUE(recorder_->finish().ok());
  const auto said = all_errors();
  EXPECT_NE(said.find("total_bytes"), std::string::npos) << said;
  EXPECT_EQ(said.find("total_bytes"), said.rfind("total_bytes"));
  EXPECT_TRUE(read_back(path).whole);
}

TEST_F(EvidenceLive, WhatACrashLeavesIsCompletedByTheNextStart) {
  start();
  const auto path = write_one("01AB", 3'000), other = write_one("01CD", 10);
  ASSERT_TRUE(recorder_->finish().ok());
  recorder_.reset();
  const auto whole = read_back(path).packets.size();
  EXPECT_EQ(whole, 3'000U);
  // As if the power had failed in the middle of a write: several lengths, all with the mode of a file that is being written.
  const auto size = fs::file_size(path);
  ::chmod(path.c_str(), 0600);
  ::truncate(path.c_str(), static_cast<off_t>(size - 100));
  start();
  ASSERT_TRUE(recorder_->finish().ok());
  const auto said = all_errors();
  EXPECT_NE(said.find("unfinished"), std::string::npos) << said;
  ASSERT_EQ(files_.size(), 1U);
  EXPECT_TRUE(files_[0].recovered);
  EXPECT_EQ(files_[0].incident_id, "01AB");
  EXPECT_EQ(files_[0].sha256, sha256_of_file(path).value());
  const auto file = read_back(path);
  EXPECT_TRUE(file.whole);
  EXPECT_EQ(file.packets.size(), files_[0].packets);
  EXPECT_LT(file.packets.size(), 3'000U);
  EXPECT_GT(file.packets.size(), 100U);
  EXPECT_TRUE(fs::exists(other));
  // A file that holds nothing but its header is removed; what is no evidence file is left alone.
  ::chmod(path.c_str(), 0600);
  ::truncate(path.c_str(), 20);
  std::ofstream{settings_.dir + "/notes.txt"} << "mine";
  start();
  ASSERT_TRUE(recorder_->finish().ok());
  EXPECT_TRUE(files_.empty());
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(settings_.dir + "/notes.txt"));
  // Now everything is in order: nothing to be said.
  start();
  ASSERT_TRUE(recorder_->finish().ok());
  EXPECT_EQ(all_errors(), "");
}

TEST_F(EvidenceLive, AnIncidentWithoutAPacketLeavesNoFile) {
  start();
  const auto path = recorder_->open_incident(flood("01AB"), now_).value();
  ASSERT_TRUE(recorder_->finish().ok());
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(files_.empty());
}

TEST_F(EvidenceLive, ASecondAgentIsRefusedTheFolder) {
  start();
  const auto second = Recorder::open_live(settings_, {}, {});
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("in use by another agent"), std::string::npos);
}

TEST_F(EvidenceLive, AVanishedFolderIsMadeAgainAndSaid) {
  start();
  const auto lost = recorder_->open_incident(flood("01AB"), now_).value();
  for (int n = 0; n < 10; ++n) feed(now_ += kMillisecond);
  ASSERT_TRUE(recorder_->flush().ok());
  usleep(50'000);
  fs::remove_all(settings_.dir);
  ASSERT_TRUE(recorder_->close("01AB").ok());
  const auto path = write_one("01CD");
  ASSERT_TRUE(recorder_->finish().ok());
  const auto said = all_errors();
  EXPECT_NE(said.find("was deleted while it was written"), std::string::npos) << said;
  EXPECT_NE(said.find("made again"), std::string::npos) << said;
  EXPECT_TRUE(read_back(path).whole);
  EXPECT_FALSE(fs::exists(lost));
}

TEST_F(EvidenceLive, AFolderThatBecomesAFileIsSaidForEachIncident) {
  start();
  fs::remove_all(settings_.dir);
  std::ofstream{settings_.dir} << "x";
  write_one("01AB"), write_one("01CD");
  ASSERT_TRUE(recorder_->finish().ok());
  const auto said = all_errors();
  EXPECT_NE(said.find("cannot create the evidence file " + settings_.dir + "/01AB"), std::string::npos) << said;
  EXPECT_NE(said.find("01CD"), std::string::npos) << said;
  EXPECT_GT(recorder_->stats().packets_written + recorder_->stats().lost, 19U);
}

TEST_F(EvidenceLive, OpensInTsharkAndCapinfosWithoutAWarning) {
  if (std::system("command -v tshark capinfos >/dev/null 2>&1") != 0) GTEST_SKIP() << "tshark is not installed";
  start();
  for (int n = 0; n < 50; ++n) feed(now_ + n * kMillisecond, TrafficClass::tcp_data, Direction::egress);
  const auto path = recorder_->open_incident(flood("01AB"), now_ += kSecond).value();
  for (int n = 0; n < 20'000; ++n) {
    feed(now_ += 10 * kMicrosecond);
    if (n % 1'000 == 0) (void)recorder_->flush();
  }
  ASSERT_TRUE(recorder_->finish().ok());
  for (const std::string program : {"tshark -r ", "capinfos "}) {
    const std::string command = "env XDG_CONFIG_HOME='" + dir_ + "' " + program + "'" + path + "' >'" + dir_ + "/out' 2>'" + dir_ + "/err'";
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::string line, all;
    std::ifstream err{dir_ + "/err"};
    while (std::getline(err, line))
      if (line.find("as user \"root\"") == std::string::npos) all += line + "\n";
    EXPECT_EQ(all, "");
  }
  std::ifstream out{dir_ + "/out"};
  const std::string text{std::istreambuf_iterator<char>{out}, {}};
  EXPECT_NE(text.find("incident 01AB"), std::string::npos) << text;
}

TEST(EvidenceQueue, HandsFramesOnInOrderAndRefusesWhatDoesNotFit) {
  FrameQueue queue{128 * 1024};
  std::vector<std::uint8_t> bytes(100);
  std::uint64_t put = 0, taken = 0, refused = 0;
  unsigned slot = 0;
  StoredFrame frame;
  const auto take = [&] {
    ASSERT_TRUE(queue.front(slot, frame));
    ASSERT_EQ(load_le64(frame.bytes.data()), taken);
    ASSERT_EQ(slot, taken % 7);
    ASSERT_EQ(frame.bytes.size(), 8 + taken % 93);
    ++taken;
    queue.pop();
  };
  for (int round = 0; round < 20'000; ++round) {
    std::memcpy(bytes.data(), &put, 8);
    if (queue.put(static_cast<unsigned>(put % 7), {5, std::span{bytes}.first(8 + put % 93), 100, 1}))
      ++put;
    else
      ++refused;
    if (round % 3 == 0 && taken < put) take();
  }
  EXPECT_GT(refused, 0U);
  while (taken < put) take();
  EXPECT_FALSE(queue.front(slot, frame));
  EXPECT_EQ(queue.waiting(), 0U);
}

TEST(EvidenceRecovery, AnyPrefixIsReadUpToItsLastWholeFrame) {
  Compressor compressor;
  std::vector<std::uint8_t> file;
  std::vector<std::size_t> ends;
  // Header alone, then frames of one packet each.
  std::vector<std::uint8_t> raw;
  const auto add = [&] {
    const auto packed = compressor.compress(raw);
    file.insert(file.end(), packed.begin(), packed.end());
    ends.push_back(file.size());
    raw.clear();
  };
  append_section_header(raw, "incident X", "test");
  append_interface(raw, LinkType::ethernet, "eth0");
  add();
  const std::uint8_t bytes[60] = {};
  for (int n = 0; n < 5; ++n) {
    StoredFrame frame;
    frame.time = 100 + n, frame.bytes = bytes, frame.context = n < 2;
    append_packet(raw, 0, frame);
    add();
  }
  for (std::size_t length = 0; length <= file.size(); ++length) {
    const auto readable = readable_part(std::span{file}.first(length));
    const auto frames = static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), length) - ends.begin());
    ASSERT_EQ(readable.bytes, frames ? ends[frames - 1] : 0);
    ASSERT_EQ(readable.packets, frames ? frames - 1 : 0);
    ASSERT_EQ(readable.context_packets, std::min<std::uint64_t>(readable.packets, 2));
    if (frames > 1) {
      ASSERT_EQ(readable.last, 100 + static_cast<TimeNs>(frames) - 2);
    }
  }
}

}  // namespace
}  // namespace sekisho
