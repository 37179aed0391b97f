// Every capture of the shared corpus opens, and has as many packets as its index says.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "input/capture_files.h"

namespace sekisho {
namespace {

namespace fs = std::filesystem;

struct Count final : Intake {
  std::uint64_t packets = 0, captured_bytes = 0, sum = 0;
  void on_frames(std::span<const Frame> frames) override {
    packets += frames.size();
    for (const Frame& frame : frames) {
      captured_bytes += frame.bytes.size();
      for (const std::uint8_t byte : frame.bytes) sum += byte;  // so that the address sanitizer sees every byte
    }
  }
};

// The index is plain enough: quotes appear only around fields with commas, behind or before the columns that are needed.
std::vector<std::string> fields(const std::string& line) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

// The index counts too few packets of these (it stops at the second section or at packets of the second interface); Wireshark's capinfos
// agrees with these numbers.
const std::map<std::string, std::string> kIndexIsWrong{
    {"benign/google+gopacket__pcapgo_tests_be_test005.pcapng", "4"},
    {"benign/google+gopacket__pcapgo_tests_be_test100.pcapng", "5"},
    {"benign/seladb+PcapPlusPlus__Tests_Pcap++Test_PcapExamples_file_heuristics_pcapng-example.pcapng.zst", "159"},
};

TEST(CaptureCorpus, EveryFileIsReadWhole) {
  const fs::path folder = fs::path(SEKISHO_SOURCE_DIR) / ".." / "shared" / "captures";
  std::ifstream index(folder / "INDEX.csv");
  if (!index) GTEST_SKIP() << "the corpus is not there: " << folder;
  std::string line;
  std::getline(index, line);
  std::map<std::string, std::size_t> column;
  for (const auto& name : fields(line)) column.emplace(name, column.size());
  ASSERT_TRUE(column.contains("kind") && column.contains("file") && column.contains("packets"));
  std::size_t files = 0, damaged = 0;
  while (std::getline(index, line)) {
    const auto row = fields(line);
    const auto& kind = row.at(column["kind"]);
    if (kind != "attack" && kind != "benign") continue;
    const auto& file = row.at(column["file"]);
    auto captures = CaptureFiles::open({(folder / file).string()});
    ASSERT_TRUE(captures.ok()) << captures.error().message;
    Count count;
    ASSERT_TRUE((*captures)->run(count, {}).ok()) << file;
    const auto& stats = (*captures)->stats();
    const auto corrected = kIndexIsWrong.find(file);
    EXPECT_EQ(std::to_string(count.packets), corrected == kIndexIsWrong.end() ? row.at(column["packets"]) : corrected->second) << file;
    EXPECT_EQ(count.packets, stats.packets) << file;
    EXPECT_EQ(count.captured_bytes, stats.captured_bytes) << file;
    damaged += !stats.damage.empty();
    ++files;
  }
  EXPECT_GT(files, 2000u);
  EXPECT_LT(damaged, 10u);
}

TEST(CaptureCorpus, AllFilesMergeInOneRun) {
  const fs::path folder = fs::path(SEKISHO_SOURCE_DIR) / ".." / "shared" / "captures";
  if (!fs::exists(folder)) GTEST_SKIP() << "the corpus is not there: " << folder;
  auto captures = CaptureFiles::open({(folder / "attack").string(), (folder / "benign").string()});
  ASSERT_TRUE(captures.ok()) << captures.error().message;
  Count count;
  ASSERT_TRUE((*captures)->run(count, {}).ok());
  EXPECT_GT(count.packets, 200'000u);
  EXPECT_EQ((*captures)->stats().late_files, 0u);
}

}  // namespace
}  // namespace sekisho
