// A hostile folder: links that lead out or in circles, FIFOs, huge files, odd names.
#include "base/rooted_folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sekisho {
namespace {

class RootedFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sekisho-rooted-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    root_ = name;
    std::ofstream{root_ + "/plain"} << "text";
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  RootedFolder open() { return std::move(RootedFolder::open(root_)).value(); }
  std::string root_;
};

TEST_F(RootedFolderTest, AbsoluteLinksAndDotsStayInside) {
  std::filesystem::create_symlink("/plain", root_ + "/absolute");
  std::filesystem::create_symlink("../../../../plain", root_ + "/climbing");
  std::filesystem::create_symlink("/etc/passwd", root_ + "/out");
  const auto folder = open();
  EXPECT_EQ(folder.read("/absolute", 100)->text, "text");
  EXPECT_EQ(folder.read("/climbing", 100)->text, "text");
  EXPECT_FALSE(folder.read("/out", 100).ok());
  EXPECT_FALSE(folder.read("/../../../etc/passwd", 100).ok());
  EXPECT_FALSE(folder.is_host());
}

TEST_F(RootedFolderTest, CirclesEnd) {
  std::filesystem::create_symlink("b", root_ + "/a");
  std::filesystem::create_symlink("a", root_ + "/b");
  const auto folder = open();
  EXPECT_FALSE(folder.read("/a", 100).ok());
  EXPECT_EQ(folder.info("/a").kind, FileKind::link);
}

TEST_F(RootedFolderTest, AFifoIsNotOpened) {
  ASSERT_EQ(::mkfifo((root_ + "/fifo").c_str(), 0600), 0);
  const auto folder = open();
  EXPECT_FALSE(folder.read("/fifo", 100).ok());  // would block for ever if it were
  EXPECT_EQ(folder.info("/fifo").kind, FileKind::other);
}

TEST_F(RootedFolderTest, AHugeSparseFileIsCut) {
  std::ofstream{root_ + "/huge"};
  ASSERT_EQ(::truncate((root_ + "/huge").c_str(), off_t{1} << 40), 0);
  const auto text = open().read("/huge", 1000);
  ASSERT_TRUE(text.ok());
  EXPECT_TRUE(text.value().truncated);
  EXPECT_EQ(text.value().text.size(), 1000U);
}

TEST_F(RootedFolderTest, WalksAreBoundedAndDoNotFollowLinks) {
  std::filesystem::create_directory(root_ + "/d");
  std::filesystem::create_symlink("..", root_ + "/d/up");
  for (int i = 0; i < 50; ++i) std::ofstream{root_ + "/d/" + std::to_string(i) + "\n\x1b[31m"};
  const auto folder = open();
  std::size_t seen = 0;
  const auto count = [&](const FolderEntry&) { return ++seen, true; };
  EXPECT_EQ(folder.walk("/", {}, count), WalkEnd::complete);
  EXPECT_EQ(seen, 53U);  // plain, d, up and fifty
  WalkLimits few;
  few.max_entries = 10;
  EXPECT_EQ(folder.walk("/", few, count), WalkEnd::entry_limit);
}

}  // namespace
}  // namespace sekisho
