// The page: self-contained, well-formed, accessible, harmless; and files that are written whole or not at all.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "app/output_file.h"
#include "app/report_html.h"
#include "sample_analysis.h"

namespace sekisho {
namespace {

namespace fs = std::filesystem;

std::size_t times(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

// Every element is closed by its own end tag, in order.
std::string first_unbalanced(const std::string& page) {
  static const std::set<std::string> alone{"meta", "br", "!doctype"};
  std::vector<std::string> open;
  for (auto at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    const auto end = page.find('>', at);
    if (end == std::string::npos) return "unfinished tag";
    const bool closing = page[at + 1] == '/';
    const std::string name = page.substr(at + 1 + closing, page.find_first_of(" >", at + 1) - at - 1 - closing);
    if (page[end - 1] == '/' || alone.count(name)) continue;
    if (!closing) {
      open.push_back(name);
    } else {
      if (open.empty() || open.back() != name) return "</" + name + "> where " + (open.empty() ? "nothing" : open.back()) + " is open";
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back() + " stays open";
}

TEST(ReportHtml, IsSelfContainedAndWellFormed) {
  for (const auto& analysis : {samples::attacked(), samples::taking_part(), samples::quiet(), samples::hostile(), Analysis{}}) {
    const std::string page = html_report(analysis);
    EXPECT_EQ(first_unbalanced(page), "");
    EXPECT_TRUE(page.starts_with("<!doctype html>"));
    EXPECT_NE(page.find("Content-Security-Policy\" content=\"default-src 'none';"), std::string::npos);
    EXPECT_NE(page.find("name=\"viewport\""), std::string::npos);
    EXPECT_NE(page.find("prefers-color-scheme:dark"), std::string::npos);
    EXPECT_NE(page.find("@media print"), std::string::npos);
    for (const char* outside :
         {"<script", "<link", "<img", "<iframe", "<form", " src=", "url(", "@import", "javascript:", " onload", " onclick", " style="})
      EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  }
}

TEST(ReportHtml, EveryPlotHasItsTableTwin) {
  const std::string page = html_report(samples::attacked());
  EXPECT_EQ(times(page, "<figure"), 2U);
  EXPECT_EQ(times(page, "The plot as a table"), 2U);
  EXPECT_EQ(times(page, "role=\"img\" aria-label="), 2U);
  EXPECT_EQ(times(page, "class=\"decided\" d="), 2U);
}

TEST(ReportHtml, SaysWhatMatters) {
  const std::string page = html_report(samples::attacked());
  for (const char* part :
       {"203.0.113.5 was under attack: DNS amplification", "What to do", "ask upstream to filter", "source port 53 on 96.9 %",
        "What speaks against it", "does use DNS", "https://attack.mitre.org/techniques/T1498/002/", "198.51.100.14:53", "[2001:db8::53]:53",
        "evidence/01M80GJC4Y5Q9WSCBY2R0T7K3F.pcapng", "i-20261122-7K3F", "fragment flood", "carry the Mirai mark", "Probed ports",
        "capture.pcap", "short ip 5", "sekisho 0.1.0"})
    EXPECT_NE(page.find(part), std::string::npos) << part;
  const std::string part = html_report(samples::taking_part());
  EXPECT_NE(part.find("taking part in attacks on others"), std::string::npos);
  EXPECT_NE(part.find("t-critical taking"), std::string::npos);
  EXPECT_EQ(page.find("t-critical taking"), std::string::npos);
  EXPECT_NE(part.find("pid 4127 /dev/.x/dvrHelper (its file was deleted)"), std::string::npos);
}

TEST(ReportHtml, HostileTextIsOnlyText) {
  const std::string page = html_report(samples::hostile());
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;alert(1)&lt;/script&gt; &quot;&#39;&amp; \\u{202e}evil"), std::string::npos);
  for (const char* bad : {"\x1b", "\r", "\xff", "\xe2\x80\xae", "\xe2\x81\xa6"}) EXPECT_EQ(page.find(bad), std::string::npos);
  EXPECT_EQ(html_text("<a b=\"c\" d='e'>&\n"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\\x0a");
}

TEST(ReportHtml, ManyIncidentsStayBounded) {
  Analysis a = samples::attacked();
  a.incidents.assign(1'000, samples::mirai_scan());
  const std::string page = html_report(a);
  EXPECT_NE(page.find("800 smaller incidents are left out"), std::string::npos);
  EXPECT_LT(page.size(), 4'000'000U);
}

class OutputFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "sekisho-output-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
  }
  void TearDown() override { fs::remove_all(dir_); }
  std::string content(const std::string& path) const {
    std::stringstream all;
    all << std::ifstream{path}.rdbuf();
    return all.str();
  }
  std::size_t files() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator{dir_}, fs::directory_iterator{})); }
  std::string dir_;
};

TEST_F(OutputFile, ReplacesAtOnceAndLeavesNothingBehind) {
  const std::string path = dir_ + "/report.html";
  ASSERT_TRUE(write_output(path, "first").ok());
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  struct stat before {
  }, after{};
  stat(path.c_str(), &before);
  ASSERT_TRUE(write_output(path, "second").ok());
  stat(path.c_str(), &after);
  EXPECT_EQ(content(path), "second");
  EXPECT_NE(before.st_ino, after.st_ino) << "written in place: a reader could see half of it";
  EXPECT_EQ(after.st_mode & 07777, 0640U);
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFile, FollowsASymbolicLink) {
  const std::string target = dir_ + "/target", link = dir_ + "/link";
  std::ofstream{target} << "old";
  fs::create_symlink(target, link);
  ASSERT_TRUE(write_output(link, "new").ok());
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(content(target), "new");
}

TEST_F(OutputFile, ErrorsNameTheFileAndLeaveNothing) {
  for (const std::string& bad : {dir_ + "/missing/report.html", dir_, std::string{"/dev/full"}}) {
    const auto result = write_output(bad, "content");
    ASSERT_FALSE(result.ok()) << bad;
    EXPECT_NE(result.error().message.find(bad), std::string::npos);
  }
  EXPECT_EQ(files(), 0U);
  EXPECT_TRUE(write_output("/dev/null", "content").ok());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

}  // namespace
}  // namespace sekisho
