// A log file under its writer and logrotate: whatever happens in whatever order, each line is read once.
#include "input/log_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "input/log_rotation.h"

namespace sekisho {
namespace {

namespace fs = std::filesystem;

// A folder with a log, its writer and a logrotate of its own.
class LogFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("sekisho_log_file." + std::to_string(::getpid()) + "." +
                                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    path_ = folder_ / "auth.log";
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(const std::string& suffix = "") const { return path_ + suffix; }
  void append(const std::string& text, const std::string& to = "") {
    std::ofstream{to.empty() ? path_ : to, std::ios::app | std::ios::binary} << text;
  }
  // A long first line, so that files do not begin alike by chance.
  void write_line() {
    ++written_;
    append("line " + std::to_string(written_) + " " + std::string(written_ % 40, 'x') + "\n");
  }
  void shift() {
    for (int n = 9; n >= 1; --n)
      for (const char* end : {"", ".gz"})
        if (fs::exists(file("." + std::to_string(n) + end))) fs::rename(file("." + std::to_string(n) + end), file("." + std::to_string(n + 1) + end));
  }
  void rotate_by_rename(bool create = true) {
    shift();
    fs::rename(file(), file(".1"));
    if (create) append("");
  }
  void rotate_by_copy() {
    shift();
    fs::copy_file(file(), file(".1"));
    fs::resize_file(file(), 0);
  }
  void gzip(const std::string& from) {
    if (!fs::exists(from)) return;
    std::stringstream text;
    text << std::ifstream{from, std::ios::binary}.rdbuf();
    const std::string bytes = text.str();
    const gzFile to = ::gzopen((from + ".gz").c_str(), "wb");
    if (!bytes.empty()) ::gzwrite(to, bytes.data(), static_cast<unsigned>(bytes.size()));
    ::gzclose(to);
    fs::remove(from);
  }
  std::unique_ptr<LogFile> open(LogFileOptions options) {
    auto opened = LogFile::open(path_, std::move(options));
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    return opened.ok() ? std::move(opened).value() : nullptr;
  }
  // All that is there now.
  static std::vector<std::string> read_all(LineSource& source) {
    std::vector<std::string> lines;
    LogLine line;
    while (source.next(line) == LineState::line) lines.emplace_back(line.text);
    return lines;
  }
  static std::string position_of(const LogFile& log) {
    LogPositions positions;
    log.remember(positions);
    return positions.empty() ? "" : positions.begin()->second;
  }

  fs::path folder_;
  std::string path_;
  unsigned written_ = 0;
};
using Lines = std::vector<std::string>;

TEST_F(LogFolder, predecessors_are_found_oldest_first) {
  for (const char* suffix : {"", ".1", ".2.gz", ".10.gz", ".3", ".3.gz", "-20240101", "-20240102.xz", ".bak", ".1.tmp", "x.1", "-2024"}) append("x", file(suffix));
  const auto names = [&] {
    Lines list;
    for (const auto& p : rotated_predecessors(path_)) list.push_back(p.substr(path_.size()));
    return list;
  };
  EXPECT_EQ(names(), (Lines{"-20240101", "-20240102.xz", ".10.gz", ".3", ".2.gz", ".1"}));
}

TEST_F(LogFolder, the_first_start_reads_the_predecessors) {
  append("a\nb\n", file(".2"));
  gzip(file(".2"));
  append("c\n", file(".1"));
  append("d\ne");  // the last line has no end yet
  EXPECT_EQ(read_all(*open({.predecessors = true})), (Lines{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(read_all(*open({})), (Lines{"d", "e"}));
  const auto following = open({.predecessors = true, .follow = true});
  EXPECT_EQ(read_all(*following), (Lines{"a", "b", "c", "d"}));
  append("f\n");
  EXPECT_EQ(read_all(*following), (Lines{"ef"}));
  EXPECT_EQ(read_all(*open({.follow = true, .from_end = true})), Lines{});
}

TEST_F(LogFolder, old_predecessors_are_left_out) {
  append("a\n", file(".1"));
  append("b\n");
  EXPECT_EQ(read_all(*open({.predecessors = true, .not_before = 4'000'000'000 * kSecond})), Lines{"b"});
}

TEST_F(LogFolder, rotation_by_rename_while_following) {
  append("a\n");
  const auto log = open({.follow = true});
  EXPECT_EQ(read_all(*log), Lines{"a"});
  append("b\n");
  rotate_by_rename();
  append("c\n");
  append("late\n", file(".1"));  // its writer does not know yet
  EXPECT_EQ(read_all(*log), (Lines{"b", "late", "c"}));
  append("later\n", file(".1"));
  append("d\n");
  auto rest = read_all(*log);
  std::sort(rest.begin(), rest.end());
  EXPECT_EQ(rest, (Lines{"d", "later"}));
  EXPECT_EQ(log->stats().rotations, 1U);
}

TEST_F(LogFolder, two_rotations_between_two_looks) {
  append("a\n");
  const auto log = open({.follow = true});
  EXPECT_EQ(read_all(*log), Lines{"a"});
  append("b\n");
  rotate_by_rename();
  append("c\n");
  rotate_by_rename();
  gzip(file(".2"));
  append("d\n");
  EXPECT_EQ(read_all(*log), (Lines{"b", "c", "d"}));
}

TEST_F(LogFolder, copy_and_truncate) {
  append("a\n");
  const auto log = open({.follow = true});
  EXPECT_EQ(read_all(*log), Lines{"a"});
  append("b\n");
  rotate_by_copy();
  append("c\n");
  EXPECT_EQ(read_all(*log), (Lines{"b", "c"}));
  // Cut, and grown beyond where we were, before anybody looked.
  append("d\n");
  rotate_by_copy();
  append("a much longer line than before\nand one more\n");
  EXPECT_EQ(read_all(*log), (Lines{"d", "a much longer line than before", "and one more"}));
  EXPECT_EQ(log->stats().rotations, 2U);
  // Emptied without a copy.
  fs::resize_file(file(), 0);
  append("e\n");
  EXPECT_EQ(read_all(*log), Lines{"e"});
}

TEST_F(LogFolder, a_log_that_vanishes_and_comes_back) {
  append("a\n");
  const auto log = open({.follow = true});
  EXPECT_EQ(read_all(*log), Lines{"a"});
  fs::remove(file());
  EXPECT_EQ(read_all(*log), Lines{});
  EXPECT_EQ(log->stats().vanished, 1U);
  append("b\n");
  EXPECT_EQ(read_all(*log), Lines{"b"});
  fs::remove(file());
  const auto waiting = open({.follow = true});
  EXPECT_EQ(read_all(*waiting), Lines{});
  append("c\n");
  EXPECT_EQ(read_all(*waiting), Lines{"c"});
  fs::remove(file());
  EXPECT_FALSE(LogFile::open(path_, {}).ok());
}

TEST_F(LogFolder, positions_survive_restarts) {
  append("a\nb\n");
  std::string position;
  {
    const auto log = open({.follow = true});
    LogLine line;
    ASSERT_EQ(log->next(line), LineState::line);
    position = position_of(*log);
  }
  EXPECT_EQ(read_all(*open({.follow = true, .position = position})), Lines{"b"});
  rotate_by_rename();
  append("c\n");
  EXPECT_EQ(read_all(*open({.predecessors = true, .follow = true, .position = position})), (Lines{"b", "c"}));
  gzip(file(".1"));
  EXPECT_EQ(read_all(*open({.follow = true, .position = position})), (Lines{"b", "c"}));
  fs::remove(file(".1.gz"));
  const auto log = open({.follow = true, .position = position});
  EXPECT_EQ(read_all(*log), Lines{"c"});
  EXPECT_EQ(log->stats().lost, 1U);
}

TEST_F(LogFolder, long_lines_zeros_and_line_ends) {
  append("a\r\n" + std::string(3 << 20, 'x') + "\nb\n" + std::string(1 << 20, 'y') + "\n" + std::string(5, '\0') + "c\n" + std::string(2 << 20, 'z'));
  const auto log = open({});
  const auto lines = read_all(*log);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], "a");
  EXPECT_EQ(lines[1], "b");
  EXPECT_EQ(lines[2].size(), 1U << 20);
  EXPECT_EQ(lines[3], std::string(5, '\0') + "c");
  EXPECT_EQ(log->stats().too_long, 2U);
}

// Any order of writing, looking, restarting and rotating: each line once. Seeds are fixed, so a failure can be repeated.
TEST_F(LogFolder, any_order_of_events_loses_and_repeats_nothing) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    written_ = 0;
    std::mt19937 random{seed};
    const bool by_copy = seed % 3 == 0;
    write_line();
    auto log = open({.follow = true});
    std::string position;
    std::multiset<std::string> seen;
    std::string history;
    const auto look = [&] {
      for (auto& line : read_all(*log)) seen.insert(line.substr(0, line.find(' ', 5)));
    };
    look();
    for (int step = 0; step < 60; ++step) {
      switch (static_cast<unsigned>(random() % 8)) {
        case 0:
        case 1:
        case 2:
          for (auto n = random() % 4 + 1; n > 0; --n) write_line();
          history += 'w';
          break;
        case 3:
        case 4: look(), history += 'l'; break;
        case 5: {
          // An unread position of one file behind is found again; copies of empty files cannot be told apart, nobody rotates those.
          if (fs::file_size(file()) == 0) break;
          by_copy ? rotate_by_copy() : rotate_by_rename();
          // The first line after a rotation is written at once, as a busy log does.
          write_line();
          history += 'r';
          break;
        }
        case 6: gzip(file(".2")), history += 'z'; break;
        default: {
          LogLine line;
          for (auto n = random() % 3; n > 0 && log->next(line) == LineState::line; --n)
            seen.insert(std::string{line.text.substr(0, line.text.find(' ', 5))});
          position = position_of(*log);
          log = open({.predecessors = true, .follow = true, .position = position});
          history += 'R';
        }
      }
    }
    look();
    std::multiset<std::string> expected;
    for (unsigned n = 1; n <= written_; ++n) expected.insert("line " + std::to_string(n));
    ASSERT_EQ(seen, expected) << "seed " << seed << " " << history;
  }
}

TEST_F(LogFolder, the_file_of_positions_is_replaced_whole) {
  const std::string state = folder_ / "state";
  EXPECT_TRUE(load_positions(state).value().empty());
  const LogPositions positions{{"file:/var/log/odd\tname%\n", "1 2 3"}, {"journal", "s=abc;i=1"}};
  ASSERT_TRUE(save_positions(state, positions).ok());
  EXPECT_EQ(load_positions(state).value(), positions);
  append("something else", folder_ / "other");
  EXPECT_FALSE(load_positions(folder_ / "other").ok());
  EXPECT_FALSE(save_positions(folder_ / "no" / "such", positions).ok());
  unsigned files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator{folder_}) ++files;
  EXPECT_EQ(files, 2U);
}

}  // namespace
}  // namespace sekisho
