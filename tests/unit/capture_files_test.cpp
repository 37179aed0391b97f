// The door: files, folders, pipes, merging, errors.
#include "input/capture_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "capture_bytes.h"
#include "input/merge.h"

namespace sekisho::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

class CaptureFilesTest : public testing::Test {
 protected:
  CaptureFilesTest() {
    std::string name = (fs::temp_directory_path() / "sekisho-test-XXXXXX").string();
    dir_ = mkdtemp(name.data());
  }
  ~CaptureFilesTest() override { fs::remove_all(dir_); }

  std::string at(const std::string& name) const { return (dir_ / name).string(); }
  std::string write(const std::string& name, const Bytes& bytes) const {
    fs::create_directories((dir_ / name).parent_path());
    std::ofstream(at(name), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return at(name);
  }
  // Opens and runs; the stats are kept.
  std::vector<Got> read(const std::vector<std::string>& paths) {
    auto files = CaptureFiles::open(paths);
    EXPECT_TRUE(files.ok()) << (files.ok() ? "" : files.error().message);
    if (!files.ok()) return {};
    Remember remember;
    EXPECT_TRUE((*files)->run(remember, {}).ok());
    EXPECT_LE(remember.largest_batch, kMaxBatch);
    stats_ = (*files)->stats();
    EXPECT_EQ((*files)->progress().packets, remember.frames.size());
    EXPECT_EQ((*files)->progress().bytes_done, (*files)->progress().bytes_total);
    return remember.frames;
  }
  static std::string error(const std::vector<std::string>& paths) {
    auto files = CaptureFiles::open(paths);
    return files.ok() ? "opened" : files.error().message;
  }

  fs::path dir_;
  CaptureStats stats_;
};

// Puts a pipe in the place of standard input.
class StdinPipe {
 public:
  StdinPipe() : saved_(dup(0)) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    dup2(ends[0], 0);
    close(ends[0]);
    write_end_ = ends[1];
  }
  ~StdinPipe() {
    finish();
    dup2(saved_, 0);
    close(saved_);
  }
  void write(const Bytes& bytes) const { EXPECT_EQ(::write(write_end_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size())); }
  void finish() {
    if (write_end_ >= 0) close(write_end_);
    write_end_ = -1;
  }

 private:
  int saved_, write_end_ = -1;
};

Bytes tagged(std::uint8_t tag) { return Bytes{tag}; }
std::string tags(const std::vector<Got>& frames) {
  std::string all;
  for (const Got& f : frames) all += static_cast<char>(f.bytes.at(0));
  return all;
}

TEST_F(CaptureFilesTest, OneFile) {
  Pcap file;
  for (std::uint32_t i = 0; i < 5000; ++i) file.packet(i, 0, payload(60));
  const auto frames = read({write("a", file.bytes)});
  EXPECT_EQ(frames.size(), 5000u);
  ASSERT_EQ(stats_.files.size(), 1u);
  EXPECT_EQ(stats_.files[0].file, at("a"));
  EXPECT_EQ(stats_.files[0].format, "pcap (microseconds, little-endian)");
  EXPECT_EQ(stats_.files[0].packets, 5000u);
  EXPECT_EQ(stats_.files[0].bytes, 300'000u);
  EXPECT_EQ(stats_.packets, 5000u);
  EXPECT_EQ(stats_.wire_bytes, 300'000u);
  EXPECT_EQ(stats_.captured_bytes, 300'000u);
  EXPECT_TRUE(stats_.skipped.empty());
}

TEST_F(CaptureFilesTest, SeveralFilesAreMergedByTimeTiesByOrder) {
  Pcap a, b;
  Pcapng c;
  for (const std::uint32_t t : {1, 4, 4, 9}) a.packet(t, 0, tagged('a'));
  for (const std::uint32_t t : {2, 4, 4, 5}) b.packet(t, 0, tagged('b'));
  c.interface();
  for (const std::uint64_t t : {0u, 4u, 8u, 20u}) c.packet(0, t * 1'000'000, tagged('c'));
  const auto pa = write("a", a.bytes), pb = write("b", b.bytes), pc = write("c", c.bytes);
  const auto frames = read({pa, pb, pc});
  EXPECT_EQ(tags(frames), "cabaabbcbcac");
  EXPECT_TRUE(std::is_sorted(frames.begin(), frames.end(), [](const Got& x, const Got& y) { return x.time < y.time; }));
  EXPECT_EQ(stats_.files.size(), 3u);
  EXPECT_EQ(stats_.files[2].packets, 4u);
  EXPECT_EQ(stats_.late_files, 0u);
  EXPECT_EQ(tags(read({pc, pb, pa})), "cabcbbaabcac");
}

TEST_F(CaptureFilesTest, LongFilesMergeExactly) {
  std::vector<std::string> paths;
  for (std::uint32_t f = 0; f < 5; ++f) {
    Pcap file;
    for (std::uint32_t i = 0; i < 3000; ++i) file.packet(i * (f + 1) % 3 == 0 ? i + f : i, f, payload(40 + i % 100));
    paths.push_back(write("f" + std::to_string(f), file.bytes));
  }
  EXPECT_EQ(read(paths).size(), 15'000u);
  // Every file's own frames keep their order although some step backwards.
  EXPECT_GT(stats_.backward_steps, 0u);
}

TEST_F(CaptureFilesTest, BoundedMergeDeliversEverythingAndCountsTheLate) {
  InterfaceNumbers numbers;
  CaptureProgress progress;
  std::vector<std::unique_ptr<CaptureInput>> inputs;
  for (std::uint8_t f = 0; f < 4; ++f) {
    Pcap file;
    for (std::uint32_t i = 0; i < 3; ++i) file.packet(i, f, tagged(static_cast<std::uint8_t>('a' + f)));
    inputs.push_back(
        std::make_unique<CaptureInput>(write(std::string(1, static_cast<char>('a' + f)), file.bytes), ReaderSize{}, numbers, progress));
    ASSERT_TRUE(inputs.back()->identify(false));
  }
  Remember remember;
  EXPECT_EQ(merge(inputs, {2, SIZE_MAX}, remember, progress.packets, {}), 2u);
  EXPECT_EQ(tags(remember.frames), "ababaccbddcd");
}

TEST_F(CaptureFilesTest, FilesThatFollowOneAnotherDoNotWait) {
  InterfaceNumbers numbers;
  CaptureProgress progress;
  std::vector<std::unique_ptr<CaptureInput>> inputs;
  for (std::uint32_t f = 0; f < 9; ++f) {
    const auto path =
        write(std::to_string(f),
              Pcap().packet(100 - f * 10, 0, tagged(static_cast<std::uint8_t>('0' + f))).packet(105 - f * 10, 0, payload(1, '.')).bytes);
    inputs.push_back(std::make_unique<CaptureInput>(path, ReaderSize{}, numbers, progress));
    ASSERT_TRUE(inputs.back()->identify(false));
  }
  Remember remember;
  EXPECT_EQ(merge(inputs, {1, SIZE_MAX}, remember, progress.packets, {}), 0u);
  EXPECT_EQ(tags(remember.frames), "8.7.6.5.4.3.2.1.0.");
}

TEST_F(CaptureFilesTest, FoldersAreReadRecursivelyInOrderOfNames) {
  write("d/b.pcap", Pcap().packet(5, 0, tagged('b')).bytes);
  write("d/a.pcap", Pcap().packet(5, 0, tagged('a')).bytes);
  write("d/sub/c", Pcap().packet(5, 0, tagged('c')).bytes);
  write("d/notes.txt", {'h', 'i', '\n'});
  write("d/zero.pcap", {});
  EXPECT_EQ(tags(read({at("d")})), "abc");
  ASSERT_EQ(stats_.skipped.size(), 2u);
  EXPECT_EQ(stats_.skipped[0], at("d/notes.txt") + ": not a capture: it starts with 68 69 0a");
  EXPECT_EQ(stats_.skipped[1], at("d/zero.pcap") + ": empty (0 bytes)");
}

TEST_F(CaptureFilesTest, LinksInACirclePipesAndDoublesInFolders) {
  write("d/a.pcap", Pcap().packet(5, 0, tagged('a')).bytes);
  fs::create_directory_symlink(dir_ / "d", dir_ / "d" / "loop");
  fs::create_symlink("self", dir_ / "d" / "self");
  fs::create_symlink("a.pcap", dir_ / "d" / "b.pcap");
  fs::create_symlink("nowhere", dir_ / "d" / "dangling");
  ASSERT_EQ(mkfifo(at("d/fifo").c_str(), 0600), 0);
  EXPECT_EQ(tags(read({at("d"), at("d/a.pcap")})), "a");
  std::string all;
  for (const auto& line : stats_.skipped) all += line.substr(dir_.string().size() + 1) + "\n";
  EXPECT_EQ(all, "d/b.pcap: the same file as " + at("d/a.pcap") + "\n" +
                     "d/dangling: No such file or directory\n"
                     "d/fifo: not a regular file\n"
                     "d/loop: a folder that was read already\n"
                     "d/self: Too many levels of symbolic links\n"
                     "d/a.pcap: the same file as " +
                     at("d/a.pcap") + "\n");
}

TEST_F(CaptureFilesTest, UnreadablePartsAmongReadableOnesAreSkipped) {
  const auto good = write("good", Pcap().packet(5, 0, tagged('g')).bytes);
  EXPECT_EQ(tags(read({at("missing"), good, write("cut", {0xd4, 0xc3, 0xb2, 0xa1, 2})})), "g");
  ASSERT_EQ(stats_.skipped.size(), 2u);
  EXPECT_EQ(stats_.skipped[0], at("missing") + ": there is no such file");
  EXPECT_EQ(stats_.skipped[1], at("cut") + ": cut off inside the file header (only 5 bytes are there)");
}

TEST_F(CaptureFilesTest, DamageNamesTheFile) {
  Pcap file;
  file.packet(5, 0, tagged('g')).u32(1);
  const auto cut = write("cut", file.bytes);
  EXPECT_EQ(read({cut}).size(), 1u);
  ASSERT_EQ(stats_.damage.size(), 1u);
  EXPECT_EQ(stats_.damage[0].file, cut);
  EXPECT_EQ(stats_.damage[0].byte, 45u);
  EXPECT_EQ(stats_.damage[0].packet, 2u);
  EXPECT_EQ(stats_.damage[0].what, "the file is cut off: 4 of 16 bytes of a packet's header are there");
  read({cut, write("good", Pcap().bytes)});  // and only once when it is opened twice
  EXPECT_EQ(stats_.damage.size(), 1u);
}

TEST_F(CaptureFilesTest, ErrorsNameTheThingAndTheWayOut) {
  EXPECT_NE(error({}).find("no capture was named"), std::string::npos);
  EXPECT_EQ(error({at("missing")}), at("missing") + ": there is no such file. Check the spelling.");
  EXPECT_EQ(error({write("empty", {})}), at("empty") + ": empty (0 bytes). Check that the capture ran and was allowed to write.");
  EXPECT_EQ(
      error({write("text", {'h', 'e', 'l', 'l', 'o'})}),
      at("text") + ": not a capture: it starts with 68 65 6c 6c 6f. Give a pcap or pcapng file, plain or packed with gzip, zstd or xz.");
  EXPECT_NE(error({write("bz", {'B', 'Z', 'h', '9', '1'})}).find("bzip2 -dc"), std::string::npos);
  EXPECT_NE(error({write("snoop", {'s', 'n', 'o', 'o', 'p', 0, 0, 0})}).find("editcap -F pcap"), std::string::npos);
  EXPECT_NE(error({at("missing"), at("text")}).find("(nor can the 1 other input be read)"), std::string::npos);
  fs::create_directory(dir_ / "void");
  EXPECT_EQ(error({at("void")}), at("void") + ": there is no capture in it. Give a pcap or pcapng file, or a folder that holds some.");
  write("texts/notes", {'h', 'i'});
  EXPECT_NE(error({at("texts")}).find("texts/notes: not a capture"), std::string::npos);
}

TEST_F(CaptureFilesTest, PermissionDenied) {
  const auto path = write("secret", Pcap().bytes);
  fs::permissions(path, fs::perms::none);
  fs::permissions(dir_, fs::perms::owner_all | fs::perms::others_exec);
  const bool root = geteuid() == 0;
  ASSERT_EQ(root ? seteuid(65534) : 0, 0);  // root may read everything
  const std::string message = error({path});
  ASSERT_EQ(root ? seteuid(0) : 0, 0);
  EXPECT_NE(message.find(path + ": permission denied. Run as"), std::string::npos) << message;
}

TEST_F(CaptureFilesTest, StandardInputAsAPipe) {
  StdinPipe in;
  in.write(Pcap().packet(1, 0, tagged('x')).packet(2, 0, tagged('y')).bytes);
  in.finish();
  auto files = CaptureFiles::open({"-"});
  ASSERT_TRUE(files.ok());
  EXPECT_EQ((*files)->progress().bytes_total, 0u);
  Remember remember;
  ASSERT_TRUE((*files)->run(remember, {}).ok());
  EXPECT_EQ(tags(remember.frames), "xy");
  EXPECT_EQ((*files)->stats().files.at(0).file, "-");
  EXPECT_GT((*files)->progress().bytes_done, 0u);
}

TEST_F(CaptureFilesTest, StandardInputMergesWithFiles) {
  StdinPipe in;
  in.write(Pcap().packet(1, 0, tagged('x')).packet(3, 0, tagged('y')).bytes);
  in.finish();
  auto files = CaptureFiles::open({write("a", Pcap().packet(2, 0, tagged('a')).bytes), "-", "-"});
  ASSERT_TRUE(files.ok());
  Remember remember;
  ASSERT_TRUE((*files)->run(remember, {}).ok());
  EXPECT_EQ(tags(remember.frames), "xay");
  EXPECT_EQ((*files)->stats().skipped, std::vector<std::string>{"-: named twice"});
}

TEST_F(CaptureFilesTest, StandardInputFromAFileFailsAtOnce) {
  const int saved = dup(0), text = open(write("text", {'h', 'i'}).c_str(), O_RDONLY);
  dup2(text, 0);
  EXPECT_EQ(error({"-"}).substr(0, 29), "standard input: not a capture");
  const int capture = open(write("c", Pcap().packet(1, 0, tagged('x')).bytes).c_str(), O_RDONLY);
  dup2(capture, 0);
  EXPECT_EQ(tags(read({"-"})), "x");
  dup2(saved, 0);
  for (const int fd : {saved, text, capture}) close(fd);
}

TEST_F(CaptureFilesTest, NoCaptureOnThePipeIsAnErrorOfTheRun) {
  for (const Bytes& bytes : {Bytes{}, Bytes{'h', 'i'}}) {
    StdinPipe in;
    in.write(bytes);
    in.finish();
    auto files = CaptureFiles::open({"-"});
    ASSERT_TRUE(files.ok());
    Remember remember;
    const auto result = (*files)->run(remember, {});
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.error().message.find(bytes.empty() ? "standard input: empty" : "standard input: not a capture"), std::string::npos);
  }
}

TEST_F(CaptureFilesTest, StopEndsTheWaitOnASilentPipe) {
  for (const bool something : {false, true}) {
    StdinPipe in;
    if (something) in.write(Pcap().packet(1, 0, tagged('x')).bytes);
    auto files = CaptureFiles::open({"-"});
    ASSERT_TRUE(files.ok());
    std::stop_source stop;
    std::jthread later([&stop] {
      std::this_thread::sleep_for(milliseconds(100));
      stop.request_stop();
    });
    const auto begin = steady_clock::now();
    Remember remember;
    EXPECT_TRUE((*files)->run(remember, stop.get_token()).ok());
    EXPECT_LT(steady_clock::now() - begin, milliseconds(5000));
    EXPECT_EQ(tags(remember.frames), something ? "x" : "");
    EXPECT_TRUE((*files)->stats().damage.empty());
  }
}

TEST_F(CaptureFilesTest, PacketsArriveWhileThePipeIsStillOpen) {
  StdinPipe in;
  auto files = CaptureFiles::open({"-"});
  ASSERT_TRUE(files.ok());
  struct UntilTwo final : Intake {
    std::stop_source stop;
    std::size_t seen = 0;
    void on_frames(std::span<const Frame> frames) override {
      seen += frames.size();
      if (seen >= 2) stop.request_stop();
    }
  } intake;
  std::jthread writer([&in] {
    in.write(Pcap().packet(1, 0, tagged('x')).bytes);
    std::this_thread::sleep_for(milliseconds(50));
    Pcap rest;
    rest.bytes.clear();
    in.write(rest.packet(2, 0, tagged('y')).bytes);
  });
  EXPECT_TRUE((*files)->run(intake, intake.stop.get_token()).ok());
  EXPECT_EQ(intake.seen, 2u);
}

TEST_F(CaptureFilesTest, NamedPipeWithoutAWriterDoesNotHang) {
  ASSERT_EQ(mkfifo(at("fifo").c_str(), 0600), 0);
  auto files = CaptureFiles::open({at("fifo")});
  ASSERT_TRUE(files.ok());
  std::stop_source stop;
  std::jthread later([&stop] {
    std::this_thread::sleep_for(milliseconds(100));
    stop.request_stop();
  });
  Remember remember;
  (void)(*files)->run(remember, stop.get_token());
  EXPECT_TRUE(remember.frames.empty());
}

TEST_F(CaptureFilesTest, NamedPipeIsRead) {
  ASSERT_EQ(mkfifo(at("fifo").c_str(), 0600), 0);
  auto files = CaptureFiles::open({at("fifo")});
  ASSERT_TRUE(files.ok());
  std::jthread writer([this] { write("fifo", Pcap().packet(1, 0, tagged('x')).bytes); });
  Remember remember;
  EXPECT_TRUE((*files)->run(remember, {}).ok());
  EXPECT_EQ(tags(remember.frames), "x");
}

TEST_F(CaptureFilesTest, StopBetweenBatchesAccountsForWhatWasDelivered) {
  Pcap file;
  for (std::uint32_t i = 0; i < 5000; ++i) file.packet(i, 0, payload(60));
  const auto a = write("a", file.bytes), b = write("b", file.bytes);
  for (const auto& paths : {std::vector{a}, std::vector{a, b}}) {
    auto files = CaptureFiles::open(paths);
    ASSERT_TRUE(files.ok());
    struct StopAtOnce final : Intake {
      std::stop_source stop;
      std::size_t seen = 0;
      void on_frames(std::span<const Frame> frames) override {
        seen += frames.size();
        stop.request_stop();
      }
    } intake;
    EXPECT_TRUE((*files)->run(intake, intake.stop.get_token()).ok());
    EXPECT_EQ((*files)->stats().packets, intake.seen);
    EXPECT_GT(intake.seen, 0u);
    EXPECT_LT(intake.seen, 5000u);
    EXPECT_TRUE((*files)->stats().damage.empty());
  }
}

}  // namespace
}  // namespace sekisho::test
