// The recorder of evidence: what is written, how much, and that it can be read back.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "evidence/recorder.h"
#include "read_evidence.h"

namespace sekisho {
namespace {

namespace fs = std::filesystem;

const Address kLocal = *parse_address("203.0.113.5"), kRemote = *parse_address("198.51.100.7"), kOther = *parse_address("192.0.2.1");

class Evidence : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "sekisho-evidence-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
    settings_.dir = dir_ + "/evidence";
  }
  void TearDown() override { fs::remove_all(dir_); }

  void start() {
    auto opened = Recorder::open(settings_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    recorder_ = std::move(opened).value();
  }

  // The packet's number stands in the first eight bytes of the frame.
  void feed(TimeNs time, TrafficClass traffic_class, Direction direction = Direction::ingress, const Address& remote = kRemote,
            std::size_t size = 60, std::uint16_t payload = 0) {
    std::vector<std::uint8_t> bytes(size, 0xee);
    std::memcpy(bytes.data(), &index_, 8);
    Frame frame;
    frame.time = time;
    frame.bytes = bytes;
    frame.wire_bytes = static_cast<std::uint32_t>(size);
    frame.link = link_;
    frame.interface = interface_;
    frame.weight = weight_;
    Packet packet;
    packet.time = time;
    packet.index = index_++;
    packet.direction = direction;
    packet.src = direction == Direction::ingress ? remote : kLocal;
    packet.dst = direction == Direction::ingress ? kLocal : remote;
    packet.sport = direction == Direction::ingress ? 53 : 443;
    packet.dport = direction == Direction::ingress ? 443 : 53;
    packet.protocol = traffic_class == TrafficClass::udp ? kUdp : kTcp;
    packet.payload_bytes = payload;
    packet.traffic_class = traffic_class;
    recorder_->on_packet(frame, packet);
  }

  static Incident incident(Selector selector, std::string id = "01M80GJC4Y5Q9WSCBY2R0T7K3F") {
    Incident i;
    i.id = std::move(id);
    i.label = "udp_flood";
    i.subject = "203.0.113.5";
    i.headline = "many packets";
    i.selectors = {std::move(selector)};
    return i;
  }
  static Selector of_class(TrafficClass c, Direction direction = Direction::ingress) {
    Selector s;
    s.direction = direction;
    s.classes.set(index_of(c));
    return s;
  }
  static std::uint64_t number(const ReadPacket& packet) { return load_le64(packet.bytes.data()); }

  std::string dir_;
  EvidenceSettings settings_;
  std::unique_ptr<Recorder> recorder_;
  std::uint64_t index_ = 0;
  LinkType link_ = LinkType::ethernet;
  std::uint16_t interface_ = 0;
  std::uint32_t weight_ = 1;
};

TEST_F(Evidence, KeepsWhatBelongsFromBeforeAndAfterOpening) {
  start();
  for (int s = 0; s < 8; ++s) {
    feed(s * kSecond, TrafficClass::udp);
    feed(s * kSecond + 1, TrafficClass::tcp_syn);
    feed(s * kSecond + 2, TrafficClass::udp, Direction::egress);
  }
  auto i = incident(of_class(TrafficClass::udp));
  const std::string path = recorder_->open_incident(i, 3 * kSecond).value();
  EXPECT_EQ(path, settings_.dir + "/01M80GJC4Y5Q9WSCBY2R0T7K3F.pcapng");
  feed(8 * kSecond, TrafficClass::udp);
  feed(9 * kSecond, TrafficClass::tcp_syn);
  ASSERT_TRUE(recorder_->close(i.id).ok());
  feed(10 * kSecond, TrafficClass::udp);
  const auto file = read_back(path);
  EXPECT_TRUE(file.whole);
  ASSERT_EQ(file.packets.size(), 6U);  // seconds 3 to 7 from the ring, 8 afterwards
  EXPECT_EQ(file.packets[0].time, 3 * kSecond);
  EXPECT_EQ(number(file.packets[0]), 9U);
  EXPECT_EQ(file.packets[5].time, 8 * kSecond);
  EXPECT_EQ(file.packets[0].flags, 1U);
  EXPECT_EQ(file.packets[0].comment, "");
  ASSERT_EQ(file.interfaces.size(), 1U);
  EXPECT_EQ(file.interfaces[0], (std::pair<std::uint16_t, int>{1, 9}));
  EXPECT_NE(file.comment.find("incident 01M80GJC4Y5Q9WSCBY2R0T7K3F\nlabel udp_flood\n"), std::string::npos);
  EXPECT_NE(file.comment.find("direction ingress"), std::string::npos);
  EXPECT_NE(file.comment.find("many packets"), std::string::npos);
  struct stat s {};
  ASSERT_EQ(stat(path.c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 0600U);
  ASSERT_EQ(stat(settings_.dir.c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 0700U);
}

TEST_F(Evidence, CutsFramesAndKeepsTheirLengthExceptForC2) {
  start();
  auto flood = incident(of_class(TrafficClass::udp), "FLOOD");
  auto c2 = incident(of_class(TrafficClass::tcp_data, Direction::egress), "C2");
  c2.kind = Kind::c2;
  const auto flood_path = recorder_->open_incident(flood, 0).value(), c2_path = recorder_->open_incident(c2, 0).value();
  feed(1, TrafficClass::udp, Direction::ingress, kRemote, 1'400);
  feed(2, TrafficClass::tcp_data, Direction::egress, kRemote, 1'401, 1'340);
  ASSERT_TRUE(recorder_->finish().ok());
  const auto cut = read_back(flood_path), whole = read_back(c2_path);
  ASSERT_EQ(cut.packets.size(), 1U);
  EXPECT_EQ(cut.packets[0].bytes.size(), 128U);
  EXPECT_EQ(cut.packets[0].wire_bytes, 1'400U);
  ASSERT_EQ(whole.packets.size(), 1U);
  EXPECT_EQ(whole.packets[0].bytes.size(), 1'401U);
  EXPECT_EQ(whole.packets[0].flags, 2U);
}

TEST_F(Evidence, OneInterfacePerLinkTypeAndInterface) {
  start();
  auto i = incident(of_class(TrafficClass::udp));
  const auto path = recorder_->open_incident(i, 0).value();
  feed(1, TrafficClass::udp);
  interface_ = 1;
  feed(2, TrafficClass::udp);
  link_ = LinkType::raw_ip_bsd;  // 12 is private to BSD systems; files say 101
  feed(3, TrafficClass::udp);
  interface_ = 0;
  link_ = LinkType::ethernet;
  feed(4, TrafficClass::udp);
  ASSERT_TRUE(recorder_->finish().ok());
  const auto file = read_back(path);
  ASSERT_EQ(file.interfaces.size(), 3U);
  EXPECT_EQ(file.interfaces[2].first, 101);
  ASSERT_EQ(file.packets.size(), 4U);
  EXPECT_EQ(file.packets[1].interface, 1U);
  EXPECT_EQ(file.packets[2].interface, 2U);
  EXPECT_EQ(file.packets[3].interface, 0U);
}

TEST_F(Evidence, ALongIncidentIsWholeAtFirstThenThinnedOverItsLife) {
  start();
  auto i = incident(of_class(TrafficClass::udp));
  const auto path = recorder_->open_incident(i, 0).value();
  constexpr std::uint64_t kPackets = 2'000'000;
  for (std::uint64_t n = 0; n < kPackets; ++n) feed(static_cast<TimeNs>(n) * kMicrosecond, TrafficClass::udp);
  ASSERT_TRUE(recorder_->finish().ok());
  const auto file = read_back(path);
  EXPECT_LE(file.packets.size(), 10'000U);
  EXPECT_GT(file.packets.size(), 7'000U);
  double stands_for = 0;
  for (std::size_t n = 0; n < file.packets.size(); ++n) {
    const auto& packet = file.packets[n];
    if (n < 5'000) {
      EXPECT_EQ(number(packet), n);
      EXPECT_EQ(packet.comment, "");
    }
    if (n > 0) {
      EXPECT_GT(packet.time, file.packets[n - 1].time);
    }
    stands_for += packet.comment.empty() ? 1 : std::stod(packet.comment.substr(7));
  }
  EXPECT_GT(number(file.packets.back()), kPackets * 95 / 100) << "the end of a long incident must be there, too";
  EXPECT_NEAR(stands_for / double(kPackets), 1.0, 0.1) << "weights must add up to what was seen";
  EXPECT_EQ(recorder_->stats().packets_written, file.packets.size());
  EXPECT_EQ(recorder_->stats().thinned + file.packets.size(), kPackets);
}

TEST_F(Evidence, TheFileNeverExceedsItsBytes) {
  settings_.max_bytes = 40'000;
  settings_.snap_bytes = 1'500;
  start();
  auto i = incident(of_class(TrafficClass::udp));
  const auto path = recorder_->open_incident(i, 0).value();
  for (int n = 0; n < 20'000; ++n) feed(n, TrafficClass::udp, Direction::ingress, kRemote, 1'400);
  ASSERT_TRUE(recorder_->finish().ok());
  EXPECT_LE(fs::file_size(path), 40'000U);
  EXPECT_GT(fs::file_size(path), 25'000U);
  EXPECT_GT(recorder_->stats().thinned, 0U);
}

TEST_F(Evidence, ASampledFramesWeightIsMultiplied) {
  start();
  weight_ = 64;
  auto i = incident(of_class(TrafficClass::udp));
  const auto path = recorder_->open_incident(i, 0).value();
  feed(1, TrafficClass::udp);
  ASSERT_TRUE(recorder_->finish().ok());
  EXPECT_EQ(read_back(path).packets.at(0).comment, "weight 64");
}

TEST_F(Evidence, BeatsOutliveTheRing) {
  settings_.ring_bytes = 64 * 1024;
  start();
  for (int beat = 0; beat < 5; ++beat) {
    feed(beat * 60 * kSecond, TrafficClass::tcp_data, Direction::egress, kOther, 56, 2);
    for (int n = 0; n < 2'000; ++n) feed(beat * 60 * kSecond + n, TrafficClass::tcp_syn);  // washes the ring
  }
  Selector s = of_class(TrafficClass::tcp_data, Direction::egress);
  s.remotes = {kOther};
  auto i = incident(s);
  i.kind = Kind::c2;
  const auto path = recorder_->open_incident(i, 0).value();
  ASSERT_TRUE(recorder_->finish().ok());
  const auto file = read_back(path);
  ASSERT_EQ(file.packets.size(), 5U);
  for (int beat = 0; beat < 5; ++beat) EXPECT_EQ(file.packets[static_cast<std::size_t>(beat)].time, beat * 60 * kSecond);
}

TEST_F(Evidence, ANewClassIsLookedUpInTheRing) {
  start();
  feed(1, TrafficClass::udp);
  feed(2, TrafficClass::fragment);
  auto i = incident(of_class(TrafficClass::udp));
  const auto path = recorder_->open_incident(i, 0).value();
  feed(3, TrafficClass::fragment);
  i.selectors.push_back(of_class(TrafficClass::fragment));
  ASSERT_TRUE(recorder_->update(i).ok());
  feed(4, TrafficClass::fragment);
  feed(5, TrafficClass::udp);
  ASSERT_TRUE(recorder_->finish().ok());
  std::vector<std::uint64_t> numbers;
  for (const auto& packet : read_back(path).packets) numbers.push_back(number(packet));
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
}

TEST_F(Evidence, NothingStoredIsEverOverwritten) {
  start();
  auto i = incident(of_class(TrafficClass::udp));
  const auto first = recorder_->open_incident(i, 0).value();
  feed(1, TrafficClass::udp);
  EXPECT_FALSE(recorder_->open_incident(i, 0).ok());
  ASSERT_TRUE(recorder_->finish().ok());
  start();  // the next run
  const auto second = recorder_->open_incident(i, 0).value();
  EXPECT_NE(first, second);
  ASSERT_TRUE(recorder_->finish().ok());
  EXPECT_EQ(read_back(first).packets.size(), 1U);
}

TEST_F(Evidence, BoundsOnFilesAndStrangeIds) {
  settings_.max_open = 2;
  settings_.max_files = 3;
  start();
  const auto udp = of_class(TrafficClass::udp);
  EXPECT_FALSE(recorder_->open_incident(incident(udp, "../../etc/passwd"), 0).ok());
  EXPECT_FALSE(recorder_->open_incident(incident(udp, ""), 0).ok());
  ASSERT_TRUE(recorder_->open_incident(incident(udp, "A"), 0).ok());
  ASSERT_TRUE(recorder_->open_incident(incident(udp, "B"), 0).ok());
  const auto third = recorder_->open_incident(incident(udp, "C"), 0);
  ASSERT_FALSE(third.ok());
  EXPECT_NE(third.error().message.find("max_open"), std::string::npos);
  ASSERT_TRUE(recorder_->close("A").ok());
  ASSERT_TRUE(recorder_->open_incident(incident(udp, "C"), 0).ok());
  ASSERT_TRUE(recorder_->close("C").ok());
  EXPECT_NE(recorder_->open_incident(incident(udp, "D"), 0).error().message.find("max_files"), std::string::npos);
  EXPECT_FALSE(recorder_->update(incident(udp, "Z")).ok());
  EXPECT_TRUE(recorder_->close("Z").ok());
}

TEST_F(Evidence, AFolderThatCannotBeUsedIsAClearError) {
  std::ofstream{dir_ + "/file"} << "x";
  for (const std::string& bad : {dir_ + "/file", dir_ + "/file/below", std::string{"/proc/no-such-folder"}, std::string{}}) {
    settings_.dir = bad;
    const auto opened = Recorder::open(settings_);
    ASSERT_FALSE(opened.ok()) << bad;
    EXPECT_NE(opened.error().message.find("evidence folder"), std::string::npos);
    EXPECT_NE(opened.error().message.find(bad), std::string::npos);
  }
}

TEST_F(Evidence, AFullDiskKeepsWholeBlocks) {
  start();
  auto i = incident(of_class(TrafficClass::udp));
  const auto path = recorder_->open_incident(i, 0).value();
  // A limit on the file's size stands for the full disk: the write that crosses it is short, the next one fails.
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit = before;
  limit.rlim_cur = 50'001;
  setrlimit(RLIMIT_FSIZE, &limit);
  for (int n = 0; n < 3'000; ++n) feed(n, TrafficClass::udp);
  const auto errors = recorder_->take_errors();
  ASSERT_TRUE(recorder_->finish().ok());
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_EQ(errors.size(), 1U);  // one sentence, not one per packet
  EXPECT_NE(errors[0].message.find(path), std::string::npos);
  EXPECT_NE(errors[0].message.find("stored so far stay"), std::string::npos);
  EXPECT_GT(recorder_->stats().lost, 1'000U);
  const auto file = read_back(path);
  EXPECT_TRUE(file.whole);
  EXPECT_GT(file.packets.size(), 400U);
  for (std::size_t n = 0; n < file.packets.size(); ++n) ASSERT_EQ(number(file.packets[n]), n);
}

TEST_F(Evidence, OpensInTsharkWithoutAWarning) {
  if (std::system("command -v tshark >/dev/null 2>&1") != 0) GTEST_SKIP() << "tshark is not installed";
  start();
  auto i = incident(of_class(TrafficClass::udp));
  i.headline = "\xff <hostile> \x1b[31m";
  const auto path = recorder_->open_incident(i, 0).value();
  weight_ = 8;
  for (int n = 0; n < 20; ++n) feed(1'795'313'643 * kSecond + n, TrafficClass::udp, Direction::ingress, kRemote, n % 2 ? 61 : 200);
  interface_ = 1;
  link_ = LinkType::raw_ip;
  feed(1'795'313'644 * kSecond, TrafficClass::udp);
  ASSERT_TRUE(recorder_->finish().ok());
  const std::string command = "env XDG_CONFIG_HOME='" + dir_ + "' tshark -r '" + path +
                              "' -T fields -e frame.number -e frame.comment -e frame.packet_flags_direction >'" + dir_ + "/out' 2>'" +
                              dir_ + "/err'";
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::string line, all;
  std::ifstream err{dir_ + "/err"};
  while (std::getline(err, line))
    if (line.find("as user \"root\"") == std::string::npos) all += line + "\n";
  EXPECT_EQ(all, "");
  std::ifstream out{dir_ + "/out"};
  int lines = 0;
  while (std::getline(out, line)) {
    ++lines;
    EXPECT_NE(line.find("weight 8\t0x00000001"), std::string::npos) << line;
  }
  EXPECT_EQ(lines, 21);
}

TEST(EvidenceMatch, SelectorSemantics) {
  PacketKey key{kLocal, kRemote, 443, 53, TrafficClass::udp, Direction::ingress};
  Selector any;
  EXPECT_TRUE(Matcher{any}.matches(key));
  key.direction = Direction::egress;
  EXPECT_FALSE(Matcher{any}.matches(key));
  key.direction = Direction::ingress;

  Selector s;
  s.classes.set(index_of(TrafficClass::udp));
  EXPECT_TRUE(Matcher{s}.matches(key));
  key.traffic_class = TrafficClass::tcp_syn;
  EXPECT_FALSE(Matcher{s}.matches(key));
  key.traffic_class = TrafficClass::udp;

  s.locals = {kOther, kLocal};
  EXPECT_TRUE(Matcher{s}.matches(key));
  s.locals = {kOther};
  EXPECT_FALSE(Matcher{s}.matches(key));
  s.locals.clear();
  s.remotes = {kRemote};
  EXPECT_TRUE(Matcher{s}.matches(key));
  s.remotes = {kOther};
  EXPECT_FALSE(Matcher{s}.matches(key));
  s.remotes.clear();
  s.local_ports = {80, 443};
  EXPECT_TRUE(Matcher{s}.matches(key));
  s.local_ports = {80};
  EXPECT_FALSE(Matcher{s}.matches(key));
  s.local_ports.clear();
  s.remote_ports = {53};
  EXPECT_TRUE(Matcher{s}.matches(key));
  s.remote_ports = {54};
  EXPECT_FALSE(Matcher{s}.matches(key));
}

TEST(EvidenceMatch, BothWaysMeansTheSamePairInAnyClass) {
  Selector s;
  s.direction = Direction::egress;
  s.classes.set(index_of(TrafficClass::tcp_data));
  s.remotes = {kRemote};
  s.remote_ports = {23};
  s.both_ways = true;
  PacketKey answer{kLocal, kRemote, 41'000, 23, TrafficClass::tcp_ack, Direction::ingress};
  EXPECT_TRUE(Matcher{s}.matches(answer));
  answer.remote = kOther;
  EXPECT_FALSE(Matcher{s}.matches(answer));
  answer.remote = kRemote;
  answer.direction = Direction::egress;  // the selector's own direction keeps to its classes
  EXPECT_FALSE(Matcher{s}.matches(answer));
  // Without any remote end or port the other direction would be everything.
  Selector wide;
  wide.both_ways = true;
  EXPECT_TRUE(Matcher{wide}.classes(Direction::egress).none());
}

}  // namespace
}  // namespace sekisho
